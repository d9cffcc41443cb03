"""Energy, where the machine tells it: the processor packages' own counters (RAPL), read before and after a run.

They count what the whole machine does in the meantime. Linux shows them to root only, and virtual machines mostly not
at all; then there is no figure, and none is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


def counters(root: Path = POWERCAP) -> dict[str, int]:
    """Microjoules by processor package, of those that can be read. Whole packages only: their parts are in them."""
    found = {}
    for zone in sorted(root.glob("intel-rapl:*")):  # AMD's too
        if zone.name.count(":") == 1 and _text(zone / "name").startswith("package"):
            value = _text(zone / "energy_uj")
            if value.isdigit():
                found[zone.name] = int(value)
    return found


def joules(before: Mapping[str, int], after: Mapping[str, int], root: Path = POWERCAP) -> float | None:
    """What was used between two readings; None where nothing tells, or a counter stands still."""
    if not before or before.keys() != after.keys():
        return None
    total = 0
    for name, start in before.items():
        used = after[name] - start
        if used < 0:  # it began again at 0
            largest = _text(root / name / "max_energy_range_uj")
            if not largest.isdigit():
                return None
            used += int(largest)
        if used <= 0:
            return None
        total += used
    return total / 1e6


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
