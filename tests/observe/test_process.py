"""Programs that do their worst: each must come back in time, with nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.observe.process import ProgramRun, run_program
from hasten.observe.reap import marked

PY = sys.executable


def run(code: str, tmp: Path, **options: object) -> ProgramRun:
    settings: dict[str, object] = {"deadline_s": 60.0, **options}
    return run_program([PY, "-c", code], cwd=tmp, **settings)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int, within_s: float = 5.0) -> bool:
    """A killed process takes a moment to be gone."""
    deadline = time.monotonic() + within_s
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_output_and_status_come_back(tmp_path: Path) -> None:
    done = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (done.status, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    assert not done.stopped
    assert done.ended == "exit status 3"
    assert done.wall_s > 0
    assert done.cpu_s > 0


def test_stdin_reaches_it(tmp_path: Path) -> None:
    done = run("import sys; print(sys.stdin.read().upper())", tmp_path, stdin="grüß\n".encode())
    assert done.stdout == "GRÜSS\n\n".encode()


def test_no_stdin_is_an_empty_one(tmp_path: Path) -> None:
    assert run("import sys; print(repr(sys.stdin.read()))", tmp_path).stdout == b"''\n"


def test_os_exit_skips_what_python_would_flush(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = run("import os, sys; sys.stdout.write('lost'); os._exit(0)", tmp_path, env=env)
    assert (done.status, done.stdout) == (0, b"")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_signal_is_named(tmp_path: Path, name: str) -> None:
    done = run(f"import os, signal; os.kill(os.getpid(), signal.{name})", tmp_path)
    assert done.signal == name
    assert done.status == -getattr(signal, name)
    assert done.ended == f"killed by {name}"


def test_a_real_segfault(tmp_path: Path) -> None:
    assert run("import ctypes; ctypes.string_at(0)", tmp_path).signal == "SIGSEGV"


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",  # in C, holding the interpreter's lock
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)",
    ],
    ids=["loop", "c", "ignores-sigterm"],
)
def test_a_hang_ends_at_the_deadline(tmp_path: Path, code: str) -> None:
    done = run(code, tmp_path, deadline_s=0.7)
    assert done.timed_out
    assert done.stopped


def test_what_waits_for_a_processor_is_given_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a program that would have ended is not taken to hang; one that sleeps gets nothing."""
    monkeypatch.setattr("hasten.observe.process.run_queue_s", lambda pid: 5.0)
    code = "import time; time.sleep(0.9)"
    assert run(code, tmp_path, deadline_s=0.5).timed_out
    assert not run(code, tmp_path, deadline_s=0.5, patient=True).timed_out
    assert run("import time; time.sleep(60)", tmp_path, deadline_s=0.3, patient=True).wall_s < 30
    monkeypatch.setattr("hasten.observe.process.run_queue_s", lambda pid: 0.0)
    assert run(code, tmp_path, deadline_s=0.5, patient=True).timed_out


def test_a_grandchild_that_holds_stdout_does_not_hold_us(tmp_path: Path) -> None:
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(child.pid, flush=True)
"""
    done = run(code, tmp_path)
    assert not done.timed_out
    assert done.status == 0
    assert done.children
    assert ends(int(done.stdout))


def test_a_daemon_does_not_outlive_it(tmp_path: Path) -> None:
    code = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("pid", "w").write(str(os.getpid()))
        time.sleep(300)
    os._exit(0)
while not os.path.exists("pid") or not open("pid").read():
    time.sleep(0.01)
"""
    assert run(code, tmp_path).status == 0
    assert ends(int((tmp_path / "pid").read_text()))


def test_a_child_that_hides_its_environment_is_found_while_its_parent_runs(tmp_path: Path) -> None:
    code = """
import subprocess, time
child = subprocess.Popen(["sleep", "300"], env={}, start_new_session=True)
print(child.pid, flush=True)
time.sleep(300)
"""
    done = run(code, tmp_path, deadline_s=3.0)
    assert done.timed_out
    assert ends(int(done.stdout))


def test_what_a_fork_prints_after_its_parent_ended_is_kept(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork() == 0: time.sleep(0.05)\nprint(5)"
    assert run(code, tmp_path).stdout == b"5\n5\n"


def test_output_without_end_is_cut(tmp_path: Path) -> None:
    done = run("import sys\nwhile True: sys.stdout.write('x' * 1_000_000)", tmp_path, max_output=5_000_000)
    assert done.truncated
    assert done.stopped
    assert len(done.stdout) == 5_000_000


def test_too_much_output_is_flagged_even_when_it_ended_first(tmp_path: Path) -> None:
    done = run("import sys; sys.stderr.write('x' * 3000)", tmp_path, max_output=1000)
    assert done.truncated
    assert done.stderr == b"x" * 1000


def test_memory_without_end_is_stopped(tmp_path: Path) -> None:
    code = "import time\nx = []\nwhile True:\n    x.append(bytearray(10_000_000))\n    time.sleep(0.01)"
    done = run(code, tmp_path, memory_mb=200)
    assert done.out_of_memory
    assert done.peak_mb > 200


def test_peak_memory_is_its_own_not_ours(tmp_path: Path) -> None:
    ours = bytearray(300_000_000)
    small = run("import time; time.sleep(0.2)", tmp_path)
    large = run("x = bytearray(150_000_000); import time; time.sleep(0.2)", tmp_path)
    assert len(ours) == 300_000_000
    assert 1 < small.peak_mb < 100
    assert large.peak_mb > 150


def test_it_starts_in_the_folder_with_the_environment_given(tmp_path: Path) -> None:
    folder = tmp_path / "with space ü\nline"
    folder.mkdir()
    code = "import os; print(ascii(os.path.basename(os.getcwd())), os.environ['X'])"
    done = run_program([PY, "-c", code], cwd=folder, env={"X": "y"}, deadline_s=20)
    assert done.stdout == f"{folder.name!a} y\n".encode()


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_program(["/no/such/interpreter"], cwd=tmp_path)


def test_wall_time_is_not_rounded_to_the_polling(tmp_path: Path) -> None:
    walls = {round(run("import time; time.sleep(0.123)", tmp_path).wall_s, 5) for _ in range(3)}
    assert min(walls) >= 0.123
    assert len(walls) > 1


DRIVER = """
import sys
from pathlib import Path
from hasten.observe.process import run_program
code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(300)"
try:
    run_program([sys.executable, "-c", code], cwd=sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_hasten_is_interrupted_or_killed(tmp_path: Path, how: signal.Signals) -> None:
    driver = subprocess.Popen([PY, "-c", DRIVER, str(tmp_path)], stdout=subprocess.PIPE)
    note = tmp_path / "pid"
    try:
        deadline = time.monotonic() + 20
        while not (note.exists() and note.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pid = int(note.read_text())
        assert alive(pid)
        driver.send_signal(how)
        out, _ = driver.communicate(timeout=20)
    finally:
        driver.kill()
        driver.wait()
    if how == signal.SIGINT:
        assert out == b"interrupted\n"
    assert ends(pid, 10)


def test_runs_side_by_side_leave_each_other_alone(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(run, "import time; time.sleep(1); print('done')", tmp_path)
        quick = [run("print(1)", tmp_path).stdout for _ in range(5)]
        assert slow.result().stdout == b"done\n"
    assert quick == [b"1\n"] * 5


def test_a_mark_that_nobody_carries() -> None:
    assert marked("nobody") == []
    assert os.getpid() not in marked("")


@settings(max_examples=8, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_come_through(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    done = run_program([PY, "-I", "-S", "-c", code], cwd=tmp_path_factory.getbasetemp(), stdin=data)
    assert done.stdout == data
