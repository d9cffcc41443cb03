"""A profile in the formats of other viewers: speedscope, pstats, collapsed stacks.

All are made from whole stacks (`RawStack`), libraries included. speedscope.app shows the first, `python -m pstats` and
SnakeViz the second, flamegraph.pl and inferno the third.
"""

from __future__ import annotations

import json
import marshal
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hasten.errors import UsageError
from hasten.observe.profiler import Files, RawFrame, RawStack

SUFFIX = {"speedscope": ".speedscope.json", "pstats": ".prof", "collapsed": ".collapsed.txt"}
_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def export(form: str, stacks: Sequence[RawStack], interval_s: float, name: str, root: Path) -> bytes:
    """The profile in `form`. `interval_s` is what one count stands for; `root` is where the user's files are.

    Raises `UsageError` for a form that is not known, and where there are no stacks to write.
    """
    if form not in _FORMS:
        raise UsageError(f"no export {form!r}; there are {', '.join(_FORMS)}")
    if not any(s.frames for s in stacks):
        raise UsageError(
            f"{name} has no stacks to export: run it under hasten (`hasten profile SCRIPT --export {form}`)"
        )
    return _FORMS[form](stacks, interval_s, name, root)


def _clean(text: str) -> str:
    return " ".join(text.replace(";", ",").split())


def _collapsed(stacks: Sequence[RawStack], interval_s: float, name: str, root: Path) -> bytes:
    """`outermost;...;innermost COUNT` a line."""
    counts: Counter[str] = Counter()
    for stack in stacks:
        if stack.frames:
            shown = [_clean(f"{f.function} ({f.file}:{f.line})") for f in stack.frames]
            shown += [_clean(f"[{stack.native.rpartition('/')[2]}]")] if stack.native else []
            counts[";".join(shown)] += stack.count
    return "".join(f"{text} {count}\n" for text, count in counts.most_common()).encode("utf-8", "replace")


def _speedscope(stacks: Sequence[RawStack], interval_s: float, name: str, root: Path) -> bytes:
    """One sampled profile of the main thread, one of the others, over shared frames. Weights are seconds."""
    frames: list[dict[str, object]] = []
    places: dict[tuple[str, str, int], int] = {}

    def place(function: str, file: str, line: int) -> int:
        key = (function, file, line)
        if key not in places:
            places[key] = len(frames)
            frames.append({"name": function, "file": file, **({"line": line} if line > 0 else {})})
        return places[key]

    profiles = []
    for main, title in ((True, "main thread"), (False, "other threads")):
        samples, weights = [], []
        for stack in stacks:
            if stack.main is not main or not stack.frames:
                continue
            sample = [place(f.function, f.file, f.line) for f in stack.frames]
            sample += [place(f"[{stack.native.rpartition('/')[2]}]", stack.native, 0)] if stack.native else []
            samples.append(sample)
            weights.append(stack.count * interval_s)
        if samples:
            profiles.append(
                {
                    "type": "sampled",
                    "name": title,
                    "unit": "seconds",
                    "startValue": 0,
                    "endValue": sum(weights),
                    "samples": samples,
                    "weights": weights,
                }
            )
    document = {
        "$schema": _SCHEMA,
        "shared": {"frames": frames},
        "profiles": profiles,
        "name": name,
        "activeProfileIndex": 0,
        "exporter": "hasten",
    }
    return json.dumps(document).encode("ascii")


def _pstats(stacks: Sequence[RawStack], interval_s: float, name: str, root: Path) -> bytes:
    """What `pstats.Stats` loads. A sampler sees no calls: its call counts are samples."""
    files = Files(root, root)
    first_seen: dict[tuple[str, str], int] = {}
    for stack in stacks:
        for f in stack.frames:
            named = (f.file, f.function)
            first_seen[named] = min(first_seen.get(named, f.line), f.line)
    known: dict[RawFrame, tuple[str, int, str]] = {}

    def function(frame: RawFrame) -> tuple[str, int, str]:
        if frame not in known:
            user = files.user_path(frame.file)
            line = files.function(user, frame.line)[1] if user else first_seen[frame.file, frame.function]
            known[frame] = (frame.file, line, frame.function)
        return known[frame]

    own: Counter[tuple[str, int, str]] = Counter()
    total: Counter[tuple[str, int, str]] = Counter()
    edges: Mapping[tuple[str, int, str], Counter[tuple[str, int, str]]] = defaultdict(Counter)
    own_of: Mapping[tuple[str, int, str], Counter[tuple[str, int, str]]] = defaultdict(Counter)
    for stack in stacks:
        line = [function(f) for f in stack.frames]
        if not line:
            continue
        own[line[-1]] += stack.count
        for key in dict.fromkeys(line):
            total[key] += stack.count
        for caller, callee in dict.fromkeys(pairwise(line)):
            edges[callee][caller] += stack.count
        if len(line) > 1:
            own_of[line[-1]][line[-2]] += stack.count
    stats = {
        key: (
            count,
            count,
            own[key] * interval_s,
            count * interval_s,
            {c: (n, n, own_of[key][c] * interval_s, n * interval_s) for c, n in edges[key].items()},
        )
        for key, count in total.items()
    }
    return marshal.dumps(stats)


_FORMS: dict[str, Callable[[Sequence[RawStack], float, str, Path], bytes]] = {
    "speedscope": _speedscope,
    "pstats": _pstats,
    "collapsed": _collapsed,
}
