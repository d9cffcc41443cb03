"""Small faults in code that is right: what a careless rewrite would get wrong, one at a time.

Faults go only into lines that a change has written. Each is the change with other text in one place, found by syntax
and put in by position, so that everything else stays as it was, to the letter.
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import CodeType

from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.workload import ScriptWorkload

COMPARED = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
            ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}  # fmt: skip
COUNTED = {ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "//", ast.FloorDiv: "/", ast.Mod: "//", ast.Pow: "*",
           ast.BitAnd: "|", ast.BitOr: "&", ast.LShift: ">>", ast.RShift: "<<"}  # fmt: skip
NARROWER = {"float64": "float32", "int64": "int32", "intp": "int32", "complex128": "complex64", "float32": "float16",
            "int32": "int16", "uint8": "int8", "bool_": "int8"}  # fmt: skip
NAN = {"nansum": "sum", "nanmin": "min", "nanmax": "max", "nanmean": "mean", "sum": "nansum", "min": "nanmin",
       "max": "nanmax", "mean": "nanmean", "isnan": "isinf", "isfinite": "isreal"}  # fmt: skip
COPIES = ("list", "dict", "set", "tuple", "sorted", "array", "ascontiguousarray", "deepcopy", "frozenset", "reversed")
CLEANERS = ("dropna", "fillna", "copy", "astype", "sort_index", "reset_index", "to_numpy", "tolist", "ravel", "strip")
ERRORS = {
    "OverflowError": "RuntimeError", "ValueError": "TypeError", "TypeError": "ValueError", "KeyError": "IndexError",
    "IndexError": "KeyError", "ZeroDivisionError": "ValueError", "AttributeError": "KeyError",
}  # fmt: skip
PLACE = tuple[int, int, int, int]  # first line, column in bytes, last line, column


@dataclass(frozen=True)
class Fault:
    """One fault: of which kind, where in the changed file, and the change that has it."""

    kind: str
    line: int
    before: str
    after: str
    change: Change


def faults(change: Change, work: ScriptWorkload, most: int, seed: str) -> list[Fault]:
    """Up to `most` faults of a change, of as many kinds as there are; the same ones for the same seed."""
    by_kind: dict[str, list[Fault]] = defaultdict(list)
    for fault in every_fault(change, work):
        by_kind[fault.kind].append(fault)
    draw = random.Random(seed)
    for found in by_kind.values():
        draw.shuffle(found)
    kinds = sorted(by_kind)
    draw.shuffle(kinds)
    out: list[Fault] = []
    while len(out) < most and any(by_kind.values()):
        for kind in kinds:
            if by_kind[kind] and len(out) < most:
                out.append(by_kind[kind].pop())
    return out


def every_fault(change: Change, work: ScriptWorkload) -> Iterator[Fault]:
    path = change.region.path
    source = work.source(path)
    new = change.apply(work).source(path)
    old_lines = {line.strip() for line in source.lines}
    ranges = list(_written(change, path))
    lines = [line.encode() for line in new.lines]
    meant = _code(new.text)
    for node, context in _nodes(new.tree):
        span = _span(node)
        if span is None:
            continue
        edit = next((e for e, first, last in ranges if first <= span[0] and span[2] <= last), None)
        if edit is None or new.lines[span[0] - 1].strip() in old_lines:
            continue
        first = next(first for e, first, _ in ranges if e is edit)
        before = _cut(lines, span).decode()
        for kind, after in _spoilt(node, context):
            text = _put(edit.text, first, span, after)
            spoilt = replace(change, edits=tuple(replace(e, text=text) if e is edit else e for e in change.edits))
            try:
                code = _code(spoilt.apply(work).source(path).text)
            except (SyntaxError, ValueError):
                continue
            if code != meant:
                yield Fault(kind, span[0], before, after, spoilt)


def same_code(a: str, b: str) -> bool:
    return _code(a) == _code(b)


def _code(text: str) -> object:
    """What the compiler makes of a text, places apart."""

    def plain(code: CodeType) -> object:
        consts = tuple(plain(c) if isinstance(c, CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts)
        return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts

    return plain(compile(text, "<text>", "exec"))


def _written(change: Change, path: str) -> Iterator[tuple[Edit, int, int]]:
    """The edits with the lines of the new file that they wrote."""
    shift = 0
    for edit in sorted((e for e in change.edits if e.path == path), key=lambda e: (e.first, not e.inserts)):
        size = edit.text.count("\n")
        if size:
            yield edit, edit.first + shift, edit.first + shift + size - 1
        shift += size - (0 if edit.inserts else edit.last - edit.first + 1)


def _span(node: ast.AST) -> PLACE | None:
    if not hasattr(node, "lineno") or node.end_lineno is None:  # type: ignore[attr-defined]
        return None
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def _cut(lines: list[bytes], span: PLACE) -> bytes:
    top, left, bottom, right = span
    if top == bottom:
        return lines[top - 1][left:right]
    return lines[top - 1][left:] + b"".join(lines[top : bottom - 1]) + lines[bottom - 1][:right]


def _put(text: str, first: int, span: PLACE, after: str) -> str:
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    top, left, bottom, right = span
    head, tail = lines[top - first][:left], lines[bottom - first][right:]
    lines[top - first : bottom - first + 1] = [head + after.encode() + tail]
    return b"".join(lines).decode()


@dataclass(frozen=True)
class _Context:
    """What stands around a node."""

    function: ast.FunctionDef | None
    loop: bool
    parent: ast.AST
    last_of_loop: bool


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, _Context]]:
    def walk(node: ast.AST, function: ast.FunctionDef | None, loop: bool) -> Iterator[tuple[ast.AST, _Context]]:
        for child in ast.iter_child_nodes(node):
            last = isinstance(node, (ast.For, ast.While)) and child is node.body[-1]
            inner = loop or isinstance(node, (ast.For, ast.While))
            yield child, _Context(function, inner, node, last)
            if isinstance(child, ast.FunctionDef):
                yield from walk(child, child, False)
            elif not isinstance(child, (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global)):
                yield from walk(child, function, inner)

    yield from walk(tree, None, False)


def _spoilt(node: ast.AST, at: _Context) -> Iterator[tuple[str, str]]:
    for of, spoil in _SPOIL:
        if isinstance(node, of):
            yield from spoil(node, at)


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _compare(node: ast.Compare, at: _Context) -> Iterator[tuple[str, str]]:
    if len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
        op = COMPARED[type(node.ops[0])]
        kind = "< for <=" if op in ("<", "<=", ">", ">=") else "swapped test"
        yield kind, f"({_text(node.left)} {op} {_text(node.comparators[0])})"


def _arithmetic(node: ast.BinOp, at: _Context) -> Iterator[tuple[str, str]]:
    if type(node.op) in COUNTED:
        yield "another operator", f"({_text(node.left)} {COUNTED[type(node.op)]} {_text(node.right)})"


def _constant(node: ast.Constant, at: _Context) -> Iterator[tuple[str, str]]:
    value = node.value
    if isinstance(at.parent, (ast.Expr, ast.JoinedStr, ast.FormattedValue)):
        return
    if type(value) is bool:
        yield "changed constant", repr(not value)
    elif type(value) is int:
        yield "off by one", f"{value + 1}" if value >= 0 else f"({value + 1})"
    elif type(value) is float:
        yield "changed constant", repr(value + 1.0 if value == value and abs(value) < 1e300 else 0.0)
    elif type(value) is str and value in NARROWER:
        yield "wrong dtype", repr(NARROWER[value])
    elif type(value) is str:
        yield "changed constant", repr(value + "x")
    elif value is None:
        yield "changed constant", "0"


def _call(node: ast.Call, at: _Context) -> Iterator[tuple[str, str]]:
    func, args = node.func, [_text(a) for a in node.args]
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name == "range" and args:
        end = 0 if len(args) == 1 else 1
        yield "skipped last", f"range({', '.join(f'{a} - 1' if i == end else a for i, a in enumerate(args))})"
    if name in COPIES and len(args) == 1:
        yield "copy dropped" if name not in ("sorted", "reversed") else "reordered output", args[0]
    if name == "sorted" and args and not any(k.arg == "reverse" for k in node.keywords):
        yield "reordered output", f"{_text(node)[:-1]}, reverse=True)"
    if isinstance(func, ast.Attribute) and name in CLEANERS and not isinstance(func.value, ast.Constant):
        yield "copy dropped" if name == "copy" else "step left out", _text(func.value)
    if isinstance(func, ast.Attribute) and name in NAN:
        yield "NaN treated otherwise", f"{_text(func.value)}.{NAN[name]}({', '.join(_arguments(node))})"
    if name in ("min", "max"):
        other = "max" if name == "min" else "min"
        yield "changed function", f"{_text(func)[: -len(name)]}{other}({', '.join(_arguments(node))})"
    if name in ("all", "any") and isinstance(func, ast.Name):
        yield "changed function", f"{'any' if name == 'all' else 'all'}({', '.join(_arguments(node))})"
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and not (isinstance(at.parent, ast.FunctionDef)):
            left = [k for j, k in enumerate(node.keywords) if j != i]
            yield "option left out", _text(ast.Call(node.func, node.args, left))


def _arguments(node: ast.Call) -> list[str]:
    return [
        *map(_text, node.args),
        *(f"{k.arg}={_text(k.value)}" if k.arg else f"**{_text(k.value)}" for k in node.keywords),
    ]


def _attribute(node: ast.Attribute, at: _Context) -> Iterator[tuple[str, str]]:
    if node.attr in NARROWER and isinstance(node.ctx, ast.Load):
        yield "wrong dtype", f"{_text(node.value)}.{NARROWER[node.attr]}"


def _slice(node: ast.Slice, at: _Context) -> Iterator[tuple[str, str]]:
    low, high = (None if x is None else _text(x) for x in (node.lower, node.upper))
    step = "" if node.step is None else f":{_text(node.step)}"
    yield "off by one", f"{low or ''}:{f'{high} - 1' if high else '-1'}{step}"
    yield "off by one", f"{f'{low} + 1' if low else '1'}:{high or ''}{step}"


def _boolean(node: ast.BoolOp, at: _Context) -> Iterator[tuple[str, str]]:
    word = " or " if isinstance(node.op, ast.And) else " and "
    yield "and for or", "(" + word.join(f"({_text(v)})" for v in node.values) + ")"
    joined = " and " if isinstance(node.op, ast.And) else " or "
    for i in range(len(node.values)):
        left = [f"({_text(v)})" for j, v in enumerate(node.values) if j != i]
        yield "condition left out", "(" + joined.join(left) + ")"


def _not(node: ast.UnaryOp, at: _Context) -> Iterator[tuple[str, str]]:
    if isinstance(node.op, ast.Not):
        yield "swapped branch", f"bool({_text(node.operand)})"
    elif isinstance(node.op, ast.USub):
        yield "sign dropped", f"({_text(node.operand)})"


def _test(node: ast.expr, at: _Context) -> Iterator[tuple[str, str]]:
    parent = at.parent
    if isinstance(parent, (ast.If, ast.IfExp, ast.While)) and parent.test is node:
        if not isinstance(node, ast.Compare):
            yield "swapped branch", f"not ({_text(node)})"
        if not isinstance(parent, ast.While) and not isinstance(node, ast.Constant):
            yield "guard always true", "True"
            yield "guard always false", "False"


def _statement(node: ast.stmt, at: _Context) -> Iterator[tuple[str, str]]:
    pad = " " * node.col_offset
    if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete, ast.AnnAssign, ast.Raise)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield "statement left out", "pass"
    if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "another operator", f"{_text(node.target)} = {_text(node.value)}"
    if isinstance(node, ast.Return) and node.value is not None:
        yield "early return", "return None"
        if isinstance(node.value, (ast.Name, ast.Call, ast.ListComp)):
            yield "reordered output", f"return ({_text(node.value)})[::-1]"
            yield "another type", f"return tuple({_text(node.value)})"
            yield "another type", f"return float({_text(node.value)})"
        if at.function is not None:
            for argument in at.function.args.args[:2]:
                given = argument.arg
                yield "mutated argument", f"{given}.append(0)\n{pad}{_text(node)}"
                yield "aliased result", f"return {given}"
    if at.last_of_loop and not isinstance(node, (ast.Return, ast.Break, ast.Continue, ast.Raise)):
        yield "first round only", f"{_indented(node, pad)}\n{pad}break"
        last = at.function.body[-1] if at.function is not None else None
        if isinstance(last, ast.Return) and last.value is not None and last is not node:
            yield "early return", f"{_indented(node, pad)}\n{pad}{_text(last)}"
    if isinstance(node, ast.Continue):
        yield "early return", "break"
    if isinstance(node, ast.Break):
        yield "late break", "continue"


def _indented(node: ast.stmt, pad: str) -> str:
    return ("\n" + pad).join(_text(node).splitlines())


def _name(node: ast.Name, at: _Context) -> Iterator[tuple[str, str]]:
    if node.id in ERRORS and isinstance(node.ctx, ast.Load):
        yield "changed exception", ERRORS[node.id]
    if node.id in NARROWER and isinstance(node.ctx, ast.Load):
        yield "wrong dtype", NARROWER[node.id]


def _tuple(node: ast.Tuple, at: _Context) -> Iterator[tuple[str, str]]:
    if isinstance(node.ctx, ast.Load) and len(node.elts) > 1 and not isinstance(at.parent, ast.Subscript):
        turned = [_text(e) for e in node.elts[::-1]]
        yield "reordered output", f"({', '.join(turned)})"


_Spoil = Callable[..., Iterable[tuple[str, str]]]
_SPOIL: tuple[tuple[type[ast.AST], _Spoil], ...] = (
    (ast.Compare, _compare), (ast.BinOp, _arithmetic), (ast.Constant, _constant), (ast.Call, _call),
    (ast.Attribute, _attribute), (ast.Slice, _slice), (ast.BoolOp, _boolean), (ast.UnaryOp, _not), (ast.expr, _test),
    (ast.stmt, _statement), (ast.Name, _name), (ast.Tuple, _tuple),
)  # fmt: skip
