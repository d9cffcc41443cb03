"""What whole runs compare, as the report's table shows it: check by check, expected and got."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hasten.core.contract import Contract
from hasten.core.record import CheckRecord
from hasten.observe.baseline import Baseline
from hasten.observe.files import NO_FILE_MASK, Version
from hasten.observe.process import WorkloadRun
from hasten.observe.text import Mask

SAME = "the same, byte for byte"


def checks(base: Baseline, run: WorkloadRun | None, contract: Contract) -> tuple[CheckRecord, ...]:
    """One row for exit status, stdout, stderr and each file. `run` has been compared with `base` and agrees; None:
    nothing was kept."""
    old = base.reference
    floats = "same bits" if contract.exact else f"floats {contract.rtol:g} relative, all else exact"
    rows = [CheckRecord("exit status", old.program.ended, "" if run is None else run.program.ended)]
    for name, mask in (("stdout", base.stdout_mask), ("stderr", base.stderr_mask)):
        before = getattr(old.program, name)
        after = None if run is None else getattr(run.program, name)
        got = "" if after is None else SAME if after == before and after else _text(after)
        rows.append(CheckRecord(name, _text(before), got, _within(floats, mask)))
    for name in sorted(old.written):
        files = base.file_masks.get(name, NO_FILE_MASK)
        within = "not compared" if files.whole else _within(floats, files.text)
        left = None if run is None else _content(run, name)
        same = run is not None and run.written.get(name) == old.written[name]
        got = "" if run is None else SAME if same else _file(left)
        rows.append(CheckRecord(f"file {name}", _file(_content(old, name)), got, within))
    if old.deleted:
        gone = ", ".join(sorted(old.deleted))
        rows.append(CheckRecord("files removed", gone, "" if run is None else ", ".join(sorted(run.deleted)) or "none"))
    return tuple(rows)


def _within(floats: str, mask: Mask) -> str:
    if mask.whole:
        return "not compared"
    return floats if mask.empty else f"{floats}; without what changes from run to run"


def _content(run: WorkloadRun, name: str) -> Version:
    return run.kept.get(name) or run.written.get(name)


def _file(version: Version) -> str:
    if isinstance(version, Path):
        try:
            return _data(version.read_bytes())
        except OSError:
            return "a file"
    if version is None:
        return "no file"
    return f"sha256 {version[:12]}" if len(version) == 64 else str(version)


def _text(data: bytes) -> str:
    if not data:
        return "empty"
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    return f"{lines} line{'s' if lines > 1 else ''}, {_data(data)}"


def _data(data: bytes) -> str:
    n = len(data)
    size = f"{n} B" if n < 1000 else f"{n / 1e3:.3g} kB" if n < 1e6 else f"{n / 1e6:.3g} MB"
    return f"{size}, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
