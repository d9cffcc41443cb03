"""What is told about the conditions of a measurement, on made-up machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.measure.conditions import Reading, conditions


def machine(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_everything_that_may_move_a_time_is_named(tmp_path: Path) -> None:
    found = conditions(Reading.now(tmp_path), Reading.now(tmp_path), environ={}, seed=7, root=tmp_path)
    assert set(found) == {
        "order", "threads", "CPU frequency", "page cache", "hash seed", "memory layout", "environment", "imports",
        "other work",
    }  # fmt: skip
    assert all(found.values())
    assert "seed 7" in found["order"]
    assert found["other work"] == found["memory layout"] == "the system does not tell"
    assert found["CPU frequency"].startswith("not visible here")
    assert "libraries decide" in found["threads"]
    assert found["hash seed"] == "drawn by each process"


def test_this_machine_is_read() -> None:
    now = Reading.now()
    assert all(conditions(now, now).values())


def test_what_was_set_is_said(tmp_path: Path) -> None:
    env = {"PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "1", "HOME": "/secret"}
    found = conditions(Reading.now(tmp_path), Reading.now(tmp_path), environ=env, inside=True, root=tmp_path)
    assert found["hash seed"] == "5 for both"
    assert "OMP_NUM_THREADS=1" in found["threads"]
    assert "secret" not in str(found)
    assert "before anything is timed" in found["imports"]


@pytest.mark.parametrize(("value", "said"), [("2", "(ASLR)"), ("1", "but for the heap"), ("0", "ASLR is off")])
def test_memory_layout(tmp_path: Path, value: str, said: str) -> None:
    machine(tmp_path, proc__sys__kernel__randomize_va_space=f"{value}\n")
    assert said in conditions(Reading.now(tmp_path), Reading.now(tmp_path), root=tmp_path)["memory layout"]


def test_frequency_load_and_what_was_stolen(tmp_path: Path) -> None:
    cpu = "sys__devices__system__cpu__"
    files = {f"{cpu}cpu0__cpufreq__scaling_governor": "powersave\n", f"{cpu}intel_pstate__no_turbo": "0\n"}
    machine(tmp_path, **files, **{f"{cpu}cpu0__cpufreq__scaling_cur_freq": "3400000\n"})
    machine(tmp_path, proc__loadavg="0.50 1 2 1/9 7\n", proc__stat="cpu 100 0 100 800 0 0 0 0 0 0\ncpu0 1\n")
    before = Reading.now(tmp_path)
    machine(tmp_path, proc__loadavg="2.00 1 2 1/9 7\n", proc__stat="cpu 150 0 100 840 0 0 0 10 0 0\ncpu0 1\n")
    machine(tmp_path, **{f"{cpu}cpu0__cpufreq__scaling_cur_freq": "2100000\n"})
    found = conditions(before, Reading.now(tmp_path), root=tmp_path)
    assert found["CPU frequency"] == "governor powersave, boost on, 3400 MHz before, 2100 MHz after, met by pairs"
    assert found["other work"] == "load 0.5 before, 2.0 after, 10.0% of the processors' time stolen by the hypervisor"
