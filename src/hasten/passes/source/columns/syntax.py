"""What the column passes share: reading names, scopes and row uses of a file, and splicing text into it."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Finding, Region
from hasten.core.source import Edit, SourceFile, prelude_line
from hasten.kernel.regions import PUT_THERE, put_there
from hasten.passes.source.columns.helper_classes import usual

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Span: TypeAlias = tuple[int, int, int, int, str]  # first line, column, last line, column (of bytes), text in its place
Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Node = TypeVar("Node", bound=ast.AST)
SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
LOOPS = (ast.For, ast.While)
MIN_SHARE = 0.02
PEEKING = frozenset({"exec", "eval", "locals", "globals", "vars", "compile"})
PUT_THERE.update(usual())


def parents(source: SourceFile) -> Mapping[ast.AST, ast.AST]:
    """Every node's parent."""
    return _parents(source.tree)


@lru_cache(maxsize=16)
def _parents(tree: ast.Module) -> Mapping[ast.AST, ast.AST]:  # nodes hash by identity: equal files have other nodes
    found: dict[ast.AST, ast.AST] = {}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            found[child] = node
    return found


@lru_cache(maxsize=32)
def identifiers(source: SourceFile) -> frozenset[str]:
    """Every identifier that the file binds, reads, imports or takes as a parameter, and all built-ins."""
    names: set[str] = set(dir(builtins))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return frozenset(names)


class Fresh:
    """Gives names that are not in the file and that it has not given before."""

    def __init__(self, source: SourceFile) -> None:
        self.taken = set(identifiers(source))

    def __call__(self, wanted: str) -> str:
        base = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_") or "value"
        if base[0].isdigit():
            base = f"c{base}"
        if wanted.startswith("_"):
            base = f"_{base}"
        name, n = base, 2
        while name in self.taken or keyword.iskeyword(name) or keyword.issoftkeyword(name):
            name, n = f"{base}_{n}", n + 1
        self.taken.add(name)
        return name


def peeks(source: SourceFile) -> bool:
    """True when the file looks at its own names at run time, so that new or missing names could be seen."""
    return bool({n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name)} & PEEKING)


def scope_of(source: SourceFile, node: ast.AST) -> Scope:
    """The innermost module, class, function or lambda around `node` (not `node` itself)."""
    up = parents(source)
    at = up.get(node)
    while at is not None and not isinstance(at, SCOPES):
        at = up.get(at)
    return at if isinstance(at, SCOPES) else source.tree


def statement_of(source: SourceFile, node: ast.AST) -> ast.stmt | None:
    """The innermost statement around `node` (or `node` itself)."""
    up = parents(source)
    at: ast.AST | None = node
    while at is not None and not isinstance(at, ast.stmt):
        at = up.get(at)
    return at


def inside(region: Region, node: ast.AST) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return region.first <= first and last <= region.last


def nodes_in(source: SourceFile, region: Region, kind: type | tuple[type, ...]) -> Iterator[ast.AST]:
    """Nodes of a kind whose lines lie in the region, in source order."""
    found = [n for n in ast.walk(source.tree) if isinstance(n, kind) and inside(region, n)]
    yield from sorted(found, key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0)))


def place(node: ast.AST) -> dict[str, Any]:
    """Where a node stands, as a finding's detail: two calls of a chain start at the same place, so its end counts."""
    n: Any = node
    return {"at": [n.lineno, n.col_offset, n.end_lineno, n.end_col_offset]}


def node_at(source: SourceFile, kind: type[Node], detail: Mapping[str, Any]) -> Node | None:
    """The node that `place` described."""
    for n in ast.walk(source.tree):
        if isinstance(n, kind) and hasattr(n, "lineno") and place(n)["at"] == detail["at"]:
            return n
    return None


def share(facts: Facts, path: str, first: int, last: int) -> float | None:
    """The share of time of these lines, or None when it is known to be too small to touch them."""
    if facts.profile.samples == 0:
        return 0.0
    got = facts.profile.share(path, first, last)
    return got if got >= MIN_SHARE else None


def finding_at(
    code: str,
    region: Region,
    facts: Facts,
    at: ast.stmt,
    reason: str,
    remedy: str,
    whole: ast.stmt | None = None,
    spots: tuple[SourceFile, Iterable[tuple[int, int]]] | None = None,
) -> Iterator[Finding]:
    """The finding of a statement that is worth touching, by its line; `whole` is what is replaced, if it is more.

    `spots` are the lines of the file that get faster: what functions take that these call is not won.
    """
    last = at.end_lineno or at.lineno
    part = share(facts, region.path, at.lineno, last)
    if part is not None and spots is not None and facts.profile.samples:
        source, lines = spots
        helpers = [(n.lineno, n.end_lineno or n.lineno) for n in source.tree.body if put_there(source, n)]
        part = min(part, facts.profile.share_within(region.path, at.lineno, last, lines, helpers))
        part = part if part >= MIN_SHARE else None
    if part is not None:
        whole = whole or at
        detail = {"line": at.lineno}
        yield Finding(code, region, whole.lineno, whole.end_lineno or last, reason, remedy, part, detail)


def spot_of(source: SourceFile, node: ast.AST) -> tuple[int, int]:
    """The lines in which an expression runs: those of its statement, or its own in the head of a loop."""
    up, at = parents(source), node
    while not isinstance(at, ast.stmt) and at in up:
        at = up[at]
    found: Any = node if hasattr(at, "body") else at
    return found.lineno, found.end_lineno or found.lineno


def facts_about(name: str, region: Region, facts: Facts, first: int, last: int) -> tuple[ValueFact, ...]:
    """What was seen under `name`, by the smallest recorded region around these lines that knows it."""
    best: tuple[int, tuple[ValueFact, ...]] | None = None
    for region_id, seen in facts.regions.items():
        path, _, lines = region_id.rpartition(":")
        a, _, b = lines.partition("-")
        if path != region.path or not (a.isdigit() and b.isdigit()) or not (int(a) <= first and last <= int(b)):
            continue
        if name in seen.types and (best is None or int(b) - int(a) < best[0]):
            best = (int(b) - int(a), seen.types[name])
    return best[1] if best else facts.of(region.id).types.get(name, ())


def text_of(source: SourceFile, node: ast.AST) -> str:
    return source.segment(node) or ast.unparse(node)


def dotted(node: ast.AST) -> str | None:
    """`a`, `a.b`, `a.b.c` as text; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else None
    return None


def bindings(tree: ast.AST, name: str) -> list[ast.AST]:
    """Every node in `tree` that binds `name` (assignment, parameter, def, import, global, match, except)."""
    found: list[ast.AST] = []
    for n in ast.walk(tree):
        if (
            (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
            or (isinstance(n, ast.arg) and n.arg == name)
            or (isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.name == name)
            or (isinstance(n, ast.alias) and (n.asname or n.name).split(".")[0] == name)
            or (isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names)
            or (isinstance(n, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and n.name == name)
            or (isinstance(n, ast.MatchMapping) and n.rest == name)
        ):
            found.append(n)
    return found


def module_alias(source: SourceFile, module: str, usual: str) -> tuple[str, tuple[Edit, ...]]:
    """A name under which every function of the file can reach `module`, and the import that gives it."""
    at = prelude_line(source)
    for node in source.tree.body:
        if isinstance(node, ast.Import) and node.lineno < at:
            for a in node.names:
                bound = a.asname or a.name
                if a.name == module and len(bindings(source.tree, bound)) == 1:
                    return bound, ()
    taken = identifiers(source)
    same = [
        n
        for n in ast.walk(source.tree)
        if isinstance(n, ast.Import)
        for a in n.names
        if a.name == module and a.asname == usual
    ]
    if usual not in taken or (same and len(bindings(source.tree, usual)) == len(same)):
        name = usual
    else:
        name = f"_{module}"
        while name in taken and f"import {module} as {name}\n" not in source.text:
            name = f"_{name}"
        if f"import {module} as {name}\n" in source.text:
            return name, ()
    return name, (Edit(source.path, at, at - 1, f"import {module} as {name}\n"),)


def imported_as(source: SourceFile, module: str) -> frozenset[str]:
    """Names that mean `module` everywhere in the file."""
    names: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names.update((a.asname or a.name) for a in node.names if a.name == module)
    imports = {
        name: sum(
            1
            for n in ast.walk(source.tree)
            if isinstance(n, ast.Import)
            for a in n.names
            if a.name == module and (a.asname or a.name) == name
        )
        for name in names
    }
    return frozenset(n for n in names if len(bindings(source.tree, n)) == imports[n])


def in_fstring(source: SourceFile, node: ast.AST) -> ast.JoinedStr | None:
    """The outermost f-string around `node`."""
    up = parents(source)
    at, found = up.get(node), None
    while at is not None and not isinstance(at, ast.stmt):
        if isinstance(at, ast.JoinedStr):
            found = at
        at = up.get(at)
    return found


class _Swap(ast.NodeTransformer):
    def __init__(self, texts: Mapping[tuple[int, int, str], str]) -> None:
        self.texts = texts

    def visit(self, node: ast.AST) -> ast.AST:
        key = (getattr(node, "lineno", -1), getattr(node, "col_offset", -1), ast.dump(node))
        if key in self.texts:
            return ast.parse(self.texts[key], mode="eval").body
        return super().generic_visit(node)


def splice(source: SourceFile, first: int, last: int, texts: Mapping[ast.AST, str], more: Iterable[Span] = ()) -> str:
    """Lines first..last with `texts` in place of their nodes; nodes inside an f-string rebuild that f-string.

    `more` are other places to replace (or, where a place is empty, to insert). All must be disjoint.
    What is not replaced keeps every byte.
    """
    todo: dict[ast.AST, str] = {}
    strings: dict[ast.JoinedStr, dict[tuple[int, int, str], str]] = {}
    for node, text in texts.items():
        around = in_fstring(source, node)
        if around is None:
            todo[node] = text
        else:
            key = (getattr(node, "lineno", -1), getattr(node, "col_offset", -1), ast.dump(node))
            strings.setdefault(around, {})[key] = text
    for joined, swaps in strings.items():
        # before 3.12 positions inside an f-string cannot be trusted, so the whole literal is written anew
        again = ast.parse(ast.unparse(_Swap(swaps).visit(_copy(joined))), mode="eval").body
        todo[joined] = ast.unparse(again)
    lines = [line.encode() for line in source.lines[first - 1 : last]]
    spans = sorted(
        [*((*place(n)["at"], text) for n, text in todo.items()), *more],
        reverse=True,
    )
    for l0, c0, l1, c1, text in spans:
        a, b = l0 - first, l1 - first
        lines[a : b + 1] = [lines[a][:c0] + text.encode() + lines[b][c1:]]
    out = b"".join(lines).decode()
    return out if out.endswith("\n") else out + "\n"


def _copy(node: ast.AST) -> ast.AST:
    """A deep copy that keeps positions (`copy.deepcopy` would do too, but is slow on big trees)."""
    if isinstance(node, list):  # pragma: no cover - lists are copied below
        return node
    fields: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            fields[name] = [_copy(v) if isinstance(v, ast.AST) else v for v in value]
        else:
            fields[name] = _copy(value) if isinstance(value, ast.AST) else value
    new = type(node)(**fields)
    return ast.copy_location(new, node) if hasattr(node, "lineno") else new


def margin(source: SourceFile, node: ast.stmt) -> str:
    return source.lines[node.lineno - 1][
        : len(source.lines[node.lineno - 1]) - len(source.lines[node.lineno - 1].lstrip())
    ]


def stands_alone(source: SourceFile, node: ast.stmt) -> bool:
    """True when the statement's lines hold nothing else, so that whole lines can be replaced."""
    before = source.lines[node.lineno - 1].encode()[: node.col_offset]
    after = source.lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset or 0 :]
    rest = after.strip()
    return not before.strip() and (not rest or rest.startswith(b"#"))


def helper_edits(source: SourceFile, texts: Iterable[str]) -> tuple[Edit, ...]:
    """Insertions of helper functions at the head of the file; none for a helper that is there already."""
    at = prelude_line(source)
    return tuple(Edit(source.path, at, at - 1, "\n\n" + text) for text in texts if text not in source.text)


def helper_name(source: SourceFile, wanted: str, text: str) -> str:
    """`wanted`, or a variant of it when the file already uses that name for something else.

    `text` is the helper with `{name}` where its name goes.
    """
    taken = identifiers(source)
    name, n = wanted, 2
    while name in taken and text.replace("{name}", name) not in source.text:
        name, n = f"{wanted}_{n}", n + 1
    return name


@lru_cache(maxsize=1)
def series_attributes() -> frozenset[str] | None:
    """Attributes that every Series has, so that `row.size` is not the cell of column `size`."""
    try:
        import pandas as pd
    except ImportError:
        return None
    return frozenset(dir(pd.Series)) | frozenset(dir(pd.Series(dtype=float)))


@lru_cache(maxsize=1)
def frame_attributes() -> frozenset[str] | None:
    """Attributes that every DataFrame has."""
    try:
        import pandas as pd
    except ImportError:
        return None
    return frozenset(dir(pd.DataFrame)) | frozenset(dir(pd.DataFrame()))


@dataclass(frozen=True)
class RowUse:
    """Every place where a row is read: by column, and its label (`row.name`)."""

    cells: Mapping[str, tuple[ast.AST, ...]]
    label: tuple[ast.AST, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.cells)

    def texts(self, names: Mapping[str, str], label: str) -> dict[ast.AST, str]:
        out: dict[ast.AST, str] = {n: names[c] for c, nodes in self.cells.items() for n in nodes}
        out.update(dict.fromkeys(self.label, label))
        return out


def row_use(source: SourceFile, body: Sequence[ast.AST], row: str) -> RowUse | None:
    """How `body` reads the Series `row`. None when the row escapes, is written, or is read in an unknown way."""
    up, known = parents(source), series_attributes()
    if known is None:
        return None
    cells: dict[str, list[ast.AST]] = {}
    label: list[ast.AST] = []
    for top in body:
        if bindings(top, row):
            return None
        for n in ast.walk(top):
            if not (isinstance(n, ast.Name) and n.id == row):
                continue
            p = up.get(n)
            g = up.get(p) if p is not None else None
            if isinstance(p, ast.Subscript) and p.value is n and isinstance(p.ctx, ast.Load):
                column = string(p.slice)
                if column is None:
                    return None
                cells.setdefault(column, []).append(p)
            elif isinstance(p, ast.Attribute) and isinstance(p.ctx, ast.Load):
                called = isinstance(g, ast.Call) and g.func is p
                if p.attr == "name" and not called:
                    label.append(p)
                elif p.attr == "get" and called and isinstance(g, ast.Call):
                    column = string(g.args[0]) if g.args else None
                    # a default is only dropped when dropping it cannot be seen
                    plain = all(isinstance(a, ast.Constant) for a in g.args[1:]) and len(g.args) <= 2
                    if column is None or g.keywords or not plain:
                        return None
                    cells.setdefault(column, []).append(g)
                elif p.attr in ("loc", "at") and isinstance(g, ast.Subscript) and isinstance(g.ctx, ast.Load):
                    column = string(g.slice)
                    if column is None or g.value is not p:
                        return None
                    cells.setdefault(column, []).append(g)
                elif called or p.attr in known or p.attr.startswith("_"):
                    return None
                else:
                    cells.setdefault(p.attr, []).append(p)
            else:
                return None
    return RowUse({c: tuple(v) for c, v in cells.items()}, tuple(label))


def string(node: ast.AST) -> str | None:
    """The value of a plain string constant."""
    return node.value if isinstance(node, ast.Constant) and type(node.value) is str else None


def functions_called(source: SourceFile, body: Sequence[ast.AST]) -> list[FunctionNode]:
    """Functions of this file that `body` may call, directly or through each other (by name, or by method name)."""
    defs = _definitions(source, source.tree)
    seen: list[FunctionNode] = []
    todo = list(body)
    while todo:
        for n in ast.walk(todo.pop()):
            name = n.id if isinstance(n, ast.Name) else n.attr if isinstance(n, ast.Attribute) else None
            for d in defs.get(name or "", ()):
                if d not in seen:
                    seen.append(d)
                    todo.extend(d.body)
    return seen


def defines(source: SourceFile, name: str) -> bool:
    """Whether the file has a function, method or class of that name, beside what passes have put there."""
    return name in _definitions(source, source.tree) or any(
        isinstance(n, ast.ClassDef) and n.name == name for n in ast.walk(source.tree)
    )


@lru_cache(maxsize=16)
def _definitions(source: SourceFile, tree: ast.Module) -> Mapping[str, list[FunctionNode]]:
    found: dict[str, list[FunctionNode]] = {}
    for n in (n for top in tree.body if not put_there(source, top) for n in ast.walk(top)):
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.setdefault(n.name, []).append(n)
    return found


def writes_frames(source: SourceFile, body: Sequence[ast.AST]) -> bool:
    """True when `body`, or a function of this file that it may call, may write cells of a DataFrame in place."""
    for top in [*body, *(s for f in functions_called(source, body) for s in f.body)]:
        for n in ast.walk(top):
            if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load):
                value = n.value
                if isinstance(value, ast.Attribute) and value.attr in ("loc", "iloc", "at", "iat", "values", "T"):
                    return True
                if isinstance(n, ast.Subscript) and isinstance(value, ast.Subscript) and string(value.slice):
                    return True  # df["a"][i] = x, but also a plain dict of lists: not worth telling apart
            if isinstance(n, ast.keyword) and n.arg == "inplace":
                return True
            if (
                isinstance(n, ast.Call)
                and isinstance(n.func, ast.Attribute)
                and n.func.attr
                in (
                    "set_value",
                    "isetitem",
                    "insert",
                    "update",
                    "pop",
                    "sort_values",
                    "setflags",
                    "fill",
                    "put",
                    "sort",
                )
                and isinstance(n.func.value, ast.Attribute)
                and n.func.value.attr in ("values", "array")
            ):
                return True
    return False


def read_elsewhere(source: SourceFile, name: str, loop: ast.AST) -> bool:
    """True when `name`, bound by `loop`, may be read by anybody outside a loop that binds it itself."""
    scope = scope_of(source, loop)
    whole: ast.AST = source.tree if isinstance(scope, (ast.Module, ast.ClassDef)) else scope
    up = parents(source)
    for n in ast.walk(whole):
        if isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names:
            return True
        if not (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)):
            continue
        at: ast.AST | None = n
        below: ast.AST | None = None
        covered = late = False
        while at is not None and at is not whole:
            if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                a = at.args
                params = {x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x}
                if name in params and below not in (a,):
                    covered = True
                elif isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
                    isinstance(x, ast.Name) and x.id == name and isinstance(x.ctx, ast.Store) for x in ast.walk(at)
                ):
                    covered = True  # a local of its own
                late = True
            elif isinstance(at, ast.For) and below in at.body and _binds(at.target, name):
                # a value of this very round, which the loop had no part in
                covered = at is loop or not late and not any(x is loop for x in ast.walk(at))
            elif (
                isinstance(at, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))
                and any(_binds(g.target, name) for g in at.generators)
                and not (below is at.generators[0] and n in set(ast.walk(at.generators[0].iter)))
            ):
                covered = True
            if covered:
                break
            late = late or isinstance(at, ast.GeneratorExp)
            below, at = at, up.get(at)
        if not covered:
            return True
    return False


def _binds(target: ast.AST, name: str) -> bool:
    return any(isinstance(x, ast.Name) and x.id == name for x in ast.walk(target))


def only_def(source: SourceFile, name: str) -> FunctionNode | None:
    """The one plain function that `name` means in the whole file: module level, undecorated, never rebound."""
    bound = bindings(source.tree, name)
    if len(bound) != 1 or not isinstance(bound[0], ast.FunctionDef) or bound[0] not in source.tree.body:
        return None
    node = bound[0]
    generator = any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(node))
    return None if node.decorator_list or generator else node


def only_parameter(function: ast.FunctionDef | ast.Lambda) -> str | None:
    """The name of the one parameter that a function takes, without a default; None where it takes others."""
    a = function.args
    if len(a.args) + len(a.posonlyargs) != 1 or a.vararg or a.kwarg or a.kwonlyargs or a.defaults:
        return None
    return (a.posonlyargs or a.args)[0].arg


def def_near(source: SourceFile, name: ast.Name) -> ast.FunctionDef | ast.Lambda | None:
    """The one plain function or lambda that a name means where it stands, in the scope that binds it."""
    home = scope_of(source, name)
    while not isinstance(home, ast.Module) and (isinstance(home, ast.ClassDef) or not bindings(home, name.id)):
        home = scope_of(source, home)
    bound = bindings(home, name.id)
    if len(bound) != 1:
        return None
    (node,) = bound
    holder = parents(source).get(node)
    if isinstance(holder, ast.Assign) and holder.targets == [node] and scope_of(source, holder) is home:
        return holder.value if isinstance(holder.value, ast.Lambda) else None
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or scope_of(source, node) is not home:
        return None
    generator = any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(node))
    return None if generator else node


def literal(names: Iterable[str]) -> str:
    """A tuple of strings as source text: `("a", "b")`."""
    quoted = [quote(n) for n in names]
    return f"({quoted[0]},)" if len(quoted) == 1 else f"({', '.join(quoted)})"


def quote(text: str) -> str:
    r = repr(text)
    return f'"{text}"' if '"' not in text and r == f"'{text}'" else r


def pandas_major() -> int:
    """The major version of the pandas here, 0 without one."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return int(version("pandas").split(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0
