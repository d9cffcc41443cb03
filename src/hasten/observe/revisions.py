"""Git revisions of a project, each in a temporary work tree of its own that is gone afterwards, however it ends.

The user's checkout is only read: no branch, index, file or hook of it is touched. The revision `.` is the checkout as
it stands: tracked files as they are now, and new ones that git does not ignore. `staged` is its index: what a commit
would hold (in a hook of `git commit -a` or `git commit FILE` the index that git has made for that commit).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hasten.errors import TargetError, UsageError

WORKTREE = (".", "WORKTREE")
STAGED = ("staged", "INDEX")
# git sets these for its hooks: a command that asks about another work tree must not inherit them
_OF_HOOKS = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH",
)  # fmt: skip


@dataclass(frozen=True)
class Revision:
    """What the user called `name`. `commit` is its hash; for the checkout as it stands (`dirty`) and for the index
    (`staged`) that of HEAD."""

    name: str
    commit: str
    dirty: bool = False
    staged: bool = False

    @property
    def shown(self) -> str:
        """Its name in what is shown: a whole hash is cut."""
        return self.name[:10] if self.name == self.commit else self.name

    @property
    def short(self) -> str:
        more = " and what is not committed" if self.dirty else " and what is staged" if self.staged else ""
        return self.commit[:10] + more

    def same(self, other: Revision) -> bool:
        """Whether both have the same files for certain."""
        return (self.commit, self.dirty, self.staged) == (other.commit, other.dirty, other.staged)


def git(where: Path, *words: str, check: bool = True, index: Path | None = None) -> bytes:
    """What a git command prints, asked about the checkout's own index or another. Raises `UsageError` with git's own
    words when it fails, or git is not there."""
    env = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    env |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if index is not None:
        env["GIT_INDEX_FILE"] = str(index)
    # no hook of the user's may run for a tree of ours
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *words]
    try:
        done = subprocess.run(command, cwd=where, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    except FileNotFoundError:
        raise UsageError("comparing revisions needs git, and there is no `git` command on the PATH") from None
    if check and done.returncode:
        told = " ".join(done.stderr.decode("utf-8", "replace").split())[:500]
        raise UsageError(f"git {' '.join(words[:2])}: {told or f'exit status {done.returncode}'}")
    return done.stdout if done.returncode == 0 else b""


def checkout_of(here: Path) -> Path:
    """The top folder of the work tree that `here` is in. Raises `UsageError` when it is in none."""
    try:
        top = git(here, "rev-parse", "--show-toplevel")
    except UsageError as error:
        if "not a git repository" not in str(error):
            raise
        raise UsageError(f"{here} is in no git repository, so there are no revisions to compare") from None
    if not top.strip():
        raise UsageError(f"{here} is in a bare git repository: compare revisions from a checkout of it")
    return Path(os.path.realpath(os.fsdecode(top[:-1])))


def find(name: str, here: Path) -> Revision | None:
    """The revision called `name`; None when there is none."""
    dirty = name in WORKTREE
    commit = _commit("HEAD" if dirty else name, here)
    if not commit and name in STAGED:  # a branch of that name is the branch
        return Revision(name, head, staged=True) if (head := _commit("HEAD", here)) else None
    return Revision(name, commit, dirty) if commit else None


def _commit(spec: str, here: Path) -> str:
    """The hash of the commit that `spec` names; "" for none."""
    if not spec:
        return ""
    found = git(here, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{spec}^{{commit}}", check=False)
    return found.decode("ascii", "replace").strip()


def named(name: str, here: Path) -> Revision:
    """As `find`. Raises `UsageError` that says what may be meant."""
    top = checkout_of(here)
    found = find(name, top)
    if found is not None:
        return found
    if find("HEAD", top) is None:
        raise UsageError(f"{name}: the repository at {top} has no commit yet")
    remotes = git(top, "for-each-ref", "--format=%(refname:short)", f"refs/remotes/*/{name}").decode().split()
    if remotes:
        raise UsageError(f"no revision {name!r} here; did you mean {remotes[0]!r}?")
    shallow = git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
    todo = f"git fetch --depth 1 origin {shlex.quote(name)}:{shlex.quote(name)}" if shallow else "git fetch"
    from hasten.config import nearest

    known = git(top, "for-each-ref", "--format=%(refname:short)").decode("utf-8", "replace").split()
    hint = nearest(name, known) or f"; if it is on a remote, `{todo}` first"
    raise UsageError(f"no revision {name!r} in {top}{' (a shallow clone)' if shallow else ''}{hint}")


@contextlib.contextmanager
def work_tree(
    revision: Revision, top: Path, folder: Path, *, bring: Sequence[str] = (), build: str | None = None
) -> Iterator[Path]:
    """`revision` of the checkout at `top`, in `folder` (which must not exist), with its submodules.

    `bring` are files and folders of the checkout, relative to `top`, that git does not track but the program needs;
    `build` is a shell command that runs in the folder. Raises `UsageError`, and `TargetError` when the build fails.
    """
    made: list[tuple[Path, Path]] = []
    try:
        _check_out(revision, top, folder, made)
        for path in bring:
            _bring(top / path, folder / path, copy=build is not None)
        if build is not None:
            _build(revision, folder, build)
        yield folder
    finally:
        with _undisturbed():
            for repository, tree in reversed(made):
                git(repository, "worktree", "remove", "--force", "--force", str(tree), check=False)
            shutil.rmtree(folder, ignore_errors=True)
            for repository, tree in reversed(made):
                # a tree whose making was cut short may still be listed; without its folder this works always
                git(repository, "worktree", "remove", "--force", "--force", str(tree), check=False)


def _check_out(revision: Revision, repository: Path, folder: Path, made: list[tuple[Path, Path]]) -> None:
    made.append((repository, folder))
    if not (revision.dirty or revision.staged):
        git(repository, "worktree", "add", "--quiet", "--force", "--detach", str(folder), revision.commit)
    else:
        git(
            repository, "worktree", "add", "--quiet", "--force", "--detach", "--no-checkout", str(folder),
            revision.commit,
        )  # fmt: skip
        git(folder, "reset", "--quiet", check=False)  # the index as in HEAD, for builds that ask git
        if revision.dirty:
            _copy_checkout(repository, folder)
        else:
            _copy_index(revision, repository, folder)
    for path, commit in _submodules(revision, repository, folder):
        inner, place = repository / path, folder / path
        if not (inner / ".git").exists():
            continue  # not there in the checkout either
        if find(commit, inner) is None:
            raise UsageError(
                f"{revision.name}: the submodule {path} is at {commit[:10]} there, which this clone of it lacks; "
                f"next: git -C {shlex.quote(str(inner))} fetch"
            )
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
        # the index of the repository above names a commit of it; what is staged inside is no part of that
        name = "." if revision.dirty else f"{revision.name}:{path}"
        _check_out(Revision(name, commit, revision.dirty), inner, place, made)


def _submodules(revision: Revision, repository: Path, folder: Path) -> list[tuple[str, str]]:
    """(path, commit) of each submodule of the revision; of the checkout as it stands, what is checked out there."""
    if not (folder / ".gitmodules").is_file():
        return []
    found = []
    if revision.staged:
        listed, at = git(repository, "ls-files", "--stage", "-z", index=_index(repository)), 1
    else:
        listed, at = git(repository, "ls-tree", "-r", "-z", "--full-tree", revision.commit), 2
    for entry in listed.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        fields = head.split()
        if len(fields) == 3 and fields[0] == b"160000":
            name, commit = os.fsdecode(path), fields[at].decode("ascii")
            if revision.dirty and (repository / name / ".git").exists():
                now = find("HEAD", repository / name)
                commit = commit if now is None else now.commit
            found.append((name, commit))
    return found


def _copy_checkout(top: Path, folder: Path) -> None:
    """Every file that git tracks or would add, as it is now."""
    listed = git(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
    for raw in sorted({name for name in listed if name}):
        source, target = top / os.fsdecode(raw), folder / os.fsdecode(raw)
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _copy_index(revision: Revision, top: Path, folder: Path) -> None:
    """Every file of the index, as a checkout of the commit to come would have it."""
    index = _index(top)
    unmerged = git(top, "ls-files", "--unmerged", "-z", index=index).split(b"\0")[0]
    if unmerged:
        name = os.fsdecode(unmerged.partition(b"\t")[2])
        raise UsageError(f"{revision.name}: {name} is not merged yet, so nothing could be committed; git add it first")
    git(top, "checkout-index", "--all", "--force", f"--prefix={folder}{os.sep}", index=index)
    # `git add --intent-to-add` lists a file of which a commit would hold nothing
    for raw in git(top, "diff-files", "--name-only", "--diff-filter=A", "-z", index=index).split(b"\0"):
        if raw:
            (folder / os.fsdecode(raw)).unlink(missing_ok=True)


def _index(top: Path) -> Path | None:
    """The index that git made for the commit whose hook this is; None for the checkout's own."""
    named = os.environ.get("GIT_INDEX_FILE")
    if not named:
        return None
    path = Path(os.path.realpath(top / named))
    own = Path(os.path.realpath(os.fsdecode(git(top, "rev-parse", "--absolute-git-dir")[:-1])))
    return path if path.is_relative_to(own) and path.is_file() else None


def inside_checkout(path: str, here: Path, top: Path) -> str:
    """A path that the user gave, relative to `top`. Raises `UsageError` when it is not there, or not inside."""
    place = Path(os.path.normpath(here / path))
    if not place.exists():
        raise UsageError(f"--bring {path}: no such file or folder")
    if not place.is_relative_to(top) or place == top:
        raise UsageError(f"--bring {path}: not inside {top}; a program finds what lies elsewhere by its absolute path")
    return place.relative_to(top).as_posix()


def _bring(source: Path, target: Path, *, copy: bool) -> None:
    """What is there already stays. Files are linked where they can be: nothing writes into the tree but a build."""

    def place(a: str, b: str) -> str:
        if not os.path.lexists(b):
            if copy:
                return str(shutil.copy2(a, b, follow_symlinks=False))
            try:
                os.link(a, b, follow_symlinks=False)
            except OSError:
                shutil.copy2(a, b, follow_symlinks=False)
        return b

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=place, dirs_exist_ok=True)
    else:
        place(str(source), str(target))


def _build(revision: Revision, folder: Path, command: str) -> None:
    from hasten.observe.process import run_program

    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    env = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    ran = run_program(["/bin/sh", "-c", command], cwd=folder, env={**env, "PATH": path}, deadline_s=3600)
    if ran.status or ran.stopped:
        text = (ran.stdout + b"\n" + ran.stderr).decode("utf-8", "replace")
        last = "".join(f"\n    {line[:300]}" for line in [n for n in text.splitlines() if n.strip()][-5:])
        raise TargetError(f"{revision.name}: the build `{command}` ended with {ran.ended}{last}")


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C waits until what we made is gone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
