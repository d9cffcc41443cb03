"""Programs that do many odd things at once, run whole: what hasten keeps must do the same, to the byte.

Each has one slow function, so that something may be found, changed and kept beside all that is odd.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.cli import main
from hasten.deliver.artifact import RESULT

HOT = """
STOP = [f"word{i}" for i in range(300)]


def kept(words):
    total = 0
    for word in words:
        if word not in STOP:
            total += len(word)
    return total


TEXT = [f"word{i % 400}" for i in range(60_000)]
"""

# standard input, arguments with blanks, carriage returns, an exit hook that fails, signals, a deep recursion, threads that end
# with the program, async, a process that daemonises, closed handles, and an exit by a message
ODD = """# -*- coding: utf-8 -*-
from words import TEXT, kept
import asyncio, atexit, os, signal, sys, threading, time, warnings


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


async def parts():
    for n in range(3):
        yield n
        await asyncio.sleep(0)


async def together():
    return [n async for n in parts()], await asyncio.gather(*(asyncio.sleep(0.001 * n, n) for n in (3, 1, 2)))


got = []
signal.signal(signal.SIGUSR1, lambda number, frame: got.append(int(number)))
os.kill(os.getpid(), signal.SIGUSR1)
atexit.register(print, "the last", flush=True)
atexit.register(lambda: 1 / 0)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
for line in sys.stdin:
    sys.stdout.write(line.upper())
for i in range(3000):
    sys.stderr.write(f"\\r{i:5d} of 3000")
print(sys.argv[1:], kept(TEXT), got, asyncio.run(together()), os.path.isabs(__file__), "ü\\u2028\\x0c")
sys.setrecursionlimit(20_000)
print(deep(6_000))
warnings.warn("careful")
sys.stdout.flush()
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 64)
    if os.fork() == 0:
        time.sleep(100)
    os._exit(0)
os.wait()
os.close(0)
sys.exit(f"a message, {kept(TEXT[:500])}")
"""
# a package run by -m, modules that import each other and themselves, names of the standard library's modules, a link
PACKAGE = {
    "pkg/__init__.py": "from .words import kept\n",
    "pkg/words.py": HOT + "from . import late\n",
    "pkg/late.py": "from . import words\n\n\ndef again(n):\n    return words.kept(words.TEXT[:n])\n",
    "pkg/__main__.py": (
        "import sys\n\nimport json\nimport token\n\nfrom . import kept, late\nfrom .words import TEXT\n\n"
        "import pkg.__main__\n\nif __name__ == '__main__':\n"
        "    print(kept(TEXT), late.again(700), json.mine(), token.X, __spec__.name, sys.argv[1:], __package__)\n"
    ),
    "json.py": "def mine():\n    return 'my json'\n", "token.py": "X = 'my token'\n", "numba.py": "raise RuntimeError('no')\n",
}  # fmt: skip


def plain(folder: Path, words: list[str], stdin: bytes) -> tuple[int, bytes]:
    env = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with open(folder.parent / "said", "w+b") as said:  # a file: a daemon would hold a pipe open
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            input=stdin,
            stdout=said,
            stderr=subprocess.DEVNULL,
            env=env,
            timeout=60,
        )
        said.seek(0)
        return done.returncode, said.read()


def check(folder: Path, target: str, words: list[str], stdin: bytes, arguments: list[str]) -> set[str]:
    """Runs hasten on it, then the original and what was kept, beside each other; gives the codes that were tried."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    out, given = folder.parent / "out", folder.parent / "given"
    given.write_bytes(stdin)
    command = ["run", target, "--stdin", str(given), "--no-compiled", "--budget", "40", "--out", str(out)]
    assert main([*command, "--", *arguments]) == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    found = json.loads((out / RESULT).read_text())
    assert found["status"] == "finished"
    fast = folder.parent / "fast"
    shutil.copytree(folder, fast, symlinks=True)
    shutil.copytree(out / "optimized", fast, dirs_exist_ok=True) if found["changed"] else None
    old, new = plain(folder, [*words, *arguments], stdin), plain(fast, [*words, *arguments], stdin)
    assert old == new and old[1]
    assert found["baseline"]["status"] == old[0]
    assert not any("stdout" in said for said in found["baseline"]["unrepeatable"] or ()), found["baseline"]
    return {t["code"] for t in found["trials"]}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_a_script_in_which_everything_is_odd(project: Path, tmp_path: Path) -> None:
    (project / "real").mkdir()
    (project / "real" / "odd one.py").write_text(ODD, encoding="utf-8")
    (project / "real" / "words.py").write_text(HOT)
    (project / "link.py").symlink_to("real/odd one.py")
    check(project, "link.py", ["link.py"], b"one\ntwo\nno end of line", ["a b", "", "--x=1", "-h", "ü*", "a\nb"])
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True).stdout.split()
    for pid in left:  # the daemons of our own two runs
        os.kill(int(pid), signal.SIGKILL)


@pytest.mark.slow
def test_a_package_beside_modules_named_as_the_standard_librarys(project: Path) -> None:
    for name, text in PACKAGE.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    assert "HST101" in check(project, "pkg", ["-m", "pkg"], b"", ["x y", "--out"])


def test_a_program_that_kills_hasten_leaves_nothing(project: Path, tmp_path: Path) -> None:
    """It is a child of hasten's: what hasten has begun is put away by its guard."""
    (project / "a.py").write_text("import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)\n")
    (tmp_path / "tmp").mkdir()
    words = [sys.executable, "-m", "hasten", "run", "a.py", "--stdin", os.devnull, "--out", str(tmp_path / "out")]
    done = subprocess.run(words, cwd=project, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, timeout=100)
    assert done.returncode == -signal.SIGKILL
    from hasten.observe import reap

    token = (tmp_path / "out" / "journal" / "lock").read_text().strip()
    reap.ended(token, 60.0)
    assert not reap.marked(token) and list((tmp_path / "tmp").iterdir()) == []
    assert [p.name for p in project.iterdir() if p.suffix == ".py"] == ["a.py"]


def test_python_m_hasten_beside_modules_named_as_the_standard_librarys(tmp_path: Path) -> None:
    """All but those seven that Python itself loads before it looks for what -m names (types, collections, functools,
    keyword, operator, contextlib, warnings): with them `python -m` fails, whatever it is to start."""
    for name in ("re", "json", "typing", "enum", "io", "argparse", "dataclasses", "inspect", "numpy", "numba"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('mine')\n")
    (tmp_path / "a.py").write_text("print(1)\n")
    for words in (["-m", "hasten", "--version"], ["-mhasten", "run", "a.py", "--stdin", os.devnull, "--out", "out"]):
        done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0 and "mine" not in done.stderr, done.stderr
    assert json.loads((tmp_path / "out" / RESULT).read_text())["status"] == "finished"


def test_a_program_started_by_m_that_imports_hasten_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("import hasten, re\n")
    (tmp_path / "pkg" / "__main__.py").write_text("import sys\nimport mine\nprint(sys.path[0], mine.X)\n")
    (tmp_path / "mine.py").write_text("X = 5\n")
    done = subprocess.run(
        [sys.executable, "-m", "pkg", "hasten"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.stdout.split() == [str(tmp_path), "5"], done.stderr
