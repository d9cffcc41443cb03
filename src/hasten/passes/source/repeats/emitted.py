"""What the changed program gets: a decorator that keeps results, and when it may."""

from __future__ import annotations

IMPORTS = ("import collections\n", "import functools\n")

HELPER = '''\
_PLAIN_KINDS = frozenset({{str, int, float, bool, bytes, type(None)}})
_HOLDERS = frozenset({{list, tuple, dict, set, frozenset, collections.defaultdict, collections.Counter}})
# Modules whose objects are known to change only as their methods say.
_PROGRAM = frozenset({{{modules}}})
_KEPT = {{}}  # function -> (objects it may be asked of, test of what may be kept, results so far)


class _Steady:
    """While it lasts, the functions named keep their results: nothing that they read changes meanwhile.

    Those of `lists` keep lists and dicts too, which those who get them only look at; those of `indexes` make indexes.
    """

    def __init__(self, names, *roots, lists=(), indexes=(), but=()):
        self.names, self.roots, self.lists, self.indexes, self.but = names, roots, lists, indexes, but

    def __enter__(self):
        self.names = [name for name in self.names if name not in _KEPT]  # a loop around may keep them already
        objects = _objects(self.roots, self.but) if self.names else {{}}
        for name in self.names:
            fits = _holds_plain_parts if name in self.lists else _is_plain_result
            _KEPT[name] = objects, _is_index if name in self.indexes else fits, {{}}

    def __exit__(self, *failure):
        for name in self.names:
            del _KEPT[name]


def _objects(roots, but):
    """Lists, dicts and objects of this program among `roots` and in what those hold (attributes `but` aside), by id."""
    found, todo = {{}}, list(roots)
    while todo and len(found) < 10_000:
        x = todo.pop()
        if id(x) in found:
            continue
        if type(x) in _HOLDERS:
            found[id(x)] = x
            items = x.values() if isinstance(x, dict) else x
            first = type(next(iter(items), None))
            if first.__module__ in _PROGRAM or (first in _HOLDERS and len(x) <= 1000):
                todo.extend(items)
        elif hasattr(x, "__dict__") and all(c is object or c.__module__ in _PROGRAM for c in type(x).__mro__):
            if not any(hasattr(v, "__next__") for v in vars(x).values()):  # what can be gone through once changes
                found[id(x)] = x
                todo.extend(v for name, v in vars(x).items() if name not in but)
    return found


def _is_plain_result(x):
    return type(x) in _PLAIN_KINDS


def _holds_plain_parts(x):
    if type(x) in _HOLDERS:
        parts = [*x, *x.values()] if isinstance(x, dict) else x
        return len(x) < 100_000 and all(
            type(p) in _PLAIN_KINDS or (type(p) is tuple and _PLAIN_KINDS.issuperset(map(type, p))) for p in parts
        )
    return type(x) in _PLAIN_KINDS


def _is_index(x):
    return True


def _kept(function):
    """`function`, whose results are kept within `_Steady`, by the types and values of its arguments."""
    name = function.__qualname__

    @functools.wraps(function)
    def asked(*args, **named):
        if name not in _KEPT:
            return function(*args, **named)
        objects, fits, results = _KEPT[name]
        if len(args) == 1 and type(args[0]) is str and not named:  # what is asked most often, at less cost
            (key,) = args
            if key in results:
                return results[key]
            result = function(key)
            if len(results) < 100_000 and fits(result):
                results[key] = result
            return result
        key = [tuple(named)] if named else []
        for x in (*args, *named.values()):
            if type(x) in _PLAIN_KINDS and (x != 0 or type(x) is not float):  # 0.0 equals -0.0
                key += (x, type(x))
            elif id(x) in objects:
                key.append(id(x))
            else:
                return function(*args, **named)
        key = tuple(key)
        if key in results:
            return results[key]
        result = function(*args, **named)
        if len(results) < 100_000 and fits(result):
            results[key] = result
        return result

    return asked

'''
NAMES = frozenset(
    "_PLAIN_KINDS _HOLDERS _PROGRAM _KEPT _Steady _objects _is_plain_result _holds_plain_parts _is_index _kept".split()
)


def helper(modules: tuple[str, ...]) -> str:
    """The helpers, for a program of these modules."""
    return HELPER.format(modules=", ".join(["__name__", *(f'"{m}"' for m in modules)]))
