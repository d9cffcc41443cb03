"""The registry refuses what is no pass; `check_pass` finds each kind of misbehaviour."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import ClassVar

import pytest

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Pass, Risk
from hasten.core.source import Edit
from hasten.core.workload import ScriptWorkload
from hasten.passes.registry import all_passes, conformance, documentation
from hasten.testing import Example, check_pass


class Doubling:
    """Turn `x + x` into `2 * x`. A toy for these tests."""

    code: ClassVar[str] = "HST999"
    name: ClassVar[str] = "doubling"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        lines = work.source(region.path).lines
        for n in range(region.first, region.last + 1):
            if "x + x" in lines[n - 1]:
                yield Finding(self.code, region, n, n, "two reads", "one read", detail={"line": n})
                return

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        text = work.source(finding.path).lines[finding.first - 1]
        yield Change(self.code, "twice", finding.region, (self.edit(finding, text.replace("x + x", "2 * x")),))

    def edit(self, finding: Finding, text: str) -> Edit:
        return Edit(finding.path, finding.first, finding.first, text)


LOOP = "x = 1\nfor i in range(3):\n    y = x + x\n    print(y)\n"


def test_a_good_pass_passes() -> None:
    changes = check_pass(Doubling(), [Example(LOOP), Example("for i in range(3):\n    print(i)\n", leave_alone=True)])
    assert {c.edits[0].text for c in changes} == {"    y = 2 * x\n"}


def test_facts_may_be_observed() -> None:
    seen: list[ScriptWorkload] = []

    def look(work: ScriptWorkload) -> Facts:
        seen.append(work)
        return Facts()

    check_pass(Doubling(), [Example(LOOP, facts=look)])
    assert len(seen) == 1


class Fickle(Doubling):
    count = itertools.count()

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        yield Change(self.code, f"twice {next(self.count)}", finding.region, (self.edit(finding, "    y = 2\n"),))


class Writes(Doubling):
    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        (work.root / region.path).write_text(LOOP + "# seen\n")
        return super().find(work, region, facts)


class Breaks(Doubling):
    def edit(self, finding: Finding, text: str) -> Edit:
        return super().edit(finding, "    y = = 2\n")


class Imports(Doubling):
    def edit(self, finding: Finding, text: str) -> Edit:
        return super().edit(finding, "    import hasten\n")


class Nothing(Doubling):
    def edit(self, finding: Finding, text: str) -> Edit:
        return super().edit(finding, "    y = x + x\n")


class Tuples(Doubling):
    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        for f in super().find(work, region, facts):
            yield Finding(f.code, f.region, f.first, f.last, f.reason, f.remedy, detail={"lines": (1, 2)})


class Elsewhere(Doubling):
    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        other = Region(finding.path, 1, 1, "block", "")
        yield Change(self.code, "twice", other, (self.edit(finding, "    y = 2 * x\n"),))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Fickle, "pure and deterministic"),
        (Writes, "wrote to the program's files"),
        (Breaks, "not Python"),
        (Imports, "imports hasten"),
        (Nothing, "leaves script.py as it was"),
        (Tuples, "does not survive JSON"),
        (Elsewhere, "its region is not the finding's"),
    ],
)
def test_each_misbehaviour_is_found(wrong: type[Doubling], said: str) -> None:
    wrong.__doc__ = "A wrong one."
    with pytest.raises(AssertionError, match=said):
        check_pass(wrong(), [Example(LOOP)])


def test_leave_alone_is_held() -> None:
    with pytest.raises(AssertionError, match="must leave this program alone"):
        check_pass(Doubling(), [Example(LOOP, leave_alone=True)])
    with pytest.raises(AssertionError, match="proposed nothing"):
        check_pass(Doubling(), [Example("for i in range(3):\n    print(i)\n")])


def test_conformance_names_every_mistake() -> None:
    class Wrong:
        """Wrong."""

        code = 7
        nmae = "x"
        risk = Risk.EXACT

        def find(self, work: object, facts: object) -> None: ...

    mistakes = "; ".join(conformance(Wrong()))
    assert "code is 7, not of type str" in mistakes
    assert "no class attribute 'name'; did you mean 'nmae'?" in mistakes
    assert "find takes (work, facts), not (work, region, facts)" in mistakes
    assert "no method 'propose'" in mistakes


def test_a_misspelt_attribute_does_not_hide_behind_the_inherited_one() -> None:
    class Misspelt(Doubling):
        rsik = Risk.ROUNDING

    assert any("'rsik'" in m and "'risk'" in m for m in conformance(Misspelt()))


@pytest.mark.parametrize("pass_", all_passes(), ids=lambda p: p.code)
def test_every_pass_is_documented(pass_: Pass) -> None:
    assert conformance(pass_) == []
    assert isinstance(pass_, Pass)
    text = documentation(pass_)
    for heading in ("What it finds", "Why it is slow", "Example", "Safe when"):
        assert heading in text, f"{pass_.code} does not say: {heading}"


@pytest.mark.parametrize("pass_", all_passes(), ids=lambda p: p.code)
def test_every_pass_leaves_plain_programs_alone(pass_: Pass) -> None:
    programs = [
        "",
        "print('hello')\n",
        "import random\nrandom.seed(1)\nfor i in range(10):\n    print(random.random())\n",
        "def f(x):\n    yield x\n\n\nfor v in f(1):\n    print(v)\n",
        "class A:\n    def __contains__(self, x):\n        return print(x)\n\n\nfor v in 'ab':\n    print(v in A())\n",
        "try:\n    int('x')\nexcept ValueError as e:\n    print(e)\n",
        "for line in open(__file__):\n    print(line, end='')\n",
    ]
    check_pass(pass_, [Example(text, leave_alone=True) for text in programs])


def test_codes_are_unique() -> None:
    codes = [p.code for p in all_passes()]
    assert codes == sorted(set(codes))
