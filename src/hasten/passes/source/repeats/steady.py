"""The same call again, while nothing changes that it depends on.

What it finds    a loop in which methods, properties and functions are called that only compute (a mean, a sum over an
                 attribute, a ranking), again and again with the same arguments, at whatever depth of calls.
Why it is slow   the same work is done again: `self.mean(user)` goes through all ratings for every item of a list.
Example          for item in items:                    with _Steady(("Ratings.mean",), self):
                     scores[item] = self.score(item)   -> for item in items: ...     # and `@_kept` above `def mean`
Safe when        nothing in the loop, or in what it calls, changes what those functions read (proved from the syntax
                 of the project: no container that was there before, no attribute or global that they read, no entry
                 made by reading a `defaultdict`); they change nothing themselves, print nothing, draw nothing, ask for
                 no time and take from no iterator. While it runs: only calls with plain arguments (by type too, never
                 0.0) and with objects that were there before the loop; only plain results, and lists and dicts of
                 such where nobody changes or keeps them; at most 100,000; all forgotten when the loop ends.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, indent, prelude_line, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.containers.effects import Project, project_of
from hasten.passes.source.containers.memo import KEPT_TYPES, _is_gone_through
from hasten.passes.source.containers.syntax import COMPREHENSIONS, FUNCTIONS, Module, _names_free, module_of
from hasten.passes.source.repeats.again import Again, Repeat, again_of
from hasten.passes.source.repeats.alike import called_alike
from hasten.passes.source.repeats.emitted import IMPORTS, NAMES, helper
from hasten.passes.source.repeats.portions import Portion, portions
from hasten.passes.source.repeats.searches import Lookup, lookups
from hasten.passes.source.repeats.searches import prelude as search_prelude

MIN_SHARE = 0.03
LIBRARIES = ("builtins.", "numpy.", "pandas.", "collections.")
KEYS = KEPT_TYPES | frozenset(
    "builtins.list builtins.tuple builtins.dict builtins.set builtins.frozenset collections.defaultdict "
    "collections.Counter".split()
)


@dataclass(frozen=True)
class Chosen:
    """A stretch of code with the functions whose results may be kept while it runs, hottest first."""

    stretch: ast.stmt
    repeats: tuple[Repeat | Portion | Lookup, ...]
    shared: frozenset[str]  # of them, those whose lists and dicts are only looked at
    roots: tuple[str, ...]
    alike: frozenset[ast.AST]  # of them, those that seem to be called with the same arguments again
    but: tuple[str, ...]  # attributes whose lists and dicts change meanwhile


class RepeatedWork:
    """See the module."""

    code: ClassVar[str] = "HST112"
    name: ClassVar[str] = "the same call again"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        found = list(self._chosen(work, region, facts))
        if not found:
            return
        share = facts.profile.share(region.path, region.first, region.last) if facts.profile.samples else 0.0
        names = ", ".join(dict.fromkeys(r.qualname for _, _, c in found for r in _group(c, facts)))
        yield Finding(
            self.code, region, found[0][2].stretch.lineno, found[-1][2].stretch.end_lineno or 0,
            f"{names}: called again with the same arguments while nothing changes that they read",
            "their results are kept while the loop runs", min(1.0, share),
            {"functions": names},
        )  # fmt: skip

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        for module, project, chosen in self._chosen(work, finding.region, facts):
            group = _group(chosen, facts)
            edits = _edits(work, project, module, chosen, group)
            if edits:
                names = ", ".join(r.qualname for r in group)
                title = f"line {chosen.stretch.lineno}: keep what {names} gave while the loop runs"
                yield Change(self.code, title, finding.region, edits, self.risk, (), finding.share)

    def _chosen(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[tuple[Module, Project, Chosen]]:
        try:
            source = work.source(region.path)
            module = module_of(source)
            _ = module.tree
            project = project_of(work, region.path)
        except (OSError, SyntaxError, ValueError):
            return
        if module.dynamic:
            return
        again = again_of(project)
        if again.world.why_not:
            return
        for home, chosen in _stretches(again, module, region, facts):
            if _free(home, module) and _group(chosen, facts):
                yield module, project, chosen


def _stretches(again: Again, module: Module, region: Region, facts: Facts) -> Iterator[tuple[Module, Chosen]]:
    """Outermost loops of the region that leave alone what some functions read."""
    todo = list(module.statements(region))
    while todo:
        statement = todo.pop(0)
        if isinstance(statement, FUNCTIONS):
            if region.kind == "function":
                todo = [*statement.body, *todo]
            continue
        if isinstance(statement, ast.ClassDef):
            continue
        if _repeats_work(statement) and module.whole_lines(statement) and _hot(facts, module, statement):
            found = list(_kept_in(again, module, statement, facts))
            if found:
                yield from found
                continue
        inner: list[ast.stmt] = []
        for part in ("body", "orelse", "finalbody"):
            inner += [s for s in getattr(statement, part, ()) if isinstance(s, ast.stmt)]
        for handler in getattr(statement, "handlers", ()):
            inner += handler.body
        todo = [*inner, *todo]


def _repeats_work(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.For, ast.While)):
        return True
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)):
        return any(isinstance(n, COMPREHENSIONS) for n in ast.walk(statement))
    return False


def _hot(facts: Facts, module: Module, node: ast.stmt | ast.FunctionDef) -> bool:
    if not facts.profile.samples:
        return True
    return facts.profile.share(module.source.path, node.lineno, node.end_lineno or node.lineno) >= MIN_SHARE


def _kept_in(again: Again, module: Module, stretch: ast.stmt, facts: Facts) -> Iterator[tuple[Module, Chosen]]:
    world = again.world
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, *FUNCTIONS[:2])) for n in ast.walk(stretch)):
        return
    reach = world.reach(module, stretch)
    around = module.function(stretch)
    candidates: list[Repeat | Portion | Lookup] = []
    for node in reach:
        if node is around or not isinstance(node, ast.FunctionDef) or around in world.reach(world.home[node], node):
            continue
        home = world.home[node]
        if not _hot(facts, home, node):
            continue
        candidates += (p for p in portions(again, home, node) if _hot(facts, home, home.statement(p.node)))
        candidates += (s for s in lookups(again, home, node) if _hot(facts, home, home.statement(s.node)))
        if not _works(node) or not _asked_for_plain(facts, home, node):
            continue
        found = again.repeat(home, node)
        if found is not None:
            candidates.append(found)
    if not candidates:
        return
    why, own = world.loud(module, stretch)
    if why:
        return
    pieces = world.pieces(module, stretch)
    why, filled = again.inserts.into(pieces)
    if why:
        return
    if world.unknown_method(pieces):
        return
    changed = world.stored(pieces) | world.rebound(pieces) | own | filled | world.moving
    fit = [r for r in candidates if not (r.reads | r.names) & changed]
    shared = frozenset(
        r.qualname
        for r in fit
        if (
            again.only_looked_at(r, pieces)
            if isinstance(r, Repeat)
            else isinstance(r, Portion) and again.value_only_looked_at(r.module, r.node, pieces)
        )
    )
    # a list that somebody changes is never kept
    fit = [r for r in fit if not isinstance(r, Portion) or r.qualname in shared or not r.makes_container]
    roots = tuple(n for n in _roots(module, stretch) if n not in changed)
    alike = called_alike(world, [(module, stretch), *((world.home[d], d) for d in reach)])
    but = tuple(sorted((world.grown(pieces) | filled) & again.world.project.attributes))

    def share(repeat: Repeat | Portion | Lookup) -> float:
        f = repeat.function if isinstance(repeat, Repeat) else repeat.module.statement(repeat.node)
        return facts.profile.share(repeat.module.source.path, f.lineno, f.end_lineno or f.lineno)

    for home in dict.fromkeys(r.module for r in fit):
        here = sorted((r for r in fit if r.module is home), key=lambda r: (-share(r), r.function.lineno))
        yield home, Chosen(stretch, tuple(here), shared, roots, alike, but)


def _works(function: ast.FunctionDef) -> bool:
    """Whether a call does more than looking its result up would."""
    calls = 0
    for s in function.body:
        for n in ast.walk(s):
            if isinstance(n, (ast.For, ast.While, *COMPREHENSIONS)):
                return True
            if (
                isinstance(n, ast.Call)
                and isinstance(n.func, ast.Name)
                and n.func.id in ("sum", "sorted", "max", "min")
            ):
                return True
            calls += isinstance(n, ast.Call)
    return calls > 2


def _asked_for_plain(facts: Facts, module: Module, function: ast.FunctionDef) -> bool:
    """Whether recorded arguments, if there are any, are such that a result can be kept."""
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    seen = facts.of(f"{module.source.path}:{first}-{function.end_lineno}").types
    for a in function.args.args:
        kinds = {f.type for f in seen.get(a.arg, ())}
        if kinds and not kinds & KEYS and all(k.startswith(LIBRARIES) for k in kinds):
            return False
    return True


def _group(chosen: Chosen, facts: Facts) -> tuple[Repeat | Portion | Lookup, ...]:
    """What to keep: what seems to be asked for again; else what is asked for by text and numbers, which come again."""
    searching = {r.function for r in chosen.repeats if isinstance(r, Lookup)}
    alike = [
        r
        for r in chosen.repeats
        if isinstance(r, Repeat) and (r.function in chosen.alike or (r.function in searching and _by_value(facts, r)))
    ]
    searched = {r.node for r in chosen.repeats if isinstance(r, Lookup)}
    # what holds a search is worked out again for other keys
    parts = [
        r
        for r in chosen.repeats
        if isinstance(r, Lookup) or isinstance(r, Portion) and searched.isdisjoint(ast.walk(r.node))
    ]
    return (*alike, *parts) or tuple(r for r in chosen.repeats if isinstance(r, Repeat) and _by_value(facts, r))


def _by_value(facts: Facts, repeat: Repeat) -> bool:
    """Whether the function is asked with text and numbers, which come again, rather than with lists made for it."""
    f = repeat.function
    first = min([f.lineno, *(d.lineno for d in f.decorator_list)])
    seen = facts.of(f"{repeat.module.source.path}:{first}-{f.end_lineno}").types
    for a in f.args.args[1 if repeat.method else 0 :]:
        kinds = {fact.type for fact in seen.get(a.arg, ())}
        if not kinds and _is_gone_through(f, a.arg):
            return False
        if kinds and not kinds & KEPT_TYPES and all(k.startswith(LIBRARIES) for k in kinds):
            return False
    return True


def _roots(module: Module, stretch: ast.stmt) -> tuple[str, ...]:
    """Names in the stretch that have a value before it: what objects it works with is found from them.

    Not those that it binds anew, which a loop before it may have left: nothing says that they have a value here.
    """
    out: dict[str, None] = {}
    anew = {(n.id, module.owner(n.id, n)) for n in ast.walk(stretch) if isinstance(n, ast.Name) and _stored(n)}
    for n in ast.walk(stretch):
        if not isinstance(n, ast.Name) or not isinstance(n.ctx, ast.Load) or n.id in out:
            continue
        parent = module.parents[n]
        if isinstance(parent, ast.Call) and parent.func is n:
            continue
        scope = module.owner(n.id, n)
        if scope is None or isinstance(scope, (ast.ClassDef, *COMPREHENSIONS)) or (n.id, scope) in anew:
            continue
        if stretch in module.up(scope):
            continue  # a parameter of a lambda in the stretch
        bound = module.bindings(n.id, scope)
        if any(b.how in ("def", "import", "delete") for b in bound) or _plainly(bound):
            continue
        if module.bound_before(n.id, scope, stretch):
            out[n.id] = None
    return tuple(out)


def _stored(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _plainly(bound: Sequence[object]) -> bool:
    """Whether a name is only ever given text and numbers written down."""
    return all(isinstance(getattr(b, "value", None), (ast.Constant, ast.JoinedStr)) for b in bound)


def _free(home: Module, module: Module) -> bool:
    """Whether the names of the helpers are free where they go."""
    return not home.names & set(NAMES) and not module.names & set(NAMES)


def _edits(
    work: ScriptWorkload, project: Project, module: Module, chosen: Chosen, group: Sequence[Repeat | Portion | Lookup]
) -> tuple[Edit, ...]:
    home = group[0].module
    edits: list[Edit] = []
    names = tuple(r.qualname for r in group)
    modules = _modules(work, project, home)
    at = prelude_line(home.source)
    if home is not module:
        name = _imported_as(module, home)
        if not name:
            return ()
        edits.append(Edit(module.source.path, *_before(prelude_line(module.source)), f"from {name} import _Steady\n"))
    if not all(_names_free(home, text) for text in IMPORTS):
        return ()
    top = "".join(text for text in IMPORTS if text not in home.source.text)
    edits.append(Edit(home.source.path, at, at - 1, f"{top}\n\n{helper(modules)}\n\n"))
    edits += replace_nodes(home.source, [(r.node, r.call()) for r in group if not isinstance(r, Repeat)])
    if any(isinstance(r, Lookup) for r in group):
        texts = search_prelude(again_of(project), home, [r for r in group if isinstance(r, Lookup)])
        if not all(_names_free(home, text) for text in texts):
            return ()
        edits += [Edit(home.source.path, at, at - 1, text) for text in texts if text not in home.source.text]
    for r in group:
        if not isinstance(r, Repeat):
            if r.node.lineno < at:
                return ()
            edits.append(Edit(home.source.path, at, at - 1, f"{r.text()}\n\n"))
            continue
        f = r.function
        if f.lineno < at or not home.whole_lines(f):
            return ()
        edits.append(Edit(home.source.path, *_before(f.lineno), f"{home.margin(f)}@_kept\n"))
    s = chosen.stretch
    first, last = s.lineno, s.end_lineno or s.lineno
    if first < prelude_line(module.source):
        return ()
    margin = module.margin(s)
    lines = "".join(module.source.lines[first - 1 : last])
    lines = lines if lines.endswith("\n") else lines + "\n"
    lists = tuple(name for name in names if name in chosen.shared)
    indexes = tuple(r.qualname for r in group if isinstance(r, Lookup))
    lists = tuple(name for name in lists if name not in indexes)
    told = (("lists", lists), ("indexes", indexes), ("but", chosen.but))
    more = [f"{word}={_quoted(words)}" for word, words in told if words]
    given = ", ".join([_quoted(names), *chosen.roots, *more])
    body = f"{margin}with _Steady({given}):\n{indent(_dedented(lines, margin), margin + '    ')}"
    edits.append(Edit(module.source.path, first, last, body))
    return tuple(edits)


def _quoted(words: Sequence[str]) -> str:
    """A tuple of texts, written down."""
    shown = ", ".join(f'"{w}"' for w in words)
    return f"({shown},)" if len(words) == 1 else f"({shown})"


def _before(line: int) -> tuple[int, int]:
    return line, line - 1


def _dedented(text: str, margin: str) -> str:
    """Whole statements without their margin, strings of several lines left alone."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse("if 1:\n" + text if margin else text)):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno and node.end_lineno > node.lineno:
            off = 1 if margin else 0
            inside.update(range(node.lineno + 1 - off, node.end_lineno + 1 - off))
    out = []
    for n, line in enumerate(text.splitlines(keepends=True), 1):
        out.append(line.removeprefix(margin) if n not in inside else line)
    return "".join(out)


def _imported_as(module: Module, home: Module) -> str:
    """What the module calls another file, by an import at its top."""
    folder, _, stem = home.source.path.removesuffix(".py").rpartition("/")
    beside = module.source.path.rpartition("/")[0] == folder
    want = f"{folder}/{stem}".strip("/").replace("/", ".")
    for s in module.tree.body:
        if s.lineno >= prelude_line(module.source):
            break
        if isinstance(s, ast.ImportFrom) and not s.level and s.module == want:
            return want
        if isinstance(s, ast.ImportFrom) and s.level == 1 and beside and s.module == stem:
            return f".{stem}"
        if isinstance(s, ast.Import) and any(a.name == want for a in s.names):
            return want
    return ""


def _modules(work: ScriptWorkload, project: Project, home: Module) -> tuple[str, ...]:
    """Names of the modules of the program."""
    paths = sorted(m.source.path for m in project.modules)
    names = [p.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for p in paths if p != work.entry_path]
    return ("__main__", "abc", "typing", *names)
