"""Groups of a frame, one after the other.

What it finds    `for key, group in df.groupby(k):` and `df.groupby(k).apply(f)`, where the group is only reduced,
                 counted or compared: `group["x"].mean()`, `len(group)`, `(group["x"] > 0).sum()`.
Why it is slow   pandas makes a frame of every group, and a Series for every reduction of it.
Example          for key, g in df.groupby("k"): out[key] = g["x"].max() - g["x"].min()
                 ->  for key, g in _iter_groups(df, "k"): ...
Safe when        the keys are columns of plain numbers or texts without missing values, the frame does not change and
                 the group goes nowhere else. The arithmetic is that of pandas, on the same values in the same order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.lookup import steady
from hasten.passes.source.columns.parts import consumed, part_helpers, reduces
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    inside,
    node_at,
    nodes_in,
    only_def,
    only_parameter,
    pandas_major,
    parents,
    peeks,
    place,
    read_elsewhere,
    scope_of,
    share,
    splice,
    stands_alone,
    statement_of,
    string,
    text_of,
    writes_frames,
)

OPTIONS = frozenset({"sort", "observed", "dropna", "as_index", "group_keys"})


@dataclass(frozen=True)
class Grouping:
    """`frame.groupby(by, ...)` that a loop walks over, or `function` is applied to; `whole` is what is replaced."""

    whole: ast.Call
    groupby: ast.Call
    function: ast.expr | None
    around: ast.AST


def grouping(source: SourceFile, call: ast.Call, region: Region) -> Grouping | None:
    """`call` as the `groupby(...)` of such a walk or apply."""
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr == "groupby" and isinstance(f.value, ast.Name)):
        return None
    if len(call.args) != 1 or not _keys(call.args[0]) or in_fstring(source, call) is not None:
        return None
    if any(k.arg not in OPTIONS or not isinstance(k.value, ast.Constant) for k in call.keywords):
        return None
    up = parents(source)
    holder = up.get(call)
    if isinstance(holder, (ast.For, ast.comprehension)) and holder.iter is call:
        return _walk(source, call, holder, region)
    apply = up.get(holder) if holder is not None else None
    if not (isinstance(holder, ast.Attribute) and holder.attr == "apply" and isinstance(apply, ast.Call)):
        return None
    if apply.func is not holder or len(apply.args) != 1 or apply.keywords or pandas_major() < 3:
        return None
    given = apply.args[0]
    function = only_def(source, given.id) if isinstance(given, ast.Name) else given
    if not isinstance(function, (ast.Lambda, ast.FunctionDef)):
        return None
    given_part = only_parameter(function)
    if given_part is None:
        return None
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    if writes_frames(source, body) or any(
        isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for top in body for n in ast.walk(top)
    ):
        return None
    if not _only_reduced(source, body, given_part, function):
        return None
    # the function must not change the frame while its groups are walked over
    stmt = statement_of(source, apply)
    if stmt is None or any(isinstance(n, ast.Name) and n.id == f.value.id for top in body for n in ast.walk(top)):
        return None
    return Grouping(apply, call, given, apply)


def _keys(node: ast.expr) -> bool:
    if isinstance(node, ast.List):
        return bool(node.elts) and all(string(e) is not None for e in node.elts)
    return string(node) is not None


def _walk(source: SourceFile, call: ast.Call, holder: ast.For | ast.comprehension, region: Region) -> Grouping | None:
    target = holder.target
    if not (isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[1], ast.Name)):
        return None
    name = target.elts[1].id
    frame = call.func.value.id  # type: ignore[attr-defined]
    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target.elts[0])):
        return None
    up = parents(source)
    body: list[ast.AST]
    if isinstance(holder, ast.For):
        if not steady(source, holder, frame) or name in region.live_out or read_elsewhere(source, name, holder):
            return None
        if any(isinstance(n, ast.Name) and n.id == name for top in holder.orelse for n in ast.walk(top)):
            return None
        body, around = list(holder.body), holder
        return Grouping(call, call, None, around) if _only_reduced(source, body, name, around) else None
    comprehension = up.get(holder)
    stmt = statement_of(source, call)
    if not isinstance(comprehension, (ast.ListComp, ast.SetComp, ast.DictComp)) or stmt is None:
        return None
    if len(comprehension.generators) != 1 or writes_frames(source, [comprehension]):
        return None
    body = list(holder.ifs)
    if isinstance(comprehension, ast.DictComp):
        body += [comprehension.key, comprehension.value]
    else:
        body.append(comprehension.elt)
    if any(isinstance(n, ast.Name) and n.id == frame for top in body for n in ast.walk(top)):
        return None
    if any(isinstance(n, ast.Call) and _own(source, n) for top in body for n in ast.walk(top)):
        return None  # a function of the file could change the frame
    return Grouping(call, call, None, comprehension) if _only_reduced(source, body, name, comprehension) else None


def _own(source: SourceFile, call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return bool(name) and bool(bindings(source.tree, name))


def _only_reduced(source: SourceFile, body: list[ast.AST], name: str, around: ast.AST) -> bool:
    useful = False
    inner = scope_of(source, body[0])
    for top in body:
        if bindings(top, name):
            return False
        for n in ast.walk(top):
            if not (isinstance(n, ast.Name) and n.id == name):
                continue
            p = parents(source).get(n)
            if isinstance(p, ast.Attribute) and p.attr in ("name", "groupby"):
                return False  # groups have their key for a name
            if scope_of(source, n) is not inner or not consumed(source, n):
                return False
            useful = useful or reduces(source, n)
    return useful


@dataclass(frozen=True)
class GroupParts:
    """See the module's docstring."""

    code: ClassVar[str] = "HST210"
    name: ClassVar[str] = "groups one after the other"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if ".groupby(" not in source.text or peeks(source):
            return
        for call in nodes_in(source, region, ast.Call):
            assert isinstance(call, ast.Call)
            hit = grouping(source, call, region)
            if hit is None or not inside(region, hit.around) or isinstance(scope_of(source, call), ast.ClassDef):
                continue
            first, last = hit.around.lineno, hit.around.end_lineno or 0  # type: ignore[attr-defined]
            part = share(facts, region.path, first, last)
            if part is None:
                continue
            yield Finding(
                self.code,
                region,
                first,
                last,
                "pandas makes a frame of every group, and a Series for every reduction of it",
                "reduce parts of the columns' arrays",
                part,
                place(call),
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        call = node_at(source, ast.Call, finding.detail)
        hit = grouping(source, call, finding.region) if call is not None else None
        if hit is None:
            return
        yield Change(
            self.code,
            "groups as parts of the columns' arrays",
            finding.region,
            tuple(_edits(source, hit)),
            Risk.EXACT,
            ("numpy",) if not imported_as(source, "numpy") else (),
            finding.share,
        )


def _edits(source: SourceFile, hit: Grouping) -> list[Edit]:
    edits, names = part_helpers(source)
    rows = helper_name(source, "_group_rows", emitted.GROUP_ROWS)
    wanted, template = "_iter_groups", emitted.ITER_GROUPS
    functions: list[str] = []
    if hit.function is not None:
        wanted, template = "_apply_groups", emitted.APPLY_GROUPS
        functions = [text_of(source, hit.function)]
        as_dict = _dict_function(source, hit.function)
        if as_dict is not None:
            wanted, template = "_apply_group_dicts", emitted.APPLY_GROUP_DICTS
            functions, more = [as_dict[0], *functions], as_dict[1]
            edits += more
    name = helper_name(source, wanted, template)
    texts = [
        emitted.GROUP_ROWS.format(**{**names, "name": rows}),
        template.format(**{**names, "name": name, "group_rows": rows}),
    ]
    groupby = hit.groupby
    assert isinstance(groupby.func, ast.Attribute)
    given = [text_of(source, groupby.func.value), text_of(source, groupby.args[0]), *functions]
    given += [f"{k.arg}={text_of(source, k.value)}" for k in groupby.keywords]
    edits += helper_edits(source, texts)
    return [*edits, *replace_nodes(source, [(hit.whole, f"{name}({', '.join(given)})")])]


def _dict_function(source: SourceFile, given: ast.expr) -> tuple[str, list[Edit]] | None:
    """The function with the dicts that it makes Series of, and the edits that define it; None for any other."""
    if isinstance(given, ast.Lambda):
        made = _dict_text(source, given.body)
        return None if made is None else (f"lambda {ast.unparse(given.args)}: {made}", [])
    function = only_def(source, given.id) if isinstance(given, ast.Name) else None
    if function is None or not stands_alone(source, function) or function.body[0].lineno <= function.lineno:
        return None
    if any(isinstance(n, (ast.FunctionDef, ast.Lambda, ast.ClassDef)) for s in function.body for n in ast.walk(s)):
        return None
    texts: dict[ast.AST, str] = {}
    for n in (n for s in function.body for n in ast.walk(s)):
        if isinstance(n, ast.Return):
            made = _dict_text(source, n.value)
            if made is None or n.value is None:
                return None
            texts[n.value] = made
    if not texts:
        return None
    name = Fresh(source)(f"{function.name}_as_dict")
    last = function.end_lineno or function.lineno
    body = splice(source, function.body[0].lineno, last, texts)
    head = f"\n\ndef {name}({ast.unparse(function.args)}):  # `{function.name}` without a Series of its values\n"
    return name, [Edit(source.path, last + 1, last, head + body)]


def _dict_text(source: SourceFile, made: ast.expr | None) -> str | None:
    """`pd.Series({...})` or `pd.Series([...], index=[...])` as the dict of its values."""
    if not (isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr == "Series"):
        return None
    if not (isinstance(made.func.value, ast.Name) and made.func.value.id in imported_as(source, "pandas")):
        return None
    if len(made.args) != 1:
        return None
    (given,) = made.args
    if isinstance(given, (ast.Dict, ast.Name)) and not made.keywords:
        return text_of(source, given)
    if isinstance(given, ast.List) and len(made.keywords) == 1 and made.keywords[0].arg == "index":
        labels = made.keywords[0].value
        if not isinstance(labels, (ast.List, ast.Tuple)) or len(labels.elts) != len(given.elts):
            return None
        names = [string(e) for e in labels.elts]
        if None in names or len(set(names)) < len(names) or any(isinstance(e, ast.Starred) for e in given.elts):
            return None
        pairs = zip(labels.elts, given.elts, strict=True)
        return "{" + ", ".join(f"{text_of(source, k)}: {text_of(source, v)}" for k, v in pairs) + "}"
    return None
