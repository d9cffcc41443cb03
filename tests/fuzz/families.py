"""The families of passes, and how the programs for each are made and run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from hasten.core.loading import StartupPass
from hasten.core.recipe import Change, Pass
from hasten.passes.registry import every_pass
from tests.fuzz import (
    arrays,
    batch,
    carried,
    cells,
    columns,
    compiled,
    containers,
    elements,
    emulated,
    estimators,
    kernels,
    objects,
    stand_ins,
    startup,
    statements,
    tables,
    windows,
)
from tests.fuzz.choices import Choices, Program, programs
from tests.fuzz.engine import Failure, Load, Tried, changes_of, tried


@dataclass(frozen=True)
class Family:
    """`codes` begin the codes of its passes; `most` changes of one program are tried one by one, for so many seconds."""

    name: str
    codes: tuple[str, ...]
    make: Callable[[Choices], Program]
    load: Load | None = None
    most: int = 6
    seconds: float = 5.0
    find: Callable[[Program, Sequence[Any]], list[Change]] = changes_of

    def passes(self) -> list[Pass | StartupPass]:
        return [p for p in every_pass() if p.code.startswith(self.codes)]

    def programs(self) -> st.SearchStrategy[Program]:
        return programs(self.make)

    def try_out(self, program: Program, mutate: Callable[[str], str] | None = None) -> Tried:
        return tried(
            program, self.passes(), load=self.load, most=self.most, mutate=mutate, find=self.find, seconds=self.seconds
        )


FAMILIES = {
    f.name: f
    for f in (
        Family("containers", ("HST1",), containers.program),
        *(Family(code, ("HST1",), make) for code, make in containers.TEMPLATES.items()),
        Family("columns", ("HST2",), columns.program),
        *(Family(code, ("HST2",), make) for code, make in columns.TEMPLATES.items()),
        Family("windows", ("HST2", "HST90"), windows.program),
        *(Family(code, (code,), make) for code, make in windows.TEMPLATES.items()),
        Family("stand_ins", ("HST217",), stand_ins.program),
        Family("cells", ("HST217",), cells.program),
        Family("carried", ("HST217",), carried.program),
        Family("kernels", ("HST3",), kernels.program, emulated.load, most=3),
        Family("objects", ("HST301",), objects.program, emulated.load, most=2, find=objects.changes),
        Family("tables", ("HST301",), tables.program, emulated.load, most=2, find=objects.changes),
        Family("statements", ("HST301",), statements.program, emulated.load, most=2, find=objects.changes),
        Family("compiled", ("HST3",), kernels.program, compiled.load, most=1, seconds=60.0),
        Family("batch", ("HST4",), batch.program, seconds=20.0),
        Family("handed", ("HST401",), batch.objects, seconds=20.0),
        Family("startup", ("HST6",), startup.program, find=startup.changes),
        Family("estimators", ("HST7",), estimators.program, seconds=20.0),
        *(Family(code, ("HST7",), make, seconds=20.0) for code, make in estimators.TEMPLATES.items()),
        Family("arrays", ("HST5", "HST90"), arrays.program),
        *(Family(code, ("HST5", "HST90"), make) for code, make in arrays.TEMPLATES.items()),
        Family("elements", ("HST509",), elements.program),
    )
}


@dataclass
class Count:
    """What a round saw. `cases`: programs that were run; each counts once for every pass that changed it."""

    cases: int = 0
    slow: int = 0
    changed: int = 0
    entered: int = 0
    by_pass: Counter[str] = field(default_factory=Counter)
    fast: Counter[str] = field(default_factory=Counter)

    def add(self, done: Tried) -> None:
        self.cases += 1
        self.slow += done.slow
        self.changed += bool(done.proposed)
        self.entered += bool(done.entered)
        self.by_pass.update(done.proposed)
        self.fast.update(done.entered)

    def lines(self, name: str) -> Iterator[str]:
        share = f"{self.entered / self.cases:.0%}" if self.cases else "-"
        yield f"{name}: {self.cases} programs, {self.changed} changed, fast path entered in {self.entered} ({share}), {self.slow} given up as slow"
        for code in sorted(self.by_pass):
            yield f"  {code}: {self.by_pass[code]} changed, {self.fast[code]} entered"


def round_of(
    family: Family,
    cases: int,
    number: int | None,
    count: Count,
    mutate: Callable[[str], str] | None = None,
    *,
    shrink: bool = True,
) -> None:
    """Generates programs, the same ones for the same `number` (None: those of every day). Raises for the first failure,
    shrunk."""

    found: list[Failure] = []

    def one(program: Program) -> None:
        done = family.try_out(program, mutate)
        if not found:  # what shrinking tries is no case
            count.add(done)
        found.extend(done.failures)
        assert not done.failures, f"{done.failures[0]}\n--- program\n{program}"

    run = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=number is None,
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )(given(family.programs())(one))
    (run if number is None else seed(number)(run))()
