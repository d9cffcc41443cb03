from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hasten.deliver.artifact import BACKUP, check_folder, deliver, load
from hasten.deliver.files import inside, write_atomic
from hasten.errors import UsageError
from tests.deliver.records import files, full_record, plain_record

OLD = {"script.py": b"import helper\nprint(helper.value())\n", "pkg/data.py": b"x = 1"}
NEW = {"script.py": b"import helper\nprint(helper.value() + 1)\n", "pkg/data.py": b"x = 2"}


def test_a_run_is_complete_and_its_copy_runs(tmp_path: Path) -> None:
    record = plain_record(tmp_path, OLD, NEW)
    helper = files({"helper.py": b"def value():\n    return 41\n"})
    out = tmp_path / "out"
    done = deliver(record, files(OLD), files(NEW), out, companions=helper, render=lambda r, diff: f"<p>{len(diff)}</p>")
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == [
        "changes.patch", "optimized/helper.py", "optimized/pkg/data.py", "optimized/script.py", "report.html",
        "result.json",
    ]  # fmt: skip
    assert {p.relative_to(out / "optimized").as_posix() for p in done.optimized} == set(NEW)
    run = subprocess.run([sys.executable, out / "optimized/script.py"], capture_output=True, text=True, cwd=tmp_path)
    assert run.stdout == "42\n"
    assert load(out) == record


def test_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    deliver(plain_record(tmp_path, OLD, NEW), files(OLD), files(NEW), out)
    only = {"script.py": b"pass\n"}
    deliver(plain_record(tmp_path, OLD, only), files(OLD), files(only), out)
    assert not (out / "optimized/pkg").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="other files"):
        check_folder(tmp_path)
    with pytest.raises(UsageError, match="it is a file"):
        check_folder(tmp_path / "thesis.txt")


def test_a_folder_with_a_backup_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    deliver(plain_record(tmp_path, OLD, NEW), files(OLD), files(NEW), out)
    (out / BACKUP).mkdir()
    with pytest.raises(UsageError, match="--undo"):
        check_folder(out)


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "a/../../x.py", "", "."])
def test_nothing_is_written_outside(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        inside(tmp_path, path)


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "away").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="leads out"):
        inside(root, "away/x.py")


def test_no_run_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hasten run"):
        load(tmp_path / "nothing")


def test_a_record_with_everything_survives_the_disk(tmp_path: Path) -> None:
    record = full_record("ünïcode \udcff </script>")
    deliver(record, files({"script.py": b"x\n"}), files({"script.py": b"y\n"}), tmp_path)
    assert load(tmp_path) == record


def test_write_atomic_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "run.py"
    place.write_bytes(b"old")
    place.chmod(0o750)
    write_atomic(place, b"new")
    assert place.read_bytes() == b"new"
    assert place.stat().st_mode & 0o777 == 0o750
    assert [p.name for p in tmp_path.iterdir()] == ["run.py"]


def test_a_report_that_cannot_be_made_does_not_take_the_run_with_it(tmp_path: Path) -> None:
    def broken(record: object, diff: str) -> str:
        raise KeyError("<b>no such\nfield</b>")

    out = tmp_path / "o'ut"
    done = deliver(plain_record(tmp_path, OLD, NEW), files(OLD), files(NEW), out, render=broken)
    told = load(out).notes
    assert told == done.notes
    assert "report.html could not be made (KeyError" in told[0]
    page = done.report.read_text()
    assert "&lt;b&gt;no such" in page
    assert "<b>" not in page
    assert "hasten report" in page
    assert (out / "optimized/script.py").read_bytes() == NEW["script.py"]
