"""Hotspots of a profile that another profiler recorded: as much as it lets one say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hasten.core.facts import Facts
from hasten.core.finding import Finding
from hasten.core.recipe import Pass
from hasten.core.workload import ScriptWorkload
from hasten.observe.recorded import Recorded
from hasten.report.hotspots import MAX_ROWS, MIN_SHARE, Hotspot, headroom, hotspots, read_source


def spots(recorded: Recorded, work: ScriptWorkload, passes: Sequence[Pass]) -> list[Hotspot]:
    """Functions where only functions were recorded, else lines; hottest first."""
    from hasten.kernel.regions import find_regions

    facts = Facts(profile=recorded.profile)
    regions = find_regions(work, recorded.profile)
    findings = [f for region in regions for p in passes for f in p.find(work, region, facts)]
    if recorded.kind == "cProfile":
        return _functions(recorded, work, findings)
    rows = hotspots(work, recorded.profile, findings)
    return [_with_hits(row, recorded) for row in rows]


def _with_hits(row: Hotspot, recorded: Recorded) -> Hotspot:
    if (row.path, row.line) not in recorded.hits:
        return row
    times, seconds = recorded.hits[row.path, row.line]
    each = f"ran {times:,} time{'' if times == 1 else 's'}, {_seconds(seconds / max(times, 1))} each"
    return replace(row, reason=f"{row.reason}; {each}")


def _functions(recorded: Recorded, work: ScriptWorkload, findings: Sequence[Finding]) -> list[Hotspot]:
    rows = []
    ranked = sorted(recorded.profile.functions, key=lambda f: (-(f.own + f.library), f.path, f.first))
    for f in ranked[:MAX_ROWS]:
        share = f.own + f.library
        if share < MIN_SHARE:
            break
        key = (f.path, f.qualname, f.first)
        source = read_source(work, f.path)
        last = source.end(f.first, f.qualname) if source else f.first
        inside = [g for g in findings if g.path == f.path and f.first <= g.first and g.last <= last]
        finding = min(inside, key=lambda g: (g.first, g.code), default=None)
        called = recorded.calls.get(key, 0)
        reason = f"called {called:,} time{'' if called == 1 else 's'}" if called else "module level"
        dear = [
            f"{name} {n:,} times ({100 * part:.0f}%)" for name, n, part in recorded.callees.get(key, ()) if part >= 0.02
        ]
        reason += f"; calls {', '.join(dear)}" if dear else ""
        rows.append(
            Hotspot(
                f.path,
                f.first,
                f.qualname,
                share,
                f.own,
                f.library,
                f.total,
                f"{finding.reason}; {reason}" if finding else reason,
                finding.remedy if finding else "",
                finding.code if finding else "",
                headroom(share),
                source.around(f.first) if source else (),
                f.native,
            )
        )
    return rows


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"
