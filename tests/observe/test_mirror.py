"""The mirror: the same tree for every run, whatever the last one did, and the user's files untouched."""

from __future__ import annotations

import os
import py_compile
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError
from hasten.observe import mirror as module
from hasten.observe.files import NO_FILE_MASK, file_difference, file_mask
from hasten.observe.mirror import Mirror
from hasten.observe.process import run_workload
from hasten.observe.session import Session, session


@pytest.fixture
def active() -> Iterator[Session]:
    with session(seed=3) as s:
        yield s


def project(tmp_path: Path, script: str = "print(1)\n", **files: str) -> ScriptWorkload:
    root = tmp_path / "prö ject"
    root.mkdir()
    (root / "main.py").write_text(script)
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ScriptWorkload(root, Entry("script", "main.py"), "main.py")


def tree(folder: Path) -> dict[str, object]:
    """Everything below a folder: content, mode and time of files, targets of links."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        info = path.lstat()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = (path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_mtime_ns)
    return found


def test_every_run_finds_the_same_tree(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path, data__a_dot_txt="a", data__b_dot_txt="b", lib__x_dot_py="x = 1")
    (work.root / "tool").write_text("#!/bin/sh\n")
    (work.root / "tool").chmod(0o755)
    (work.root / "link").symlink_to("data/a.txt")
    (work.root / "inside").symlink_to(work.root / "data")
    before = tree(work.root)
    mirror = Mirror(active, work)
    with mirror.prepared(work) as root:
        first = tree(root)
        assert root == mirror.path
        (root / "data/a.txt").write_text("changed")
        (root / "data/b.txt").unlink()
        (root / "new").mkdir()
        (root / "new/file").write_text("new")
        (root / "tool").chmod(0o600)
        (root / "link").unlink()
        (root / "link").write_text("no link any more")
        (root / "lib/x.py").unlink()
        (root / "lib").rmdir()
        (root / "lib").write_text("a file now")
    with mirror.prepared(work) as root:
        assert tree(root) == first
        assert (root / "inside").resolve() == root / "data"
    assert tree(work.root) == before
    assert {name: value for name, value in first.items() if name != "inside"} == {
        name: value for name, value in before.items() if name != "inside"
    }


def test_a_change_that_keeps_size_and_time_is_undone(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path, data_dot_txt="old")
    mirror = Mirror(active, work)
    with mirror.prepared(work) as root:
        path = root / "data.txt"
        info = path.stat()
        path.write_text("new")
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        assert mirror.collect().written.keys() == {"data.txt"}
    with mirror.prepared(work) as root:
        assert (root / "data.txt").read_text() == "old"


def test_the_mirror_does_not_follow_later_edits(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path, data_dot_txt="then")
    mirror = Mirror(active, work)
    (work.root / "data.txt").write_text("now")
    with mirror.prepared(work) as root:
        assert (root / "data.txt").read_text() == "then"


def test_folders_that_are_no_part_of_a_program_stay_out(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path)
    for name in (".git", ".venv", "node_modules", "__pycache__", ".hasten"):
        (work.root / name).mkdir()
        (work.root / name / "x").write_text("x")
    with Mirror(active, work).prepared(work) as root:
        assert sorted(p.name for p in root.iterdir()) == ["main.py"]


def test_a_candidate_has_its_files_and_the_next_one_has_not(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path, "old\n")
    candidate = work.with_sources({"main.py": SourceFile("main.py", b"new\n"), "a/b.py": SourceFile("a/b.py", b"b\n")})
    mirror = Mirror(active, work)
    with mirror.prepared(candidate) as root:
        assert (root / "main.py").read_text() == "new\n"
        assert (root / "a/b.py").read_text() == "b\n"
        assert mirror.collect().written == {}
    with mirror.prepared(work) as root:
        assert (root / "main.py").read_text() == "old\n"
        assert not (root / "a").exists()


def test_compiled_files_belong_to_one_candidate(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path)
    candidate = work.with_sources({"main.py": SourceFile("main.py", b"print(2)\n")})
    mirror = Mirror(active, work)

    def compiled(which: ScriptWorkload, *, keep: bool) -> set[str]:
        with mirror.prepared(which, keep_cache=keep) as root:
            there = {p.name for p in root.rglob("*.nbi")}
            cache = root / "__pycache__"
            cache.mkdir(exist_ok=True)
            (cache / ("new.nbi" if which.changed else "old.nbi")).write_text("x")
            assert mirror.collect().written == {}
            return there

    assert compiled(work, keep=True) == set()
    assert compiled(candidate, keep=True) == set()
    assert compiled(work, keep=True) == {"old.nbi"}
    assert compiled(candidate, keep=True) == {"new.nbi"}
    assert compiled(candidate, keep=False) == set()
    assert compiled(work, keep=False) == set()
    assert compiled(candidate, keep=True) == {"new.nbi"}


def test_two_candidates_of_one_size_do_not_share_a_time(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path)
    mirror = Mirror(active, work)
    stamps = set()
    for text in (b"print(2)\n", b"print(3)\n"):
        candidate = work.with_sources({"main.py": SourceFile("main.py", text)})
        for _ in range(2):
            with mirror.prepared(candidate) as root:
                stamps.add((root / "main.py").stat().st_mtime_ns)
                py_compile.compile(str(root / "main.py"), doraise=True)
    assert len(stamps) == 2


def test_what_a_run_leaves_is_collected(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path, data_dot_txt="old", gone_dot_txt="x")
    mirror = Mirror(active, work)
    with mirror.prepared(work) as root:
        (root / "out.txt").write_text("out")
        (root / "folder").mkdir()
        (root / "gone.txt").unlink()
        (root / "link").symlink_to("out.txt")
        (mirror.temp / "t.txt").write_text("t")
        os.utime(root / "data.txt")  # touched, not changed
        left = mirror.collect()
    assert left.written.keys() == {"out.txt", "folder", "link", "<tmp>/t.txt"}
    assert left.deleted == {"gone.txt"}
    assert left.kept["out.txt"].read_text() == "out"
    with mirror.prepared(work):
        assert list(mirror.temp.iterdir()) == []
    assert left.kept["<tmp>/t.txt"].read_text() == "t"


def test_large_data_is_linked_and_writing_to_it_is_told(
    tmp_path: Path, active: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COPY_BYTES", 1000)
    work = project(tmp_path, small_dot_txt="s" * 10, big_dot_txt="b" * 2000)
    mirror = Mirror(active, work)
    with mirror.prepared(work) as root:
        assert (root / "big.txt").is_symlink()
        assert not (root / "small.txt").is_symlink()
        assert (root / "big.txt").read_text() == "b" * 2000
        mirror.collect()
        (root / "big.txt").write_text("ruined")
        with pytest.raises(TargetError, match=r"big\.txt.*too large"):
            mirror.collect()


def test_a_home_folder_is_no_project(tmp_path: Path, active: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_TREE", 5)
    work = project(tmp_path, **{f"f{n}": "x" for n in range(10)})
    with pytest.raises(TargetError, match="more than 5 files"):
        Mirror(active, work)


def test_one_user_at_a_time(tmp_path: Path, active: Session) -> None:
    work = project(tmp_path)
    mirror = Mirror(active, work)
    with mirror.prepared(work), pytest.raises(RuntimeError, match="in use"), mirror.prepared(work):
        pass
    with mirror.prepared(work):
        pass


def test_paths_into_the_project_lead_to_the_mirror(
    tmp_path: Path, active: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = project(tmp_path, "import lib, sys; print(lib.__file__); print(lib.VALUE)\n", src__lib_dot_py="VALUE = 1\n")
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(elsewhere), str(work.root / "src")]))
    mirror = Mirror(active, work)
    candidate = work.with_sources({"src/lib.py": SourceFile("src/lib.py", b"VALUE = 2\n")})
    for which, value in ((work, "1"), (candidate, "2")):
        done = run_workload(active, mirror, which, deadline_s=30)
        assert done.program.stdout.decode().splitlines() == [str(mirror.path / "src/lib.py"), value]


def test_an_editable_install_of_the_project_leads_to_the_mirror(tmp_path: Path, active: Session) -> None:
    import sys
    import venv

    work = project(tmp_path, "import lib; print(lib.__file__)\n", src__lib_dot_py="")
    venv.create(work.root / ".venv", with_pip=False)
    site = work.root / ".venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "project.pth").write_text(f"{work.root / 'src'}\n")
    python = str(work.root / ".venv/bin/python")
    work = ScriptWorkload(work.root, work.entry, work.entry_path, python=python)
    mirror = Mirror(active, work)
    done = run_workload(active, mirror, work, deadline_s=30)
    assert done.program.stdout.decode().strip() == str(mirror.path / "src/lib.py")


NAMES = st.text(st.characters(exclude_characters="/\x00", exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda name: name not in {".", ".."} and name not in module.SKIP and not module._is_cache(name)
)


FILES = st.dictionaries(NAMES, st.binary(max_size=20), max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, FILES)
def test_any_names_and_any_writes(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], writes: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("any")
    for name, data in files.items():
        (root / name).write_bytes(data)
    work = ScriptWorkload(root, Entry("script", "x"), "")
    with session() as active:
        mirror = Mirror(active, work)
        with mirror.prepared(work) as there:
            first = tree(there)
            for name, data in writes.items():
                (there / name).write_bytes(data)
            left = mirror.collect()
        assert left.written.keys() == {name for name, data in writes.items() if files.get(name) != data}
        with mirror.prepared(work) as there:
            assert tree(there) == first


@pytest.mark.parametrize("instead", ["None", "open(here, 'w').write('x')", "os.symlink('/etc', here)"])
def test_a_program_may_remove_the_folder_that_it_stands_in(instead: str, tmp_path: Path, active: Session) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text(
        "import os, shutil, sys, tempfile\nhere = os.path.dirname(os.path.abspath(__file__))\n"
        f"shutil.rmtree(tempfile.gettempdir())\nshutil.rmtree(here)\n{instead}\nprint('gone')\n"
    )
    work = ScriptWorkload(tmp_path / "project", Entry("script", "main.py"), "main.py")
    mirror = Mirror(active, work)
    for _ in range(2):
        done = run_workload(active, mirror, work)
        assert done.program.stdout == b"gone\n" and "main.py" in done.deleted, done.program.stderr
    assert not any("host" in name for name in done.written)
    assert (tmp_path / "project" / "main.py").exists() and Path("/etc/hosts").exists()


def test_a_large_file_that_a_run_writes_is_known_by_its_digest(
    tmp_path: Path, active: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared to the byte, and never copied aside."""
    monkeypatch.setattr("hasten.observe.mirror.KEPT_BYTES", 1000)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.py").write_text("print(1)\n")
    work = ScriptWorkload(tmp_path / "root", Entry("script", "a.py"), "a.py")
    mirror = Mirror(active, work)
    trees = []
    for last in (b"1", b"1", b"2"):
        with mirror.prepared(work) as root:
            (root / "large").write_bytes(b"x" * 1000 + last)
            (root / "small").write_bytes(last)
            trees.append(mirror.collect())
    assert all("large" in t.written and set(t.kept) == {"small"} for t in trees)
    versions = [t.kept.get("large") or t.written["large"] for t in trees]
    assert file_mask("large", versions[:2]) == (NO_FILE_MASK, ())
    mask, said = file_mask("large", versions)
    assert mask.whole and "too large to look inside" in said[0]
    assert file_difference("large", versions[0], versions[1], rtol=1e-9) is None
    assert "differs (too large to say where" in (file_difference("large", versions[0], versions[2], rtol=1e-9) or "")
    # one that became small, or a folder
    assert "differs" in (file_difference("large", versions[0], trees[0].kept["small"], rtol=1e-9) or "")
    assert "a file became folder" in (file_difference("large", versions[0], "folder", rtol=1e-9) or "")
