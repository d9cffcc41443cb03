"""Benchmark programs as subjects of `benchmarks/judge.py`: made small, and run in other worlds.

A program is made small by fewer rows of its data and smaller numbers at its top, so that faults can be judged by the
hundred. Its *worlds* are the program as it is over other data: other rows of the same tables, in another order, twice
the same, a few, one or none of them, empty and negative cells; and with other numbers at its top. Nothing of them is
known to hasten. What a program shows in a world (status, output, error, files) is compared here, by code that shares
nothing with hasten's judge: numbers to nine digits, all else to the letter.
"""

from __future__ import annotations

import io
import math
import multiprocessing
import os
import random
import re
import runpy
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.core.recipe import Change
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import find_regions
from hasten.observe.session import Session
from hasten.passes.registry import all_passes
from hasten.search.propose import propose
from hasten.search.runs import Program as Whole

SCRIPTS = Path(__file__).parent / "scripts"
ENTRY = "slow.py"
TEXTS = (".csv", ".tsv", ".txt")
WORLD_S = 20.0  # of one run in a world
TOP = re.compile(r"^([A-Z][A-Z_]*) = (\d+(?:\.\d+)?)(?=\s|$)", re.M)
NUMBER = re.compile(r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?")
COMPILED = ("HST3",)


@dataclass(frozen=True)
class Small:
    """How a program becomes small: rows of each table, other numbers at its top, other texts."""

    rows: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    texts: tuple[tuple[str, str], ...] = ()


PROGRAMS = {
    "session_features": Small(90),
    "gps_trips": Small(240),
    "company_dedupe": Small(30),
    "news_keywords": Small(8),
    "demand_forecast": Small(200),
    "basket_rules": Small(120),
    "recommend_items": Small(250),
    "sensor_monitor": Small(150),
    "graph_features": Small(200),
    "decision_tree": Small(30),
    "bandit_policies": Small(0, {"HORIZON": 100, "RUNS": 2}),
}  # fmt: skip


def prepared(name: str, folder: Path) -> ScriptWorkload:
    """The small program in a folder of its own."""
    small = PROGRAMS[name]
    shutil.copytree(SCRIPTS / name, folder, ignore=shutil.ignore_patterns("out", "__pycache__", "expert.py"))
    for path in folder.rglob("*"):
        if path.suffix in TEXTS and small.rows:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(lines[: small.rows + 1]), encoding="utf-8")
    path = folder / ENTRY
    text = TOP.sub(lambda m: f"{m[1]} = {small.numbers.get(m[1], m[2])}", path.read_text(encoding="utf-8"))
    for old, new in small.texts:
        assert old in text, f"{name}: {old!r} is no more there"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text("")
    return ScriptWorkload(folder, Entry("script", ENTRY), ENTRY, python=sys.executable)


# -- the worlds


def worlds(source: Path, rows: int, texts: list[str]) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """(name, files of data, numbers at the top) of each; `source` holds the whole data, `texts` the program's files."""
    tables = {str(p.relative_to(source)): p.read_text(encoding="utf-8").splitlines(keepends=True)
              for p in sorted(source.rglob("*")) if p.suffix in TEXTS and p.name != "source.txt"}  # fmt: skip
    draw = random.Random(f"worlds {sorted(tables)}")
    kinds = {
        "other rows": lambda body: body[rows : 2 * rows], "backwards": lambda body: body[:rows][::-1],
        "any order": lambda body: draw.sample(body, min(rows, len(body))), "few": lambda body: body[3:7],
        "one": lambda body: body[5:6], "none": lambda body: [], "twice": lambda body: body[: rows // 2] * 2,
        "empty cells": lambda body: [_cell(line, draw, "") for line in body[:rows]],
        "negative": lambda body: [_cell(line, draw, "-1.5", r"\d+(\.\d+)?") for line in body[:rows]],
        "zeros": lambda body: [_cell(line, draw, "0", r"\d+(\.\d+)?", 0.3) for line in body[:rows]],
        "huge": lambda body: [_cell(line, draw, "1e12", r"\d+\.\d+") for line in body[:rows]],
    }  # fmt: skip
    if rows:
        for name, made in kinds.items():
            yield name, {path: "".join([*lines[:1], *made(lines[1:])]) for path, lines in tables.items()}, {}
    found = {m[1]: float(m[2]) for text in texts for m in TOP.finditer(text)}
    for name, value in sorted(found.items()):
        for other in (0, round(value * 0.6) if value >= 2 else value / 2):
            if other != value:
                yield f"{name} = {other:g}", {}, {name: f"{other:g}"}


def _cell(line: str, draw: random.Random, to: str, like: str = r".*", chance: float = 0.04) -> str:
    """A line of a table with some cells changed."""
    mark = "\t" if "\t" in line else ","
    cells = line.rstrip("\n").split(mark)
    return mark.join(to if draw.random() < chance and re.fullmatch(like, c) else c for c in cells) + "\n"


@dataclass(frozen=True)
class Shown:
    """What a run showed."""

    status: str
    out: str
    files: Mapping[str, bytes]


def shown(folder: Path, seconds: float = WORLD_S) -> Shown:
    """A run in a forked process: imports of the libraries are there already."""
    here, there = multiprocessing.Pipe(False)

    def go() -> None:
        out, status = io.StringIO(), "0"
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        sys.argv = [ENTRY]
        sys.stderr = sys.stdout = io.StringIO()
        random.seed(1)
        with redirect_stdout(out), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                runpy.run_path(ENTRY, run_name="__main__")
            except SystemExit as end:
                status = f"exit {end.code}"
            except BaseException as error:  # noqa: BLE001 - how it ends is compared
                status = f"{type(error).__name__}: {error}"
        there.send((status, out.getvalue()))

    before = {p for p in folder.rglob("*") if p.is_file()}
    child = multiprocessing.get_context("fork").Process(target=go)
    child.start()
    there.close()
    try:
        status, out = here.recv() if here.poll(seconds) else ("it takes for ever", "")
    except EOFError:
        status, out = "it crashes", ""
    finally:
        child.kill()
        child.join()
        here.close()
    new = {p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".pyc", ".nbi", ".nbc")} - before
    return Shown(status, out, {str(p.relative_to(folder)): p.read_bytes() for p in sorted(new)})


def apart(a: Shown, b: Shown) -> str:
    """The first difference; nothing when there is none."""
    if a.status != b.status:
        return f"{a.status!r} became {b.status!r}"
    if a.files.keys() != b.files.keys():
        return f"files {sorted(a.files)} became {sorted(b.files)}"
    texts = {
        "output": (a.out, b.out),
        **{k: (v.decode("latin-1"), b.files[k].decode("latin-1")) for k, v in a.files.items()},
    }
    for name, (old, new) in texts.items():
        for line, other in zip(old.splitlines(), new.splitlines(), strict=False):
            if not _same(line, other):
                return f"{name}: {line[:80]!r} became {other[:80]!r}"
        if old.count("\n") != new.count("\n"):
            return f"{name}: {old.count(chr(10))} lines became {new.count(chr(10))}"
    return ""


def _same(old: str, new: str) -> bool:
    if old == new:
        return True
    if NUMBER.sub("#", old) != NUMBER.sub("#", new):
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(math.isclose(float(x), float(y), rel_tol=1e-9, abs_tol=1e-12) for x, y in pairs)


class Worlds:
    """A program's worlds, with what the original shows in each."""

    def __init__(self, work: ScriptWorkload, name: str, folder: Path) -> None:
        self._work, self._folder = work, folder
        texts = [p.read_text(encoding="utf-8") for p in sorted(work.root.rglob("*.py"))]
        self._all = [("as recorded", {}, {}), *worlds(SCRIPTS / name, PROGRAMS[name].rows, texts)]
        self._old: dict[str, Shown] = {}
        self._old = {at[0]: self._show(work, at) for at in self._all}

    def __len__(self) -> int:
        return len(self._all)

    def effect(self, change: Change) -> tuple[str, str]:
        """(the world in which it first shows, how); nothing when it shows in none."""
        work = change.apply(self._work)
        for at in self._all:
            what = apart(self._old[at[0]], self._show(work, at))
            if what:
                return at[0], what
        return "", ""

    def _show(self, work: ScriptWorkload, at: tuple[str, dict[str, str], dict[str, str]]) -> Shown:
        """Always at the same path: names in messages are the same."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._work.root, self._folder)
        for path in self._folder.rglob("*.py"):
            text = work.source(str(path.relative_to(self._folder))).text
            path.write_text(TOP.sub(lambda m: f"{m[1]} = {at[2].get(m[1], m[2])}", text), encoding="utf-8")
        for name, text in at[1].items():
            (self._folder / name).write_text(text, encoding="utf-8")
        return shown(self._folder)


# -- what hasten makes of it


class Judge:
    """A program, the changes that hasten's passes propose for it, and hasten's judge of them."""

    def __init__(self, current: Session, work: ScriptWorkload) -> None:
        self.work = work
        self.whole = Whole(current, work, Contract())
        self.whole.observe()
        profile = self.whole.profile(work)
        regions = find_regions(work, profile)
        self.facts = Facts(profile, self.whole.record(work, regions))
        self.proposed = propose(work, regions, self.facts, all_passes())[1]

    def judge(self, change: Change, seconds: float) -> tuple[str, str]:
        """(what turned it down, why); nothing when it got through."""
        region = self.facts.of(change.region.id)
        if region.recorded:
            got = self.whole.replay(self.work, change, region, seconds)
            if got.status in ("different", "crashed", "timeout"):
                return "varied" if got.reason.startswith("varied input") else "recorded", got.reason
        wrong = self.whole.check(change.apply(self.work))
        return ("whole run", wrong) if wrong else ("", "")

    def subjects(self, known: Worlds, most: int, seconds: float, end_s: float = 240.0) -> Iterator[Change]:
        """Changes that are right: hasten keeps them, and they show in no world. One of each pass at each place."""
        seen: set[tuple[Any, ...]] = set()
        found, began = 0, time.monotonic()
        for change in self.proposed:
            if change.code.startswith(COMPILED):
                continue  # compiled in every world, far too slow; the families `kernels` and `compiled` hold them
            key = (change.code, change.region.path, change.edits[0].first)
            if key in seen or found >= most or time.monotonic() - began > end_s:
                continue
            seen.add(key)
            if known.effect(change)[0] or self.judge(change, seconds)[0]:
                continue
            found += 1
            yield change
