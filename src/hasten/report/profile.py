"""What `hasten profile` prints: the functions, then the lines with the reason and the headroom."""

from __future__ import annotations

from collections.abc import Sequence

from hasten.core.facts import Profile
from hasten.report.hotspots import Hotspot, render_hotspots
from hasten.report.terminal import clean, clip
from hasten.report.view import percent

FUNCTIONS = 6  # rows
MEMORY = 5
LEAST = 0.01  # share of time of a row


def render(target: str, profile: Profile, spots: Sequence[Hotspot], notes: Sequence[str] = (), width: int = 80) -> str:
    """Plain text of at most `width` columns."""
    out = [clip(target, width), render_hotspots(spots, profile, width=width).rstrip("\n"), ""]
    hot = sorted((f for f in profile.functions if f.own + f.library >= LEAST), key=lambda f: -(f.own + f.library))
    native = profile.native is not None
    if hot:
        out.append("functions, by the time in them, callees of the project left out")
        out.append(f"{'time':>6} {'own':>5} {'libs':>5} {'total':>6}" + (f" {'compiled':>8}" if native else ""))
    for f in hot[:FUNCTIONS]:
        row = f"{percent(f.own + f.library):>6} {percent(f.own):>5} {percent(f.library):>5} {percent(f.total):>6}  "
        if native:
            row = row[:-2] + f" {percent(f.native):>8}  "
        out.append(row + clip(f"{f.qualname or '<module>'}  {f.path}:{f.first}", width - len(row)))
    memory = sorted(profile.memory.items(), key=lambda item: (-item[1], item[0]))
    if memory:
        out.append("memory alive at the peak, by the line that asked for it")
    out += [
        f"{mb:>9.1f} MB  " + clip(f"{path}:{line}", width - 14) for (path, line), mb in memory[:MEMORY] if mb >= 0.05
    ]
    out += [clip(f"note: {clean(n)}", width) for n in notes]
    return "\n".join(out) + "\n"
