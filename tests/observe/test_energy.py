"""Energy counters, in a tree like that of a machine that has them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hasten.observe import energy
from hasten.observe.process import run_program


def zone(root: Path, number: str, name: str, uj: int, most: int = 262_143_328_850) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")
    return folder


def test_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    one, two = zone(tmp_path, "0", "package-0", 5_000_000), zone(tmp_path, "1", "package-1", 1_000_000)
    zone(tmp_path, "0:0", "core", 7)
    zone(tmp_path, "2", "psys", 9)
    before = energy.counters(tmp_path)
    assert before == {"intel-rapl:0": 5_000_000, "intel-rapl:1": 1_000_000}
    (one / "energy_uj").write_text("7500000")
    (two / "energy_uj").write_text("1250000")
    assert energy.joules(before, energy.counters(tmp_path), tmp_path) == pytest.approx(2.75)


def test_a_counter_that_begins_again(tmp_path: Path) -> None:
    one = zone(tmp_path, "0", "package-0", 900, most=1000)
    before = energy.counters(tmp_path)
    (one / "energy_uj").write_text("300")
    assert energy.joules(before, energy.counters(tmp_path), tmp_path) == pytest.approx(400e-6)
    (one / "max_energy_range_uj").unlink()
    assert energy.joules(before, energy.counters(tmp_path), tmp_path) is None


def test_what_does_not_tell_gives_no_figure(tmp_path: Path) -> None:
    assert energy.counters(tmp_path / "nothing") == {}
    assert energy.joules({}, {}) is None
    still = zone(tmp_path, "0", "package-0", 5)
    before = energy.counters(tmp_path)
    assert energy.joules(before, energy.counters(tmp_path), tmp_path) is None, "a counter that stands still is none"
    (still / "energy_uj").write_text("garbage")
    assert energy.counters(tmp_path) == {}
    assert energy.joules(before, {}, tmp_path) is None


def test_a_run_tells_its_energy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = zone(tmp_path, "0", "package-0", 1_000_000)
    monkeypatch.setattr(energy.counters, "__defaults__", (tmp_path,))
    monkeypatch.setattr(energy.joules, "__defaults__", (tmp_path,))
    code = f"open({str(counted / 'energy_uj')!r}, 'w').write('4000000')"
    run = run_program([sys.executable, "-I", "-S", "-c", code], cwd="/")
    assert run.sample.energy_j == pytest.approx(3.0)


def test_no_figure_where_there_is_no_counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy.counters, "__defaults__", (tmp_path,))
    assert run_program([sys.executable, "-I", "-S", "-c", "pass"], cwd="/").sample.energy_j is None
