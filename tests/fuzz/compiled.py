"""Kernels run as users run them: compiled. Helpers, whose text never differs, are compiled once for all programs."""

from __future__ import annotations

import ast
import math
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from hasten.kernel.runtime import HELPERS, closure
from tests.fuzz.emulated import is_njit, prepared, watched
from tests.fuzz.engine import PATH


@cache
def helpers() -> tuple[dict[str, str], dict[str, Any]]:
    """The text of each compiled helper, and a module's namespace with all of them."""
    from numba import njit

    state: dict[str, Any] = {"np": np, "math": math, "sys": sys, "njit": njit, "__name__": "helpers"}
    texts = {}
    for name in closure({h.name for h in HELPERS.values() if h.compiled}):
        tree = ast.parse(uncached(HELPERS[name].text))
        exec(compile(tree, "helpers.py", "exec"), state)
        texts |= {f"_{name}": ast.unparse(n) for n in tree.body if isinstance(n, ast.FunctionDef)}
    return texts, state


def uncached(text: str) -> str:
    """Nothing is kept on disk: no file, no time for files."""
    return text.replace("@njit(cache=True, ", "@njit(").replace("@njit(cache=True)", "@njit()")


def load(text: str, module: ModuleType) -> None:
    """Runs a patched file with Numba's compiler."""
    texts, known = helpers()
    tree = ast.parse(uncached(text))
    watched(tree)
    prepared(module)
    kept: list[ast.stmt] = []
    for node in tree.body:
        shared = isinstance(node, ast.FunctionDef) and any(map(is_njit, node.decorator_list))
        if shared and isinstance(node, ast.FunctionDef) and texts.get(node.name) == ast.unparse(node):
            module.__dict__[node.name] = known[node.name]
        else:
            kept.append(node)
    tree.body = kept
    exec(compile(tree, PATH, "exec"), module.__dict__)
