"""Whole-program equality, on made-up runs and on real ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hasten.core.contract import Contract
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.baseline import Baseline, baseline
from hasten.observe.files import FileMask, file_difference, file_mask
from hasten.observe.mirror import Mirror
from hasten.observe.process import ProgramRun, WorkloadRun, run_workload
from hasten.observe.session import session
from hasten.observe.text import Mask
from hasten.verify.outputs import changed_file, difference

CONTRACT = Contract()


class Runs:
    """Makes runs whose files lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def __call__(
        self,
        status: int = 0,
        out: str = "",
        err: str = "",
        *,
        files: dict[str, bytes] | None = None,
        deleted: tuple[str, ...] = (),
        changed: tuple[str, ...] = (),
        **program: Any,
    ) -> WorkloadRun:
        written, kept = {}, {}
        for name, data in (files or {}).items():
            self.count += 1
            kept[name] = self.folder / str(self.count)
            kept[name].write_bytes(data)
            written[name] = hashlib.sha256(data).hexdigest()
        run = ProgramRun(status, out.encode(), err.encode(), 1.0, 1.0, 10.0, **program)
        return WorkloadRun(run, written, kept, frozenset(deleted), frozenset(changed))

    def compare(self, old: WorkloadRun, new: WorkloadRun, contract: Contract = CONTRACT, **base: Any) -> str | None:
        return difference(Baseline((old,), root=Path("/mirror"), **base), new, contract)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_the_same_is_equal(runs: Runs) -> None:
    files = {"a.csv": b"1,2\n"}
    assert runs.compare(runs(3, "x", "y", files=files), runs(3, "x", "y", files=files)) is None


def test_each_part_counts(runs: Runs) -> None:
    old = runs(0, "out 1\n", "err\n", files={"a": b"x"}, deleted=("d",))
    assert runs.compare(old, runs(1, "out 1\n", "err\n", files={"a": b"x"}, deleted=("d",))) is not None
    assert "stdout line 1" in str(runs.compare(old, runs(0, "out 2\n", "err\n", files={"a": b"x"}, deleted=("d",))))
    assert "stderr" in str(runs.compare(old, runs(0, "out 1\n", "", files={"a": b"x"}, deleted=("d",))))
    assert "not written any more" in str(runs.compare(old, runs(0, "out 1\n", "err\n", deleted=("d",))))
    more = runs(0, "out 1\n", "err\n", files={"a": b"x", "b": b""}, deleted=("d",))
    assert "file b: is written now" in str(runs.compare(old, more))
    assert "not removed any more" in str(runs.compare(old, runs(0, "out 1\n", "err\n", files={"a": b"x"})))
    gone = runs(0, "out 1\n", "err\n", files={"a": b"x"}, deleted=("d", "e"))
    assert "file e: is removed now" in str(runs.compare(old, gone))


def test_a_crash_is_told_with_its_last_words(runs: Runs) -> None:
    found = runs.compare(runs(0), runs(1, err="Traceback\nZeroDivisionError: division by zero\n"))
    assert found == "exit status 0 became: exit status 1 (ZeroDivisionError: division by zero)"
    assert "SIGSEGV" in str(runs.compare(runs(0), runs(-11)))


def test_a_run_that_was_stopped_is_never_equal(runs: Runs) -> None:
    assert "timed out" in str(runs.compare(runs(-9), runs(-9, timed_out=True)))
    assert "too much output" in str(runs.compare(runs(0), runs(0, truncated=True)))


def test_tolerance_and_exact(runs: Runs) -> None:
    old, new = runs(0, "0.3\n"), runs(0, "0.30000000000000004\n")
    assert runs.compare(old, new) is None
    assert runs.compare(old, new, Contract(exact=True)) is not None
    assert runs.compare(runs(0, "3\n"), runs(0, "4\n"), Contract(rtol=0.9)) is not None


def test_masks_are_passed_over(runs: Runs) -> None:
    old, new = runs(0, "t 1\nn 5\n", files={"log": b"1.0"}), runs(0, "t 2\nn 5\n", files={"log": b"2.0"})
    masks = {"stdout_mask": Mask(tokens=frozenset({(0, 0)})), "file_masks": {"log": FileMask(whole=True)}}
    assert runs.compare(old, new, **masks) is None
    assert runs.compare(old, new) is not None
    assert runs.compare(old, runs(0, "t 2\nn 6\n", files={"log": b""}), **masks) is not None


def test_warnings_may_move_in_changed_files_only(runs: Runs) -> None:
    old = runs(0, err="/mirror/main.py:3: UserWarning: w\n  warn('w')\n")
    moved = "/mirror/main.py:9: UserWarning: w\n  other\n"
    assert runs.compare(old, runs(0, err=moved, changed=("main.py",))) is None
    assert runs.compare(old, runs(0, err=moved, changed=("lib.py",))) is not None


def test_masks_of_stderr_follow_when_echoed_source_is_left_out(runs: Runs) -> None:
    warning = "/mirror/main.py:{}: UserWarning: w {}\n  warn('w')\n"
    old = runs(0, err=warning.format(3, 5) + "took 1.5 s\nn 5\n")
    mask = Mask(tokens=frozenset({(2, 0)}))

    def against(err: str) -> str | None:
        return runs.compare(old, runs(0, err=err, changed=("main.py",)), stderr_mask=mask)

    assert against(warning.format(9, 5) + "took 0.1 s\nn 5\n") is None
    assert against(warning.format(9, 5) + "took 0.1 s\nn 6\n") is not None
    assert against(warning.format(9, 6) + "took 0.1 s\nn 5\n") is not None


def test_which_names_in_messages_are_changed_files() -> None:
    mine = changed_file(frozenset({"pkg/main.py"}), Path("/mirror"))
    assert mine("/mirror/pkg/main.py")
    assert mine("pkg/main.py")
    assert mine("./main.py")
    assert mine("../pkg/main.py")
    assert not mine("/mirror/main.py")
    assert not mine("/usr/lib/pkg/main.py")
    assert not mine("xmain.py")


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


ONE = np.array([1.0, 2.0, np.nan, np.inf])


@pytest.mark.parametrize(
    ("name", "old", "new", "equal"),
    [
        ("a.npy", npy(ONE), npy(ONE * (1 + 1e-12)), True),
        ("a.npy", npy(ONE), npy(ONE * (1 + 1e-6)), False),
        ("a.npy", npy(ONE), npy(ONE.astype(np.float32)), False),
        ("a.npy", npy(ONE), npy(ONE[None]), False),
        ("a.npy", npy(ONE), npy(-ONE), False),
        ("a.npy", npy(ONE), npy(np.array([1.0, 2.0, np.inf, np.nan])), False),
        ("a.npy", npy(ONE), npy(np.array([1.0, 2.0, np.nan, -np.inf])), False),
        ("a.npy", npy(np.arange(3)), npy(np.arange(3) + 1), False),
        ("a.npy", npy(np.array(["a", "b"])), npy(np.array(["a", "c"])), False),
        ("a.npy", npy(np.array([1e300, 1.0])), npy(np.array([1e300, 2.0])), True),  # within the array's own scale
        ("a.npy", npy(np.array([1e300, 1e299])), npy(np.array([1e300, 2e299])), False),
        ("a.npy", npy(np.array([5e-324, 0.0])), npy(np.array([0.0, 0.0])), False),
        ("a.npy", npy(np.zeros(3)), npy(np.full(3, 1e-300)), False),
        ("a.npy", npy(np.array([1 + 1j])), npy(np.array([1 + 1.1j])), False),
        ("a.npz", npz(x=ONE, y=ONE), npz(x=ONE, y=ONE * (1 + 1e-12)), True),
        ("a.npz", npz(x=ONE), npz(y=ONE), False),
        ("a.npz", npz(x=ONE), npz(x=ONE + 1), False),
        ("a.csv", b"a,b\n1,0.3\n", b"a,b\n1,0.30000000000000004\n", True),
        ("a.csv", b"a,b\n1,0.3\n", b"a,b\n1.0,0.3\n", False),
        ("a.csv", b"a\r\n", b"a\n", False),
        ("a.json", b'{"a": 0.3}', b'{"a": 0.30000000000000004}', True),
        ("a.json", b'{"a": 1}', b'{"b": 1}', False),
        ("a.bin", b"\x00\x01 0.3", b"\x00\x01 0.30000000000000004", False),
        ("a.gz", gzip.compress(b"1.5\n", mtime=1), gzip.compress(b"1.5\n", mtime=2), True),
        ("a.gz", gzip.compress(b"1.5\n", mtime=1), gzip.compress(b"1.6\n", mtime=1), False),
        ("a.txt", b"", b"\n", False),
    ],
)
def test_files(tmp_path: Path, name: str, old: bytes, new: bytes, equal: bool) -> None:
    a, b = tmp_path / "old", tmp_path / "new"
    a.write_bytes(old)
    b.write_bytes(new)
    found = file_difference(name, a, b, rtol=1e-9)
    assert (found is None) == equal
    if found is not None:
        assert name in found
        assert file_difference(name, a, b, rtol=0.0) is not None
    assert file_difference(name, a, a, rtol=1e-9) is None


def test_the_time_in_an_archive_is_masked_member_by_member(tmp_path: Path) -> None:
    def archive(stamp: str, value: str) -> Path:
        path = tmp_path / f"{stamp}{value}.zip"
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("meta.xml", f"made at {stamp}")
            out.writestr("data.csv", value)
        return path

    mask, said = file_mask("a.xlsx", [archive("10:01", "5"), archive("10:02", "5")])
    assert len(said) == 1
    assert "meta.xml" in said[0]
    assert file_difference("a.xlsx", archive("10:01", "5"), archive("10:09", "5"), rtol=0.0, mask=mask) is None
    assert file_difference("a.xlsx", archive("10:01", "5"), archive("10:09", "6"), rtol=0.0, mask=mask) is not None


def test_a_real_candidate_that_moves_lines_is_equal_and_one_that_changes_a_digit_is_not(tmp_path: Path) -> None:
    code = """import time, warnings
start = time.time()
warnings.warn("careful")
total = sum(x * 0.1 for x in range(1000))
open("out.csv", "w").write(f"total\\n{total}\\n")
print("total", total)
print(f"took {time.time() - start:.9f} s")
raise SystemExit(3)
"""
    (tmp_path / "main.py").write_text(code)
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    with session() as active:
        mirror = Mirror(active, work)
        base = baseline(active, mirror, work)

        def outcome(text: str) -> str | None:
            candidate = work.with_sources({"main.py": SourceFile("main.py", text.encode())})
            return difference(base, run_workload(active, mirror, candidate, keep_cache=True), Contract())

        assert len(base.unrepeatable) == 1
        assert outcome(code) is None
        assert outcome(f"# a comment\n\n{code}") is None
        assert outcome(code.replace("x * 0.1", "x / 10")) is None
        assert "stdout line 1" in str(outcome(code.replace("range(1000)", "range(1001)")))
        assert "out.csv" in str(outcome(code.replace("n{total}", "n{total + 1}")))
        assert "stderr" in str(outcome(code.replace("careful", "carefree")))
        assert "exit status 4" in str(outcome(code.replace("SystemExit(3)", "SystemExit(4)")))
