"""Work trees of git revisions: what is in them, and that nothing is left of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hasten.errors import TargetError, UsageError
from hasten.observe.revisions import checkout_of, find, inside_checkout, named, work_tree


def git(where: Path, *words: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    settings = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *settings, *words], cwd=where, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def repository(where: Path, files: dict[str, str]) -> Path:
    where.mkdir(parents=True)
    git(where, "init", "-q", "-b", "main")
    commit(where, files)
    return where


def commit(where: Path, files: dict[str, str]) -> str:
    write(where, files)
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "x")
    return git(where, "rev-parse", "HEAD").strip()


def write(where: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text)


def state(top: Path) -> tuple[str, str, str, str]:
    """What of a checkout must not change."""
    return (
        git(top, "status", "--porcelain", "--ignored"),
        git(top, "worktree", "list"),
        git(top, "for-each-ref"),
        git(top, "stash", "list"),
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    top = repository(tmp_path / "project", {"a.py": "x = 1\n", "sub/b.py": "y = 1\n", ".gitignore": "data\n*.log\n"})
    git(top, "branch", "old")
    commit(top, {"a.py": "x = 2\n"})
    write(top, {"data/big.csv": "1,2\n", "noise.log": "n"})
    return top


def test_a_tree_is_its_revision_and_is_gone_afterwards(project: Path, tmp_path: Path) -> None:
    before = state(project)
    tree = tmp_path / "trees" / "a"
    tree.parent.mkdir()
    with work_tree(named("old", project), project, tree) as place:
        assert (place / "a.py").read_text() == "x = 1\n"
        assert (place / "sub/b.py").is_file()
        assert not (place / "data").exists()
    assert not tree.exists()
    assert state(project) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_leaves_nothing(project: Path, tmp_path: Path, error: type[BaseException]) -> None:
    before = state(project)
    with pytest.raises(error), work_tree(named("HEAD", project), project, tmp_path / "t"):
        raise error
    assert not (tmp_path / "t").exists()
    assert state(project) == before


def test_the_checkout_as_it_stands(project: Path, tmp_path: Path) -> None:
    write(project, {"a.py": "x = 3\n", "new.py": "z = 1\n"})
    (project / "sub/b.py").unlink()
    (project / "link.py").symlink_to("a.py")
    git(project, "add", "new.py")
    before = state(project)
    revision = named(".", project)
    assert revision.dirty
    assert "not committed" in revision.short
    with work_tree(revision, project, tmp_path / "t") as place:
        assert (place / "a.py").read_text() == "x = 3\n"
        assert (place / "new.py").is_file()
        assert (place / "link.py").readlink() == Path("a.py")
        assert not (place / "sub/b.py").exists()
        assert not (place / "noise.log").exists()
        assert git(place, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")
    assert state(project) == before


def test_what_git_does_not_track_is_brought_and_what_it_tracks_stays(project: Path, tmp_path: Path) -> None:
    write(project, {"sub/b.py": "mine\n"})
    with work_tree(named("old", project), project, tmp_path / "t", bring=["data", "sub", "noise.log"]) as place:
        assert (place / "data/big.csv").read_text() == "1,2\n"
        assert (place / "noise.log").read_text() == "n"
        assert (place / "sub/b.py").read_text() == "y = 1\n"
    assert (project / "data/big.csv").read_text() == "1,2\n"


def test_a_build_runs_in_the_tree_and_cannot_change_what_was_brought(project: Path, tmp_path: Path) -> None:
    command = "cp a.py built.py && echo more >> data/big.csv"
    with work_tree(named("old", project), project, tmp_path / "t", bring=["data"], build=command) as place:
        assert (place / "built.py").read_text() == "x = 1\n"
    assert (project / "data/big.csv").read_text() == "1,2\n"
    assert not (project / "built.py").exists()
    failing = "echo no compiler here >&2; exit 3"
    with (
        pytest.raises(TargetError, match=r"old: the build .* exit status 3\n    no compiler here"),
        work_tree(named("old", project), project, tmp_path / "t", build=failing),
    ):
        pass
    assert not (tmp_path / "t").exists()


def test_submodules_come_from_the_clone_that_is_there(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", {"lib.py": "v = 1\n"})
    top = repository(tmp_path / "project", {"a.py": "1\n"})
    git(top, "submodule", "--quiet", "add", str(library), "deps/lib")
    git(top, "commit", "-qm", "sub")
    git(top, "branch", "old")
    git(top / "deps/lib", "checkout", "-q", "-b", "work")
    commit(top / "deps/lib", {"lib.py": "v = 2\n"})
    commit(top, {})
    write(top, {"deps/lib/lib.py": "v = 3\n"})
    before = state(top), state(top / "deps/lib")
    for name, text in (("old", "v = 1\n"), ("HEAD", "v = 2\n"), (".", "v = 3\n")):
        with work_tree(named(name, top), top, tmp_path / "t") as place:
            assert (place / "deps/lib/lib.py").read_text() == text
        assert not (tmp_path / "t").exists()
    assert (state(top), state(top / "deps/lib")) == before


def test_hooks_do_not_run_and_do_not_mislead(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = project / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    # as git sets them while it runs a hook of another repository
    other = repository(tmp_path / "other", {"o.py": "1\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert checkout_of(project / "sub") == project
    with work_tree(named("old", project), project, tmp_path / "t") as place:
        assert (place / "a.py").read_text() == "x = 1\n"
    assert not (tmp_path / "ran").exists()


def test_names_of_revisions(project: Path, tmp_path: Path) -> None:
    assert [r.commit for r in (find("HEAD~1", project), find("old", project)) if r] == [
        git(project, "rev-parse", "old").strip()
    ] * 2
    assert find("nothing", project) is None
    assert find("--upload-pack=x", project) is None
    assert find("", project) is None
    with pytest.raises(UsageError, match="did you mean 'old'"):
        named("odl", project)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "main", str(project), str(clone))
    with pytest.raises(UsageError, match="did you mean 'origin/old'"):
        named("old", clone)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project}", str(shallow))
    with pytest.raises(UsageError, match=r"shallow clone.*git fetch --depth 1 origin v7"):
        named("v7", shallow)
    with pytest.raises(UsageError, match="no git repository"):
        checkout_of(tmp_path)
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    with pytest.raises(UsageError, match="no commit yet"):
        named("main", tmp_path / "empty")


def test_only_what_is_inside_is_brought(project: Path) -> None:
    assert inside_checkout("../data", project / "sub", project) == "data"
    for wrong, said in (("..", "not inside"), ("nothing", "no such file"), (".", "not inside")):
        with pytest.raises(UsageError, match=said):
            inside_checkout(wrong, project, project)


def test_what_is_staged(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, {"a.py": "x = 3\n", "new.py": "z = 1\n", "later.py": "w = 1\n", "sub/b.py": "y = 9\n"})
    git(project, "add", "a.py", "new.py")
    git(project, "add", "--intent-to-add", "later.py")
    git(project, "rm", "-q", "--cached", ".gitignore")
    write(project, {"a.py": "not staged\n"})
    before, index = state(project), (project / ".git/index").read_bytes()
    revision = named("staged", project / "sub")
    assert revision.short.endswith("and what is staged")
    assert not revision.same(named("HEAD", project))
    with work_tree(revision, project, tmp_path / "t") as place:
        assert {p.relative_to(place).as_posix(): p.read_text() for p in place.rglob("*.py")} == {
            "a.py": "x = 3\n", "new.py": "z = 1\n", "sub/b.py": "y = 1\n"
        }  # fmt: skip
        assert not (place / ".gitignore").exists()
    assert (state(project), (project / ".git/index").read_bytes()) == (before, index)
    # `git commit sub/b.py` runs its hooks with an index made for that commit; one elsewhere is none of ours
    hook = f"cp '{project}/.git/index' '{tmp_path}/other' && echo \"$GIT_INDEX_FILE\" > '{tmp_path}/named'"
    (project / ".git/hooks").mkdir(exist_ok=True)
    (project / ".git/hooks/pre-commit").write_text(f'#!/bin/sh\n{hook}\ncp "$GIT_INDEX_FILE" .git/kept\nexit 1\n')
    (project / ".git/hooks/pre-commit").chmod(0o755)
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "x", "sub/b.py"], cwd=project, check=False
    )
    assert "next-index" in (tmp_path / "named").read_text()
    for given, text in ((".git/kept", "y = 9\n"), (str(tmp_path / "other"), "y = 1\n")):
        monkeypatch.setenv("GIT_INDEX_FILE", given)
        with work_tree(named("INDEX", project), project, tmp_path / "t") as place:
            assert (place / "sub/b.py").read_text() == text


def test_nothing_is_staged_in_the_middle_of_a_merge(project: Path, tmp_path: Path) -> None:
    git(project, "checkout", "-q", "old")
    commit(project, {"a.py": "x = 5\n"})
    git(project, "branch", "staged")
    with pytest.raises(AssertionError):
        git(project, "merge", "main")
    with (
        pytest.raises(UsageError, match=r"a\.py is not merged yet"),
        work_tree(named("INDEX", project), project, tmp_path / "t"),
    ):
        pass
    branch = named("staged", project)
    assert (branch.staged, branch.short) == (False, branch.commit[:10])
