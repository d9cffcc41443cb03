"""Which files of a project may take part in a run: those that import statements lead to, from the entry on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from hasten.core.loading import Sources
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload


def reached(work: ScriptWorkload, paths: Iterable[str]) -> Sources:
    """The entry and every file of `paths` (relative to the root) whose name an import may mean, wherever it lies.

    A file that cannot be read or parsed is among them when something imports it: passes then leave the program alone.
    """
    by_last: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for path in sorted({*paths, *(p for p in work.changed if p.endswith(".py"))}):
        words = _words(path)
        if words:
            by_last.setdefault(words[-1], []).append((words, path))
    found: dict[str, SourceFile] = {}
    todo = [work.entry_path]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found[path] = file = _file(work, path)
        parents = path.split("/")[:-1]
        names = [".".join(parents[: n + 1]) for n in range(len(parents))]  # their `__init__`
        try:
            names += _imported(file.tree)
        except (SyntaxError, ValueError):
            continue
        for name in names:
            wanted = tuple(name.split("."))
            todo += [p for words, p in by_last.get(wanted[-1], ()) if words[-len(wanted) :] == wanted]
    return Sources(work, tuple(found[p] for p in sorted(found)))


def _file(work: ScriptWorkload, path: str) -> SourceFile:
    try:
        return work.source(path)
    except OSError:
        return SourceFile(path, b"\0")  # parses as nothing


def _words(path: str) -> tuple[str, ...]:
    words = path.removesuffix(".py").split("/")
    return tuple(words[:-1] if words[-1] == "__init__" else words)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from _prefixes(node_name.name for node_name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from _prefixes([module] if module else [])
            yield from (f"{module}.{a.name}".strip(".") for a in node.names if a.name != "*")


def _prefixes(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        words = name.split(".")
        yield from (".".join(words[: n + 1]) for n in range(len(words)))
