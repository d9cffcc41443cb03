"""Which of the verified changes go together: the most time saved, no two in each other's way. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hasten.core.recipe import Change
from hasten.core.source import parsed
from hasten.search.stacks import SHADE, Sped, Stacks

MIN_SAVING = 0.01  # of the program's time: a change below it is not worth a line of the patch
AHEAD_S = 0.15  # about what a package costs at least whose kernels are compiled ahead of time: NumPy and their file


@dataclass(frozen=True)
class Judged:
    """A change that replayed equal, with what it is expected to save of one run of the program, in seconds."""

    change: Change
    saves_s: float
    region_gain: float = 1.0  # old/new time of the replayed region; 1.0 when it could not be replayed


@dataclass(frozen=True)
class Shared:
    """Where the time of a run of `wall_s` seconds goes: kernels that are called within one another save it once."""

    stacks: Stacks
    wall_s: float

    def saved_s(self, judged: Iterable[Judged]) -> float:
        """What changes save together; those that cannot be seen on the stacks count by themselves."""
        judged = list(judged)
        seen = [j for j in judged if _timed_kernel(j)]
        alone = sum(j.saves_s for j in judged if not _timed_kernel(j))
        return alone + self.wall_s * self.stacks.saved([Sped(j.change.region, j.region_gain) for j in seen])


def choose(
    judged: Iterable[Judged], costs_s: Mapping[str, float], *, min_saving_s: float, shared: Shared | None = None
) -> list[Judged]:
    """The set that saves most, greedily, each change worth at least `min_saving_s`.

    `costs_s` is what importing a package costs once, for every package that the program does not load anyway:
    changes that need it are left out unless together they save more than that, and more than those that they crowd
    out would, at least by what its compiled code costs to load. With `shared`, a change is worth what it saves beside
    the kernels that it calls or that call it.
    """
    judged = list(judged)
    kept = _compatible([j for j in judged if j.saves_s >= min_saving_s], min_saving_s, shared)
    for package, cost in sorted(costs_s.items()):
        users = [j for j in kept if package in j.change.needs]
        if not users:
            continue
        # without them, changes that they crowded out may fit again
        rest = [j for j in judged if package not in j.change.needs]
        less = {p: c for p, c in costs_s.items() if p != package}
        without = choose(rest, less, min_saving_s=min_saving_s, shared=shared)
        if _together(users, shared) < cost + min_saving_s:
            return without
        if without and worth(without, shared) >= worth(kept, shared) - min(cost, AHEAD_S):
            return without
    return kept


def worth(kept: list[Judged], shared: Shared | None) -> float:
    """What changes save together, each beside those before it."""
    return sum(_beside(j, kept[:i], shared) for i, j in enumerate(kept))


def _compatible(judged: list[Judged], min_saving_s: float, shared: Shared | None) -> list[Judged]:
    kept: list[Judged] = []
    for j in sorted(judged, key=lambda j: (-j.saves_s, len(j.change.needs), j.change.code, j.change.region.id)):
        if any(clash(j.change, k.change) or _in_the_shade(j, k) for k in kept):
            continue
        if _beside(j, kept, shared) >= min_saving_s:
            kept.append(j)
    for j in reversed(kept.copy()):
        rest = [k for k in kept if k is not j]
        if _beside(j, rest, shared) < min_saving_s:
            kept = rest  # one that came later has taken its place
    return kept


def _beside(j: Judged, kept: list[Judged], shared: Shared | None) -> float:
    """What a change saves beside those that are kept."""
    if shared is None:
        return j.saves_s
    if _timed_kernel(j):
        return shared.saved_s([*kept, j]) - shared.saved_s(kept)
    # of what kernels leave of its region it saves the same part
    kernels = [Sped(k.change.region, k.region_gain) for k in kept if _timed_kernel(k)]
    whole = shared.stacks.winnable(j.change.region, [])
    return j.saves_s * shared.stacks.winnable(j.change.region, kernels) / whole if whole else j.saves_s


def _together(judged: list[Judged], shared: Shared | None) -> float:
    return sum(j.saves_s for j in judged) if shared is None else shared.saved_s(judged)


def _timed_kernel(j: Judged) -> bool:
    return "numba" in j.change.needs and j.region_gain > 1.0 and not j.change.whole


def _in_the_shade(j: Judged, kept: Judged) -> bool:
    """True when the region of one lies in the other's and the same pass, a large gain, or a kernel has dealt with that:
    of what is changed inside a kernel's region nothing runs."""
    a, b = j.change.region, kept.change.region
    same_pass = j.change.code == kept.change.code and a != b
    inner = a.within(b) and (same_pass or kept.region_gain >= SHADE or _timed_kernel(kept))
    return inner or (b.within(a) and (same_pass or _timed_kernel(j)))


def clash(a: Change, b: Change) -> bool:
    """True when two changes cannot be applied together: common lines, nested regions, or one name for two helpers."""
    if a.overlaps(b):
        return True
    mine, theirs = _helpers(a), _helpers(b)
    return any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys())


def _helpers(change: Change) -> dict[tuple[str, str], str]:
    """What each inserted top-level statement binds, as (path, name) -> its source."""
    out: dict[tuple[str, str], str] = {}
    for edit in change.edits:
        if not edit.inserts:
            continue
        try:
            body = parsed(edit.text).body
        except SyntaxError:
            continue  # an insertion inside a block: indented, binds nothing at the top
        for node in body:
            text = ast.unparse(node)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                out[edit.path, node.name] = text
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                module = getattr(node, "module", "")
                for alias in node.names:
                    out[edit.path, (alias.asname or alias.name).split(".")[0]] = f"{module}:{alias.name}:{alias.asname}"
            else:
                for name in ast.walk(node):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        out[edit.path, name.id] = text
    return out
