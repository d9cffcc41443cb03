"""What the changed program gets: a decorator that keeps results, and when it may."""

from __future__ import annotations

IMPORTS = ("import collections\n", "import functools\n")

HELPER = '''\
_PLAIN_KINDS = frozenset({{str, int, float, bool, bytes, type(None)}})
# Modules whose objects are known to change only as their methods say.
_PROGRAM = frozenset({{{modules}}})
_KEPT = {{}}  # while a loop runs that changes nothing they read: function -> (objects it may be asked of, results)


class _Steady:
    """While it lasts, the functions named keep their results: nothing that they read changes meanwhile."""

    def __init__(self, names, *roots):
        self.names, self.roots = names, roots

    def __enter__(self):
        self.names = [name for name in self.names if name not in _KEPT]  # a loop around may keep them already
        objects = _objects(self.roots) if self.names else {{}}
        _KEPT.update((name, (objects, {{}})) for name in self.names)

    def __exit__(self, *failure):
        for name in self.names:
            del _KEPT[name]


def _objects(roots):
    """Objects of this program's classes among `roots`, in their attributes and in lists and dicts of them, by id."""
    found, seen, todo = {{}}, set(), list(roots)
    while todo and len(found) < 10_000:
        x = todo.pop()
        if id(x) in seen:
            continue
        if type(x) in (list, tuple, dict):
            items = x.values() if type(x) is dict else x
            if type(next(iter(items), None)).__module__ in _PROGRAM:
                seen.add(id(x))
                todo.extend(items)
        elif hasattr(x, "__dict__") and all(c is object or c.__module__ in _PROGRAM for c in type(x).__mro__):
            seen.add(id(x))
            if not any(hasattr(v, "__next__") for v in vars(x).values()):  # what can be gone through once changes
                found[id(x)] = x
                todo.extend(vars(x).values())
    return found


def _is_plain_result(x):
    return type(x) in _PLAIN_KINDS


def _is_plain_or_holds_plain(x):
    if type(x) in (list, tuple, dict, set, collections.defaultdict, collections.Counter):
        parts = [*x, *x.values()] if isinstance(x, dict) else x
        return len(x) < 100_000 and all(
            type(p) in _PLAIN_KINDS or (type(p) is tuple and _PLAIN_KINDS.issuperset(map(type, p))) for p in parts
        )
    return type(x) in _PLAIN_KINDS


def _kept(function, fits=_is_plain_result):
    """`function`, whose results are kept within `_Steady`, by the types and values of its arguments."""
    name = function.__qualname__

    @functools.wraps(function)
    def asked(*args, **named):
        if named or name not in _KEPT:
            return function(*args, **named)
        objects, results = _KEPT[name]
        key = []
        for x in args:
            if type(x) in _PLAIN_KINDS and (x != 0 or type(x) is not float):  # 0.0 equals -0.0
                key += (x, type(x))
            elif id(x) in objects:
                key.append(id(x))
            else:
                return function(*args)
        key = tuple(key)
        if key in results:
            return results[key]
        result = function(*args)
        if len(results) < 100_000 and fits(result):
            results[key] = result
        return result

    return asked


def _kept_with_lists(function):
    """The same, also for lists and dicts, which those who get them only look at."""
    return _kept(function, _is_plain_or_holds_plain)
'''
NAMES = frozenset(
    "_PLAIN_KINDS _PROGRAM _KEPT _Steady _objects _is_plain_result _is_plain_or_holds_plain _kept "
    "_kept_with_lists".split()
)


def helper(modules: tuple[str, ...]) -> str:
    """The helpers, for a program of these modules."""
    return HELPER.format(modules=", ".join(["__name__", *(f'"{m}"' for m in modules)]))
