"""Baselines: what a program does, what of it does not repeat, and programs that cannot be one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.baseline import Baseline, baseline
from hasten.observe.mirror import Mirror
from hasten.observe.process import run_workload
from hasten.observe.session import Session, session
from hasten.verify.outputs import difference


@pytest.fixture
def active() -> Iterator[Session]:
    with session(seed=3) as s:
        yield s


def program(tmp_path: Path, code: str, *argv: str, stdin: bytes | None = None) -> ScriptWorkload:
    root = tmp_path / "project"
    root.mkdir(exist_ok=True)
    (root / "main.py").write_text(code)
    return ScriptWorkload(root, Entry("script", "main.py"), "main.py", argv, stdin)


Base = Callable[..., Baseline]


@pytest.fixture
def base(tmp_path: Path, active: Session) -> Base:
    def make(code: str, *argv: str, stdin: bytes | None = None, deadline_s: float = 30.0) -> Baseline:
        work = program(tmp_path, code, *argv, stdin=stdin)
        return baseline(active, Mirror(active, work), work, deadline_s=deadline_s)

    return make


def test_a_quiet_program(base: Base) -> None:
    found = base("import sys; print(sum(range(10)), sys.argv[1:])", "a", "b c")
    assert found.reference.program.stdout == b"45 ['a', 'b c']\n"
    assert found.repeatable
    assert len(found.runs) == 2
    assert found.wall_s > 0
    assert found.noise >= 0
    assert found.audit.started


def test_stdin_is_part_of_it(base: Base) -> None:
    found = base("import sys; print(len(sys.stdin.read()))", stdin=b"12345")
    assert found.reference.program.stdout == b"5\n"


def test_a_module(tmp_path: Path, active: Session) -> None:
    root = tmp_path / "project"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "__init__.py").write_text("")
    (root / "pkg" / "tool.py").write_text("print(__name__, __package__)")
    work = ScriptWorkload(root, Entry("module", "pkg.tool"), "pkg/tool.py")
    found = baseline(active, Mirror(active, work), work)
    assert found.reference.program.stdout == b"__main__ pkg\n"


def test_a_script_in_a_folder_started_from_another(tmp_path: Path, active: Session) -> None:
    root = tmp_path / "project"
    (root / "scripts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "scripts" / "-odd name.py").write_text("import os, sys; print(os.path.basename(os.getcwd()), sys.argv[0])")
    entry = Entry("script", "scripts/-odd name.py")
    work = ScriptWorkload(root, entry, "scripts/-odd name.py", cwd="data")
    found = baseline(active, Mirror(active, work), work)
    assert found.reference.program.stdout == b"data ../scripts/-odd name.py\n"


@pytest.mark.parametrize("exit_code", ["sys.exit(3)", "sys.exit('bad news')", "os._exit(4)", "raise SystemExit(5)"])
def test_a_non_zero_exit_is_what_it_does(base: Base, exit_code: str) -> None:
    found = base(f"import os, sys\nprint('x', flush=True)\n{exit_code}")
    assert found.reference.status in {1, 3, 4, 5}
    assert found.reference.program.stdout == b"x\n"


def test_a_logged_traceback_and_a_non_zero_exit_is_no_failure(base: Base) -> None:
    code = "import traceback\ntry:\n    1 / 0\nexcept Exception:\n    traceback.print_exc()\n    raise SystemExit(1)"
    found = base(code)
    assert found.reference.status == 1
    assert b"ZeroDivisionError" in found.reference.program.stderr


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = [1]\nx[5]\n", "failed with exit status 1.*IndexError"),
        ("import json\njson.loads('{')", "JSONDecodeError"),
        ("open('no such file')", "FileNotFoundError"),
        ("import no_such_module", "no_such_module"),
        ("def f(:\n", "line 1: is not valid Python"),
        ("a\tb\x00", "main.py"),
        ("PK\x03\x04 not python at all", "main.py"),
        ("import os; os.abort()", "killed by SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("import time, threading\nraise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_what_cannot_be_a_workload_says_why(base: Base, code: str, words: str) -> None:
    with pytest.raises(TargetError, match=f"(?s){words}"):
        base(code)


def test_a_file_that_is_not_there(tmp_path: Path, active: Session) -> None:
    work = program(tmp_path, "")
    work = ScriptWorkload(work.root, Entry("script", "other.py"), "other.py")
    with pytest.raises(TargetError, match=r"other\.py: cannot be read"):
        baseline(active, Mirror(active, work), work)


def test_a_hang(base: Base) -> None:
    with pytest.raises(TargetError, match="had not ended after 1 s"):
        base("while True: pass", deadline_s=0.6)


def test_megabytes_of_output(base: Base) -> None:
    with pytest.raises(TargetError, match="more than 64 MB"):
        base("import sys\nfor _ in range(100): sys.stdout.write('x' * 1_000_000)")


def test_a_changing_exit_status(base: Base) -> None:
    with pytest.raises(TargetError, match="exit status changes"):
        base("import os, sys; sys.exit(os.getpid() % 200 + 1)")


@pytest.mark.parametrize(
    "code",
    [
        "import time; t = time.perf_counter(); time.sleep(0.1); print('took', round(time.perf_counter() - t, 2))",
        "import time; print('now', int(time.time()))",
        "import datetime; print('at', datetime.datetime.now().strftime('%H:%M'))",
        "import datetime; print('on', datetime.date.today())",
        "import time; print(time.strftime('%Y-%m-%d'))",
        "import time; print(time.ctime())",
        "import random; print(random.random())",
        "import os; print(os.getpid())",
        "import uuid; print(uuid.uuid4())",
        "print(object())",
    ],
)
def test_what_does_not_repeat_is_found_and_named(base: Base, code: str) -> None:
    found = base(f"print('first')\n{code}\nprint('last', 5)")
    assert found.unrepeatable
    assert all(sentence.startswith("stdout line 2") for sentence in found.unrepeatable)


@pytest.mark.parametrize(
    "code",
    [
        "import datetime; print(datetime.datetime(2020, 1, 2), isinstance(datetime.datetime.now(), datetime.datetime))",
        "import pickle, time; print(pickle.loads(pickle.dumps(time.time)) is time.time)",
        "import time\nclass T:\n    clock = time.perf_counter\nprint(T().clock() >= 0)",
        "import time; a = time.monotonic(); b = time.monotonic(); print(b >= a, type(time.time_ns()))",
        "import time; print(time.localtime(0).tm_year in (1969, 1970), time.strftime('%Y', (2001,) + (1,) * 8))",
        "import threading; e = threading.Event(); print(e.wait(0.05))",
        "import asyncio; asyncio.run(asyncio.sleep(0.02)); print('ok')",
        "import logging; logging.warning('careful')",
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout)",
        "import multiprocessing as m\nif __name__ == '__main__':\n    with m.Pool(2) as p: print(p.map(abs, [-1, -2]))",
        "print({'a', 'b', 'c', 'd'})",
        "import sys, os; print('PYTHONPATH' in os.environ, [p for p in sys.path if 'shim' in p])",
    ],
)
def test_moved_clocks_and_audits_do_not_show(base: Base, code: str) -> None:
    found = base(code)
    changing = [s for s in found.unrepeatable if "PYTHONPATH" not in code or "[]" not in s]
    assert "PYTHONPATH" in code or not changing


def test_files_in_the_project(base: Base) -> None:
    found = base("import time\nopen('out.csv', 'w').write('a\\n1.5\\n')\nopen('t.txt', 'w').write(str(time.time()))")
    assert set(found.reference.written) == {"out.csv", "t.txt"}
    assert any("t.txt" in sentence for sentence in found.unrepeatable)
    assert not any("out.csv" in sentence for sentence in found.unrepeatable)


def test_a_temporary_file_with_a_fresh_name_is_no_part_of_it(base: Base, tmp_path: Path, active: Session) -> None:
    found = base("import tempfile, os\nfd, path = tempfile.mkstemp()\nos.write(fd, b'x')\nprint('ok')")
    assert found.repeatable
    work = program(tmp_path, (tmp_path / "project" / "main.py").read_text())
    with session() as other:
        mirror = Mirror(other, work)
        again = baseline(other, mirror, work)
        assert difference(again, run_workload(other, mirror, work), Contract()) is None


def test_files_outside_come_out_as_they_were(base: Base, tmp_path: Path, active: Session) -> None:
    kept, gone, fresh = tmp_path / "kept.txt", tmp_path / "gone.txt", tmp_path / "fresh" / "deep" / "new.txt"
    kept.write_text("before")
    kept.chmod(0o640)
    os.utime(kept, ns=(1_000_000_000_000_000_000, 1_000_000_000_000_000_000))
    gone.write_text("still here")
    before = kept.stat()
    code = f"""
import os
open({str(kept)!r}, "a").write(" and after")
os.remove({str(gone)!r})
os.makedirs({str(fresh.parent)!r})
open({str(fresh)!r}, "w").write("new")
print(open({str(kept)!r}).read())
"""
    found = base(code)
    assert found.reference.program.stdout == b"before and after\n"
    assert set(found.reference.written) == {str(kept), str(fresh)}
    assert found.reference.deleted == {str(gone)}
    assert (kept.read_text(), gone.read_text()) == ("before", "still here")
    after = kept.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert not (tmp_path / "fresh").exists()
    assert sum("outside the project folder" in note for note in found.notes) == 3


@pytest.mark.parametrize(
    "change",
    [
        "os.chmod(path, 0o600)",
        "os.utime(path, (5, 5))",
        "os.rename(path, path + '.old'); open(path, 'w').write('new')",
        "os.remove(path); os.symlink('/etc/hostname', path)",
        "os.remove(path); os.mkdir(path); open(path + '/inner', 'w').write('x')",
        "os.truncate(path, 0)",
        "os.remove(os.path.basename(path), dir_fd=os.open(os.path.dirname(path), os.O_RDONLY))",
        "open(path, 'r+b').write(b'B')",
        "f = os.open(path, os.O_WRONLY); os.write(f, b'B'); os.close(f)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', f'open({path!r}, \"w\").write(\"x\")'])",
    ],
)
def test_any_change_outside_is_undone(base: Base, tmp_path: Path, change: str) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before")
    before = path.stat()
    base(f"import os\npath = {str(path)!r}\n{change}")
    after = path.lstat()
    assert path.read_text() == "before"
    assert after.st_mode == before.st_mode
    assert after.st_mtime_ns == before.st_mtime_ns
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.txt", "project"]


def test_removing_a_folder_of_its_own_from_elsewhere(base: Base, tmp_path: Path) -> None:
    found = base(
        "import os, shutil\nhere = os.getcwd()\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\n"
        "os.chdir('/')\nshutil.rmtree(here + '/a')\nprint(os.listdir(here))"
    )
    assert found.audit.outside == ()
    assert found.reference.written == {}


def test_a_folder_outside_is_not_removed(base: Base, tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "x").write_text("x")
    with pytest.raises(TargetError, match=r"folder outside its project folder \(.*precious\)"):
        base(f"import shutil; shutil.rmtree({str(folder)!r})")
    assert (folder / "x").read_text() == "x"


def test_what_a_failing_program_did_outside_is_undone(base: Base, tmp_path: Path) -> None:
    path = tmp_path / "state.txt"
    path.write_text("before")
    with pytest.raises(TargetError, match="ZeroDivisionError"):
        base(f"open({str(path)!r}, 'w').write('after')\n1 / 0")
    assert path.read_text() == "before"


def test_processes_threads_and_network_are_noted(base: Base) -> None:
    found = base(
        "import subprocess, sys, threading, socket\n"
        "subprocess.run([sys.executable, '-c', ''])\n"
        "t = threading.Thread(target=print); t.start(); t.join()\n"
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.close()\n"
    )
    assert found.audit.processes
    assert found.audit.threads
    assert found.audit.network
    assert len(found.notes) == 3


def test_packages_are_those_that_the_run_imports(base: Base, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir(exist_ok=True)
    (root / "other.py").write_text("import numba, pandas\n")  # no part of this run
    (root / "mine.py").write_text("import numpy.linalg\n\n\ndef late():\n    import joblib\n")
    found = base("import json, mine\nif mine is None:\n    import torch\n").audit.imported
    assert {"mine", "numpy"} <= found
    assert not found & {"json", "numba", "pandas", "joblib", "torch", "numpy.linalg"}
    assert "joblib" in base("import mine\nmine.late()\n").audit.imported


def test_a_site_module_of_the_user_still_runs(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import builtins; builtins.MARK = 'user'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    found = base("import sitecustomize; print(MARK, 'site' in sitecustomize.__file__)")
    assert found.reference.program.stdout == b"user True\n"
    assert found.repeatable


def test_a_program_that_moved_clocks_break_is_still_a_workload(base: Base) -> None:
    found = base("import time, types\nassert isinstance(time.time, types.BuiltinFunctionType)\nprint('fine')")
    assert found.repeatable
    assert any("moved clocks" in note for note in found.notes)


@pytest.mark.parametrize("flag", ["-I", "-S", "-E"])
def test_an_interpreter_without_site_modules_is_an_error_or_runs(tmp_path: Path, active: Session, flag: str) -> None:
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} {flag} "$@"\n')
    wrapper.chmod(0o755)
    work = program(tmp_path, "print(1)")
    work = ScriptWorkload(work.root, work.entry, work.entry_path, python=str(wrapper))
    found = baseline(active, Mirror(active, work), work)
    assert found.reference.program.stdout == b"1\n"
    assert not found.audit.started


def test_a_child_that_closes_what_it_inherited_writes_its_own_files_only(base: Base, tmp_path: Path) -> None:
    """As daemons and pexpect do: the audit's log is not among its files any more, and its number is another file's."""
    code = (
        "import os\nchild = os.fork()\nif not child:\n    os.closerange(3, 64)\n"
        "    with open('mine.txt', 'w', buffering=1) as file:\n        os.system('true')\n        file.write('text')\n"
        "    os._exit(0)\nos.waitpid(child, 0)\nprint(open('mine.txt').read())\n"
    )
    found = base(code)
    assert found.reference.program.stdout == b"text\n"
    assert found.unrepeatable == ()
    assert "os.system" in found.audit.processes


def test_modules_named_as_the_standard_librarys_are_the_programs_own(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    (root / "json").mkdir(parents=True)
    (root / "json" / "__init__.py").write_text("from .inner import settings\n")
    (root / "json" / "inner.py").write_text("import enum\n\n\ndef settings():\n    return 'mine'\n")
    (root / "threading.py").write_text("print('my threading')\n")
    found = base("import json, threading\nprint(json.settings())\n")
    assert found.reference.program.stdout == b"my threading\nmine\n"
    assert found.repeatable and not found.notes and found.audit.started
    # and where they come first on the path, before the program has begun
    monkeypatch.setenv("PYTHONPATH", str(root))
    found = base("import json, threading\nprint(json.settings())\nopen('x', 'w').write('x')\n")
    assert found.repeatable and found.audit.started and found.reference.program.stdout.endswith(b"mine\n")
