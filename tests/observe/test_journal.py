"""A journal gives back every step that it said was finished, whatever happened to the file after that."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hasten.errors import StaleError, StoreError, UsageError
from hasten.observe import guard, journal
from hasten.observe.journal import Identity, Journal, changed_files, held, unfinished
from hasten.observe.session import scratch_name, session

ABOUT = Identity("script", "/here", {"target": "a.py", "stdin": b"\0\xff"}, {"numpy": "2"}, {"cores": 2}, {"a": "1"})


def begun(run: Path) -> Journal:
    return Journal.begin(run, ABOUT, scratch_name())


def answers(
    found: Journal, steps: int, made: list[int], values: Callable[[int], Any] = lambda n: (n, float("nan"))
) -> list[Any]:
    """What so many steps give; `made` are those that had to be done."""

    def make(n: int) -> Any:
        made.append(n)
        return values(n)

    return [found.once("step", (n,), partial(make, n), partial(float, n)) for n in range(steps)]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The folder of a run with three finished steps."""
    opened = begun(tmp_path)
    answers(opened, 3, [])
    opened.close()
    return tmp_path


def test_what_is_finished_is_not_done_again(three: Path) -> None:
    made: list[int] = []
    again = Journal.reopen(three)
    assert again.resumed and again.identity == ABOUT and not again.notes
    told = answers(again, 5, made)
    assert made == [3, 4] and [n for n, _ in told] == [0, 1, 2, 3, 4]
    again.close()
    with Journal.reopen(three) as last:
        assert last.spent_s == 4.0


def test_a_step_that_is_asked_for_twice_is_two_steps(tmp_path: Path) -> None:
    opened = begun(tmp_path)
    assert [opened.once("look", (), lambda n=n: n, lambda: 0.0) for n in range(3)] == [0, 1, 2]
    opened.close()
    again = Journal.reopen(tmp_path)
    assert [again.once("look", (), lambda: -1, lambda: 0.0) for _ in range(4)] == [0, 1, 2, -1]
    again.close()


def test_every_cut_of_the_file_leaves_the_steps_before_it(three: Path) -> None:
    file = three / "journal" / "steps"
    whole = file.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(ends[0], len(whole), 7):
        file.write_bytes(whole[:cut])
        finished = sum(end <= cut for end in ends) - 1
        made: list[int] = []
        again = Journal.reopen(three)
        answers(again, 3, made)
        assert made == list(range(finished, 3)) and bool(again.notes) == (cut not in ends)
        again.close()
        # what was added after the cut can be read: it did not run into the torn line
        more: list[int] = []
        last = Journal.reopen(three)
        answers(last, 3, more)
        assert not more and not last.notes
        last.close()


@pytest.mark.parametrize("line", [0, 1, 3])
def test_a_bit_that_flips_is_seen(three: Path, line: int) -> None:
    file = three / "journal" / "steps"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line][:30] + bytes([lines[line][30] ^ 1]) + lines[line][31:]
    file.write_bytes(b"".join(lines))
    if line == 0:
        with pytest.raises(StaleError, match="torn from the first line on"):
            Journal.reopen(three)
        return
    made: list[int] = []
    with Journal.reopen(three) as again:
        answers(again, 3, made)
        assert made == list(range(line - 1, 3)) and again.notes


@pytest.mark.parametrize("head", [b"", b"not a journal\n", b'{"schema": 1}\n'])
def test_what_is_no_journal_is_said(three: Path, head: bytes) -> None:
    (three / "journal" / "steps").write_bytes(head)
    with pytest.raises(StaleError, match="run it anew"):
        Journal.reopen(three)
    assert not held(three)  # the lock was let go


def test_another_schema_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as m:
        m.setattr(journal, "SCHEMA", 99)
        begun(tmp_path).close()
    with pytest.raises(StaleError, match="schema 99, and this hasten reads 1"):
        Journal.reopen(tmp_path)


def test_a_file_that_a_step_left_must_be_there_as_it_was(tmp_path: Path) -> None:
    opened = begun(tmp_path)
    kept = opened.store / "recording"
    kept.mkdir()
    (kept / "data").write_bytes(b"12345")
    opened.once("record", (), lambda: 1, lambda: 0.0, lambda _: [kept])
    opened.close()
    for change, fresh in ((lambda: None, False), (lambda: (kept / "data").write_bytes(b"123"), True)):
        change()
        again = Journal.reopen(tmp_path)
        assert again.once("record", (), lambda: 2, lambda: 0.0) == (2 if fresh else 1)
        again.close()


def test_one_hasten_at_a_time(three: Path) -> None:
    opened = Journal.reopen(three)
    assert held(three)
    with pytest.raises(UsageError, match=rf"another hasten \(process {os.getpid()}\) is at work"):
        Journal.reopen(three)
    with pytest.raises(UsageError, match="another hasten"):
        begun(three)
    opened.close()
    assert not held(three) and unfinished(three)
    Journal.reopen(three).finished()
    assert not unfinished(three) and not (three / "journal").exists()
    with pytest.raises(UsageError, match="no unfinished run"):
        Journal.reopen(three)


def test_a_run_that_was_moved_is_not_gone_on_with(three: Path) -> None:
    other = three / "moved"
    other.mkdir()
    (three / "journal").rename(other / "journal")
    with pytest.raises(StaleError, match="was moved from"):
        Journal.reopen(other)


def test_a_full_disk_is_one_error_and_the_rest_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = begun(tmp_path)
    answers(opened, 2, [])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(journal.os, "fsync", full)
        with pytest.raises(StoreError, match=r"steps cannot be written: the disk is full; make room"):
            opened.note("step x 1", 1, 0.0)
    opened.note("step y 1", 2, 0.0)  # there is room again
    opened.close()
    made: list[int] = []
    again = Journal.reopen(tmp_path)
    answers(again, 2, made)
    assert not made and not again.notes and again.known("step y 1", None) == 2
    again.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written: Permission denied"):
        begun(tmp_path / "run")


def test_a_place_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written: Not a directory"):
        begun(tmp_path / "file")


def test_what_has_changed_is_named() -> None:
    assert changed_files({"a": "1", "b": "2"}, {"b": "2", "a": "1"}) is None
    assert changed_files({"a": "1"}, {"a": "2"}) == "a has changed"
    assert changed_files({"a": "1", "b": "2"}, {}) == "a is gone, and 1 more"
    assert changed_files({}, {"new": "1"}) == "new is new"
    told = Identity("script", "/here", {}, {"numpy": "3"}, {"cores": 2}, {"a": "1"}).changed_from(ABOUT)
    assert told == "numpy was 2, and is 3 now"
    told = Identity("script", "/here", {}, {"numpy": "2"}, {"cores": 4}, {"a": "1"}).changed_from(ABOUT)
    assert told is not None and "another machine" in told


# --- a process that is killed while it writes -------------------------------------------------------------------------

WRITER = """
import os, sys
from pathlib import Path
from hasten.observe.journal import Identity, Journal
run = Path(sys.argv[1])
opened = Journal.reopen(run) if len(sys.argv) > 2 else Journal.begin(run, Identity("script", "", {}), run / "s")
for n in range(100_000):
    opened.once("step", (n,), lambda: "x" * (n % 3000), lambda: 0.0)
    if n % 8 == 0:
        print(n, flush=True)
"""


def test_what_was_said_to_be_kept_is_there_after_kill_9(tmp_path: Path) -> None:
    said = -1
    for attempt in range(3):
        words = [sys.executable, "-c", WRITER, str(tmp_path), *(["again"] if attempt else [])]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if int(line) > said + 40:
                    said = int(line)
                    break
            writer.send_signal(signal.SIGKILL)
        made: list[int] = []
        again = Journal.reopen(tmp_path)
        answers(again, said + 1, made)
        again.close()
        assert not made


# --- after a kill: the guard ------------------------------------------------------------------------------------------

HOLDER = """
import os, subprocess, sys, time
from pathlib import Path
from hasten.observe.process import run_program
from hasten.observe.session import session
with session() as current:
    print(current.scratch, flush=True)
    run_program([sys.executable, "-c", "import time; print(1); time.sleep(600)"], cwd="/", out_dir=current.scratch,
                started=lambda pid: print(pid, flush=True))
"""


def test_a_killed_hasten_leaves_no_process_and_no_temporary_folder() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        scratch, pid = Path(holder.stdout.readline().strip()), int(holder.stdout.readline())
        assert scratch.is_dir() and Path(f"/proc/{pid}").exists()
        token = next(
            e.split(b"=")[1].decode().rpartition(".")[0]
            for e in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if e.startswith(b"HASTEN_RUN=")
        )  # fmt: skip
        holder.kill()
    from hasten.observe import reap

    reap.ended(token, 60.0)
    assert not scratch.exists()
    assert not reap.marked(token) and not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_files_outside_are_put_back_from_what_the_program_logged(tmp_path: Path) -> None:
    scratch = tmp_path / "hasten-x"
    (scratch / "shim").mkdir(parents=True)
    backup, mine, new, folder = (tmp_path / n for n in ("backup", "mine", "new", "made"))
    backup.write_bytes(b"as it was")
    mine.write_bytes(b"changed")
    new.write_bytes(b"made by the program")
    folder.mkdir()
    log = [
        ["started", 1], ["outside", str(mine), str(backup), 0o640, 10**18], ["outside", str(new), None, 0, 0],
        ["made", str(folder)], ["outside", str(mine), str(new), 0o600, 1],
    ]  # fmt: skip
    import json

    text = "".join(json.dumps(line) + "\n" for line in log)
    (scratch / "shim" / "log").write_text(text + '["outside", "/cut', encoding="ascii")
    guard.clean(str(scratch))
    assert mine.read_bytes() == b"as it was" and mine.stat().st_mode & 0o777 == 0o640
    assert mine.stat().st_mtime_ns == 10**18
    assert not new.exists() and not folder.exists() and not scratch.exists()
    guard.clean(str(tmp_path))  # no scratch folder of ours
    assert tmp_path.exists()


def test_a_session_goes_on_in_the_same_place_with_its_time_spent(tmp_path: Path) -> None:
    opened = begun(tmp_path)
    with session(journal=opened, budget_s=100) as first:
        place = first.scratch
        first.once("step", (), lambda: 1)
        opened.note("late 1", 1, 40.0)
        (place / "file").write_text("x")
    opened.close()
    assert not place.exists()
    place.mkdir()  # as if the guard had been killed too
    (place / "left").write_text("x")
    again = Journal.reopen(tmp_path)
    with session(journal=again, budget_s=100) as second:
        assert second.scratch == place and not list(place.glob("left")) and second.resumed
        assert second.elapsed_s >= 40 and second.left_s <= 60
        second.waited(30)
        assert 60 < second.left_s <= 90
    again.finished()


def test_code_in_a_journal_is_not_run(tmp_path: Path) -> None:
    opened = begun(tmp_path)
    opened.note("evil 1", 1, 0.0)
    opened.close()
    file = tmp_path / "journal" / "steps"
    lines = file.read_bytes().splitlines()
    evil = textwrap.dedent(
        """{"step":"evil 1","files":[],"value":{"!":"made","of":"os:system","is":{"command":"true"}}}"""
    )
    import hashlib

    lines[1] = hashlib.sha256(evil.encode()).hexdigest()[:16].encode() + b" " + evil.encode()
    file.write_bytes(b"\n".join(lines) + b"\n")
    again = Journal.reopen(tmp_path)
    assert again.known("evil 1", "nothing") == "nothing"
    again.close()
