from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hasten.deliver import apply
from hasten.deliver.apply import apply_run, run_diff
from hasten.deliver.artifact import deliver
from hasten.errors import StaleError, UsageError
from tests.deliver.records import files, plain_record, sha

OLD = {"script.py": b"x = 1\r\n", "pkg/mod.py": b"# coding: latin-1\ny = '\xe9'"}
NEW = {"script.py": b"x = 2\r\n", "pkg/mod.py": b"# coding: latin-1\ny = '\xe8'"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, data in OLD.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "script.py").chmod(0o755)
    out = tmp_path / "run"
    deliver(plain_record(root, OLD, NEW), files(OLD), files(NEW), out)
    return out


def now(run: Path) -> dict[str, bytes]:
    return {path: (run.parent / "project" / path).read_bytes() for path in OLD}


def test_apply_and_undo(run: Path) -> None:
    done = apply_run(run)
    assert now(run) == NEW
    assert done.written == ("pkg/mod.py", "script.py")
    assert "--undo" in done.undo
    assert (run.parent / "project/script.py").stat().st_mode & 0o777 == 0o755
    assert apply_run(run).already == ("pkg/mod.py", "script.py")
    assert apply_run(run, undo=True).undone
    assert now(run) == OLD
    assert not (run / "backup").exists()


def test_an_edited_file_stops_everything(run: Path) -> None:
    (run.parent / "project/script.py").write_bytes(b"x = 1\n")
    with pytest.raises(StaleError, match=r"script\.py: no longer what it was"):
        apply_run(run)
    assert now(run) == {**OLD, "script.py": b"x = 1\n"}


def test_a_file_edited_after_apply_is_not_undone(run: Path) -> None:
    apply_run(run)
    (run.parent / "project/script.py").write_bytes(b"mine\n")
    with pytest.raises(StaleError, match="what this run wrote"):
        apply_run(run, undo=True)
    assert now(run) == {**NEW, "script.py": b"mine\n"}


def test_an_edited_copy_is_not_applied(run: Path) -> None:
    (run / "optimized/script.py").write_bytes(b"import os\n")
    with pytest.raises(UsageError, match="edited after the run"):
        apply_run(run)
    assert now(run) == OLD


def test_a_missing_file_is_stale(run: Path) -> None:
    (run.parent / "project/script.py").unlink()
    with pytest.raises(StaleError, match="No such file"):
        apply_run(run)


def test_a_record_cannot_point_outside(run: Path) -> None:
    text = (run / "result.json").read_text()
    (run / "result.json").write_text(text.replace('"script.py":', '"../script.py":'))
    with pytest.raises(UsageError, match="not a path inside"):
        apply_run(run)


def test_a_link_out_of_the_project_is_not_followed(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.py"
    target.write_bytes(OLD["script.py"])
    place = run.parent / "project/script.py"
    place.unlink()
    place.symlink_to(target)
    with pytest.raises(UsageError, match="leads out"):
        apply_run(run)
    assert target.read_bytes() == OLD["script.py"]


def test_a_failing_write_takes_the_others_back(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = apply.write_atomic

    def fail(path: Path, data: bytes) -> None:
        if path.name == "script.py" and data == NEW["script.py"]:
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(apply, "write_atomic", fail)
    with pytest.raises(OSError, match="No space"):
        apply_run(run)
    assert now(run) == OLD
    assert not (run / "backup").exists()


def test_a_project_that_moved(run: Path, tmp_path: Path) -> None:
    moved = (run.parent / "project").rename(tmp_path / "moved")
    apply_run(run, root=moved)
    assert (moved / "script.py").read_bytes() == NEW["script.py"]


def test_the_diff_is_the_patch(run: Path) -> None:
    assert run_diff(run) == (run / "changes.patch").read_bytes()
    assert b"+x = 2\r\n" in run_diff(run)


def test_files_that_the_run_made_come_and_go(tmp_path: Path) -> None:
    root, out = tmp_path / "project", tmp_path / "run"
    root.mkdir()
    (root / "script.py").write_bytes(b"x = 1\n")
    old = {"script.py": b"x = 1\n"}
    new = {"script.py": b"x = 2\n", "script_kernels.py": b"y = 1\n", "script_ahead.so": b"\x7fELF\0\1"}
    record = replace(
        plain_record(root, {**old, **dict.fromkeys(new, b"")}, new), sources={"script.py": sha(b"x = 1\n")}
    )
    deliver(record, files(old), files(new), out)
    diff = run_diff(out)
    assert b"new file mode 100644\n--- /dev/null\n+++ b/script_kernels.py\n" in diff
    assert b"ELF" not in diff
    apply_run(out)
    assert {p.name: p.read_bytes() for p in root.iterdir()} == new
    assert apply_run(out).already == tuple(sorted(new))
    apply_run(out, undo=True)
    assert {p.name: p.read_bytes() for p in root.iterdir()} == old
    assert not (out / "backup").exists()
    # a file of that name that was there before, or came since, is not written over
    (root / "script_kernels.py").write_bytes(b"mine\n")
    with pytest.raises(StaleError, match=r"script_kernels\.py: no longer"):
        apply_run(out)
    assert (root / "script.py").read_bytes() == b"x = 1\n"
    (root / "script_kernels.py").unlink()
    # `git apply` takes the patch
    subprocess.run(["git", "apply", str(out / "changes.patch")], cwd=root, check=True)
    assert (root / "script_kernels.py").read_bytes() == b"y = 1\n"
    assert (root / "script.py").read_bytes() == b"x = 2\n"
