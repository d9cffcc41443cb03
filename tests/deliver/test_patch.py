"""Patches are given to `git apply` and must give the new bytes exactly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.deliver.patch import file_patch, patch, quoted


def git_apply(folder: Path, diff: bytes) -> None:
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent), "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


CASES = {
    "plain": ("a.py", b"x = 1\ny = 2\n", b"x = 1\ny = 3\n"),
    "no newline at the end, before": ("a.py", b"x = 1\ny = 2", b"x = 1\ny = 2\n"),
    "no newline at the end, after": ("a.py", b"x = 1\ny = 2\n", b"x = 1\nz = 2"),
    "no newline at either end": ("a.py", b"x = 1\ny = 2", b"x = 3\ny = 2"),
    "carriage returns": ("a.py", b"x = 1\r\ny = 2\r\n", b"x = 1\r\ny = 3\r\n"),
    "byte-order mark": ("a.py", b"\xef\xbb\xbfx = 1\n", b"\xef\xbb\xbfx = 2\n"),
    "Latin-1": ("a.py", b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\nx = '\xe9\xff'\n"),
    "form feed and odd line ends": ("a.py", b"a = 1\x0cb\x1c\x85\n\n", b"a = 2\x0cb\x1c\x85\n\n"),
    "space in the name": ("my folder/my script.py", b"x = 1\n", b"x = 2\n"),
    "letters beyond ASCII in the name": ("größe/данные.py", b"x = 1\n", b"x = 2\n"),
    "quote and backslash in the name": ('a"b\\c.py', b"x = 1\n", b"x = 2\n"),
    "tab in the name": ("a\tb.py", b"x = 1\n", b"x = 2\n"),
    "emptied": ("a.py", b"x = 1\n", b""),
    "filled": ("a.py", b"", b"x = 1\n"),
    "lines that look like headers": ("a.py", b"-- a\n++ b\n@@ c\n", b"-- a\n++ d\n@@ c\n--- e\n+++ f\n"),
    "two hunks": ("a.py", b"".join(b"%d\n" % i for i in range(40)), b"".join(b"%d\n" % (i % 38) for i in range(40))),
}


@pytest.mark.parametrize("case", CASES)
def test_git_applies_it(case: str, tmp_path: Path) -> None:
    path, old, new = CASES[case]
    place = tmp_path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(old)
    git_apply(tmp_path, file_patch(path, old, new))
    assert place.read_bytes() == new


def test_several_files_make_one_patch(tmp_path: Path) -> None:
    old = {"b.py": b"1\n", "a/a.py": b"1\n", "same.py": b"1\n"}
    new = {"b.py": b"2\n", "a/a.py": b"3\n", "same.py": b"1\n"}
    for path, data in old.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    diff = patch(old, new)
    assert b"same.py" not in diff
    git_apply(tmp_path, diff)
    assert {path: (tmp_path / path).read_bytes() for path in new} == new


def test_no_change_is_no_patch() -> None:
    assert file_patch("a.py", b"x\n", b"x\n") == b""


def test_plain_names_are_not_quoted() -> None:
    assert quoted("a/my file.py") == "a/my file.py"
    assert quoted("a/é") == '"a/\\303\\251"'


@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"\r\n", b"\n", b"\xe9\n", b"+\n"]), max_size=12), st.data())
def test_it_names_every_line_that_changed(lines: list[bytes], data: st.DataObject) -> None:
    new = data.draw(st.permutations([*lines, b"new line\n"]))
    diff = file_patch("a.py", b"".join(lines), b"".join(new))
    removed = [row[1:] for row in diff.split(b"\n")[4:] if row.startswith(b"-")]
    added = [row[1:] for row in diff.split(b"\n")[4:] if row.startswith(b"+")]
    assert sorted([*lines, *(a + b"\n" for a in added)]) == sorted([*new, *(r + b"\n" for r in removed)])
