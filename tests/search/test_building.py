"""Kernels that are compiled ahead of time beside the search."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from hasten.core.contract import Contract
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.process import ProgramRun, run_workload
from hasten.observe.session import session
from hasten.search import ahead
from hasten.search.runs import Program

KERNEL = """from numba import njit


@njit(cache=True, boundscheck=True, error_model="python")
def _total_kernel(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def total(n):
    return _total_kernel(n)


print(total(1000))
"""
PLAIN = "def total(n):\n    return sum(i * i for i in range(n))\n\n\nprint(total(1000))\n"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    (tmp_path / "prog.py").write_text(PLAIN)
    work = ScriptWorkload(tmp_path, Entry("script", "prog.py"), "prog.py")
    with session() as active:
        found = Program(active, work, Contract())
        try:
            found.observe()
            yield found
        finally:
            found.close()


def test_the_extension_module_is_there_without_another_build(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 2)
    kept = program.work.with_sources({"prog.py": SourceFile("prog.py", KERNEL.encode())})
    assert program.check(kept) is None
    meanwhile = ahead.Meanwhile(program, program.work)
    meanwhile.begin(kept)
    building = meanwhile.building
    assert building is not None
    (cache,) = building.folder.glob("0/__pycache__")
    lent = {p.name for p in cache.glob("*.nb?")}
    assert lent, "the run that tells the types compiles nothing anew"
    meanwhile.begin(kept)
    assert meanwhile.building is building
    building.wait()
    assert building.done
    monkeypatch.setattr(ahead, "_watched", None)  # nothing is run or built again
    monkeypatch.setattr(ahead, "build", None)
    with_more = KERNEL.replace("print(", "x = 1\nprint(")  # other plain code, the same kernels
    made = ahead.ahead_of_time(
        program, program.work, kept.with_sources({"prog.py": SourceFile("prog.py", with_more.encode())}), building
    )
    assert not isinstance(made, str)
    assert any(path.endswith((".so", ".pyd")) for path in made.changed)
    wrong, _, _ = program.run_twice(made)
    assert wrong is None
    assert {p.name for p in cache.glob("*.nb?")} == lent, "the extension module served, and Numba was not asked"
    other = kept.with_sources({"prog.py": SourceFile("prog.py", KERNEL.replace("i * i", "i * i * i").encode())})
    assert meanwhile.of(kept) is building
    assert meanwhile.of(other) is None, "other kernels"
    assert meanwhile.of(kept) is building
    monkeypatch.setattr(ahead, "usable_cores", lambda: 1)
    meanwhile.begin(other)
    assert not meanwhile.begun
    assert not building.of(ahead._parts(program, program.work, kept)), "given up"


def test_one_core_has_none_to_spare(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 1)
    kept = program.work.with_sources({"prog.py": SourceFile("prog.py", KERNEL.encode())})
    meanwhile = ahead.Meanwhile(program, program.work)
    meanwhile.begin(kept)
    assert not meanwhile.begun


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ahead.Building, psutil.Process]]:
    """A building whose compiler sleeps, and that compiler."""
    begun: list[subprocess.Popen[bytes]] = []
    there = threading.Event()

    def compiles(folder: Path, *, started: Any, **_: Any) -> ProgramRun:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
        begun.append(child)
        started(child.pid)
        there.set()
        return ProgramRun(child.wait(), b"", b"", 1.0, 1.0, 1.0)

    monkeypatch.setattr(ahead, "_compile", compiles)
    (tmp_path / "0").mkdir()
    (tmp_path / "0.types").write_bytes(b"")
    with session() as active:
        program: Any = SimpleNamespace(session=active, closing=[], work=SimpleNamespace(python=None))
        part: Any = SimpleNamespace(numba=SourceFile("a_numba.py", b""), kernels=("k",), module="m")
        building = ahead.Building(program, [part], tmp_path)
        assert there.wait(20)
        yield building, psutil.Process(begun[0].pid)
        for end in program.closing:
            end()
        assert building.done
        assert begun[0].poll() is not None


def test_it_stands_still_while_programs_are_timed(sleeper: tuple[ahead.Building, psutil.Process]) -> None:
    building, compiler = sleeper
    building.pause()
    while compiler.status() != psutil.STATUS_STOPPED:  # the signal is on its way
        time.sleep(0.01)
    building.go_on()
    while compiler.status() == psutil.STATUS_STOPPED:
        time.sleep(0.01)
    building.pause()  # and it can be ended as it stands


def test_ctrl_c_ends_it(sleeper: tuple[ahead.Building, psutil.Process]) -> None:
    building, _ = sleeper
    building._program.session.stop()
    building.wait()
    assert building.done


def test_what_cannot_be_compiled_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = ProgramRun(1, b"", b"Traceback\nCompileError: no gcc\n", 1.0, 1.0, 1.0)
    monkeypatch.setattr(ahead, "_compile", lambda *_, **__: failed)
    (tmp_path / "0").mkdir()
    (tmp_path / "0.types").write_bytes(b"")
    with session() as active:
        program: Any = SimpleNamespace(session=active, closing=[], work=SimpleNamespace(python=None))
        part: Any = SimpleNamespace(numba=SourceFile("a_numba.py", b""), kernels=("k",), module="m")
        ahead.Building(program, [part], tmp_path).wait()
    assert ahead._built(program, program.work, part, tmp_path / "0.types", tmp_path / "0") == (
        "its kernels cannot be compiled ahead of time: CompileError: no gcc"
    )


def test_a_run_of_a_worker_ends_with_the_session(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("print('on', flush=True)\nimport time\ntime.sleep(120)\n")
    work = ScriptWorkload(tmp_path, Entry("script", "prog.py"), "prog.py")
    with session() as active:
        program = Program(active, work, Contract())
        ended: list[int] = []
        worker = threading.Thread(
            target=lambda: ended.append(run_workload(active, program.mirror, work, deadline_s=100).status)
        )
        worker.start()
        while not ended and worker.is_alive():
            if active.stoppers and any("hasten-wait" in t.name for t in threading.enumerate()):
                active.stop()
            time.sleep(0.02)
        worker.join()
        assert ended == [-signal.SIGKILL]
        program.close()
