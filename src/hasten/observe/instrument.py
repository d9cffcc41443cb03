"""Source with recorder calls around regions.

Blocks are wrapped where they stand (`enter`, `try`, the block, `leave`), functions get a decorator. Nothing is
renamed, so closures, defaults, `self`, recursion and class bodies mean what they meant. Line numbers shift: the
output of an instrumented run is thrown away.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.observe.runtime import PACKAGE
from hasten.observe.snapshot import INSTRUMENT

KNOWN_DECORATORS = {
    "staticmethod", "classmethod", "property", "lru_cache", "cache", "cached_property", "wraps", "setter",
    "abstractmethod", "singledispatch", "override", "total_ordering", "contextmanager",
}  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Plan:
    """How one region is instrumented. `why_not` says why it cannot be replayed (types are noted all the same)."""

    region: Region
    why_not: str = ""
    instrument: bool = True


def function_node(tree: ast.Module, region: Region) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The definition that a function region covers."""
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and region.first <= node.lineno <= region.last:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == region.first and node.end_lineno == region.last:
                return node
    return None


def block_nodes(tree: ast.Module, region: Region) -> tuple[list[ast.stmt], list[ast.AST]]:
    """The statements of a block region and the nodes around them, outermost first; empty when lines do not fit."""

    def search(node: ast.AST, around: list[ast.AST]) -> tuple[list[ast.stmt], list[ast.AST]] | None:
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            children = getattr(node, name, None)
            if not isinstance(children, list):
                continue
            inside = [c for c in children if isinstance(c, ast.stmt) and region.first <= first_line(c) <= region.last]
            if inside:
                last = inside[-1].end_lineno or 0
                if first_line(inside[0]) == region.first and last == region.last:
                    return inside, [*around, node]
            for child in children:
                if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                    found = search(child, [*around, node])
                    if found is not None:
                        return found
        return None

    return search(tree, []) or ([], [])


def first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def own_nodes(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes inside, without entering nested functions, lambdas and classes (which are yielded themselves)."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from own_nodes(list(ast.iter_child_nodes(node)))


def _leaves_loop(statements: Sequence[ast.stmt]) -> bool:
    """True for a `break` or `continue` of a loop that is not among the statements themselves."""

    def search(node: ast.AST) -> bool:
        if isinstance(node, (ast.Break, ast.Continue)):
            return True
        if isinstance(node, _SCOPES):
            return False
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            return any(search(c) for c in node.orelse)
        return any(search(c) for c in ast.iter_child_nodes(node))

    return any(search(s) for s in statements)


def names_in(nodes: Sequence[ast.AST], context: type[ast.expr_context] | None = None) -> set[str]:
    return {
        n.id
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and (context is None or isinstance(n.ctx, context))
    }


def block_why_not(statements: Sequence[ast.stmt], around: Sequence[ast.AST], region: Region) -> str:
    """Why a block cannot be replayed on its own, or nothing."""
    nodes = list(own_nodes(statements))
    for kind, word in ((ast.Return, "return"), (ast.Yield, "yield"), (ast.YieldFrom, "yield"), (ast.Await, "await")):
        if any(isinstance(n, kind) for n in nodes):
            return f"the block contains {word}"
    if any(isinstance(n, (ast.AsyncFor, ast.AsyncWith)) for n in nodes):
        return "the block is asynchronous"
    if any(isinstance(n, ast.comprehension) and n.is_async for n in nodes):
        return "the block is asynchronous"
    if _leaves_loop(statements):
        return "break or continue leaves the block"
    functions = [n for n in around if isinstance(n, (*_FUNCTIONS, ast.ClassDef))]
    if functions and isinstance(functions[-1], ast.ClassDef):
        return "the block is in a class body"
    if functions:
        names = names_in(statements)
        if names & {"super", "__class__"}:
            return "the block uses super()"
        if names & {"locals", "vars", "eval", "exec", "dir"}:
            return "the block looks at its local variables"
        own = functions[-1]
        bound = set(region.live_out) | names_in(statements, ast.Store)
        inside = {id(n) for s in statements for n in ast.walk(s)}
        for node in ast.walk(own):
            if node is own or not isinstance(node, (*_FUNCTIONS, ast.Lambda)) or id(node) in inside:
                continue
            shared = names_in([node]) & bound
            if shared:
                return f"a nested function shares {sorted(shared)[0]}"
            for deeper in ast.walk(node):
                if isinstance(deeper, ast.Nonlocal) and set(deeper.names) & (bound | set(region.live_in)):
                    return f"a nested function rebinds {deeper.names[0]}"
    return ""


def function_why_not(node: ast.FunctionDef | ast.AsyncFunctionDef, region: Region) -> str:
    nodes = list(own_nodes(node.body))
    if isinstance(node, ast.AsyncFunctionDef):
        return "the function is asynchronous"
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in nodes):
        return "the function is a generator"
    parts = region.qualname.split(".")
    if "<locals>" in parts and parts[-2] != "<locals>":
        return "the function is a method of a local class"
    if "<locals>" in parts and names_in(node.body) & {"super", "__class__"}:
        return "the function uses super()"
    return ""


def plan(source: SourceFile, region: Region) -> Plan:
    """Whether and how one region can be recorded."""
    if region.kind == "function":
        node = function_node(source.tree, region)
        if node is None:
            return Plan(region, "its definition was not found", instrument=False)
        known = {n.name for n in ast.walk(source.tree) if isinstance(n, _FUNCTIONS)}
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "?")
            if name not in KNOWN_DECORATORS and name not in known:
                return Plan(region, f"it is decorated with {ast.unparse(target)}", instrument=False)
        return Plan(region, function_why_not(node, region))
    statements, around = block_nodes(source.tree, region)
    if not statements:
        return Plan(region, "its statements do not fill whole lines", instrument=False)
    first = source.lines[region.first - 1][: _character(source, statements[0], region.first)]
    if first.strip() or _shares_line(source, region):
        return Plan(region, "its statements do not fill whole lines", instrument=False)
    if source.lines[region.first - 1].lstrip().startswith(("elif", "else")):
        return Plan(region, "it begins with elif", instrument=False)
    if isinstance(around[-1], ast.ClassDef):
        return Plan(region, "the block is in a class body", instrument=False)
    if any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in statements):
        return Plan(region, "it imports from __future__", instrument=False)
    return Plan(region, block_why_not(statements, around, region))


def _character(source: SourceFile, node: ast.stmt, line: int) -> int:
    if node.lineno != line:  # a decorated definition: the at sign comes first
        return len(source.lines[line - 1]) - len(source.lines[line - 1].lstrip())
    return len(source.lines[line - 1].encode()[: node.col_offset].decode())


def _shares_line(source: SourceFile, region: Region) -> bool:
    """True when another statement begins on the block's last line or ends on its first."""
    inside: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt):
            before = first_line(node) < region.first and node.end_lineno == region.first
            after = node.lineno == region.last and (node.end_lineno or 0) > region.last
            if before and not hasattr(node, "body"):
                return True
            if after and node.lineno > region.first:
                return True
            inside.add(node.lineno)
    return False


def conflicts(a: Region, b: Region) -> bool:
    """True when two regions overlap without one being inside the other."""
    if a.path != b.path or a.last < b.first or b.last < a.first:
        return False
    nested = (a.first <= b.first and b.last <= a.last) or (b.first <= a.first and a.last <= b.last)
    return not nested or (a.first, a.last) == (b.first, b.last)


def string_lines(text: str) -> set[int]:
    """Lines that begin inside a string: what must not be indented."""
    inside: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name == "FSTRING_START":
            opened.append(token.start[0])
        elif name == "FSTRING_END" and opened:
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
    return inside


def instrumented(source: SourceFile, plans: Sequence[tuple[int, Plan]]) -> SourceFile:
    """`source` with recorder calls for the planned regions (each with its number). Regions must nest."""
    fixed = string_lines(source.text)
    before: dict[int, list[tuple[tuple[int, int], list[str], Region | None]]] = {}
    after: dict[int, list[tuple[int, list[str], Region]]] = {}
    blocks: list[Region] = []
    for number, p in plans:
        region = p.region
        if region.kind == "function":
            node = function_node(source.tree, region)
            if node is None:
                continue
            at, lead = _decorator_place(source, node)
            before.setdefault(at, []).append(((1, 0), [f"{lead}@{INSTRUMENT}.function({number})\n"], None))
            continue
        _, around = block_nodes(source.tree, region)
        in_function = any(isinstance(n, _FUNCTIONS) for n in around)
        lead = source.lines[region.first - 1]
        lead = lead[: len(lead) - len(lead.lstrip())]
        scope = "locals()" if in_function else "globals()"
        mark = f"_hasten_{number}"
        due = f"{INSTRUMENT}.LIVE[{number}] and {INSTRUMENT}.due({number})"
        start = f"{lead}{mark} = {due} and {INSTRUMENT}.enter({number}, {scope}, globals())\n"
        order = (-region.last, region.first)
        if p.why_not:
            before.setdefault(region.first, []).append((order, [start], region))
            continue
        blocks.append(region)
        before.setdefault(region.first, []).append((order, [start, f"{lead}try:\n"], region))
        end = [
            f"{lead}except BaseException:\n",
            f"{lead}    if {mark}: {INSTRUMENT}.fail({mark}, {scope}, globals())\n",
            f"{lead}    raise\n",
            f"{lead}if {mark}: {INSTRUMENT}.leave({mark}, {scope}, globals())\n",
        ]
        after.setdefault(region.last, []).append((-region.first, end, region))
    lines = list(source.lines)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    out: list[str] = []
    start_at = _import_line(source)
    for number, line in enumerate(lines, 1):
        if number == start_at:
            out.append(f"from {PACKAGE} import recording as {INSTRUMENT}\n")
        for _, texts, region_here in sorted(before.get(number, []), key=lambda item: item[0]):
            out.extend(_indented(text, _pad(blocks, number, region_here)) for text in texts)
        keep = number in fixed or not line.strip()
        out.append(line if keep else _indented(line, _pad(blocks, number, None)))
        for _, texts, region_done in sorted(after.get(number, []), key=lambda item: item[0]):
            out.extend(_indented(text, _pad(blocks, number, region_done)) for text in texts)
    return source.with_text("".join(out))


def _indented(text: str, by: str) -> str:
    """`text` moved right, the added space after what is there (a file may indent with tabs)."""
    body = text.lstrip(" \t")
    return text[: len(text) - len(body)] + by + body


def _pad(blocks: Sequence[Region], line: int, of: Region | None) -> str:
    """Indentation added by the blocks around a line; for a block's own header and footer, by those outside it."""
    depth = 0
    for region in blocks:
        if region.first <= line <= region.last:
            inside_of = of is not None and of.first <= region.first and region.last <= of.last
            depth += not inside_of
    return "    " * depth


def _decorator_place(source: SourceFile, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, str]:
    """Above the first decorator that is not `staticmethod` and the like; those must stay outermost."""
    line = source.lines[node.lineno - 1]
    lead = line[: len(line) - len(line.lstrip())]
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "?")
        if name in ("staticmethod", "classmethod", "property", "setter", "cached_property", "abstractmethod"):
            continue
        return decorator.lineno, lead
    return node.lineno, lead


def _import_line(source: SourceFile) -> int:
    """The first line where a plain import may stand: after the docstring and `__future__` imports."""
    at = 1
    for i, node in enumerate(source.tree.body):
        docstring = i == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if docstring or future:
            at = (node.end_lineno or node.lineno) + 1
            continue
        return first_line(node) if at == 1 else at
    return at
