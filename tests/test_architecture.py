"""The house rules that a tool can hold: import direction, light start, nothing exported by accident."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hasten

ROOT = Path(__file__).parent.parent
HEAVY = {"numpy", "numba", "llvmlite", "pandas", "scipy", "sklearn", "torch", "ray", "dask", "onnxruntime", "optuna"}
SLOW = {"rich", "jinja2", "cloudpickle", "psutil", "asyncio"}


def loaded(*words: str) -> set[str]:
    """Top-level packages that a fresh interpreter imports for `words`."""
    done = subprocess.run([sys.executable, "-X", "importtime", *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    names = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s*(\S+)", done.stderr, re.MULTILINE)
    assert "hasten" in names or any(n.startswith("hasten.") for n in names)
    return {n.split(".")[0] for n in names}


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


def test_import_hasten_is_light() -> None:
    assert loaded("-c", "import hasten; hasten.HastenError; dir(hasten)") & (HEAVY | SLOW) == set()


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("run", "--help")])
def test_help_is_light(words: tuple[str, ...]) -> None:
    assert loaded("-m", "hasten", *words) & (HEAVY | SLOW) == set()


def test_reading_a_target_needs_no_numbers() -> None:
    assert loaded("-c", "import hasten; hasten.run; hasten.compare; hasten.profile") & HEAVY == set()


def test_what_is_exported_is_there() -> None:
    assert sorted(hasten.__all__) == dir(hasten)
    for name in hasten.__all__:
        assert getattr(hasten, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'rnu'"):
        hasten.rnu  # noqa: B018


def test_one_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == hasten.__version__


def test_the_lock_file_pins_everything_exactly() -> None:
    lines = [n for n in (ROOT / "requirements.lock").read_text().splitlines() if n and not n.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+(; python_version < \"3.12\")?", n) for n in lines), lines
    pinned = {re.sub(r"[-_.]+", "-", n.split("==")[0]).lower() for n in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["bench"],
        *project["optional-dependencies"]["dev"],
        *project["optional-dependencies"]["torch"],
    ]
    assert {re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ ]", n)[0]).lower() for n in wanted} <= pinned


def test_what_runs_in_several_threads_parses_one_text_at_a_time() -> None:
    """CPython 3.11 counts the depth of all threads' trees together (`core/source.py`)."""
    apart = {"skeleton.py", "replay_child.py"}  # run in processes of their own
    for folder in ("search", "verify"):
        for path in (ROOT / "src/hasten" / folder).rglob("*.py"):
            assert path.name in apart or "ast.parse(" not in path.read_text(encoding="utf-8"), path
