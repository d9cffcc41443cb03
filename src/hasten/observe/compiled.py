"""What Numba has compiled once in this session, lent to later runs of the same kernels.

Numba's cache belongs to one file as it is, byte for byte: a candidate with one change less, or the instrumented
program, would compile all its kernels again, 10 to 40 s each time. So what a run left in its cache is kept by each
kernel's text and that of all it names, and is put into the cache of the next file that holds the same text.

It is lent only where nothing but the file's digest stands between the two: the kernel names only kernels, constants
and imports of the same text, and the index holds the digest once (Numba 0.62 and later; older ones look at the file's
time and size, and compile again). Runs that are timed cold get nothing.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.source import SourceFile

_MODULES = frozenset({"math", "numpy", "itertools", "sys", "numba", "numba.core.errors"})
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class _Kept:
    index: bytes  # as it was found, with the digest of the file it belongs to
    digest: bytes
    data: tuple[Path, ...]  # compiled versions, copied aside


@dataclass
class Compiled:
    """Compiled kernels by their text. Copies lie in `folder`, which is made when there is something to keep."""

    folder: Path
    _kept: dict[tuple[str, str, str], _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, source: SourceFile, cache: Path) -> None:
        """Note what a run of `source` left in its cache folder."""
        if not cache.is_dir():
            return
        stem = source.path.rpartition("/")[2].removesuffix(".py")
        digest = hashlib.sha256(source.data).digest()
        for name, first, text in kernels(source):
            there = list(cache.glob(f"{stem}.{name}-{first}.*.nbi"))
            if len(there) != 1:
                continue
            try:
                found = there[0].read_bytes()
                named = re.findall(rb"%s-\d+\.\w+\.\d+\.nbc" % re.escape(f"{stem}.{name}".encode()), found)
                files = [cache / n.decode() for n in dict.fromkeys(named)]
                if found.count(digest) != 1 or not files:
                    continue
                with self._lock:
                    aside = self.folder / f"{len(self._kept)}-{hashlib.sha256(found).hexdigest()[:16]}"
                    old = self._kept.get((source.path, name, text))
                    if old is not None and len(old.data) >= len(files):
                        continue
                    aside.mkdir(parents=True, exist_ok=True)
                    data = tuple(Path(shutil.copyfile(f, aside / f.name)) for f in files)
                    self._kept[source.path, name, text] = _Kept(found, digest, data)
            except OSError:
                continue  # a run that was stopped: an index without its data

    def lend(self, source: SourceFile, cache: Path, *, path: str | None = None) -> int:
        """Put what is known of the kernels of `source` into its cache folder; what is there already stays. Gives of
        how many there was something to put. `path`: the file that they were compiled in, where that is another one."""
        if not self._kept:
            return 0
        count = 0
        stem = source.path.rpartition("/")[2].removesuffix(".py")
        digest = hashlib.sha256(source.data).digest()
        for name, first, text in kernels(source):
            known = self._kept.get((path or source.path, name, text))
            if known is None or any(cache.glob(f"{stem}.{name}-{first}.*.nbi")):
                continue
            python = known.data[0].name.split(".")[-3]  # <stem>.<name>-<line>.<python>.<number>.nbc
            cache.mkdir(parents=True, exist_ok=True)
            for file in known.data:
                _write(cache / file.name, file.read_bytes())
            _write(cache / f"{stem}.{name}-{first}.{python}.nbi", known.index.replace(known.digest, digest))
            count += 1
        return count


def _write(path: Path, data: bytes) -> None:
    """At once: two replays may lend the same file."""
    part = path.with_name(f"{path.name}.{threading.get_ident()}")
    part.write_bytes(data)
    part.replace(path)


def elsewhere(root: Path, file: Path) -> Path:
    """Where Numba keeps the cache of `file` when NUMBA_CACHE_DIR is `root`."""
    folder = file.absolute().parent
    return root / f"{folder.name}_{hashlib.sha1(str(folder).encode()).hexdigest()}"


def kernels(source: SourceFile) -> Iterator[tuple[str, int, str]]:
    """(name, first line, digest of its text and of all that it names) of the file's kernels that can be lent."""
    if b"njit" not in source.data:
        return
    try:
        tree = source.tree
    except (SyntaxError, ValueError):
        return
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree)):
        return  # a name may mean anything
    texts = _Texts(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _cached(node):
            told = texts.of(node.name)
            if told is not None:
                first = min(d.lineno for d in node.decorator_list)
                yield node.name, first, hashlib.sha256("\0".join(told).encode()).hexdigest()


def _cached(node: ast.FunctionDef) -> bool:
    """Is it `@njit(cache=True, ...)`?"""
    return len(node.decorator_list) == 1 and any(
        isinstance(d, ast.Call)
        and ast.unparse(d.func) == "njit"
        and any(k.arg == "cache" and isinstance(k.value, ast.Constant) and k.value.value is True for k in d.keywords)
        for d in node.decorator_list
    )


class _Texts:
    """Texts of what kernels of one file are made of."""

    def __init__(self, tree: ast.Module) -> None:
        self._bound: dict[str, list[ast.stmt]] = {}
        for node in tree.body:
            for name in _binds(node):
                self._bound.setdefault(name, []).append(node)
        for inner in ast.walk(tree):  # what a function may bind by `global`
            if isinstance(inner, ast.Global):
                for name in inner.names:
                    self._bound.setdefault(name, []).append(inner)
        self._own: dict[str, tuple[str, frozenset[str]] | None] = {}

    def of(self, name: str) -> list[str] | None:
        """The texts that a kernel depends on, sorted; None where it depends on anything that may change."""
        found: dict[str, str] = {}
        todo = [name]
        while todo:
            n = todo.pop()
            if n in found:
                continue
            if n not in self._own:
                self._own[n] = self._one(n)
            own = self._own[n]
            if own is None:
                return None
            found[n] = own[0]
            todo.extend(own[1])
        return [f"{n}:{found[n]}" for n in sorted(found)]

    def _one(self, name: str) -> tuple[str, frozenset[str]] | None:
        """The text that gives a name its meaning, and the names in it."""
        nodes = self._bound.get(name, [])
        if not nodes and name in _BUILTINS:
            return "", frozenset()
        if len(nodes) != 1:
            return None
        (node,) = nodes
        text = ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            if not _cached(node):
                return None
            own = {a.arg for a in (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs)}
            own |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
            return text, frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name)) - own
        if isinstance(node, ast.Import) and all(a.name.partition(".")[0] in _MODULES for a in node.names):
            return text, frozenset()
        if isinstance(node, ast.ImportFrom) and not node.level and node.module in _MODULES:
            return text, frozenset()
        if isinstance(node, ast.Assign):
            reads = frozenset(n.id for n in ast.walk(node.value) if isinstance(n, ast.Name))
            calls = [n.func for n in ast.walk(node.value) if isinstance(n, ast.Call)]
            if any(not isinstance(f, ast.Attribute) or ast.unparse(f.value) != "math" for f in calls):
                return None
            plain = (ast.Constant, ast.Call, ast.Name, ast.Attribute, ast.Compare, ast.Tuple, ast.UnaryOp, ast.BinOp)
            marks = (ast.expr_context, ast.cmpop, ast.unaryop, ast.operator)
            if all(isinstance(n, (*plain, *marks)) for n in ast.walk(node.value)):
                return text, reads
        return None


def _binds(node: ast.stmt) -> Iterator[str]:
    """Names that a statement of the top level may bind, each as often as it does."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    for n in ast.walk(node):
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load):
            yield n.id
        elif isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield n.name
        elif isinstance(n, (ast.Import, ast.ImportFrom)):
            for a in n.names:
                yield (a.asname or a.name).partition(".")[0] if isinstance(n, ast.Import) else a.asname or a.name
        elif isinstance(n, ast.ExceptHandler) and n.name:
            yield n.name
