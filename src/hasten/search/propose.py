"""What the passes find and propose for the hot regions of a program."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from traceback import format_exception

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Pass
from hasten.core.record import FailureRecord
from hasten.core.workload import ScriptWorkload
from hasten.search.order import promise


def propose(
    work: ScriptWorkload, regions: Sequence[Region], facts: Facts, passes: Sequence[Pass]
) -> tuple[list[Finding], list[Change], dict[tuple[object, ...], str], list[FailureRecord]]:
    """All findings and changes, hottest first, why each change was proposed, and which passes failed where; a change
    that two regions propose is kept for the smaller one.

    A pass that fails (ours or a plug-in's) proposes nothing for that region: the run goes on without it, and tells.
    """
    findings: dict[tuple[str, str, int, int], Finding] = {}
    changes: dict[tuple[object, ...], Change] = {}
    reasons: dict[tuple[object, ...], str] = {}
    failures: dict[tuple[str, str, int, str], FailureRecord] = {}
    for region in regions:
        for pass_ in passes:
            try:
                found = [(f, [*pass_.propose(work, f, facts)]) for f in pass_.find(work, region, facts)]
            except Exception as problem:  # noqa: BLE001 - a bug of one pass is not to cost the run
                what = f"{type(problem).__name__}: {problem}".splitlines()[0]
                where = pass_.code, region.path, region.first, what
                failures.setdefault(where, FailureRecord(*where, "".join(format_exception(problem))))
                continue
            for finding, proposed in found:
                findings.setdefault((finding.code, finding.path, finding.first, finding.last), finding)
                for change in proposed:
                    reasons.setdefault(key(change), finding.reason)
                    old = changes.get(key(change))
                    if old is None or _replays_better(change.region, old.region, facts):
                        changes[key(change)] = replace(change, share=region.share)
    ordered = sorted(
        changes.values(), key=lambda c: (-round(promise(c.region, facts), 2), c.region.first, -c.region.last)
    )
    return sorted(findings.values(), key=lambda f: -f.share), ordered, reasons, [*failures.values()]


def key(change: Change) -> tuple[object, ...]:
    """The same for changes that do the same."""
    return tuple(sorted(change.edits))


def of_own_work(work: ScriptWorkload, change: Change, kept: Sequence[Change]) -> bool:
    """Whether it would change a helper that a kept change has put there, as it stands in that change's text: it is
    written to be fast, and rests on names around it that a further change may come to stand before. To compile it is
    welcome."""
    name = change.region.qualname.split(".")[0]
    if not kept or not name.startswith("_") or "numba" in change.needs:
        return False
    try:
        source = work.source(change.region.path)
        body = source.tree.body
    except (OSError, KeyError, ValueError, SyntaxError):
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    whole = [
        "".join(source.lines[n.lineno - 1 : n.end_lineno]) for n in body if isinstance(n, kinds) and n.name == name
    ]
    texts = [e.text for c in kept for e in c.edits if e.inserts and e.path == source.path]
    return bool(whole) and all(any(own.strip() in text for text in texts) for own in whole)


def _replays_better(new: Region, old: Region, facts: Facts) -> bool:
    can_new, can_old = facts.of(new.id).recorded > 0, facts.of(old.id).recorded > 0
    if can_new != can_old:
        return can_new
    return new.last - new.first < old.last - old.first
