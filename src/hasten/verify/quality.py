"""Another result, at least as good: the judge of changes that the contract's qualities allow.

Both programs ran under the probe. Lines and files whose statements depend on what the changed search leaves
(`derived`) may differ, and are told; everything else is compared as strictly as ever, and every quality of the new run
must be at least as good as the best that the original reached.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hasten.core.contract import MIN, Contract, Quality
from hasten.core.recipe import Change
from hasten.core.workload import ScriptWorkload
from hasten.observe.baseline import Baseline
from hasten.observe.files import FileMask
from hasten.observe.probe import Seen, Site
from hasten.observe.process import WorkloadRun
from hasten.observe.text import NUMBER, Mask, decoded
from hasten.verify.derived import Lines, Name, dependent, left_by
from hasten.verify.outputs import difference

MOST_SAID = 12


@dataclass(frozen=True)
class Probed:
    """A run, what the probe saw of it, and the sources that ran."""

    run: WorkloadRun
    seen: Seen
    trees: Mapping[str, ast.Module] = field(default_factory=dict)


def shown(quality: Quality, probed: Probed) -> tuple[float, str] | None:
    """The quality that a run reached, and where it shows: "name" or "stdout"; None when it does not."""
    value = probed.seen.values.get(quality.name)
    if value is not None:
        return value, "name"
    number = printed(quality.name, decoded(probed.run.program.stdout))
    return None if number is None else (number, "stdout")


def printed(label: str, text: str) -> float | None:
    """The number behind `label` on the last line of `text` that has one there: `best score: 0.31`, `cost = 3e-4`."""
    words = r"\s+".join(map(re.escape, label.split()))
    # nothing but signs of punctuation may stand between, so that the number is what the label names
    found = re.compile(rf"(?<!\w){words}\s*(?:[:=|>]|->|=>|is)?\s*(?P<number>{NUMBER.pattern}|[-+]?(?:nan|inf))(?!\w)")
    last = None
    for line in text.splitlines():
        match = found.search(line)
        if match is not None and not match["number"].startswith("0x"):
            last = float(match["number"])
    return last


def missing(qualities: Iterable[Quality], probed: Probed) -> str | None:
    """What the program does not show, in words; None when it shows every quality."""
    for quality in qualities:
        if shown(quality, probed) is None:
            return (
                f"quality {quality.name!r}: the program holds no number of that name at its end, and prints none "
                f"behind that label; name one that it shows, or let it print `{quality.name}: NUMBER`"
            )
    return None


def worse(contract: Contract, old: Sequence[Probed], new: Probed) -> str | None:
    """The first quality of `new` that is not as good as the best of `old`, in words; None when all are."""
    for quality in contract.qualities:
        reached = [value for value, _ in filter(None, (shown(quality, o) for o in old))]
        now = shown(quality, new)
        if now is None:
            return f"{quality.name} is not shown any more"
        best = (min if quality.better == MIN else max)(reached)
        if not quality.reached(best, now[0], contract.tolerance):
            return f"{quality.name} became worse: {best!r} -> {now[0]!r}"
    return None


def seeds(work: ScriptWorkload, changes: Iterable[Change]) -> set[Name]:
    """What the places of `changes` leave for others to read; `work` is the program that they are made for."""
    found: set[Name] = set()
    for change in changes:
        region = change.region
        if region.kind == "block":
            found |= {Name(region.path, region.qualname, name) for name in region.live_out}
        for edit in change.edits:
            if not edit.inserts:
                found |= left_by(edit.path, work.source(edit.path).tree, edit.first, edit.last)
    return found


def unlike(
    base: Baseline, old: Probed, new: Probed, names: Iterable[Name], contract: Contract, root: Path
) -> tuple[str | None, tuple[str, ...]]:
    """(the first difference that does not come from `names`, what differs because of them, in words)."""
    names = tuple(names)
    before, after = _kept(old, names, root), _kept(new, names, root)
    # what the two agree to depend on, by stream and file, is left out of both
    reference = replace(base.reference, program=before.run.program)
    masks = dict(base.file_masks)
    for name in before.files | after.files:
        if name in old.run.written and name in new.run.written and name in before.files and name in after.files:
            masks[name] = FileMask(whole=True)
    strict = replace(
        base,
        runs=(reference, *base.runs[1:]),
        stdout_mask=before.mask("stdout", base.stdout_mask),
        stderr_mask=before.mask("stderr", base.stderr_mask),
        file_masks=masks,
    )
    wrong = difference(strict, after.run, contract)
    told = [*_told("stdout", before, after), *_told("stderr", before, after)]
    for name in sorted(before.files & after.files):
        if old.run.written.get(name) != new.run.written.get(name):
            told.append(f"file {name}")
    return wrong, tuple(told[:MOST_SAID] + ([f"and {len(told) - MOST_SAID} more"] if len(told) > MOST_SAID else []))


@dataclass(frozen=True)
class _Kept:
    """A run without what depends on the search: its streams hold the other lines only."""

    run: WorkloadRun
    lines: Mapping[str, tuple[int, ...]]  # numbers of the lines that stay, by stream, where lines were told apart
    gone: Mapping[str, tuple[str, ...]]
    files: frozenset[str]

    def mask(self, stream: str, mask: Mask) -> Mask:
        """A mask of the whole text as it applies to the lines that stay."""
        if stream not in self.lines:
            return mask
        at = {line: n for n, line in enumerate(self.lines[stream])}
        return Mask(
            mask.whole,
            mask.unordered,
            frozenset(at[n] for n in mask.lines if n in at),
            frozenset((at[n], i) for n, i in mask.tokens if n in at),
            None if mask.stable is None else frozenset(at[n] for n in mask.stable if n in at),
        )


def _kept(probed: Probed, names: Sequence[Name], root: Path) -> _Kept:
    depends = dependent(probed.trees, names)
    program, lines, gone = probed.run.program, {}, {}
    for stream in ("stdout", "stderr"):
        data = getattr(program, stream)
        told = probed.seen.lines(stream, data)
        if told is None:
            continue
        stays = tuple(n for n, (_, sites) in enumerate(told) if not _any(depends, sites))
        lines[stream] = stays
        gone[stream] = tuple(text for n, (text, _) in enumerate(told) if n not in set(stays))
        if len(stays) < len(told):
            left = "".join(f"{told[n][0]}\n" for n in stays)
            data = left.encode("utf-8", "surrogateescape")
            program = replace(program, stdout=data) if stream == "stdout" else replace(program, stderr=data)
    files = frozenset(
        _named(path, root)
        for path, sites in probed.seen.opened.items()
        if sites and all(depends.wrote(site) for site in sites)
    )
    return _Kept(replace(probed.run, program=program), lines, gone, files)


def _any(depends: Lines, sites: Iterable[Site]) -> bool:
    return any(depends.wrote(site) for site in sites)


def _named(path: str, root: Path) -> str:
    """A file's name as runs call it: relative to the project where it is in it."""
    real = os.path.realpath(root) + os.sep
    return path[len(real) :].replace(os.sep, "/") if path.startswith(real) else path


def _told(stream: str, before: _Kept, after: _Kept) -> list[str]:
    old, new = before.gone.get(stream, ()), after.gone.get(stream, ())
    if len(old) != len(new):
        return [f"{stream}: {len(old)} lines became {len(new)}, the last {_short(old)} became {_short(new)}"]
    return [f"{stream}: {_short((a,))} became {_short((b,))}" for a, b in zip(old, new, strict=True) if a != b]


def _short(lines: Sequence[str], limit: int = 100) -> str:
    if not lines:
        return "(none)"
    line = lines[-1].encode("utf-8", "backslashreplace").decode()
    return repr(line if len(line) <= limit else line[: limit - 3] + "...")
