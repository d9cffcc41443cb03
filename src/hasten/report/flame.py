"""Stacks of a profile as the tree of a flame graph: where the time of a run goes, in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hasten.core.record import ProfileRecord, RunRecord

LEAST = 1 / 1500  # of all samples: what is less is narrower than a pixel
MOST = 1500  # bars of a graph; with more, the thinnest are left out
CHARACTERS = 90  # of a frame's source line


def flame(record: RunRecord) -> dict[str, Any] | None:
    """Trees before and after; each `v` in seconds of a run as it was measured. None where no stacks were recorded."""
    before = record.profile
    if not before.stacks:
        return None
    texts = _texts(record)
    comparison = record.comparison
    old_s = new_s = 0.0
    if comparison is not None and comparison.old and comparison.new:
        from statistics import median

        old_s = median(r.wall_s for r in comparison.old)
        new_s = median(r.wall_s for r in comparison.new)
    out: dict[str, Any] = {"before": tree(before, old_s or before.wall_s, texts), "after": None}
    after = record.after
    if after is not None and after.stacks and record.changed:
        known = {**texts, **{(n.path, n.line): n.text for n in after.lines}}
        # lines of the kept program have other numbers: only its own texts fit
        own = {k: t for k, t in known.items() if k[0] not in record.changed or k not in texts}
        own |= {(n.path, n.line): n.text for n in after.lines}
        out["after"] = tree(after, new_s or after.wall_s, own)
        out["few"] = after.samples if after.samples < 50 else 0
    return out


def _texts(record: RunRecord) -> dict[tuple[str, int], str]:
    texts = {(n.path, n.line): n.text for n in record.profile.lines}
    for excerpt in record.excerpts:
        texts |= {(excerpt.path, n): line.strip() for n, line in enumerate(excerpt.lines, excerpt.first)}
    return texts


def tree(profile: ProfileRecord, wall_s: float, texts: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    """One node a frame: `n` label, `p` function and place, `v` seconds, `c` children."""
    total = sum(stack[-1] for stack in profile.stacks) or 1
    scale = wall_s / total
    counts: list[int] = []
    root: dict[str, Any] = {"n": "the whole run", "p": "", "v": 0, "c": {}}
    for stack in profile.stacks:
        count = stack[-1]
        node = root
        node["v"] += count
        for at in stack[:-1]:
            node = node["c"].setdefault(at, {"v": 0, "c": {}})
            node["v"] += count
    waiting = [root]
    while waiting:
        node = waiting.pop()
        counts.append(node["v"])
        waiting += node["c"].values()
    counts.sort(reverse=True)
    least = max(LEAST * total, counts[MOST] + 1 if len(counts) > MOST else 0)

    def told(node: dict[str, Any], at: int | None) -> dict[str, Any]:
        out: dict[str, Any] = {"v": round(node["v"] * scale, 5)}
        if at is not None:
            path, _, rest = profile.frames[at].rpartition(":")
            path, _, name = path.rpartition(":")
            text = texts.get((path, int(rest)), "")[:CHARACTERS]
            short = name.rpartition(".")[2]
            out["n"] = f"{short}  {text}" if text else f"{short}:{rest}"
            out["p"] = f"{name}, {path}:{rest}"
        children = sorted(node["c"].items(), key=lambda item: -item[1]["v"])
        kept = [told(child, place) for place, child in children if child["v"] >= least]
        if kept:
            out["c"] = kept
        return out

    return {**told(root, None), "n": "the whole run"}
