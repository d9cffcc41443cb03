"""Replay: run a region's original and its candidate from recorded and varied states, side by side.

Two child processes, one for each side, take the same states in turn; outcomes (results, mutated arguments and
globals, exceptions, output, warnings, random states, shared memory) go to files, and the original's child
compares them. hasten's own process sees JSON only. Calls are timed in alternation after both sides are warm.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from hasten.core.contract import Contract
from hasten.core.facts import RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit, SourceFile, parsed
from hasten.core.workload import ScriptWorkload
from hasten.observe import compiled, instrument
from hasten.observe.reap import MARK, kill_marked, new_mark
from hasten.observe.runtime import runtime_folder
from hasten.observe.session import Session

MAX_SNAPSHOTS = 8
MAX_VARIED = 200
MOST_CONSTANTS = 24
VARIED_S = 5.0  # after so many seconds of CPU (a busy machine must not make the judge lenient), this many are enough:
VARIED_MOST_S = 20.0  # or after so many of the clock
VARIED_ENOUGH = 25
VARIED_LIMIT_S = 0.6  # of CPU: the original must finish a varied case in this time, or the case is skipped
VARIED_WAIT_S = 6.0  # until it must have answered that
CANDIDATE_LIMIT_S = 30.0  # the candidate may have to compile for types it has not met
COMPILED_S = 1.5  # and has so much more time for each function that is compiled
MEMORY_BYTES = 2_000_000_000
TIMING_S = 3.0
TIMED_PAIRS = 7
KILLED = "killed by SIGKILL"
SLOW_PAIRS, SLOW_S = 6, 1.0  # so many pairs, or seconds of the candidate, before it is turned down as slower
LOADS = 20  # modules that a call loads: what it then takes says nothing of the next call
LONG_S = 0.5  # a region that takes so long is not run again and again to be timed
_SKIP = {".git", ".hg", ".venv", "venv", "__pycache__", "node_modules", ".hasten", ".mypy_cache", ".ruff_cache", ".tox"}


@dataclass(frozen=True)
class ReplayOutcome:
    """What a replay showed.

    `status`: "equal", "untimed" (equal, but the time was up before its speed was known), "different", "crashed" or
    "timeout" (the candidate did, where the original finished), "unusable" (nothing could be decided: no snapshot, or
    the original does not repeat its own recording). `old_s` and `new_s`
    are seconds for one pass over the timed snapshots (medians of interleaved calls, warm), `first_call_s` is the
    candidate's first call, compilation included. `calls` recordings were replayed; of the varied cases, `varied` were
    compared and `skipped` were not (too slow, too big or not comparable for the original itself).
    """

    status: str
    reason: str = ""
    old_s: float = 0.0
    new_s: float = 0.0
    first_call_s: float = 0.0
    calls: int = 0
    varied: int = 0
    skipped: int = 0
    samples: tuple[tuple[float, float], ...] = ()  # (old, new) seconds, each pair measured back to back

    @property
    def ratio(self) -> float:
        """old / new of one region call; 0.0 when nothing was timed."""
        return self.old_s / self.new_s if self.new_s > 0 else 0.0


@dataclass(frozen=True)
class Placed:
    """Where a change's edits stand in the new file."""

    block: str  # the text of the region after the edits inside it
    helpers: tuple[tuple[int, int], ...]  # new line ranges of what was added or changed outside the region
    first: int  # the region's first line in the new file


@dataclass(frozen=True)
class Within:
    """A candidate that is replayed at a region around what it changes, and where that region stands in it."""

    candidate: ScriptWorkload
    placed: Placed


def place(source: SourceFile, region: Region, edits: Sequence[Edit]) -> Placed:
    """The new text of a region and the new lines of edits outside it.

    An edit that inserts at the region's first line, or right after its last, is outside. Raises `ValueError`
    for an edit across the border.
    """
    todo = sorted((e for e in dict.fromkeys(edits) if e.path == source.path), key=lambda e: (e.first, not e.inserts))
    lines = list(source.lines)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    block: list[str] = []
    helpers: list[tuple[int, int]] = []
    at, new_line, first = 1, 1, 0

    def keep(upto: int) -> None:
        nonlocal at, new_line, first
        while at < upto:
            if region.first <= at <= region.last:
                first = first or new_line
                block.append(lines[at - 1])
            new_line += 1
            at += 1

    for edit in todo:
        keep(edit.first)
        size = edit.text.count("\n")
        if edit.inserts:
            inside = region.first < edit.first <= region.last
        else:
            inside = region.first <= edit.first and edit.last <= region.last
            if not inside and edit.first <= region.last and region.first <= edit.last:
                raise ValueError(f"an edit of lines {edit.first}-{edit.last} crosses the border of {region.id}")
        if inside:
            first = first or new_line
            block.append(edit.text)
        elif size:
            helpers.append((new_line, new_line + size - 1))
        new_line += size
        if not edit.inserts:
            at = edit.last + 1
    keep(len(lines) + 1)
    return Placed("".join(block), tuple(helpers), first)


def replay(
    session: Session,
    work: ScriptWorkload,
    change: Change,
    facts: RegionFacts,
    contract: Contract,
    *,
    deadline_s: float = 60.0,
    varied: bool = True,
    least: float = 0.0,
) -> ReplayOutcome:
    """Run `change` against the original from every usable snapshot of its region, then from varied states.

    One that is timed and gains less than `least` (old/new) is not worth the varied states: it is not taken anyway.
    Never raises for what the program or the candidate does; the outcome says it. Both children are gone on return. When
    one of them is killed from outside, nothing has been shown, and it is done once more.
    """
    end = time.monotonic() + deadline_s
    found = _replayed(session, work, change, facts, contract, end, varied, least)
    if KILLED in found.reason and not session.stopping.is_set():
        found = _replayed(session, work, change, facts, contract, end, varied, least)
    return found


def _replayed(
    session: Session, work: ScriptWorkload, change: Change, facts: RegionFacts, contract: Contract, end: float,
    varied: bool, least: float,
) -> ReplayOutcome:  # fmt: skip
    if not facts.recorded or not facts.snapshots:
        return ReplayOutcome("unusable", facts.why_not or "there is no recording of the region")
    folder = Path(tempfile.mkdtemp(prefix="replay-", dir=session.scratch))
    try:
        run = _Replay(session, work, change, facts, contract, folder, end)
        session.stoppers.add(run.stop)
        try:
            return run.judge(varied, least)
        finally:
            session.stoppers.discard(run.stop)
            run.stop()
            kill_marked(run.mark)
            run.keep_compiled()
    except (ValueError, SyntaxError) as error:
        return ReplayOutcome("different", f"the change cannot be applied: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Dead(Exception):
    """A child is gone or did not answer; `status` says which."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Child:
    """One side's process and its two pipes."""

    def __init__(self, config: dict[str, Any], folder: Path, python: str, cwd: Path, env: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        there_read, here_write = os.pipe()
        here_read, there_write = os.pipe()
        code = "from _hasten_runtime.replay_child import main; main()"
        command = [python, "-X", "faulthandler", "-c", code, str(folder / "config.json")]
        command += [str(there_read), str(there_write)]
        with open(folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env=env,
                pass_fds=(there_read, there_write),
                start_new_session=True,
            )
        os.close(there_read)
        os.close(there_write)
        self.write_fd, self.read_fd = here_write, here_read
        self.buffer = b""
        self.cpu_s = 0.0  # taken so far
        self.folder = folder

    def send(self, command: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # gone, or stopped by another thread: `answer` says so
            os.write(self.write_fd, (json.dumps(command) + "\n").encode())

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """The next answer. Raises `_Dead` after `timeout_s` seconds, or when the process is gone."""
        end = time.monotonic() + timeout_s
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            try:
                ready = left > 0 and select.select([self.read_fd], [], [], left)[0]
                data = os.read(self.read_fd, 1 << 20) if ready else b""
            except (OSError, ValueError):  # stopped by another thread: the pipe is closed
                raise _Dead("timeout", "hasten was interrupted") from None
            if not ready:
                self.stop()
                raise _Dead("timeout", f"no answer within {timeout_s:.0f} s")
            if not data:
                code = self.process.wait()
                self.stop()
                raise _Dead("crashed", _ending(code))
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line)
        self.cpu_s = found.pop("cpu_s", self.cpu_s)
        return found

    def ask(self, command: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        self.send(command)
        return self.answer(timeout_s)

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        fds, self.write_fd, self.read_fd = (self.write_fd, self.read_fd), -1, -1
        for fd in fds:
            with contextlib.suppress(OSError):
                os.close(fd)


def _plain(pairs: Sequence[tuple[float, float]]) -> bool:
    """Whether so many pairs are enough: more would not change what is done with the change.

    Each pair is a median of calls. A ratio far from 1 need not be known well, one near it does. Memory that is touched
    for the first time may make calls many times slower, several in a row: a change is turned down for that only after
    more of them, as long as they are short.
    """
    ratios = sorted(old / max(new, 1e-9) for old, new in pairs)
    if not ratios:
        return False
    long = pairs[0][0] >= LONG_S  # long calls scatter less
    enough = {1: 2.0 if long else 20.0, 2: 1.5, 3: 1.3}.get(len(ratios), 1.15)
    if ratios[0] >= enough:
        return True
    hasty = len(ratios) < SLOW_PAIRS and sum(new for _, new in pairs) < SLOW_S
    return ratios[-1] <= 1 / enough and not hasty


def _ending(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"ended with status {code}"


def _new_containers(old: ast.Module, new: ast.Module) -> bool:
    """Whether a change brings a container of the module: what is found there on a later call is not on the first."""

    def made(tree: ast.Module) -> set[str]:
        found = [n for n in tree.body if isinstance(n, (ast.Assign, ast.AnnAssign))]
        kinds = (ast.Dict, ast.List, ast.Set, ast.Call)
        held = [n for n in found if isinstance(n.value, kinds) and not ast.unparse(n.value).startswith("frozenset(")]
        targets = [t for n in held for t in (n.targets if isinstance(n, ast.Assign) else [n.target])]
        return {ast.unparse(t) for t in targets}

    return not made(new) <= made(old)


class _Replay:
    def __init__(
        self,
        session: Session,
        work: ScriptWorkload,
        change: Change,
        facts: RegionFacts,
        contract: Contract,
        folder: Path,
        deadline: float,
        within: Within | None = None,
    ) -> None:
        self.session = session
        self.work = work
        self.change = change
        self.region = change.region
        self.facts = facts
        self.contract = contract
        self.folder = folder
        self.mark = new_mark()  # of both sides, and of all that they start
        self.deadline = deadline
        self.store = Path(facts.snapshots)
        self.meta: dict[str, Any] = json.loads((self.store / "meta.json").read_text(encoding="utf-8"))
        self.children: dict[str, _Child] = {}
        self.first_call_s = 0.0
        self.loading: set[Path] = set()  # states from which the original's first call loads libraries
        kernels = sum(e.text.count("@njit(") for e in change.edits)
        self.compiling_s = CANDIDATE_LIMIT_S + COMPILED_S * kernels
        self.candidate = candidate = change.apply(work) if within is None else within.candidate
        source = work.source(self.region.path)
        new = candidate.source(self.region.path)
        self.old_tree = old_tree = original_tree(session, work)
        new_tree = folder / "tree"
        overlay_tree(old_tree, new_tree, {p: s for p, s in candidate.changed.items() if work.changed.get(p) != s})
        placed = place(source, self.region, change.edits) if within is None else within.placed
        self.keeps = change.later or _new_containers(source.tree, parsed(new.text))
        self.configs = {
            "old": self._config("old", old_tree, source, place(source, self.region, ())),
            "new": self._config("new", new_tree, new, placed),
        }

    # -- set-up

    def _config(self, side: str, tree: Path, source: SourceFile, placed: Placed) -> dict[str, Any]:
        region = self.region
        around: list[ast.AST] = []
        if region.kind == "block":
            _, around = instrument.block_nodes(self.work.source(region.path).tree, region)
        functions = [n for n in around if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        classes = [n for n in around if isinstance(n, ast.ClassDef)]
        size = placed.block.count("\n")
        in_function = bool(functions)
        globals_named = sorted(
            {n for f in functions[-1:] for g in ast.walk(f) if isinstance(g, ast.Global) for n in g.names}
        )
        future = any(
            isinstance(n, ast.ImportFrom) and n.module == "__future__" and any(a.name == "annotations" for a in n.names)
            for n in source.tree.body
        )
        mirror = self.meta["mirror"].rstrip("/")
        runtime = str(runtime_folder(self.session.scratch))
        path = []
        for entry in self.meta["path"]:
            if entry == runtime:
                continue
            if entry == mirror or entry.startswith(mirror + "/"):
                entry = str(tree) + entry[len(mirror) :]
            path.append(entry)
        return {
            "side": side,
            "kind": region.kind,
            "qualname": region.qualname,
            "module": self.meta["module"],
            "file": self.meta["file"],
            "text": source.text,
            "filename": str(tree / region.path),
            "helpers": [list(h) for h in placed.helpers],
            "block": placed.block,
            "def_lines": list(range(placed.first, placed.first + size)),
            "in_function": in_function,
            "class_name": classes[-1].name if classes and in_function else "",
            "parameters": [n for n in region.live_in if n not in globals_named] if in_function else [],
            "global_names": globals_named,
            "live_out": list(region.live_out),
            "seen_on_error": any(isinstance(n, (ast.Try, ast.With)) for n in around) or not in_function,
            "future_annotations": future,
            "reads": self.meta["reads"],
            "classes": self.meta["classes"],
            "argv": self.meta["argv"],
            "path": path,
            "folder": str(self.folder / side),
            "contract": asdict(self.contract),
            "isolated": self.change.whole and side == "new",
            "allowed": [str(self.session.scratch / "numba"), str(self.folder), "/dev/"],
        }

    def _caches(self) -> Iterator[tuple[SourceFile, Path]]:
        """The changed files of both sides, with where Numba has their caches."""
        root = self.session.scratch / "numba"
        for tree, work in ((self.old_tree, self.work), (self.folder / "tree", self.candidate)):
            for path, source in work.changed.items():
                yield source, compiled.elsewhere(root, tree / path)

    def keep_compiled(self) -> None:
        """What was compiled serves the runs that follow."""
        for source, cache in self._caches():
            self.session.compiled.keep(source, cache)

    def _start(self, side: str) -> _Child:
        env = dict(os.environ)
        env.update(
            PYTHONPATH=str(runtime_folder(self.session.scratch)),
            PYTHONHASHSEED="0",
            PYTHONDONTWRITEBYTECODE="1",
            NUMBA_CACHE_DIR=str(self.session.scratch / "numba"),
        )
        env[MARK] = self.mark
        env.pop("HASTEN_RECORD", None)
        (self.session.scratch / "numba").mkdir(exist_ok=True)
        cwd = Path(self.meta["mirror"]) / self.work.cwd
        tree = Path(self.configs[side]["filename"][: -len(self.region.path)])
        child = _Child(
            self.configs[side],
            self.folder / side,
            self.work.python or sys.executable,
            cwd if cwd.is_dir() else tree / self.work.cwd,
            env,
        )
        self.children[side] = child
        return child

    def _child(self, side: str) -> _Child:
        """The running child of a side, started again when it was lost."""
        if self.session.stopping.is_set():
            raise _Dead("timeout", "hasten was interrupted")
        child = self.children.get(side)
        if child is None or child.process.poll() is not None:
            self._start(side)
            self._ready(side)
        return self.children[side]

    def _ready(self, side: str) -> None:
        answer = self.children[side].answer(min(self.left, 60.0))
        if answer["status"] != "ready":
            raise _Dead("unusable", f"{'original' if side == 'old' else 'candidate'} {answer['reason']}")

    @property
    def left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.0)

    def stop(self) -> None:
        for child in list(self.children.values()):
            child.stop()

    # -- judging

    def judge(self, varied: bool, least: float) -> ReplayOutcome:
        for given, cache in self._caches():
            self.session.compiled.lend(given, cache)
        try:
            self._start("old")
            self._start("new")
            self._ready("old")
        except _Dead as dead:
            return ReplayOutcome("unusable", f"the original: {dead}")
        try:
            self._ready("new")
        except _Dead as dead:
            status = dead.status if dead.status != "unusable" else "crashed"
            return ReplayOutcome(status, str(dead))
        outcome, timed = self._recordings()
        if outcome.status != "equal":
            return outcome
        if not self.change.whole:  # rounds are done in this very process, which says nothing of their speed
            outcome = self._time(outcome, timed)
        given_up = outcome.status == "equal" and 0.0 < outcome.ratio < least
        if varied and not given_up:
            outcome = self._varied(outcome, timed or self._chosen())
        return outcome

    def _chosen(self) -> list[Path]:
        """Up to eight snapshots: the first, the last, the biggest, and an even spread of the others."""
        found = sorted(self.store.glob("*.in"), key=lambda p: int(p.stem))
        found = [p for p in found if p.with_suffix(".out").exists()]
        if len(found) <= MAX_SNAPSHOTS:
            return found
        biggest = max(found, key=lambda p: p.stat().st_size)
        step = (len(found) - 1) / (MAX_SNAPSHOTS - 2)
        picked = {found[round(i * step)] for i in range(MAX_SNAPSHOTS - 1)} | {biggest}
        return [p for p in found if p in picked]

    def _recordings(self) -> tuple[ReplayOutcome, list[tuple[Path, float, float]]]:
        """Replay the snapshots. Returns what was shown, and (state, old seconds, new seconds) of the usable ones."""
        usable: list[tuple[Path, float, float]] = []
        why = "no snapshot could be replayed"
        for state in self._chosen():
            if self.left <= 0:
                break
            old, new = self.folder / f"{state.stem}.old", self.folder / f"{state.stem}.new"
            try:
                first = self._child("old").ask({"do": "run", "state": str(state), "out": str(old)}, self.left)
            except _Dead as dead:
                why = f"the original does not repeat its run: {dead}"
                continue
            if first["status"] != "ok":
                why = f"the original does not repeat its run: {first.get('reason', first['status'])}"
                continue
            try:
                same = self._child("old").ask(
                    {"do": "compare", "old": str(state.with_suffix(".out")), "new": str(old), "recorded": True},
                    self.left,
                )
            except _Dead as dead:
                why = f"the recording cannot be compared: {dead}"
                continue
            if same["status"] != "ok" or same["difference"]:
                found = same.get("difference") or same.get("reason", "")
                why = f"the original does not repeat its recording: {found}"
                continue
            limit = min(self.left, max(self.compiling_s, 20 * first["seconds"]))
            try:
                second = self._child("new").ask({"do": "run", "state": str(state), "out": str(new)}, limit)
            except _Dead as dead:
                return ReplayOutcome(dead.status, f"on a recorded call: {dead}", calls=len(usable)), usable
            if second["status"] != "ok":
                reason = f"on a recorded call: {second.get('reason', second['status'])}"
                return ReplayOutcome("different", reason, calls=len(usable)), usable
            self.first_call_s = self.first_call_s or second["seconds"]
            try:
                found = self._compare(old, new) or self._different_again(state, old, new, limit)
            except _Dead as dead:
                return ReplayOutcome(dead.status, str(dead), calls=len(usable)), usable
            if found:
                return ReplayOutcome("different", found, calls=len(usable)), usable
            usable.append((state, first["seconds"], second["seconds"]))
            if first["loaded"] >= LOADS:
                self.loading.add(state)
            old.unlink(missing_ok=True)
            new.unlink(missing_ok=True)
        if not usable:
            return ReplayOutcome("unusable", why), usable
        return ReplayOutcome("equal", calls=len(usable), first_call_s=self.first_call_s), usable

    def _different_again(self, state: Path, old: Path, new: Path, limit_s: float, *, varied: bool = False) -> str:
        """What differs when the same is asked once more of a change that keeps what earlier calls have found."""
        if not self.keeps:
            return ""
        try:
            second = self._child("new").ask({"do": "run", "state": str(state), "out": str(new)}, limit_s)
        except _Dead as dead:
            return "" if dead.status == "timeout" and self.left <= 2.0 else f"when called again: {dead}"
        if second["status"] != "ok":
            return f"when called again: {second.get('reason', second['status'])}"
        found = self._compare(old, new, varied=varied)
        return f"when called again: {found}" if found else ""

    def _compare(self, old: Path, new: Path, *, varied: bool = False) -> str:
        """The first difference between two outcomes, or nothing. Raises `_Dead` when time is up before it is known."""
        command = {"do": "compare", "old": str(old), "new": str(new), "varied": varied}
        try:
            answer = self._child("old").ask(command, max(self.left, 1.0))
        except _Dead as dead:
            if dead.status == "timeout":
                raise _Dead("timeout", f"the outcomes were still being compared: {dead}") from None
            return f"the outcomes cannot be compared: {dead}"
        if answer["status"] != "ok":
            return f"the outcomes cannot be compared: {answer.get('reason', '')}"
        return answer["difference"] or ""

    def _time(self, outcome: ReplayOutcome, usable: list[tuple[Path, float, float]]) -> ReplayOutcome:
        """Interleaved timings of up to three snapshots, those that take longest; the new side is warm."""
        chosen = sorted(usable, key=lambda u: -u[1])[:3]
        # a snapshot that takes a hundredth of the longest one's time says nothing about what is saved
        chosen = [u for u in chosen if u[1] >= 0.01 * chosen[0][1]]
        share = min(TIMING_S, self.left / 3) / max(len(chosen), 1)
        old_total = new_total = 0.0
        samples: list[tuple[float, float]] = []
        for state, old_s, new_s in chosen:
            try:
                pairs = self._pairs(state, old_s, share) if old_s >= LONG_S or self.left > 2 * old_s + 1 else []
            except _Dead as dead:
                if self.left > 0:
                    return replace(outcome, status=dead.status, reason=str(dead))
                pairs = []
            if not pairs:
                if new_s > old_s:  # the candidate's first call may have compiled: that says nothing of the next
                    return replace(outcome, status="untimed", reason="equal, but no time was left to time it")
                pairs = [(old_s, new_s)]
            samples += pairs
            old_total += median(old for old, _ in pairs)
            new_total += median(new for _, new in pairs)
        return replace(outcome, old_s=old_total, new_s=new_total, samples=tuple(samples))

    def _pairs(self, state: Path, old_s: float, share_s: float) -> list[tuple[float, float]]:
        """(old, new) seconds of one snapshot, until the ratio is plain. Raises `_Dead` with what that says."""
        end = time.monotonic() + share_s
        calls = max(1, min(50, int(0.01 / max(old_s, 1e-7))))
        pairs: list[tuple[float, float]] = []
        if old_s >= LONG_S and state not in self.loading:  # its replay took long enough to be a timing
            # the time may be up: one run that is warm, and no slower than the original, is taken all the same
            pairs.append((old_s, self._timed("new", state, 1, least_s=old_s)))
        while len(pairs) < TIMED_PAIRS and not _plain(pairs):
            if pairs and (self.left < 2 * old_s or time.monotonic() > end and (len(pairs) > 1 or old_s > 1.0)):
                break
            order = ("old", "new") if len(pairs) % 2 == 0 else ("new", "old")
            taken = {side: self._timed(side, state, calls) for side in order}
            pairs.append((taken["old"], taken["new"]))
        return pairs

    def _timed(self, side: str, state: Path, calls: int, least_s: float = 0.0) -> float:
        """Seconds of one call, the median of several. It gets the time that is left, or `least_s`."""
        whose = "" if side == "new" else "the original, "
        try:
            answer = self._child(side).ask(
                {"do": "time", "state": str(state), "calls": calls}, max(self.left, least_s) + 1
            )
        except _Dead as dead:
            raise _Dead(dead.status if side == "new" else "unusable", f"{whose}when called again: {dead}") from None
        if answer["status"] != "ok":
            raise _Dead("unusable", str(answer.get("reason")))
        return float(median(answer["samples"]))

    @property
    def _cpu_s(self) -> float:
        """CPU that both children have taken; one that was started anew begins anew."""
        return sum(child.cpu_s for child in self.children.values())

    def _varied(self, outcome: ReplayOutcome, usable: Sequence[Any]) -> ReplayOutcome:
        """The same on varied states. A case that the original itself cannot finish is skipped."""
        states = [u[0] for u in usable]
        if not states or self.left <= 0:
            return outcome
        states.sort(key=lambda p: p.stat().st_size)
        chosen = list(dict.fromkeys((states[0], states[-1])))
        tried = skipped = slow = 0
        gone_s, end = self._cpu_s, time.monotonic() + VARIED_MOST_S
        capped: set[str] = set()
        for number, state in enumerate(chosen):
            cases_folder = self.folder / f"varied-{number}"
            cases_folder.mkdir()
            command = {
                "do": "vary",
                "state": str(state),
                "parameters": self._parameter_names(),
                "constants": self._constants(),
                "seed": self.session.seed,
                "most": MAX_VARIED if number == 0 else MAX_VARIED // 3,
                "out": str(cases_folder),
            }
            try:
                answer = self._child("old").ask(command, min(self.left, 30.0))
            except _Dead:
                continue
            for name, path in answer.get("cases", ()):
                enough = self._cpu_s - gone_s > VARIED_S or time.monotonic() > end
                if self.left <= 0 or (enough and tried + skipped >= VARIED_ENOUGH):
                    return replace(outcome, varied=tried, skipped=skipped)
                if slow >= 3 and any(word in name for word in ("huge", "2**31", "largest")):
                    skipped += 1
                    continue
                status, reason = self._one_varied(Path(path), capped)
                slow += status == "slow"
                if status in ("skipped", "slow"):
                    skipped += 1
                elif status == "equal":
                    tried += 1
                else:
                    return replace(
                        outcome, status=status, reason=f"varied input ({name}): {reason}", varied=tried, skipped=skipped
                    )
        return replace(outcome, varied=tried, skipped=skipped)

    def _one_varied(self, state: Path, capped: set[str]) -> tuple[str, str]:
        """("equal" | "skipped" | "slow" | a status of `ReplayOutcome`, reason)."""
        old, new = state.with_suffix(".old"), state.with_suffix(".new")
        try:
            child = self._child("old")
            if capped.isdisjoint({f"old{child.process.pid}"}):
                child.ask({"do": "cap", "extra_bytes": MEMORY_BYTES}, 10.0)
                capped.add(f"old{child.process.pid}")
            first = child.ask(
                {"do": "run", "state": str(state), "out": str(old), "limit_s": VARIED_LIMIT_S}, VARIED_WAIT_S
            )
        except _Dead as dead:
            return "slow" if dead.status == "timeout" else "skipped", str(dead)
        if first["status"] != "ok":
            return "slow" if first["status"] == "timeout" else "skipped", str(first.get("reason", ""))
        try:
            other = self._child("new")
            if f"new{other.process.pid}" not in capped:
                # room to compile in, but not the whole machine
                other.ask({"do": "cap", "extra_bytes": 2 * MEMORY_BYTES}, 10.0)
                capped.add(f"new{other.process.pid}")
            second = other.ask(
                {"do": "run", "state": str(state), "out": str(new)}, min(CANDIDATE_LIMIT_S, max(self.left, 2.0))
            )
        except _Dead as dead:
            if dead.status == "timeout" and self.left <= 2.0:
                return "skipped", str(dead)  # our own deadline, not the candidate's fault
            return dead.status, str(dead)
        if second["status"] != "ok":
            return "different", str(second.get("reason", second["status"]))
        try:
            found = self._compare(old, new, varied=True)
            found = found or self._different_again(state, old, new, CANDIDATE_LIMIT_S, varied=True)
            if found and "cannot be compared" in found and self._compare(old, old, varied=True):
                return "skipped", found  # not even with itself
            if found and not self._repeats(state, old):
                return "skipped", "the original does not repeat itself on it"  # a seed that became None
        except _Dead as dead:
            return "skipped", str(dead)
        old.unlink(missing_ok=True)
        new.unlink(missing_ok=True)
        return ("different", found) if found else ("equal", "")

    def _repeats(self, state: Path, old: Path) -> bool:
        """False where the original, run again from a varied state, is seen to come to something else."""
        again = state.with_suffix(".again")
        command = {"do": "run", "state": str(state), "out": str(again), "limit_s": VARIED_LIMIT_S}
        try:
            answer = self._child("old").ask(command, VARIED_WAIT_S)
            return answer["status"] != "ok" or not self._compare(old, again, varied=True)
        except _Dead:
            return True  # nothing was seen: the difference counts
        finally:
            again.unlink(missing_ok=True)

    def _parameter_names(self) -> list[str]:
        if self.region.kind != "function":
            return []
        node = instrument.function_node(self.work.source(self.region.path).tree, self.region)
        return [a.arg for a in (*node.args.posonlyargs, *node.args.args)] if node is not None else []

    def _constants(self) -> list[Any]:
        """Numbers and texts that the region names, before and after the change: where its borders are."""
        found: list[Any] = []
        edits = [e.text for e in self.change.edits]
        for text in (place(self.work.source(self.region.path), self.region, ()).block, *edits):
            lead = text[: len(text) - len(text.lstrip(" \t"))]
            with contextlib.suppress(SyntaxError, ValueError):
                tree = parsed(f"if 1:\n{lead}pass\n{text}" if lead else text)
                found += [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        known = [c for c in found if type(c) in (int, float, str) and len(repr(c)) < 80 and c == c]
        return [c for c in dict.fromkeys(known) if not (type(c) is float and math.isinf(c))][:MOST_CONSTANTS]


# -- trees


def original_tree(session: Session, work: ScriptWorkload) -> Path:
    """The project as the workload has it, in scratch: Python files copied, everything else linked. Made once."""
    digest = hashlib.sha256(str(work.root).encode())
    files = {**work.made, **work.changed}
    for path, source in sorted(files.items()):
        digest.update(path.encode() + source.data)
    folder = session.scratch / "trees" / digest.hexdigest()[:16]
    if not folder.exists():
        building = folder.with_suffix(".part")
        shutil.rmtree(building, ignore_errors=True)
        _mirror_tree(work.root, building)
        for path, source in files.items():
            _put(building / path, source.data)
        building.rename(folder)
    return folder


def overlay_tree(old: Path, new: Path, changed: dict[str, SourceFile]) -> None:
    """A tree of links to `old` with some files replaced."""
    _mirror_tree(old, new)
    for path, source in changed.items():
        _put(new / path, source.data)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _mirror_tree(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for entry, relative in _walk(source, ""):
        place_at = target / relative
        if entry.is_dir():
            place_at.mkdir(exist_ok=True)
        elif relative.endswith(".py"):
            shutil.copyfile(entry, place_at)
        else:
            place_at.symlink_to(entry)


def _walk(folder: Path, prefix: str, depth: int = 0) -> Iterator[tuple[Path, str]]:
    for entry in sorted(folder.iterdir()):
        if entry.name in _SKIP or (entry.is_symlink() and not entry.exists()):
            continue
        relative = f"{prefix}{entry.name}"
        if entry.is_dir() and (entry / "pyvenv.cfg").exists():
            continue
        if entry.is_dir() and (entry.is_symlink() or depth > 12):
            continue
        yield entry, relative
        if entry.is_dir():
            yield from _walk(entry, relative + "/", depth + 1)
