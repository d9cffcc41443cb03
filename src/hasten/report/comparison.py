"""What `hasten compare` prints."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from hasten.core.measurement import Comparison
from hasten.report.terminal import clean
from hasten.report.view import seconds


def render(a: str, b: str, difference: str | None, comparison: Comparison, unrepeatable: Sequence[str]) -> str:
    """Results first, then time. Plain text."""
    a, b = clean(a), clean(b)
    gain = comparison.speedup
    out = ["results  the same" if difference is None else f"results  DIFFERENT: {clean(difference)}"]
    if unrepeatable:
        out.append(f"         not compared, it changes from run to run: {clean(', '.join(unrepeatable))}")
    old = median(r.wall_s for r in comparison.old) if comparison.old else 0.0
    new = median(r.wall_s for r in comparison.new) if comparison.new else 0.0
    if gain.decided == "faster":
        verdict = f"{b} is {gain.ratio:.2f}x faster than {a}"
    elif gain.decided == "not faster":
        verdict = f"{b} is not faster than {a}"
        if gain.high < 1:
            verdict = f"{b} is slower than {a}: {gain.ratio:.2f}x"
    else:
        verdict = f"not decided which is faster ({gain.ratio:.2f}x)"
    out.append(f"time     {verdict}")
    out.append(
        f"         {a}/{b} = {gain} at {gain.confidence:.0%}, {gain.pairs} interleaved pairs, {comparison.metric} time"
    )
    if comparison.old and comparison.new:
        memory = [median(r.peak_mb for r in runs) for runs in (comparison.old, comparison.new)]
        out.append(
            f"         medians {seconds(old)} and {seconds(new)}; peak memory {memory[0]:.0f} MB and {memory[1]:.0f} MB"
        )
    out += [f"note     {clean(note)}" for note in comparison.notes]
    return "\n".join(out) + "\n"
