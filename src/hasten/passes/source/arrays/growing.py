"""Arrays that are copied to grow.

What it finds    `xs = np.append(xs, x)`, `np.concatenate((xs, ys))`, `np.vstack((rows, row))` or `np.hstack((xs, x))`
                 in a loop.
Why it is slow   every round copies the whole array; n rounds copy n * n / 2 items.
Example          for f in files: xs = np.append(xs, read(f))
                 ->  xs, xs_room = _appended(xs, read(f), xs_room)   # with space kept behind the array
Safe when        nobody holds on to the array while the loop runs: its uses there are over within their statements.
                 Checked as it runs: the new items have a shape and dtype that leave the array's own as they are. All
                 else is joined by the original call, so that dtypes drift and errors come as they did.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.arrays.base import consumed, helper, numpy_call
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import Module, Parts

ROOM = '''\
def _with_room(array):
    """The array at the head of a longer one, and that with it and the types of numbers that can be put behind one by
    one; the array and None where copies would be told apart."""
    if type(array) is not NP.ndarray or array.dtype.kind not in "biufcmMUS" or not array.dtype.isnative:
        return array, None
    if array.ndim == 0 or not array.flags.c_contiguous:
        return array, None
    longer = NP.empty((max(16, 2 * len(array)), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    array = longer[: len(array)]
    kinds = ()
    if array.ndim == 1:
        kinds = {NP.float64: (float, NP.float64, int), NP.int64: (int, NP.int64)}.get(array.dtype.type, ())
    return array, (longer, array, kinds)


def _put_behind(array, items, room):
    """`items` behind `array`, in the space that `room` keeps there or in a longer one."""
    longer, _, kinds = room
    size, total = len(array), len(array) + len(items)
    if total > len(longer):
        longer = NP.empty((2 * total, *array.shape[1:]), array.dtype)
        longer[:size] = array
    longer[size:total] = items
    array = longer[:total]
    return array, (longer, array, kinds)


def _fits(items, array):
    """Whether the array keeps its dtype and order of memory when these items are joined to it."""
    if items.ndim != array.ndim or items.shape[1:] != array.shape[1:]:
        return False
    if array.ndim > 1 and not items.flags.c_contiguous and min(array.shape) < 2:
        return False
    new, old = items.dtype, array.dtype
    if new == old:
        return True
    alike = (new.kind in "biuf" and old.kind in "biufc") or (new.kind == old.kind and old.kind in "US")
    return alike and NP.result_type(new, old) == old


def _without_room(array, room):
    """The array as one of its own, once it no longer grows."""
    return array.copy() if room is not None and room[1] is array else array


'''
APPENDED = '''\
def _appended(array, value, room):
    """np.append(array, value), and the space kept behind it for the next time."""
    if room is not None and room[1] is array:
        longer, _, kinds = room
        size, kind = len(array), type(value)
        if kind in kinds and size < len(longer) and (kind is not int or -(2**63) <= value < 2**63):
            longer[size] = value
            array = longer[: size + 1]
            return array, (longer, array, kinds)
        plain = kind in (int, float, bool, str, list, tuple, NP.ndarray) or isinstance(value, NP.generic)
        if plain and array.ndim == 1:
            items = NP.ravel(value)
            if _fits(items, array):
                return _put_behind(array, items, room)
    return _with_room(NP.append(array, value))


'''
JOINED = '''\
def _joined(array, value, room):
    """np.concatenate((array, value)), and the space kept behind it for the next time."""
    if room is not None and room[1] is array and type(value) in (NP.ndarray, list, tuple):
        items = NP.asarray(value)
        if _fits(items, array):
            return _put_behind(array, items, room)
    return _with_room(NP.concatenate((array, value)))


'''
STACKED = '''\
def _stacked(array, value, room):
    """np.vstack((array, value)), and the space kept behind it for the next time."""
    if room is not None and room[1] is array and type(value) in (NP.ndarray, list, tuple):
        items = NP.asarray(value)
        if items.ndim == 1:
            items = items[None]
        if array.ndim > 1 and _fits(items, array):
            return _put_behind(array, items, room)
    return _with_room(NP.vstack((array, value)))


'''
BESIDE = '''\
def _beside(array, value, room):
    """np.hstack((array, value)), and the space kept behind it for the next time."""
    if room is not None and room[1] is array and array.ndim == 1:
        if type(value) in (int, float, bool, list, tuple, NP.ndarray) or isinstance(value, NP.generic):
            items = NP.atleast_1d(value)
            if _fits(items, array):
                return _put_behind(array, items, room)
    array = NP.hstack((array, value))
    return _with_room(array) if array.ndim == 1 else (array, None)


'''
HELPERS = {"_appended": APPENDED, "_joined": JOINED, "_stacked": STACKED, "_beside": BESIDE}


@dataclass(frozen=True)
class Growth:
    """One statement that makes a name's array longer."""

    statement: ast.Assign
    name: ast.Name  # the array as it is read
    value: ast.expr
    function: str  # the helper that does it


class GrowingArrays(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST501"
    name: ClassVar[str] = "array copied to grow"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        found: dict[tuple[str, ast.AST], list[Growth]] = {}
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                growth = grows(module, node)
                if growth is None or not module.whole_lines(growth.statement):
                    continue
                scope = module.owner(growth.name.id, growth.name)
                if scope is not None and scope is module.function(growth.statement):
                    found.setdefault((growth.name.id, scope), []).append(growth)
        taken: set[str] = set()
        for (name, scope), growths in found.items():
            yield from self._of_name(place, name, scope, growths, taken)

    @staticmethod
    def _of_name(place: Place, name: str, scope: ast.AST, growths: list[Growth], taken: set[str]) -> Iterator[Parts]:
        """One site for each loop in which the name's array grows, wherever in it."""
        module = place.module
        done: set[ast.AST] = set()
        for growth in growths:
            if growth.statement in done:
                continue
            for stretch in stretches(place, growth.statement):
                if not isinstance(stretch, (ast.For, ast.While)):
                    continue
                inside = set(ast.walk(stretch))
                together = [g for g in growths if g.statement in inside]
                returns = unseen(place, name, scope, stretch, together)
                if returns is None:
                    continue
                done.update(g.statement for g in together)
                room = module.fresh(f"{name}_room", taken)
                taken.add(room)
                margin = module.margin(stretch)
                replaced: list[tuple[ast.AST, str]] = [
                    (g.statement, f"{name}, {room} = {g.function}({name}, {module.text(g.value)}, {room})")
                    for g in together
                ]
                replaced += [(r, f"_without_room({name}, {room})") for r in returns]
                texts = dict.fromkeys(HELPERS[g.function] for g in together)
                yield Parts(
                    title=f"keep space behind {name} as it grows",
                    first=growth.statement.lineno,
                    last=growth.statement.end_lineno or growth.statement.lineno,
                    reason=f"every round copies {name}",
                    remedy="put new items into space kept behind it",
                    replace=tuple(replaced),
                    before=((stretch.lineno, f"{margin}{room} = None\n"),),
                    after=((stretch.end_lineno or 0, f"{margin}{name} = _without_room({name}, {room})\n"),),
                    prelude=helper(module, ROOM, *texts),
                )
                break


def grows(module: Module, node: ast.AST) -> Growth | None:
    """`xs = np.append(xs, x)` and its relatives along the first axis."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=args, keywords=keywords) as call):
            pass
        case _:
            return None
    called = numpy_call(module, call)
    along = [k.value for k in keywords if k.arg == "axis"]
    if len(along) != len(keywords):
        return None
    axis = ast.unparse(along[0]) if along else ""
    if called == "append" and len(args) == 3 and not along:
        args, axis = args[:2], ast.unparse(args[2])
    elif called == "concatenate" and len(args) == 2 and not along:
        args, axis = args[:1], ast.unparse(args[1])
    pair: list[ast.expr] = args
    if called in ("concatenate", "vstack", "hstack"):
        if len(args) != 1 or not isinstance(args[0], (ast.Tuple, ast.List)):
            return None
        pair = args[0].elts
    function = {
        ("append", ""): "_appended",
        ("append", "None"): "_appended",
        ("append", "0"): "_joined",
        ("concatenate", ""): "_joined",
        ("concatenate", "0"): "_joined",
        ("vstack", ""): "_stacked",
        ("hstack", ""): "_beside",
    }.get((called, axis))
    if function is None or len(pair) != 2 or any(isinstance(e, ast.Starred) for e in pair):
        return None
    array, value = pair
    if not isinstance(array, ast.Name) or array.id != name:
        return None
    if any(isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)) for n in ast.walk(value)):
        return None
    return Growth(node, array, value, function)


def unseen(place: Place, name: str, scope: ast.AST, stretch: ast.stmt, growths: list[Growth]) -> list[ast.Name] | None:
    """Where the array is returned from inside the loop, given that nobody can hold on to it there; else None."""
    module, project = place.module, place.project
    if isinstance(scope, ast.ClassDef):
        return None
    if isinstance(scope, ast.Module) and (project.mentions(name, module) or project.threads or not project.whole):
        return None
    if module.function(stretch) is not scope or not module.bound_before(name, scope, stretch):
        return None
    flat = all(g.function in ("_appended", "_beside") for g in growths)
    own = {g.name for g in growths}
    inside = set(ast.walk(stretch))
    returns: list[ast.Name] = []
    for use in module.uses(name, scope):
        away = module.function(use) is not scope
        if use in own or (use not in inside and not away):
            continue
        if away and not isinstance(use.ctx, ast.Load):
            return None
        parent = module.parents[use]
        if isinstance(use.ctx, ast.Del):
            return None
        if isinstance(use.ctx, ast.Store):
            if not isinstance(parent, (ast.Assign, ast.AugAssign)) or (
                isinstance(parent, ast.Assign) and len(parent.targets) > 1
            ):
                return None
            continue
        holder = module.parents[parent] if isinstance(parent, ast.Tuple) else parent
        if isinstance(holder, ast.Return) and not away:
            returns.append(use)
            continue
        if not consumed(project, module, use, scalar=flat):
            return None
    return returns
