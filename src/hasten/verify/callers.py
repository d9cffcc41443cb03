"""Replay at a region *around* what was changed: a function or a block that calls it, with all changes in place.

A kernel that sums in another order is right but for the last digits, call by call. A caller that feeds its results
back a thousand times (an integrator, a recurrence, an optimiser) may make much of these digits, and what the program
prints may still be the same. So what calls changed code is run from the state that was recorded at its entry, and what
it leaves is compared with what was recorded at its exit, within the contract.

The recording stands for the original, which need not be run: one process and one run of the candidate is what it costs.
Only where the two differ the original runs as well: what does not repeat itself (a clock is read) shows nothing.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hasten.core.contract import Contract
from hasten.core.facts import RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe
from hasten.core.workload import ScriptWorkload
from hasten.observe.reap import kill_marked
from hasten.observe.session import Session
from hasten.verify.replay import KILLED, Placed, Within, _Dead, _Replay, place

EQUAL, DIFFERENT, UNTRIED = "equal", "different", "untried"


@dataclass(frozen=True)
class Held:
    """What a replay at a caller showed: "equal" on `calls` recorded calls, "different", or "untried", and why."""

    status: str
    reason: str = ""
    calls: int = 0


def followed(work: ScriptWorkload, region: Region, steps: Sequence[Sequence[Change]], last: ScriptWorkload) -> Placed:
    """Where a region of `work` stands in `last`: what became of it by the changes of each step, one after the other,
    and by moving kernels to a file of their own. Raises `ValueError` where that cannot be told."""
    inserted: list[str] = []
    path = region.path
    placed = place(work.source(path), region, ())
    for changes in steps:
        edits = [e for c in changes for e in c.edits if e.path == path]
        placed = place(work.source(path), region, edits)
        inserted += [e.text for e in edits if e.inserts]
        work = Recipe(tuple(changes)).apply(work)
        region = replace(region, first=placed.first, last=placed.first + placed.block.count("\n") - 1)
    source = last.source(path)
    first = placed.first
    if source.data != work.source(path).data:
        first = _only(source.lines, placed.block.splitlines(keepends=True))
    helpers = []
    for node in source.tree.body:
        own = "".join(source.lines[node.lineno - 1 : node.end_lineno]).strip()
        if not first <= node.lineno < first + placed.block.count("\n") and any(own in text for text in inserted):
            helpers.append((node.lineno, node.end_lineno or node.lineno))
    return Placed(placed.block, tuple(helpers), first)


def _only(lines: Sequence[str], block: Sequence[str]) -> int:
    """The line at which the one copy of a block begins."""
    found = [i for i in range(len(lines) - len(block) + 1) if list(lines[i : i + len(block)]) == list(block)]
    if len(found) != 1 or not block:
        raise ValueError("it is not to be found any more")
    return found[0] + 1


def held(
    session: Session, work: ScriptWorkload, region: Region, facts: RegionFacts, steps: Sequence[Sequence[Change]],
    candidate: ScriptWorkload, contract: Contract, *, deadline_s: float,
) -> Held:  # fmt: skip
    """Whether `candidate` (`work` with the changes of `steps`, its kernels perhaps compiled ahead) leaves at the end
    of `region` what was recorded there. Takes `deadline_s`, and some more only where a difference was seen."""
    end = time.monotonic() + deadline_s
    found = _held(session, work, region, facts, steps, candidate, contract, end)
    if KILLED in found.reason and not session.stopping.is_set():
        found = _held(session, work, region, facts, steps, candidate, contract, end)
    return found


def _held(
    session: Session, work: ScriptWorkload, region: Region, facts: RegionFacts, steps: Sequence[Sequence[Change]],
    candidate: ScriptWorkload, contract: Contract, end: float,
) -> Held:  # fmt: skip
    if not facts.recorded or not facts.snapshots:
        return Held(UNTRIED, facts.why_not or "there is no recording of it")
    changes = [c for step in steps for c in step]
    try:
        placed = followed(work, region, steps, candidate)
        _ = candidate.source(region.path).tree
    except (ValueError, KeyError, OSError, SyntaxError) as error:
        return Held(UNTRIED, str(error))
    whole = Change(
        "", "", region, tuple(e for c in changes for e in c.edits), whole=any(c.whole for c in changes),
        later=any(c.later for c in changes),
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="caller-", dir=session.scratch))
    try:
        run = _Caller(session, work, whole, facts, contract, folder, end, Within(candidate, placed))
        session.stoppers.add(run.stop)
        try:
            return run.look()
        finally:
            session.stoppers.discard(run.stop)
            run.stop()
            kill_marked(run.mark)
            run.keep_compiled()
    except (ValueError, SyntaxError, OSError) as error:
        return Held(UNTRIED, str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Caller(_Replay):
    def look(self) -> Held:
        for given, cache in self._caches():
            self.session.compiled.lend(given, cache)
        try:
            self._start("new")
            self._ready("new")
        except _Dead as dead:
            return self._unless_both(f"the candidate {dead}") if dead.status != "timeout" else Held(UNTRIED, str(dead))
        calls, why = 0, "no recorded call of it could be replayed"
        for state in sorted(self._chosen(), key=lambda p: -p.stat().st_size):
            if self.left <= 0:
                why = "there was no time left for it"
                break
            found = self._one(state)
            if found.status == DIFFERENT:
                return found
            calls, why = calls + found.calls, found.reason or why
            if found.status == UNTRIED and "repeat" in why:
                break  # it reads a clock, or draws numbers: on other calls as well
        return Held(EQUAL, "", calls) if calls else Held(UNTRIED, why)

    def _unless_both(self, reason: str) -> Held:
        """What the candidate cannot do counts only where the original can."""
        try:
            self._more_time()
            self._start("old")
            self._ready("old")
        except _Dead as dead:
            return Held(UNTRIED, f"the original {dead}")
        return Held(DIFFERENT, reason)

    def _one(self, state: Path) -> Held:
        new = self.folder / f"{state.stem}.new"
        try:
            done = self._child("new").ask({"do": "run", "state": str(state), "out": str(new)}, self.left)
            if done["status"] == "ok":
                command = {"do": "compare", "old": str(state.with_suffix(".out")), "new": str(new), "recorded": True}
                same = self._child("new").ask(command, max(self.left, 1.0))
                if same["status"] == "ok" and not same["difference"]:
                    return Held(EQUAL, "", 1)
        except _Dead as dead:
            if dead.status == "timeout":
                return Held(UNTRIED, "there was no time left for it")
        return self._doubted(state, new)

    def _more_time(self) -> None:
        """What differs is looked at to the end: nothing is given up for a clock that the program reads."""
        usual_s = self.facts.wall_s / max(self.facts.calls, 1)
        self.deadline = max(self.deadline, time.monotonic() + 10.0 + 3 * usual_s)

    def _doubted(self, state: Path, new: Path) -> Held:
        """The candidate did not leave what was recorded, or nothing. Does the original, and do the two differ?"""
        self._more_time()
        old = self.folder / f"{state.stem}.old"
        try:
            first = self._child("old").ask({"do": "run", "state": str(state), "out": str(old)}, self.left)
            if first["status"] != "ok":
                return Held(UNTRIED, f"the original does not repeat its run: {first.get('reason', first['status'])}")
            command = {"do": "compare", "old": str(state.with_suffix(".out")), "new": str(old), "recorded": True}
            same = self._child("old").ask(command, self.left)
        except _Dead as dead:
            if dead.status == "timeout":
                return Held(DIFFERENT, "it differs from its recording, and there was no time to look at the original")
            return Held(UNTRIED, f"the original does not repeat its run: {dead}")
        if same["status"] != "ok" or same["difference"]:
            found = same.get("difference") or same.get("reason", "")
            return Held(UNTRIED, f"the original does not repeat its recording: {found}")
        try:
            # a process of its own: what this one did before may be in the way
            self.children["new"].stop()
            again = self._child("new").ask({"do": "run", "state": str(state), "out": str(new)}, self.left)
        except _Dead as dead:
            return Held(DIFFERENT, str(dead))
        if again["status"] != "ok":
            return Held(DIFFERENT, str(again.get("reason", again["status"])))
        try:
            found = self._compare(old, new)
        except _Dead as dead:
            return Held(DIFFERENT, str(dead))
        return Held(DIFFERENT, found) if found else Held(EQUAL, "", 1)
