from __future__ import annotations

from pathlib import Path

import pytest

from hasten.config import Settings, duration, gain, project_settings, settings, tolerance
from hasten.core.contract import Quality
from hasten.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10m", 600), ("90s", 90), ("1h30m", 5400), ("250ms", 0.25), ("5", 5), (7, 7), ("1.5min", 90)],
)
def test_durations(text: object, expected: float) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "10x", "1d", True, "inf", "nan", "m10"])
def test_wrong_durations(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        duration(text)


def test_gains() -> None:
    assert [gain(v) for v in ("2x", "1.5X", "3", 4)] == [2, 1.5, 3, 4]
    for wrong in ("x", "0", "-2x", "twice", True):
        with pytest.raises(ValueError, match="gain"):
            gain(wrong)


def test_tolerances() -> None:
    assert [tolerance(v) for v in ("1e-9", 0, "0.5")] == [1e-9, 0, 0.5]
    for wrong in ("1", "-1e-9", "nan", "small"):
        with pytest.raises(ValueError, match="tolerance"):
            tolerance(wrong)


def test_all_mistakes_at_once() -> None:
    with pytest.raises(UsageError) as told:
        settings({"budgt": "10m", "rtol": "a lot", "seed": -1, "exact": False}, "pyproject.toml")
    message = str(told.value)
    assert "budgt" in message
    assert "did you mean 'budget'?" in message
    assert "'a lot' is not a relative tolerance" in message
    assert "-1 is not a seed" in message


def test_compiled_is_true_or_false() -> None:
    assert settings({"compiled": False}, "here") == Settings(compiled=False)
    with pytest.raises(UsageError, match="compiled: 'no' is neither true nor false"):
        settings({"compiled": "no"}, "here")


def test_qualities() -> None:
    told = settings({"quality": ["best score:min", "r.fun:max:0.5%", "x: y:min:1e-3"]}, "here").quality
    assert told == (Quality("best score"), Quality("r.fun", "max", 0.005), Quality("x: y", "min", 1e-3, False))
    assert [str(q) for q in told] == ["best score:min", "r.fun:max:0.5%", "x: y:min:0.001"]
    assert tuple(Quality.parse(str(q)) for q in told) == told
    assert settings({"quality": "a:max"}, "here").quality == (Quality("a", "max"),)
    for wrong in ("a", "a:least", ":min", "a:min:x", "a:min:-1", "a:min:nan", "a:min:100%", 3):
        with pytest.raises(UsageError, match="is not a quality"):
            settings({"quality": wrong}, "here")


def test_reached() -> None:
    low, high = Quality("a"), Quality("a", "max", 0.1)
    assert low.reached(1.0, 1.0) and low.reached(1.0, 0.5) and low.reached(-1.0, -2.0)
    assert not low.reached(1.0, 1.0 + 1e-15) and low.reached(1.0, 1.0 + 1e-15, 1e-9)
    assert not low.reached(-1.0, -0.5)
    assert high.reached(10.0, 9.0) and high.reached(-10.0, -11.0) and not high.reached(10.0, 8.9)
    nan, inf = float("nan"), float("inf")
    assert not low.reached(nan, 1.0) and not low.reached(1.0, nan) and not low.reached(nan, nan)
    assert low.reached(inf, 1.0) and not high.reached(inf, 1.0) and low.reached(inf, inf)
    assert not Quality("a", "min", 0.5).reached(1.0, inf) and low.reached(1.0, -inf)
    assert Quality("a", "min", 1e-3, False).reached(0.0, 1e-3) and not Quality("a", "min", 0.5).reached(0.0, 1e-9)


def test_what_is_said_wins_over_defaults() -> None:
    assert Settings(rtol=0.0).over(Settings(rtol=1e-6, seed=4)) == Settings(rtol=0.0, seed=4)


def test_the_nearest_pyproject_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.hasten]\nbudget = "5m"\nexact = true\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert project_settings(inner) == Settings(budget=300, exact=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    assert project_settings(inner) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [("[tool.hasten\n", "not TOML"), ("[tool]\nhasten = 3\n", "not a table"), ("[tool.hasten]\nrtoll = 1\n", "'rtol'")],
)
def test_a_wrong_pyproject(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=words):
        project_settings(tmp_path)
