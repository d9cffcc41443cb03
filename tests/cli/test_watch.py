"""`hasten watch`: what counts as a save, and that it goes on until Ctrl-C. Time and programs are made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hasten.api.watching import Watch
from hasten.cli import main
from hasten.cli.watch import _since
from hasten.errors import TargetError
from tests.observe.test_notebook import notebook


class Time:
    """A clock that moves only when somebody sleeps; then what is planned for that moment happens."""

    def __init__(self) -> None:
        self.now = 0.0
        self.plans: list[tuple[float, Callable[[], object]]] = []

    def at(self, when: float, what: Callable[[], object]) -> None:
        self.plans.append((when, what))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        assert self.now < 100, "waited for something that never came"
        for plan in [p for p in self.plans if p[0] <= self.now]:
            self.plans.remove(plan)
            plan[1]()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "data.csv").write_text("1")
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_a_burst_of_saves_is_one(root: Path) -> None:
    time = Time()
    watch = Watch(root, clock=lambda: time.now, sleep=time.sleep)
    time.at(5.0, lambda: (root / "a.py").write_text("22"))
    time.at(5.2, lambda: (root / "new.py").write_text("2"))
    time.at(5.4, lambda: (root / "data.csv").unlink())
    assert watch.saved() == ["a.py", "data.csv", "new.py"]
    assert time.now > 5.65


def test_what_was_saved_meanwhile_counts_at_once(root: Path) -> None:
    time = Time()
    watch = Watch(root, clock=lambda: time.now, sleep=time.sleep)
    (root / "a.py").write_text("while it was busy")
    assert watch.saved() == ["a.py"]
    assert time.now < 1


def test_what_is_no_part_of_the_program_does_not_count(root: Path) -> None:
    time = Time()
    watch = Watch(root, clock=lambda: time.now, sleep=time.sleep)
    for name in (
        ".git/index",
        ".hasten/runs/x/result.json",
        "__pycache__/a.pyc",
        ".a.py.swp",
        "a.py~",
        ".#a.py",
        "4913",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        time.at(2.0, lambda name=name: (root / name).write_text("x"))  # type: ignore[misc]
    time.at(9.0, lambda: (root / "a.py").write_text("333"))
    assert watch.saved() == ["a.py"]
    assert time.now > 9


def test_saved_back_to_what_it_was_in_one_burst_is_still_a_save(root: Path) -> None:
    time = Time()
    watch = Watch(root, clock=lambda: time.now, sleep=time.sleep)

    def replaced() -> None:
        (root / "b").write_text("1")
        (root / "b").replace(root / "a.py")  # as editors do: another file under the old name

    time.at(3.0, replaced)
    assert watch.saved() == ["a.py"]


def test_it_goes_on_after_a_broken_save_and_ends_with_ctrl_c(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    rounds: list[str] = []

    class Shown:
        profile = SimpleNamespace(wall_s=2.0)
        hotspots = (SimpleNamespace(function="f", share=0.5),)

        def __str__(self) -> str:
            return f"profile {len(rounds)}\n"

        def to_json(self) -> dict[str, Any]:
            return {"round": len(rounds), "odd": float("inf")}

    def profile(target: str, *_: Any, **more: Any) -> Shown:
        rounds.append(target)
        if len(rounds) == 2:
            raise TargetError("a.py line 1 is not Python")
        if len(rounds) == 4:
            raise KeyboardInterrupt
        return Shown()

    monkeypatch.setattr("hasten.api.profile.profile", profile)
    monkeypatch.setattr("hasten.api.watching.Watch.saved", lambda self: ["a.py\x1b[2J"])
    assert main(["watch", "a.py"]) == 0
    shown = capsys.readouterr()
    assert rounds == ["a.py"] * 4
    assert "profile 1" in shown.out
    assert "profile 3" in shown.out
    assert "\x1b" not in shown.out
    assert "is not Python" in shown.err
    assert "stopped watching" in shown.err
    rounds.clear()
    assert main(["watch", "a.py", "--json"]) == 0
    assert capsys.readouterr().out == '{"round": 1, "odd": "Infinity"}\n{"round": 3, "odd": "Infinity"}\n'


def test_comparing_against_a_revision(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    asked: list[Any] = []

    def compare(*words: Any, **more: Any) -> None:
        asked.append((words, more["target"]))
        raise KeyboardInterrupt

    monkeypatch.setattr("hasten.api.compare.compare", compare)
    assert main(["watch", "a.py", "--against", "main", "--", "7"]) == 0
    assert main(["watch", "a.py", "--against", "a.py"]) == 0
    assert asked == [(("main", ".", ["7"]), "a.py"), (("a.py", "a.py", []), None)]


def test_wrong_words(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    for words, said in (
        ([], "set target in"), (["nothing.py"], "no such file"), (["a.py", "--bring", "x"], "--against REVISION"),
        (["a.py", "--against", "a.py", "--calls", "a.py"], "--calls goes with profiling"),
    ):  # fmt: skip
        assert main(["watch", *words]) == 2
        assert said in capsys.readouterr().err


def test_what_moved_since_the_last_time() -> None:
    before, after = {"": 2.0, "f": 1.5, "g": 0.5}, {"": 1.0, "f": 0.5, "g": 0.495}
    assert _since({}, after) == ""
    assert _since(before, after) == "since the last time: 2 s -> 1 s (one run each)\n  f: 1.5 s -> 500 ms\n"


def test_a_notebook_is_watched_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    (root / "sub").mkdir()
    (root / "sub/nb.ipynb").write_bytes(notebook("1 + 1"))
    asked: list[Any] = []

    def profile(target: str, *_: Any, **more: Any) -> None:
        asked.append(target)
        raise KeyboardInterrupt

    def compare(*words: Any, **more: Any) -> None:
        asked.append((*words[:2], more["target"]))
        raise KeyboardInterrupt

    monkeypatch.setattr("hasten.api.profile.profile", profile)
    monkeypatch.setattr("hasten.api.compare.compare", compare)
    assert main(["watch", "sub/nb.ipynb"]) == 0
    assert main(["watch", "sub/nb.ipynb", "--against", "sub/nb.ipynb"]) == 0
    assert main(["watch", "sub/nb.ipynb", "--against", "main"]) == 0
    assert asked == ["sub/nb.ipynb", ("sub/nb.ipynb", "sub/nb.ipynb", None), ("main", ".", "sub/nb.ipynb")]
    assert main(["watch", "sub/gone.ipynb"]) == 2
