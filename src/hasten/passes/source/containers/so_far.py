"""What is worked out of a list again each time that it has grown.

What it finds    `sum(p.amount for p in self.rows)`, `sum(values) / len(values)`, `max(...)`, `min(...)`, `any(...)`,
                 how many rows there are of a kind, and sets made for one look, of lists that only grow.
Why it is slow   every event goes through all that ever happened, though all but the last rows are known.
Example          sum(values) / len(values)   ->   _so_far(values, ..., lambda so, x: so + x, sum) / len(values)
Safe when        all that the program ever does to such a list is to put more at its end, and nobody binds the fields
                 looked at anew (proved from the syntax of the project); what is worked out follows from the rows alone,
                 and from values that cannot change, looked at while it runs. It goes on from where it was, row by row,
                 as `sum` does, so that floats are the same to the bit. (Not from Python 3.12 on, whose `sum` of floats
                 rounds otherwise: they go through the original.)
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.kernel.regions import PUT_THERE
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.fields import field_stays, key_stays
from hasten.passes.source.containers.join_stays import names
from hasten.passes.source.containers.recent import OF_PROGRAM, program_of, targets_plain, window_of_itself
from hasten.passes.source.containers.slots import Slots
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.containers.words import take_turns

FIXED = '''\


_FIXED = frozenset({int, float, bool, str, bytes, type(None), _times.date, _times.datetime, _times.timedelta})


def _fixed(x):
    """`x`, a value that cannot change. Raises `TypeError` for another."""
    if type(x) not in _FIXED:
        raise TypeError(x)
    return x


def _some(x):
    """`x`, where it is not None. Raises `TypeError` where it is."""
    if x is None:
        raise TypeError(x)
    return x


def _number(x):
    """`x`, a number that `sum` adds as `+` does. Raises `TypeError` for another."""
    if type(x) not in (int, bool) and (type(x) is not float or sys.version_info >= (3, 12)):
        raise TypeError(x)
    return x


'''
SO_FAR = '''\
def _kept_so_far(passing, lists=({}, {})):
    """Id of a list -> the list, and by word of how many rows something was worked out, and what it is so far.

    Of lists that come and go (`passing`) a few.
    """
    return lists[passing]


def _so_far(rows, passing, word, fits, begin, step, otherwise):
    """`otherwise(rows)`, gone on with from where it was. Nothing is done to such a list but to put more at its end."""
    if type(rows) is not list or not rows:
        return otherwise(rows)
    lists = _kept_so_far(passing)
    known = lists.get(id(rows))
    if known is None or known[0] is not rows:
        if len(lists) >= (500 if passing else 10_000):
            lists.clear()
        lists[id(rows)] = known = rows, {}
    state = known[1].get(word)
    if state is None:
        known[1][word] = state = [0, begin()]
    seen, so = state
    if seen < 0:
        return otherwise(rows)
    try:
        for row in rows[seen:] if seen else rows:
            if not fits(row):
                raise TypeError(row)
            so = step(so, row)
    except Exception:  # the original meets it, in its own place
        state[0] = -1
        return otherwise(rows)
    state[:] = len(rows), so
    return otherwise(rows) if so is None else so  # the greatest of none


'''
PUT_THERE.update((FIXED, SO_FAR))
QUIET = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Constant, ast.operator, ast.unaryop, ast.cmpop,
    ast.boolop, ast.Load, ast.Name, ast.Attribute, ast.Subscript,
)  # fmt: skip
BUILT = ("sum", "max", "min", "any", "len", "set")


@dataclass(frozen=True)
class Fold:
    """What is worked out of rows, one after the other."""

    call: ast.expr  # the whole of it
    rows: ast.expr
    target: ast.Name | ast.Tuple
    begin: str
    step: ast.expr  # of `so` and the loop's variables
    values: tuple[ast.expr, ...]  # what is asked of a row


class SoFar(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST122"
    name: ClassVar[str] = "work done again on a list that has grown"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                fold = _fold(module, node)
                parts = None if fold is None else self._found(place, fold)
                if parts is not None:
                    yield parts

    def _found(self, place: Place, f: Fold) -> Parts | None:
        module, project = place.module, place.project
        if any(isinstance(at, (ast.JoinedStr, ast.Lambda)) for at in module.up(f.call)):
            return None
        fields = [path for e in f.values for path in _paths(e, names(f.target))]
        if None in fields:
            return None
        fits = _fits(place, f, [p for p in fields if p is not None])
        if fits is None:
            return None
        slots = Slots(project)
        if slots.why_not(module, f.rows) or any(window_of_itself(m, at) for m, at in slots.made):
            return None
        if not take_turns(project, module, f.call, slots.grown):
            return None
        test, helpers = fits
        if "so" in names(f.target) or any(isinstance(at, ast.JoinedStr) for at in ast.walk(f.call)):
            return None
        row = f.target.id if isinstance(f.target, ast.Name) else module.fresh("row")
        step = ast.unparse(_Fixed(f.target, row).visit(copy.deepcopy(f.step)))
        rows, once = module.text(f.rows), module.fresh("rows")
        otherwise = f"lambda {once}: {_of_others(f, once)}"
        word = repr(_of_others(f, "..."))
        asked = ", ".join(
            (rows, str(slots.passing), word, test, f"lambda: {f.begin}", f"lambda so, {row}: {step}", otherwise)
        )
        return Parts(
            title=f"go on with what was worked out of {rows}",
            first=f.call.lineno,
            last=f.call.end_lineno or f.call.lineno,
            reason=f"all of {rows} is gone through again each time that it has grown",
            remedy="what was worked out so far is kept, and gone on with",
            replace=((f.call, f"_so_far({asked})" + (".copy()" if f.begin == "set()" else "")),),
            prelude=("import datetime as _times\n", "import sys\n", FIXED, *helpers, SO_FAR),
            later=True,  # what was worked out in one call is there in the next
        )


def _fold(module: Module, node: ast.AST) -> Fold | None:
    """Something that is worked out row by row, if that is what a node is."""
    match node:
        case ast.Call(func=ast.Name(id=word) as f, args=[given], keywords=[]) if module.is_builtin(f, *BUILT):
            pass
        case ast.SetComp():
            word, given = "set", node
        case _:
            return None
    assert isinstance(node, ast.expr)
    if isinstance(given, (ast.Name, ast.Attribute, ast.Subscript)):
        if word not in ("sum", "max", "min") or isinstance(given, ast.Subscript) and isinstance(given.slice, ast.Slice):
            return None
        row = ast.Name(module.fresh("row"), ast.Load())
        step = _step(word, row, [])
        return None if step is None else Fold(node, given, row, _begin(word), step, (row,))
    if not isinstance(given, (ast.GeneratorExp, ast.ListComp, ast.SetComp)) or len(given.generators) != 1:
        return None
    clause = given.generators[0]
    if clause.is_async or not isinstance(clause.target, (ast.Name, ast.Tuple)) or not targets_plain(clause.target):
        return None
    if word == "len" and not (isinstance(given, ast.ListComp) and clause.ifs):
        return None
    if word == "set" and not _only_asked(module, node):
        return None
    if (
        word != "len"
        and isinstance(given, ast.ListComp)
        or word == "set"
        and node is not given
        and isinstance(given, ast.SetComp)
    ):
        return None
    step = _step(word, given.elt, clause.ifs)
    return (
        None if step is None else Fold(node, clause.iter, clause.target, _begin(word), step, (given.elt, *clause.ifs))
    )


class _Fixed(ast.NodeTransformer):
    """Fields of rows, each looked at for whether it can change."""

    def __init__(self, target: ast.Name | ast.Tuple, row: str) -> None:
        elts = target.elts if isinstance(target, ast.Tuple) else []
        self.places = {n.id: at for at, n in enumerate(elts) if isinstance(n, ast.Name)}
        self.target, self.row = target, row

    def _fixed(self, node: ast.expr) -> ast.expr:
        return ast.Call(ast.Name("_fixed", ast.Load()), [node], [])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.places:
            at = ast.Subscript(ast.Name(self.row, ast.Load()), ast.Constant(self.places[node.id]), ast.Load())
            return self._fixed(at)
        return self._fixed(node) if isinstance(self.target, ast.Name) and node.id == self.target.id else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self.row and isinstance(self.target, ast.Name):
            return self._fixed(node)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self.row and isinstance(self.target, ast.Name):
            return self._fixed(node)
        self.generic_visit(node)
        return node


def _of_others(f: Fold, name: str) -> str:
    """The original, of a list by another name."""
    whole = copy.deepcopy(f.call)
    for node in ast.walk(whole):
        if isinstance(node, ast.comprehension):
            node.iter = ast.Name(name, ast.Load())
            return ast.unparse(whole)
        if isinstance(node, ast.Call) and isinstance(node.args[0], (ast.Name, ast.Attribute, ast.Subscript)):
            node.args = [ast.Name(name, ast.Load())]
            return ast.unparse(whole)
    raise AssertionError(f"nothing is gone through in {ast.unparse(whole)}")


def _begin(word: str) -> str:
    return {"sum": "0", "len": "0", "any": "False", "set": "set()"}.get(word, "None")


def _step(word: str, e: ast.expr, tests: list[ast.expr]) -> ast.expr | None:
    """What becomes of `so` by a row of which `e` is asked, where the tests hold."""
    text = ast.unparse(e)
    forms = {
        "sum": f"so + _number({text})",
        "len": "so + 1" if isinstance(e, ast.Name) else f"({text}, so + 1)[1]",
        "any": f"so or bool({text})",
        "set": f"so.add({text}) or so",
        "max": f"(lambda x: x if so is None or x > so else so)(_some({text}))",
        "min": f"(lambda x: x if so is None or x < so else so)(_some({text}))",
    }
    step = forms[word]
    for test in reversed(tests):
        step = f"({step}) if ({ast.unparse(test)}) else so"
    return ast.parse(step, mode="eval").body


def _only_asked(module: Module, made: ast.expr) -> bool:
    """Whether all that is done with a set is to ask what is in it, and how much: its order does not show."""
    parent = module.parents[made]
    if _asks(module, made):
        return True
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0]
    scope = module.owner(name.id, name)
    if not isinstance(scope, ast.FunctionDef) or len(module.bindings(name.id, scope)) != 1:
        return False
    return all(_asks(module, u) for u in module.uses(name.id, scope) if isinstance(u.ctx, ast.Load))


def _asks(module: Module, e: ast.expr) -> bool:
    match module.parents[e]:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()]):
            return left is not e
        case ast.Call(func=f, args=[_], keywords=[]):
            return module.is_builtin(f, "len")
    return False


def _paths(e: ast.expr, targets: set[str]) -> Iterator[ast.expr | None]:
    """The fields of rows in an expression that nothing else goes into; None where something does."""
    inside: set[ast.AST] = set()
    for node in ast.walk(e):
        if node in inside:
            continue
        match node:
            case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant()):
                inside.update(ast.walk(node))
                yield node if name in targets else None
            case ast.Name(id=name):
                yield node if name in targets else None
            case ast.Attribute() | ast.Subscript():
                yield None
            case _ if not isinstance(node, QUIET):
                yield None


def _fits(place: Place, f: Fold, fields: list[ast.expr]) -> tuple[str, tuple[str, ...]] | None:
    """A test of rows that keep all these fields, with its helpers."""
    project = place.project
    if isinstance(f.target, ast.Tuple):
        return f"lambda row: type(row) is tuple and len(row) == {len(f.target.elts)}", ()
    kinds: set[str] = set()
    for e in fields:
        match e:
            case ast.Name():
                kinds.add("True")
            case ast.Subscript(slice=ast.Constant(value=at)) if type(at) is int:
                kinds.add("type(row) is tuple")
            case ast.Subscript(slice=ast.Constant(value=str() as key)) if key_stays(project, key):
                kinds.add("type(row) is dict")
            case ast.Attribute(attr=attr) if field_stays(project, attr):
                kinds.add("")
            case _:
                return None
    kinds -= {"True"} if len(kinds) > 1 else set()
    if len(kinds) > 1:
        return None
    if kinds == {""}:
        helper = OF_PROGRAM.format(modules=program_of(project))
        PUT_THERE.add(helper)
        return "_of_program", (helper,)
    return f"lambda row: {next(iter(kinds), 'True')}", ()
