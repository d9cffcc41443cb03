"""The folder of a run is removed or moved while hasten is at work: one error that names it, and the user's files stay."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hasten.cli import main
from hasten.observe import reap
from hasten.observe.process import run_program
from hasten.observe.shim import Shim

# What a shell does is not seen by the shim, so it is not undone: it counts runs, and strikes in the one that is told.
PROGRAM = """
import os
with open(NOTES, "a") as file:
    file.write("run\\n")
os.system("echo >> " + COUNT)
if os.path.getsize(COUNT) == RUN:
    os.system(STRIKE)
open("made.txt", "w").write("x")
print(1)
"""


@pytest.mark.parametrize("number", [1, 2, 3, 4])  # the audited run, plain runs, a later one
@pytest.mark.parametrize("strike", ["rm -rf OUT", "mv OUT OUT-moved", "rm -rf OUT; mkdir -p OUT/journal"])
def test_a_run_whose_folder_goes_is_one_error(
    number: int, strike: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if (number > 2) != strike.endswith("OUT"):
        pytest.skip("not every strike at every run: each takes a second")
    notes, count, out = tmp_path / "notes", tmp_path / "count", tmp_path / "out"
    notes.write_text("mine\n")
    os.utime(notes, ns=(10**18, 10**18))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    text = PROGRAM.replace("STRIKE", repr(strike.replace("OUT", str(out)))).replace("RUN", str(number))
    Path("a.py").write_text(text.replace("NOTES", repr(str(notes))).replace("COUNT", repr(str(count))))
    Path("pyproject.toml").write_text("")
    assert main(["run", "a.py", "--stdin", os.devnull, "--no-compiled", "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert f"hasten: {out} was removed or moved while hasten was at work" in told
    assert told.count("hasten: ") == 1 and "Traceback" not in told
    assert notes.read_text() == "mine\n" and notes.stat().st_mtime_ns == 10**18
    assert not any(Path(s).exists() for s in reap._scratches)
    assert main(["run", "a.py", "--stdin", os.devnull, "--no-compiled", "--out", str(tmp_path / "again")]) == 0


def test_what_cannot_be_copied_aside_is_not_written(tmp_path: Path) -> None:
    """Of a file outside the project there is a backup before its first change, or there is no change."""
    notes = tmp_path / "notes"
    notes.write_text("mine\n")
    (tmp_path / "inside").mkdir()
    shim = Shim(tmp_path / "shim", (tmp_path / "inside",), tmp_path / "no such folder")
    code = f"open({str(notes)!r}, 'w').write('theirs')"

    done = run_program([sys.executable, "-c", code], cwd=tmp_path / "inside", env=shim.environment(dict(os.environ)))
    assert done.status == 97 and notes.read_text() == "mine\n"
    why, path = shim.read().refused or ("", "")
    assert "no copy can be made first: No such file" in why and path == str(notes)
