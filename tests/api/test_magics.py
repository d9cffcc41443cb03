"""The magics: what they take along, what they run, what they show. The search itself is tested elsewhere."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hasten.api import live
from hasten.api.results import ProfileResult, RunResult
from hasten.core.record import RunRecord, TargetRecord
from hasten.core.source import SourceFile
from hasten.deliver.artifact import deliver
from hasten.errors import TargetError, UsageError

pytest.importorskip("IPython")

Shell = Any
Run = Callable[..., Any]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    main = sys.modules["__main__"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # IPython's own
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        made = InteractiveShell(config=config)
        sys.modules["__main__"] = made.user_module
        try:
            made.run_cell("%load_ext hasten")
            yield made
        finally:
            sys.modules["__main__"] = main
            made.restore_sys_module_state()


def cell(shell: Shell, text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = shell.run_cell(text, store_history=True)
    assert ended.success, ended
    return ended.result


SETUP = (
    "import math, random\nimport json as js\nfrom dataclasses import dataclass\n\n@dataclass\nclass Row:\n    value: float\n"
    "    key: int\n\n    def twice(self):\n        return self.value * FACTOR",
    "FACTOR = 2\nrandom.seed(5)\nrows = [Row(i / 7, i) for i in range(9)]\nhandle = open(__import__('os').devnull)\nlast = rows[-1]",
    "def weight(x):\n    return math.sqrt(x)\n\ndef score(rows):\n    total = 0.0\n    for r in rows:\n"
    "        total += weight(r.value) * r.twice()\n    return total",
)  # fmt: skip


def ran(work: Any, tmp_path: Path) -> str:
    """The program run as hasten runs it: what it writes."""
    for path, source in work.made.items():
        (tmp_path / path).write_bytes(source.data)
    done = subprocess.run([sys.executable, work.entry.name], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "_live_results.txt").read_text()


def test_a_cell_becomes_a_program_with_all_that_it_reads(shell: Shell, tmp_path: Path) -> None:
    for text in SETUP:
        cell(shell, text)
    code = "total = score(rows)\ndraw = random.random()\nsame = last is rows[-1]\nhandle = None\ntext = js.dumps([1])"
    taken = live.take(code, shell.user_ns, tmp_path)
    assert set(taken.texts) == {"Row", "weight", "score"} and set(taken.values) == {"rows", "last", "FACTOR"}
    assert taken.modules == {"math": "math", "random": "random", "js": "json"}
    before = shell.user_ns["rows"][0]
    cell(shell, code)  # the notebook goes on, and what was taken stays as it was
    cell(shell, "rows.clear()")
    work = taken.program(shell.user_ns)
    written = ran(work, tmp_path)
    assert (
        f"total float {shell.user_ns['total']!r}\n" in written and f"draw float {shell.user_ns['draw']!r}\n" in written
    )
    assert "same bool True\n" in written and before.value == 0.0
    assert work.cells is not None and work.cells.split(work.source(work.entry_path).text)[len(work.cells.cells)] == code


def test_an_expression_is_a_program_too(shell: Shell, tmp_path: Path) -> None:
    cell(shell, "def f(x):\n    return [x, {'a': (x, None)}]")
    work = live.take("f(3)", shell.user_ns, tmp_path, expression=True).program(shell.user_ns)
    rows = ran(work, tmp_path).splitlines()
    assert rows == ["result builtins.list 2", "result int 3", "result builtins.dict 1", "result str 'a'", "result builtins.tuple 2", "result int 3", "result NoneType None"]  # fmt: skip


REFUSED = {
    "handle.read()": "reads handle, which cannot be taken along",
    "x = In[0]": "reads In, which only the notebook has",
    "inner(1)": "was made inside another function",
    "%time x = 1": "is not plain Python",
    "await g()": "is not plain Python",
    "def f(:": "is not plain Python",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_taken_along_is_named(code: str, shell: Shell, tmp_path: Path) -> None:
    cell(shell, "def make():\n    n = 1\n    def inner(x):\n        return x + n\n    return inner\ninner = make()")
    cell(shell, "handle = open(__import__('os').devnull)")
    with pytest.raises(TargetError, match=REFUSED[code]):
        live.take(code, shell.user_ns, tmp_path)
    cell(shell, "handle.close()")


def test_a_class_that_was_written_anew_since_is_not_taken_for_the_old_one(shell: Shell, tmp_path: Path) -> None:
    cell(shell, "class A:\n    def f(self):\n        return 1\na = A()")
    shell.user_ns["In"].append("class A:\n    def f(self):\n        return 2")  # a cell that failed
    with pytest.raises(TargetError, match="A, which this cell needs, has no source"):
        live.take("a.f()", shell.user_ns, tmp_path)


def test_a_cell_runs_once_and_is_profiled(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    cell(shell, "runs = []")
    cell(shell, "%%hasten profile\nruns.append(1)\nt = 0\nfor i in range(5000000):\n    t += i\nprint('end', t)")
    out = capsys.readouterr().out
    assert shell.user_ns["runs"] == [1] and "end 12499997500000" in out
    assert "sampling thread" in out and "t += i" in out
    found = cell(shell, "%hasten profile sum(i * i for i in range(4000000))")
    assert isinstance(found, ProfileResult) and found.profile.samples > 0


def test_a_failing_cell_fails_as_it_would(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%hasten\nbefore = 1\n1 / 0")
    told = capsys.readouterr()
    assert "ZeroDivisionError" in told.out + told.err and shell.user_ns["before"] == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%hasten", "write %hasten run f"), ("%hasten run", "what?"), ("%hasten apply", "nothing was found yet"),
        ("%hasten run --fast x", "--fast"), ("%hasten run x = 1", "not"), ("%hasten run nothing.py", "no such file"),
        ("%%hasten sideways\n1", "it takes"),
    ],
)  # fmt: skip
def test_wrong_words_are_one_line(line: str, words: str, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    cell(shell, line)
    err = capsys.readouterr().err
    assert err.startswith("hasten: ") and words in err and "Traceback" not in err


def test_options_come_before_the_expression() -> None:
    from hasten.api.magics import _options

    assert _options("--budget 1m --exact f(x, '--seed 3')") == ({"budget": "1m", "exact": True}, "f(x, '--seed 3')")
    assert _options("profile --no-compiled") == ({"compiled": False}, "profile")
    assert _options("--seed=3") == ({"seed": "3"}, "")
    with pytest.raises(UsageError, match="--rate"):
        _options("--rate 3 f()")


def test_what_was_found_goes_into_a_new_cell(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hasten.api import run

    seen: dict[str, Any] = {}

    def found(journal: Any, work: Any, told: Any, progress: Any) -> RunResult:
        """A search that has changed one function."""
        script = work.entry_path
        new = SourceFile(script, work.source(script).data.replace(b"return x + 1", b"return 1 + x"))
        record = RunRecord(TargetRecord.of(work), changed={script: new.sha256}, sources={script: "0"})
        seen.update(told)
        folder = journal.folder.parent
        return RunResult(record, deliver(record, {script: work.source(script)}, {script: new}, folder))

    monkeypatch.setattr(run, "script", found)
    cell(shell, "def f(x):\n    return x + 1\ndef g(x):\n    return f(x)")
    result = cell(shell, "%hasten run --budget 30s g(4)")
    assert result.code == {"f": "def f(x):\n    return 1 + x"} == {"f": result.text}
    assert seen["given"].budget == 30.0
    assert "return 1 + x" in result._repr_html_() and "%hasten apply" in str(result)
    given: list[str] = []
    monkeypatch.setattr(shell, "set_next_input", given.append)
    cell(shell, "%hasten apply")
    assert given == ["def f(x):\n    return 1 + x"]
