"""The same program under another seed: what a search reaches by luck on one seed, it does not reach on others. Pure."""

from __future__ import annotations

import ast

from hasten.core.source import SourceFile, apply_edits, replace_nodes
from hasten.core.workload import ScriptWorkload

_SEEDERS = frozenset({"seed", "default_rng", "RandomState", "Random", "SeedSequence", "manual_seed", "PRNGKey"})
_KEYWORDS = frozenset({"seed", "random_state", "rng"})


def reseeded(work: ScriptWorkload, paths: list[str], shift: int) -> ScriptWorkload | None:
    """`work` with every literal seed in the files `paths` moved by `shift`; None when there is none.

    Seeds are whole numbers that are given to a generator (`np.random.seed(0)`, `default_rng(7)`), to a parameter named
    like one (`random_state=42`), or bound to a name like one (`SEED = 1`).
    """
    files: dict[str, SourceFile] = {}
    for path in paths:
        source = work.source(path)
        nodes = _seeds(source.tree)
        if nodes:
            edits = replace_nodes(source, [(n, str(_moved(n.value, shift))) for n in nodes])
            files[path] = apply_edits(source, edits)
    return work.with_sources(files) if files else None


def _moved(seed: object, shift: int) -> int:
    assert isinstance(seed, int)
    return (seed + shift) % 2**32


def _seeds(tree: ast.Module) -> list[ast.Constant]:
    found: dict[tuple[int, int], ast.Constant] = {}

    def note(node: ast.expr | None) -> None:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found[node.lineno, node.col_offset] = node

    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _SEEDERS and node.args:
                note(node.args[0])
            for word in node.keywords:
                if word.arg in _KEYWORDS:
                    note(word.value)
            if name == "add_argument" and any(
                isinstance(a, ast.Constant) and "seed" in str(a.value) for a in node.args
            ):
                for word in node.keywords:
                    if word.arg == "default":
                        note(word.value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(t, ast.Name) and _like(t.id) for t in targets):
                note(node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            positional = [*arguments.posonlyargs, *arguments.args]
            for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
                if _like(argument.arg):
                    note(default)
            for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
                if _like(argument.arg):
                    note(given)
    return list(found.values())


def _like(name: str) -> bool:
    return name.lower() in {"seed", "random_state", "random_seed", "rng_seed", "rseed"}
