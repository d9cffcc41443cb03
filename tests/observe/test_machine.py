"""The machine's description, and the doctor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.observe import machine as module
from hasten.observe.machine import Check, container_limits, doctor, machine, noise_floor, packages, usable_cores


def test_the_description_is_json() -> None:
    found = json.loads(json.dumps(machine()))
    assert found["cores"] >= 1
    assert found["python"].startswith("CPython 3.")
    assert {"cpu", "memory_mb", "system", "packages", "threads", "load", "governor", "container"} <= found.keys()


def test_versions_are_read_without_importing() -> None:
    code = (
        "import sys; from hasten.observe.machine import machine, packages; machine(); assert 'numpy' in packages(); "
        "print([m for m in ('numpy', 'numba', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
    assert "numpy" in packages()


def test_the_quick_doctor_looks_at_everything_but_the_clock() -> None:
    told: list[Check] = []
    checks = doctor(quick=True, report=told.append)
    assert told == checks
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    assert "Noise floor" not in names
    for check in checks:
        assert check.value
        assert bool(check.fix) == (check.ok is False)


def test_too_many_threads_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    check = module._check_threads()
    assert check.ok is False
    assert "OMP_NUM_THREADS" in check.fix
    assert machine()["threads"]["OMP_NUM_THREADS"] == "100000"


def test_container_limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"/sys/fs/cgroup/cpu.max": "150000 100000", "/sys/fs/cgroup/memory.max": "2000000000"}
    monkeypatch.setattr(module, "_read", files.get)
    assert container_limits() == {"cpus": 1.5, "memory_mb": 2000.0}
    assert usable_cores() == 1
    files["/sys/fs/cgroup/cpu.max"] = "max 100000"
    files["/sys/fs/cgroup/memory.max"] = "max"
    assert container_limits() == {}


def test_a_cache_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert module._check_numba_cache().ok
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "no" / "such"))
    assert module._check_numba_cache().ok is False


def test_noise_is_a_share() -> None:
    assert 0 <= noise_floor(runs=3) < 10
