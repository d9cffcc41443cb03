"""Where a program can be changed: hot functions and hot blocks, with the names that go in and out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from hasten.core.facts import Profile
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.kernel.runtime import HELPERS

MIN_SHARE = 0.02  # of the program's time: below it nothing is worth a change
MAX_REGIONS = 40
PROLOGUE = 8  # statements before a loop that may set up what the loop fills

# texts of classes and functions that passes put into files: what is in them is nobody's to change
PUT_THERE: set[str] = set()


def put_there(source: SourceFile, node: ast.AST) -> bool:
    """Is it a function or class of PUT_THERE? A class may have lost methods there, but none may have changed."""
    if not isinstance(node, (*names.FUNCTIONS, ast.ClassDef)) or not node.name.startswith("_"):
        return False
    whole = _text(source, node)
    if any(whole in text for text in PUT_THERE):
        return True
    if not isinstance(node, ast.ClassDef) or node.decorator_list:
        return False
    head = source.lines[node.lineno - 1].strip()
    parts = [_text(source, n) for n in node.body]
    return any(head in text and all(part in text for part in parts) for text in PUT_THERE)


def _text(source: SourceFile, node: ast.stmt) -> str:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return "".join(source.lines[first - 1 : node.end_lineno]).strip()


def find_regions(work: ScriptWorkload, profile: Profile) -> list[Region]:
    """The program's hot regions, hottest first, outer before inner."""
    paths = sorted({path for path, _ in profile.lines})
    found: dict[str, Region] = {}
    for path in paths:
        try:
            source = work.source(path)
            source.tree  # noqa: B018  (parses)
        except (OSError, SyntaxError, ValueError):
            continue  # generated or foreign code: nothing to change there
        hot = partial(_hot, profile, path)
        for region in regions_of(source, entry=path == work.entry_path, hot=hot):
            share = profile.share(path, region.first, region.last)
            if share >= MIN_SHARE and (work.focus is None or in_focus(work.focus, region)):
                found.setdefault(region.id + region.kind, replace(region, share=share))
    return sorted(found.values(), key=lambda r: (-round(r.share, 2), r.path, r.first, -r.last))[:MAX_REGIONS]


def in_focus(focus: str, region: Region) -> bool:
    path, _, qualname = focus.partition("::")
    inside = region.qualname == qualname or region.qualname.startswith((qualname + ".", qualname + ".<locals>"))
    return region.path == path and inside


def _hot(profile: Profile, path: str, first: int, last: int) -> bool:
    return profile.share(path, first, last) >= MIN_SHARE


def regions_of(
    source: SourceFile, *, entry: bool, hot: Callable[[int, int], bool] = lambda first, last: True
) -> Iterator[Region]:
    """Every region of a file whose lines (first, last) are `hot`. `entry` says that this file is the program itself,
    which nobody imports."""
    yield from _Finder(source, entry, hot).module()


class _Finder:
    def __init__(self, source: SourceFile, entry: bool, hot: Callable[[int, int], bool]) -> None:
        self.source, self.hot = source, hot
        self.tree = source.tree
        self.entry = entry
        self.module_bound = names.bound(self.tree.body)
        self.data = _data_names(self.tree)
        self.named: list[ast.Constant] | None = None
        self.words: set[str] | None = None
        self.reflects = any(isinstance(n, ast.Name) and n.id in names.REFLECTION for n in ast.walk(self.tree))
        self.callees = _callees(self.tree)
        self.around: dict[ast.AST, set[str]] = {}
        self.seen_around: dict[tuple[ast.AST | None, int, int], set[str]] = {}

    def module(self) -> Iterator[Region]:
        yield from self.blocks(self.tree.body, "", None, in_loop=False)
        yield from self.functions(self.tree.body, "")

    def functions(self, body: Sequence[ast.AST], prefix: str) -> Iterator[Region]:
        for node in body:
            if isinstance(node, ast.stmt) and not self.hot(node.lineno, node.end_lineno or node.lineno):
                continue
            if isinstance(node, names.FUNCTIONS):
                if not prefix and self.ours(node):
                    continue
                qualname = prefix + node.name
                yield self.function(node, qualname)
                yield from self.blocks(node.body, qualname, node, in_loop=False)
                yield from self.functions(node.body, qualname + ".<locals>.")
            elif isinstance(node, ast.ClassDef):
                if not prefix and self.ours(node):
                    continue
                yield from self.functions(node.body, prefix + node.name + ".")
            elif isinstance(node, ast.stmt):
                yield from self.functions(list(ast.iter_child_nodes(node)), prefix)
            elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
                yield from self.functions(list(node.body), prefix)

    def ours(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        """Is it a helper that an earlier change has put there?"""
        if put_there(self.source, node):
            return True
        helper = HELPERS.known(node.name.removeprefix("_"))
        own = "".join(self.source.lines[node.lineno - 1 : node.end_lineno])
        return helper is not None and node.name.startswith("_") and own.strip() in helper.text

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, qualname: str) -> Region:
        a = node.args
        params = [p.arg for p in [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs]]
        params += [a.kwarg.arg] if a.kwarg else []
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return Region(
            self.source.path,
            first,
            node.end_lineno or node.lineno,
            "function",
            qualname,
            tuple(params),
            (),
            self.globals_read(names.free(node), node),
        )

    def blocks(
        self, body: Sequence[ast.stmt], qualname: str, func: ast.AST | None, *, in_loop: bool
    ) -> Iterator[Region]:
        for i, s in enumerate(body):
            if isinstance(s, (*names.FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
                continue
            if not self.hot(s.lineno, s.end_lineno or s.lineno):
                continue
            simple = _worth_a_region(s, in_loop)
            if isinstance(s, names.LOOPS) or simple:
                if self._alone_on_lines(body, i, i) and not _leaves(s):
                    yield self.block(body[i : i + 1], qualname, func, in_loop)
                if isinstance(s, names.LOOPS):
                    start = self._prologue(body, i)
                    near = max([start, *(j + 1 for j in range(start, i) if not _begins(body[j]))])
                    # what was loaded or worked out before is one thing, what the loop fills another
                    for first in dict.fromkeys((start, near)):
                        if first < i and self._alone_on_lines(body, first, i) and not _leaves(s):
                            yield self.block(body[first : i + 1], qualname, func, in_loop)
            for inner, loop in _bodies(s):
                yield from self.blocks(inner, qualname, func, in_loop=in_loop or loop)

    def _alone_on_lines(self, body: Sequence[ast.stmt], i: int, j: int) -> bool:
        """True when statements i..j share no line with anything else (`a = 1; b = 2`, `if x: y = 1`)."""
        head = self.source.lines[body[i].lineno - 1].encode()[: body[i].col_offset]
        end = body[j].end_lineno or body[j].lineno
        tail = self.source.lines[end - 1].encode()[body[j].end_col_offset or 0 :].strip()
        return not head.strip() and (not tail or tail.startswith(b"#"))

    def _prologue(self, body: Sequence[ast.stmt], i: int) -> int:
        wanted = names.reads([body[i]])
        start = i
        for j in range(i - 1, max(-1, i - 1 - PROLOGUE), -1):
            s = body[j]
            if not isinstance(s, (ast.Assign, ast.AnnAssign)) or not names.bound([s]) & wanted:
                break
            wanted |= names.reads([s])
            start = j
        return start

    def block(self, stmts: Sequence[ast.stmt], qualname: str, func: ast.AST | None, in_loop: bool) -> Region:
        first, last = stmts[0].lineno, stmts[-1].end_lineno or stmts[-1].lineno
        binds = names.bound(stmts)
        fl = names.flow(stmts)
        sure = fl.sure or set()
        read_elsewhere = self._read_outside(first, last, func)
        if func is None:
            everything = self.reflects or not self.entry
            live_out = {n for n in binds if everything or n in read_elsewhere or (in_loop and n in fl.exposed)}
            scope = self.module_bound
        else:
            body: list[ast.stmt] = func.body  # type: ignore[attr-defined]
            declared = {n for x in names.walk_scope(body) if isinstance(x, (ast.Global, ast.Nonlocal)) for n in x.names}
            live_out = {
                n
                for n in binds
                if n in read_elsewhere or n in declared or self.reflects or (in_loop and n in fl.exposed)
            }
            scope = _locals(func) | self._enclosing(func)
        old_value_flows = live_out - sure
        exposed = fl.exposed | old_value_flows
        live_in = {n for n in exposed if n in scope and (func is not None or n in self.data)}
        own = binds - fl.exposed if func is None else scope
        globals_read = self.globals_read(names.reads(stmts) - own, *stmts)
        return Region(
            self.source.path,
            first,
            last,
            "block",
            qualname,
            tuple(sorted(live_in)),
            tuple(sorted(live_out)),
            tuple(n for n in globals_read if n not in live_in),
        )

    def _read_outside(self, first: int, last: int, func: ast.AST | None) -> set[str]:
        """Names whose values at the end of lines first..last others may see: of the module, or of one function's scope.

        What stands before those lines runs no more, but for functions and the like; what follows may bind a name anew
        before it reads it; what is around them reads whatever it names.
        """
        body: list[ast.stmt] = self.tree.body if func is None else func.body  # type: ignore[attr-defined]
        before = [s for s in body if (s.end_lineno or s.lineno) < first]
        after = [s for s in body if s.lineno > last]
        key = func, len(before), len(after)
        if key not in self.seen_around:
            late = (n for s in before for n in ast.walk(s) if isinstance(n, (*names.SCOPES, ast.GeneratorExp)))
            self.seen_around[key] = names.flow(after).exposed.union(*map(names.free, late))
        around = body[len(before) : len(body) - len(after)]
        found = names.reads(around, (first, last), walked=False) | self.seen_around[key] | self.asked()
        if func is None:
            found |= {str(n.value) for n in self.quoted() if not first <= n.lineno <= last}
        return found

    def asked(self) -> set[str]:
        """Words of strings in a file that has expressions in strings evaluated: `df.query("x > @low")` reads `low`."""
        if self.words is None:
            nodes = list(ast.walk(self.tree))
            calls = [n for n in nodes if isinstance(n, ast.Call) and (n.args or n.keywords)]  # `model.eval()` has none
            asks = any(isinstance(n.func, ast.Attribute) and n.func.attr in EVALUATE for n in calls)
            texts = (n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
            self.words = {word for text in texts for word in WORD.findall(text)} if asks else set()
        return self.words

    def quoted(self) -> Sequence[ast.Constant]:
        """Strings that may name a variable of the module: __all__, getattr(module, "name"), a name in a query string.

        A key of a dict that is written out, or what stands in `x["name"]`, is none unless the file looks at modules.
        """
        if self.named is None:
            nodes = list(ast.walk(self.tree))
            keys: set[ast.AST] = set()
            if not any(_looks_at_modules(n) for n in nodes):
                for n in nodes:
                    if isinstance(n, ast.Dict):
                        keys |= {k for k in n.keys if k is not None}
                    elif isinstance(n, ast.Subscript):
                        keys |= {n.slice, *(n.slice.elts if isinstance(n.slice, (ast.List, ast.Tuple)) else ())}
            self.named = [
                n
                for n in nodes
                if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isidentifier() and n not in keys
            ]
        return self.named

    def _enclosing(self, func: ast.AST) -> set[str]:
        """Locals of the functions around `func`, which it may read as closures."""
        if func not in self.around:
            self.around[func] = self._locals_around(func)
        return self.around[func]

    def _locals_around(self, func: ast.AST) -> set[str]:
        out: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, names.FUNCTIONS) and node is not func and any(n is func for n in ast.walk(node)):
                out |= _locals(node)
        return out

    def globals_read(self, wanted: set[str], *nodes: ast.AST) -> tuple[str, ...]:
        """Module-level data that `nodes` read, themselves or through functions and methods of this file."""
        seen: set[str] = set()
        data: set[str] = set()
        todo = set(wanted) | _attributes(nodes)
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.data:
                data.add(name)
            todo |= self.callees.get(name, set()) - seen
        return tuple(sorted(data))


EVALUATE = frozenset({"query", "eval", "evaluate"})  # of pandas and numexpr: they look at the variables of their caller
WORD = re.compile(r"[^\W\d]\w*")
# what finds a variable of a module by its name, besides `names.REFLECTION`
BY_NAME = frozenset({"getattr", "hasattr", "attrgetter", "query", "eval", "evaluate", "modules", "import_module"})
BY_NAME |= {"__dict__", "__globals__", "__main__", "__getattribute__", "__builtins__", "f_globals", "f_locals"}
BY_NAME |= {"importlib", "inspect", "runpy", "builtins", "_getframe"}


def _looks_at_modules(node: ast.AST) -> bool:
    """Whether a node may find variables of a module by a name that it is given."""
    if isinstance(node, ast.Name):
        return node.id in BY_NAME
    if isinstance(node, ast.Attribute):
        return node.attr in BY_NAME
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value in BY_NAME
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in BY_NAME:
        return True
    return isinstance(node, ast.alias) and any(part in BY_NAME for part in node.name.split("."))


def _worth_a_region(s: ast.stmt, in_loop: bool) -> bool:
    """A single statement is looked at for the loop that hides in it; inside a loop, when that is plain to see.

    Recording an innermost `x += y` millions of times would cost more than it tells.
    """
    if not isinstance(s, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
        return False
    hides = (*names.COMPREHENSIONS, ast.Lambda) if in_loop else (*names.COMPREHENSIONS, ast.Lambda, ast.Call)
    return any(isinstance(n, hides) for n in ast.walk(s))


def _begins(s: ast.stmt) -> bool:
    """Does it only give a name a number, a string or an empty container?"""
    value = s.value if isinstance(s, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(value, ast.Call):
        made = value.func.id if isinstance(value.func, ast.Name) else ""
        return made in ("list", "dict", "set", "Counter", "defaultdict", "deque", "float") and all(
            isinstance(a, (ast.Name, ast.Constant)) for a in value.args
        )
    return value is not None and not any(isinstance(n, (ast.Call, *names.COMPREHENSIONS)) for n in ast.walk(value))


def _leaves(s: ast.stmt) -> bool:
    """True when control can leave `s` other than by its end or an exception: it cannot be replayed by itself."""

    def look(node: ast.AST, loops: int) -> bool:
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)):
            return True
        if isinstance(node, (ast.Break, ast.Continue)):
            return loops == 0
        if isinstance(node, (*names.FUNCTIONS, ast.ClassDef, ast.Lambda)):
            return False
        if isinstance(node, names.LOOPS):
            inside = any(look(c, loops + 1) for c in node.body)
            heads = [node.test] if isinstance(node, ast.While) else [node.target, node.iter]
            return inside or any(look(c, loops) for c in [*heads, *node.orelse])
        return any(look(c, loops) for c in ast.iter_child_nodes(node))

    return look(s, 0)


def _bodies(s: ast.stmt) -> Iterator[tuple[Sequence[ast.stmt], bool]]:
    """Statement lists directly inside `s`; True for a loop's body."""
    for field in ("body", "orelse", "finalbody"):
        inner = getattr(s, field, None)
        if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
            yield inner, isinstance(s, names.LOOPS) and field == "body"
    for part in [*getattr(s, "handlers", []), *getattr(s, "cases", [])]:
        yield part.body, False


def _locals(func: ast.AST) -> set[str]:
    a: ast.arguments = func.args  # type: ignore[attr-defined]
    params = {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs]} | {p.arg for p in (a.vararg, a.kwarg) if p}
    body: list[ast.stmt] = func.body  # type: ignore[attr-defined]
    declared = {n for x in names.walk_scope(body) if isinstance(x, ast.Global) for n in x.names}
    return (params | names.bound(body)) - declared


def _data_names(tree: ast.Module) -> set[str]:
    """Module-level names bound to data (not by import, def or class alone), and what functions bind by `global`."""
    data: set[str] = set()
    for node in names.walk_scope(tree.body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            data.add(node.id)
    data &= names.bound(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            data.update(node.names)
    return data


def _attributes(nodes: Sequence[ast.AST]) -> set[str]:
    return {n.attr for top in nodes for n in ast.walk(top) if isinstance(n, ast.Attribute)}


def _callees(tree: ast.Module) -> dict[str, set[str]]:
    """For each function, method or class name of the file: the names and attributes that its code mentions."""
    out: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (*names.FUNCTIONS, ast.ClassDef)):
            out.setdefault(node.name, set()).update(names.free(node) | _attributes([node]))
    return out
