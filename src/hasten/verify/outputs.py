"""Whole-program equality: exit status, stdout, stderr and files, against what the original did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hasten.core.contract import Contract
from hasten.observe.baseline import Baseline
from hasten.observe.files import NO_FILE_MASK, Version, file_difference
from hasten.observe.process import WorkloadRun
from hasten.observe.text import decoded, mask_without_places, text_difference, without_places


def difference(reference: Baseline, run: WorkloadRun, contract: Contract) -> str | None:
    """The first difference of a candidate's run from the original's in words, or None when they are equal.

    Integers and text are exact, floats within the contract's tolerance, what the baseline found unrepeatable is passed
    over. Line numbers of replaced source files in warnings and tracebacks do not count: their lines moved.
    """
    old = reference.reference
    rtol = contract.tolerance
    if run.program.stopped or run.status != old.status:
        return f"{old.program.ended} became: {run.program.ended}{_last_words(run)}"
    found = text_difference(
        decoded(old.program.stdout), decoded(run.program.stdout), rtol=rtol, mask=reference.stdout_mask, where="stdout"
    )
    if found:
        return found
    is_changed = changed_file(run.changed | old.changed, reference.root)
    found = text_difference(
        without_places(decoded(old.program.stderr), is_changed),
        without_places(decoded(run.program.stderr), is_changed),
        rtol=rtol,
        mask=mask_without_places(reference.stderr_mask, decoded(old.program.stderr), is_changed),
        where="stderr",
    )
    return found or _files(reference, run, rtol)


def _files(reference: Baseline, run: WorkloadRun, rtol: float) -> str | None:
    old = reference.reference
    for name in sorted({*old.written, *run.written}):
        mask = reference.file_masks.get(name, NO_FILE_MASK)
        if mask.whole or (name.startswith("<tmp>/") and name not in old.written):
            continue
        before, after = old.written.get(name), run.written.get(name)
        if before == after:
            continue
        found = file_difference(name, _version(old, name), _version(run, name), rtol=rtol, mask=mask)
        if found:
            return found
    apart = sorted(name for name in old.deleted ^ run.deleted if not reference.file_masks.get(name, NO_FILE_MASK).whole)
    if apart:
        return f"file {apart[0]}: {'is not removed any more' if apart[0] in old.deleted else 'is removed now'}"
    return None


def _version(run: WorkloadRun, name: str) -> Version:
    """The kept content; its hash or phrase when none was kept."""
    return run.kept.get(name) or run.written.get(name)


def changed_file(changed: frozenset[str], root: Path) -> Callable[[str], bool]:
    """Tells whether a file name in a message is one of `changed` (relative to `root`), absolute or relative."""

    def is_changed(name: str) -> bool:
        name = name.replace("\\", "/")
        prefix = f"{root.as_posix()}/"
        if name.startswith(prefix):
            return name[len(prefix) :] in changed
        if name.startswith("/"):
            return False
        while name.startswith(("./", "../")):
            name = name.partition("/")[2]
        return any(path == name or path.endswith(f"/{name}") for path in changed)

    return is_changed


def _last_words(run: WorkloadRun) -> str:
    lines = [line for line in decoded(run.program.stderr).splitlines() if line.strip()]
    if not lines or run.program.stopped:
        return ""
    return f" ({lines[-1].strip().encode('utf-8', 'backslashreplace').decode()[:200]})"
