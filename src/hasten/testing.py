"""What every pass must meet, ours and a plug-in's: `check_pass(MyPass(), [Example(...), ...])` in a test.

Pure and deterministic; proposals round-trip through JSON; edits apply and the result is Python that does not import
hasten; a program that must be left alone is left alone. Whether results stay equal is for the judge, not for this.
"""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.facts import Facts, Profile
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Pass, Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.registry import conformance

Look = Callable[[ScriptWorkload], Facts]


@dataclass(frozen=True)
class Example:
    """One program for `check_pass`. `files` are written beside it (path to text).

    With `leave_alone` the pass must propose nothing; else it must propose something. `facts` are what is known of
    it: values, a function that finds out (`observed`), or None for syntax alone.
    """

    source: str
    leave_alone: bool = False
    name: str = "script.py"
    files: Mapping[str, str] = field(default_factory=dict)
    facts: Facts | Look | None = None


def observed(work: ScriptWorkload) -> Facts:
    """Facts of a real run: the program is started a few times, every region is recorded."""
    from hasten.core.contract import Contract
    from hasten.observe.session import session
    from hasten.search.runs import Program

    with session() as current:
        program = Program(current, work, Contract())
        try:
            program.observe()
            # an empty profile means "everything may be hot" to a pass, so that tiny programs will do
            return Facts(Profile(), program.record(work, list(_regions(work))))
        finally:
            program.close()


def check_pass(pass_: Pass, examples: Iterable[Example]) -> list[Change]:
    """Raises `AssertionError` naming the first rule that is broken. Gives all changes proposed, for closer looks."""
    mistakes = conformance(pass_)
    assert not mistakes, f"{type(pass_).__name__} is not a pass: {'; '.join(mistakes)}"
    changes: list[Change] = []
    for example in examples:
        with tempfile.TemporaryDirectory(prefix="hasten-check-") as folder:
            changes += _check_example(pass_, example, Path(folder).resolve())
    return changes


def _check_example(pass_: Pass, example: Example, root: Path) -> list[Change]:
    texts = {**example.files, example.name: example.source}
    for name, text in texts.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    work = ScriptWorkload(root, Entry("script", example.name), example.name)
    facts = example.facts(work) if callable(example.facts) else example.facts or Facts()
    before = {name: (root / name).read_bytes() for name in texts}
    told = f"{pass_.code} on {example.name}:\n{example.source}\n"

    first = _everything(pass_, work, facts)
    second = _everything(pass_, work, facts)
    assert first == second, f"{told}the second look gave another answer: a pass must be pure and deterministic"
    assert before == {name: (root / name).read_bytes() for name in texts}, f"{told}it wrote to the program's files"
    assert not work.changed, f"{told}it changed the workload it was given"
    changes = [change for _, proposed in first for change in proposed]
    if example.leave_alone:
        assert not changes, f"{told}it must leave this program alone, and proposed: {changes[0].title}"
        return []
    assert changes, f"{told}it proposed nothing"
    for finding, proposed in first:
        _check_finding(pass_, finding, told)
        for change in proposed:
            _check_change(finding, change, work, told)
    return changes


def _regions(work: ScriptWorkload) -> Iterable[Region]:
    for path in sorted(p.relative_to(work.root).as_posix() for p in work.root.rglob("*.py")):
        yield from regions_of(work.source(path), entry=path == work.entry_path)


def _everything(pass_: Pass, work: ScriptWorkload, facts: Facts) -> list[tuple[Finding, list[Change]]]:
    # a fresh workload each time, so that nothing cached on a source file carries over
    work = ScriptWorkload(work.root, work.entry, work.entry_path)
    found = [finding for region in _regions(work) for finding in pass_.find(work, region, facts)]
    return [(finding, list(pass_.propose(work, finding, facts))) for finding in found]


def _check_finding(pass_: Pass, finding: Finding, told: str) -> None:
    assert finding.code == pass_.code, f"{told}a finding has code {finding.code}, not {pass_.code}"
    region = finding.region
    assert region.first <= finding.first <= finding.last <= region.last, (
        f"{told}the finding at lines {finding.first}-{finding.last} is outside its region {region.id}"
    )
    assert finding.reason, f"{told}a finding needs a reason"
    assert finding.remedy, f"{told}a finding needs a remedy"
    detail = json.loads(json.dumps(finding.detail, allow_nan=False))
    assert detail == finding.detail, f"{told}`detail` does not survive JSON: {finding.detail}"


def _check_change(finding: Finding, change: Change, work: ScriptWorkload, told: str) -> None:
    told = f"{told}{change.title}: "
    assert change.code == finding.code, f"{told}has code {change.code}, not {finding.code}"
    assert change.region == finding.region, f"{told}its region is not the finding's"
    recipe = Recipe((change,))
    again = Recipe.from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False)))
    assert again == recipe, f"{told}does not round-trip through JSON"
    candidate = change.apply(work)
    assert candidate.changed, f"{told}changes nothing"
    for path, new in candidate.changed.items():
        old = work.source(path)
        assert new.data != old.data, f"{told}leaves {path} as it was"
        _check_result(old, new, told)


def _check_result(old: SourceFile, new: SourceFile, told: str) -> None:
    try:
        tree = ast.parse(new.text)
        compile(new.text, new.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise AssertionError(f"{told}the result is not Python ({error}):\n{new.text}") from None
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        ours = [n for n in names if n.split(".")[0] == "hasten"]
        assert not ours or "hasten" in old.text, f"{told}the result imports hasten"
