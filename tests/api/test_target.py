from __future__ import annotations

from pathlib import Path

import pytest

from hasten.api import target
from hasten.api.target import companions, started_elsewhere, workload
from hasten.errors import TargetError, UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "pkg").mkdir(parents=True)
    (root / "pyproject.toml").write_text("")
    (root / "main.py").write_text("import pkg.mod\nfrom pkg import other as o\nimport helper, json\n")
    (root / "helper.py").write_text(
        "def f():\n    def g():\n        pass\n\nclass C:\n    def m(self):\n        pass\n"
    )
    (root / "pkg/__init__.py").write_text("")
    (root / "pkg/mod.py").write_text("from . import deep\nfrom .deep import x\n")
    (root / "pkg/other.py").write_text("def work(): pass\n")
    (root / "pkg/deep.py").write_text("x = 1\n")
    (root / "pkg/unused.py").write_text("x = 1\n")
    (root / "pkg/__main__.py").write_text("print(1)\n")
    return root


def test_a_script(project: Path) -> None:
    work = workload("main.py", ["--n", "3"], cwd=project, stdin=b"x")
    assert (work.root, work.cwd, work.entry_path, work.entry.command) == (project, ".", "main.py", ("main.py",))
    assert (work.argv, work.stdin, work.focus) == (("--n", "3"), b"x", None)


def test_the_current_folder_is_kept(project: Path) -> None:
    work = workload("../main.py", cwd=project / "pkg")
    assert (work.root, work.cwd, work.entry_path, work.entry.name) == (project, "pkg", "main.py", "../main.py")


def test_an_absolute_path(project: Path) -> None:
    assert workload(str(project / "pkg/other.py"), cwd=project).entry_path == "pkg/other.py"


@pytest.mark.parametrize(("name", "path"), [("pkg.other", "pkg/other.py"), ("pkg", "pkg/__main__.py")])
def test_a_module(name: str, path: str, project: Path) -> None:
    work = workload(name, cwd=project)
    assert (work.entry.kind, work.entry.command, work.entry_path) == ("module", ("-m", name), path)


@pytest.mark.parametrize(
    ("name", "focus", "kind"),
    [
        ("helper.py::f", "helper.py::f", "script"),
        ("helper.py::C.m", "helper.py::C.m", "script"),
        ("helper.py::C::m", "helper.py::C.m", "script"),
        ("helper.py::f.g", "helper.py::f.<locals>.g", "script"),
        ("pkg.other:work", "pkg/other.py::work", "module"),
    ],
)
def test_a_function(name: str, focus: str, kind: str, project: Path) -> None:
    work = workload(name, cwd=project)
    assert (work.focus, work.entry.kind) == (focus, kind)


def test_a_function_with_its_calls(project: Path) -> None:
    work = workload("pkg/other.py::work", calls="main.py", cwd=project)
    assert (work.focus, work.entry.name, work.entry_path) == ("pkg/other.py::work", "main.py", "main.py")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mian.py", "did you mean 'main.py'"),
        ("nothing.py", "no such file"),
        ("pkg.othr", "did you mean 'other.py'"),
        ("helper.py::ff", "did you mean 'f'"),
        ("helper.py:f", "helper.py::f"),
        ("pkg.other::work", "pkg.other:work"),
        ("helper.py::", "file.py::function"),
        ("pkg/", "is a folder"),
        ("what is this", "neither a file"),
    ],
)
def test_names_that_name_nothing(name: str, words: str, project: Path) -> None:
    with pytest.raises(UsageError) as told:
        workload(name, cwd=project)
    assert words in str(told.value)


def test_calls_need_a_function(project: Path) -> None:
    with pytest.raises(UsageError, match="--calls goes with a function"):
        workload("main.py", calls="helper.py", cwd=project)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"it was a dark night\n", "line 1 is not Python"),
        (b"\x7fELF\0\0", "zero bytes"),
        (b"x = '\xff'\n", "not Python"),
        (b"f(\n", "never closed"),
    ],
)
def test_what_is_not_python(data: bytes, words: str, project: Path) -> None:
    (project / "bad.py").write_bytes(data)
    with pytest.raises(TargetError) as told:
        workload("bad.py", cwd=project)
    assert words in str(told.value)


def test_without_a_project_file_the_scripts_folder_is_the_root(tmp_path: Path) -> None:
    (tmp_path / "lone.py").write_text("")
    assert workload("lone.py", cwd=tmp_path).root == tmp_path


def test_started_from_above_the_project(project: Path) -> None:
    work = workload("project/main.py", cwd=project.parent)
    assert (work.root, work.cwd, work.entry_path) == (project.parent, ".", "project/main.py")


def test_a_program_far_away_starts_in_its_own_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "MOST_FILES", 3)
    work = workload("project/pkg/other.py", cwd=project.parent)
    assert (work.root, work.cwd, work.entry.name, work.entry_path) == (project, "pkg", "other.py", "pkg/other.py")
    assert str(project / "pkg") in (started_elsewhere(work, project.parent) or "")
    assert started_elsewhere(work, project / "pkg") is None


def test_a_folder_too_large_to_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "MOST_FILES", 3)
    for name in "abcd":
        (tmp_path / f"{name}.py").write_text("")
    with pytest.raises(TargetError, match="too much to copy"):
        workload("a.py", cwd=tmp_path)


def test_home_is_nobodys_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/x.py").write_text("")
    (tmp_path / "x.py").write_text("")
    assert workload("x.py", cwd=tmp_path / "work").root == tmp_path / "work"
    with pytest.raises(TargetError, match="folder of its own"):
        workload("x.py", cwd=tmp_path)


def test_companions_are_what_is_imported(project: Path) -> None:
    assert sorted(companions(workload("main.py", cwd=project))) == [
        "helper.py", "main.py", "pkg/__init__.py", "pkg/deep.py", "pkg/mod.py", "pkg/other.py",
    ]  # fmt: skip


def test_companions_stop_at_the_limit(project: Path) -> None:
    assert companions(workload("main.py", cwd=project), most_bytes=10) == {}
