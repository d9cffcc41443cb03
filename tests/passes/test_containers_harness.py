"""Runs a program and what a pass makes of it, and compares everything that can be seen of them."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from pathlib import Path
from typing import Any

from hasten.core.facts import Facts
from hasten.core.recipe import Change, Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.containers.base import ContainerPass


def work_of(root: Path, source: str, path: str = "script.py") -> ScriptWorkload:
    (root / path).write_text(source)
    return ScriptWorkload(root, Entry("script", path), path)


def changes(a_pass: ContainerPass, work: ScriptWorkload, facts: Facts | None = None) -> list[Change]:
    facts = facts or Facts()
    out = []
    for region in regions_of(work.source("script.py"), entry=True):
        for finding in a_pass.find(work, region, facts):
            out += list(a_pass.propose(work, finding, facts))
    return out


def observe(source: str) -> tuple[Any, ...]:
    """Standard output, exception, random state and warnings of one run."""
    out = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    error: Any = None
    random.seed(7)
    # a warning does not end the program, as it would under pytest's own filter: what comes after it would not be tested
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            exec(compile(source, "script.py", "exec"), names)
        except BaseException as e:  # noqa: BLE001  (the program under test raises what it likes)
            error = (type(e).__name__, repr(e.args))
    return out.getvalue(), error, random.random(), {(w.category.__name__, str(w.message)) for w in warned}


def check(a_pass: ContainerPass, root: Path, source: str, facts: Facts | None = None, show: bool = False) -> list[str]:
    """Every change alone, and the last round's joined: same behaviour. Returns the changed sources."""
    work = work_of(root, source)
    old = observe(source)
    made = []
    for change in changes(a_pass, work, facts):
        new = Recipe((change,)).apply(work).source("script.py").text
        assert Change.__eq__(Recipe.from_json(Recipe((change,)).to_json()).changes[0], change)
        if show:
            print(new)
        assert observe(new) == old, new
        assert new != source
        made.append(new)
    return made


def changed(a_pass: ContainerPass, root: Path, source: str, facts: Facts | None = None) -> list[str]:
    made = check(a_pass, root, source, facts)
    assert made, "nothing was proposed"
    work = work_of(root, source)
    assert changes(a_pass, work, facts) == changes(a_pass, work, facts)
    return made


def left_alone(a_pass: ContainerPass, root: Path, source: str, facts: Facts | None = None) -> None:
    made = check(a_pass, root, source, facts)
    assert not made, made[0]


def test_observe_sees_output_and_errors() -> None:
    assert observe("print(1)\nraise KeyError('a')")[:2] == ("1\n", ("KeyError", "('a',)"))
    assert observe("x = 1") != observe("import random\nrandom.random()")


def test_source_files_are_cached_by_content(tmp_path: Path) -> None:
    work = work_of(tmp_path, "x = 1\n")
    assert work.source("script.py") == SourceFile("script.py", b"x = 1\n")
