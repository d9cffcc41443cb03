"""The profiler: parsing, folding, and real runs with both samplers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hasten.core.facts import Profile
from hasten.observe import profiler
from hasten.observe.profiler import RawFrame, RawStack, fold, parse_raw, profile, profiled_run

SPY = profiler.py_spy_path()
NO_SPY = pytest.mark.skipif(SPY is None or not profiler._permitted(SPY), reason="py-spy cannot read processes here")
METHODS = ["thread", pytest.param("py-spy", marks=NO_SPY)]

BUSY = """
import json
import subprocess
import sys
import time

class Model:
    def step(self, n):
        total = 0
        for i in range(n):
            total += i * i
        return total

def main(seconds):
    model, end = Model(), time.process_time() + seconds
    while time.process_time() < end:
        model.step(2000)

main(float(sys.argv[1]))
sys.stdout.write(sys.stdin.read())
sys.exit(7)
"""


def project(tmp_path: Path, **files: str) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for name, text in files.items():
        (root / f"{name}.py").write_text(textwrap.dedent(text))
    return root


def alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def line_of(root: Path, file: str, text: str) -> int:
    return next(n for n, line in enumerate((root / file).read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_keeps_arguments_input_output_and_status(tmp_path: Path, method: str) -> None:
    root = project(tmp_path, script=BUSY)
    out = tmp_path / "out"
    run = profiled_run(
        [sys.executable, "script.py", "1.5"], cwd=root, root=root, stdin=b"given\n", stdout=out, method=method
    )
    assert run.status == 7
    assert out.read_bytes() == b"given\n"
    assert not run.timed_out
    profile = run.profile
    assert profile.samples > 10
    assert profile.peak_mb > 3
    step = next(f for f in profile.functions if f.qualname == "Model.step")
    assert (step.path, step.first) == ("script.py", line_of(root, "script.py", "def step"))
    assert step.total > 0.5
    assert profile.share("script.py", 1, 30) > 0.7
    hot = max(profile.lines, key=lambda key: profile.lines[key].own)
    assert hot[0] == "script.py"
    assert line_of(root, "script.py", "for i in") <= hot[1] <= line_of(root, "script.py", "total += ")
    call = line_of(root, "script.py", "main(float")
    assert profile.lines["script.py", call].total > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_the_deadline_ends_the_program_and_keeps_what_was_seen(tmp_path: Path, method: str) -> None:
    root = project(tmp_path, script="x = 0\nwhile True:\n    x += 1\n")
    # the thread saves every two seconds; py-spy has to attach first
    run = profiled_run([sys.executable, "script.py"], cwd=root, root=root, deadline_s=3.0, method=method)
    assert run.timed_out
    assert run.status < 0
    assert run.profile.samples > 10
    assert {line for _, line in run.profile.lines} <= {2, 3}


def test_the_sampler_thread_is_invisible_to_the_program(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        script="""
        import os, subprocess, sys, threading
        print(os.environ.get("PYTHONPATH"), threading.active_count(), [k for k in os.environ if "HASTEN_" in k and k != "HASTEN_RUN"])
        print([p for p in sys.path if "hasten-profile" in p], "sitecustomize" in sys.modules)
        print(subprocess.check_output([sys.executable, "-c", "import os; print(os.environ.get('PYTHONPATH'))"]))
        """,
    )
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "sitecustomize.py").write_text("import builtins\n")
    out = tmp_path / "out"
    for before in (None, str(extra)):
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ({"PYTHONPATH": before} if before else {})
        command = [sys.executable, "script.py"]
        run = profiled_run(command, cwd=root, root=root, env=env, stdout=out, method="thread")
        assert run.status == 0
        first, second, third = out.read_text().splitlines()
        assert first == f"{before} 1 []"
        assert second.startswith("[]")
        assert str(before) in third


def test_a_profiler_that_fails_leaves_the_run_intact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path, script="print('fine')\nraise SystemExit(3)\n")
    bad = tmp_path / "py-spy"
    bad.write_text("#!/bin/sh\necho 'Error: no luck' >&2\nexit 1\n")
    bad.chmod(0o755)
    out = tmp_path / "out"
    monkeypatch.setattr(profiler, "py_spy_path", lambda: str(bad))
    command = [sys.executable, "script.py"]
    run = profiled_run(command, cwd=root, root=root, stdout=out, method="py-spy")
    assert (run.status, run.profile.samples, out.read_text()) == (3, 0, "fine\n")
    assert "no luck" in run.note
    bad.chmod(0o644)
    run = profiled_run(command, cwd=root, root=root, stdout=out, method="py-spy")
    assert (run.status, out.read_text()) == (3, "fine\n")
    auto = profiled_run(command, cwd=root, root=root, stdout=out, method="auto")
    assert (auto.status, auto.profile.profiler) == (3, "sampler thread")


def test_background_processes_do_not_outlive_the_run(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        script="""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid)
        """,
    )
    out = tmp_path / "out"
    profile([sys.executable, "script.py"], cwd=root, root=root, stdout=out, method="thread")
    pid = int(out.read_text())
    for _ in range(200):  # the kernel needs a moment to bury it
        if not alive(pid):
            break
        time.sleep(0.02)
    assert not alive(pid)


def test_a_command_that_does_not_exist_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        profile(["/nonexistent/python"], cwd=tmp_path, root=tmp_path, method="thread")


def test_unknown_method_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 'auto'"):
        profile([sys.executable, "-V"], cwd=tmp_path, root=tmp_path, method="dtrace")


def test_parse_raw_tells_threads_apart() -> None:
    text = (
        "thread (12): MainThread;<module> (/p/a.py:3);A.f (/p/a b.py:7) 5\n"
        "thread (12);<module> (/p/a.py:1);_find_and_load (<frozen importlib._bootstrap>:1176) 2\n"
        "thread (13): Thread-1 (work);run (/p/a.py:9) 4\n"
        "garbage\n"
    )
    first, second, third = parse_raw(text, main_id=12)
    assert first == RawStack((RawFrame("<module>", "/p/a.py", 3), RawFrame("A.f", "/p/a b.py", 7)), 5, True)
    assert (second.main, second.count) == (True, 2)
    assert not third.main
    assert third.frames == (RawFrame("run", "/p/a.py", 9),)


def folded(root: Path, *stacks: RawStack) -> Profile:
    return fold(stacks, root=root, cwd=root, wall_s=1.0, peak_mb=2.0)


def test_fold_puts_library_time_on_the_user_line_that_called(tmp_path: Path) -> None:
    root = project(tmp_path, a="import b\n\ndef f():\n    return [g(i) for i in b.x]\n\nf()\n")
    lib = root / ".venv" / "lib" / "site-packages"
    lib.mkdir(parents=True)
    (lib / "numpyish.py").write_text("pass\n")
    module, call = RawFrame("<module>", "a.py", 6), RawFrame("f", str(root / "a.py"), 4)
    comp = RawFrame("f.<locals>.<listcomp>", str(root / "a.py"), 4)
    library = RawFrame("dot", str(lib / "numpyish.py"), 1)
    result = folded(
        root,
        RawStack((module, call, comp), 6),
        RawStack((module, call, comp, library), 2),
        RawStack((library,), 2),
    )
    assert result.samples == 10
    line = result.lines["a.py", 4]
    assert (line.total, line.own, line.library) == (0.8, 0.6, 0.2)
    assert result.lines["a.py", 6].own == 0
    assert [(f.qualname, f.first, f.total) for f in result.functions] == [("<module>", 1, 0.8), ("f", 3, 0.8)]
    assert ((), 2) in result.stacks
    assert result.share("a.py", 4, 4) == 0.8
    assert result.share("a.py", 5, 5) == 0


def test_fold_counts_imports_of_libraries_only(tmp_path: Path) -> None:
    root = project(tmp_path, a="import b\n", b="import pandas\n")
    find = RawFrame("_find_and_load", "<frozen importlib._bootstrap>", 1176)
    a, b = RawFrame("<module>", "a.py", 1), RawFrame("<module>", str(root / "b.py"), 1)
    pandas = RawFrame("<module>", "/usr/lib/python3/dist-packages/pandas/__init__.py", 9)
    result = folded(
        root,
        RawStack((a, find, b), 3),  # user code running during its import
        RawStack((a, find, b, find, pandas), 4),
        RawStack((a, find, b, find), 1),
        RawStack((a,), 2),
    )
    assert result.imports_share == 0.5
    assert result.lines["b.py", 1].library == 0.5


def test_fold_can_leave_out_a_package_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "numba").mkdir()
    root = project(tmp_path / "numba", a="import numba\n\nf()\n")  # a folder of that name is no package
    find = RawFrame("_find_and_load", "<frozen importlib._bootstrap>", 1176)
    a, call = RawFrame("<module>", "a.py", 1), RawFrame("<module>", str(root / "a.py"), 3)
    numba = RawFrame("<module>", "/usr/lib/python3/site-packages/numba/__init__.py", 9)
    numpy = RawFrame("<module>", "/usr/lib/python3/site-packages/numpy/__init__.py", 9)
    stacks = (RawStack((a, find, numba, find, numpy), 5), RawStack((call,), 3), RawStack((call, find, numpy), 2))
    result = fold(stacks, root=root, cwd=root, wall_s=1.0, peak_mb=2.0, without=frozenset({"numba"}))
    assert (result.samples, result.wall_s, result.left_out) == (5, 0.5, 0.5)
    assert result.lines["a.py", 3].total == 1.0
    assert folded(root, *stacks).lines["a.py", 3].total == 0.5


def test_fold_leaves_out_parked_workers_but_not_a_waiting_main(tmp_path: Path) -> None:
    root = project(tmp_path, a="x\ny\n")
    parked = RawFrame("Condition.wait", "/usr/lib/python3.11/threading.py", 327)
    waits = (RawFrame("<module>", "a.py", 2), parked)
    result = folded(root, RawStack(waits, 4), RawStack((parked,), 9, main=False), RawStack((), 9, main=False))
    assert result.samples == 4
    assert result.lines["a.py", 2].library == 1.0


def test_functions_are_named_by_place(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        a="""\
        class A:
            @property
            def x(self):
                def inner():
                    return 1
                return inner()
        """,
    )
    result = folded(root, RawStack((RawFrame("A.x", "a.py", 6), RawFrame("?", "a.py", 5)), 1))
    assert {(f.qualname, f.first) for f in result.functions} == {("A.x", 2), ("A.x.<locals>.inner", 4)}


def test_compiled_code_is_told_from_the_interpreter() -> None:
    text = (
        "thread (7): MainThread;0x7f (/lib/libc.so.6);main (/p/a.py:3);dgemm (/x/numpy.libs/libopenblas-1.so) 5\n"
        "thread (7): MainThread;main (/p/a.py:3);sort (/x/np.py:9);qs (/x/_core.so);memcpy (/lib/x86/libc.so.6) 3\n"
        "thread (7): MainThread;main (/p/a.py:4);memcpy (/lib/x86/libc.so.6) 2\n"  # the interpreter's, may be
        "thread (7): MainThread;main (/p/a.py:5);0x7f12 (?) 4\n"  # made as the program ran
        "thread (7): MainThread;0x55 (/usr/bin/python3.11);main (/p/a.py:6) 1\n"
    )
    assert [s.native for s in parse_raw(text)] == ["/x/numpy.libs/libopenblas-1.so", "/x/_core.so", "", "?", ""]


def test_shares_of_compiled_code(tmp_path: Path) -> None:
    root = project(tmp_path, a="x = 1\ny = 2\n")
    frame = RawFrame("<module>", str(root / "a.py"), 1)
    stacks = [RawStack((frame,), 3, native="/x/_core.so"), RawStack((frame,), 1)]
    found = fold(stacks, root=root, cwd=root, wall_s=1.0, peak_mb=1.0, native=True)
    assert found.native == 0.75 and found.lines["a.py", 1].native == 0.75 and found.functions[0].native == 0.75
    assert fold(stacks, root=root, cwd=root, wall_s=1.0, peak_mb=1.0).native is None


@NO_SPY
def test_a_running_program_is_watched_and_goes_on(tmp_path: Path) -> None:
    from hasten.api.profile import profile as watch

    root = project(tmp_path, busy="import sys\nprint(1, flush=True)\nwhile True:\n    sum(range(300))\n")
    child = subprocess.Popen([sys.executable, "busy.py"], cwd=root, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None and child.stdout.readline()  # it is up
        found = watch(pid=child.pid, duration=1)
        assert child.poll() is None
        assert found.profile.lines["busy.py", 4].total > 0.5
        assert found.stacks and "goes on" in found.notes[0]
    finally:
        child.kill()
        child.communicate()


def test_a_process_that_cannot_be_watched() -> None:
    from hasten.api.profile import profile as watch
    from hasten.errors import TargetError, UsageError
    from hasten.observe.attached import REMEDY, _failed

    with pytest.raises(UsageError, match="no such process"):
        watch(pid=2**22 + 1)
    with pytest.raises(UsageError, match="name one thing to profile"):
        watch("script.py", pid=1)
    with pytest.raises(UsageError, match="--duration goes with --pid"):
        watch("script.py", duration=3)
    refused = _failed(os.getpid(), "Permission Denied: Try running again with elevated permissions")
    assert isinstance(refused, TargetError) and REMEDY in str(refused) and "SYS_PTRACE" in REMEDY
    assert "is it a Python program?" in str(_failed(os.getpid(), "Error: Failed to find python version"))


def test_a_jump_without_a_line_counts_for_the_line_before_it() -> None:
    from types import SimpleNamespace

    from hasten.observe.sampler_shim import line_of

    table = [(0, 2, 4), (2, 8, 5), (8, 10, None), (10, 20, 9)]
    code = SimpleNamespace(co_firstlineno=3, co_lines=lambda: iter(table))
    assert line_of(SimpleNamespace(f_lineno=None, f_code=code, f_lasti=8)) == 5
    assert line_of(SimpleNamespace(f_lineno=None, f_code=code, f_lasti=-1)) == 3
    assert line_of(SimpleNamespace(f_lineno=7, f_code=code, f_lasti=8)) == 7
