"""Times the versions of one PolyBench/Python kernel: `python polybench_child.py SPEC`, started by `polybench.py`.

Runs in a folder whose package `benchmarks` is the suite's; imports nothing of hasten.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import math
import pickle
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENOUGH_S = 3.0  # of a version's own time: fewer rounds are enough then


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_text())
    sys.path[0] = str(Path(sys.argv[1]).parent)
    original = instance(spec, spec["dotted"])
    args = inputs(original)
    versions: dict[str, Callable[..., Any]] = {"original": original.kernel}
    wrong: dict[str, str] = {}
    bitwise: dict[str, bool] = {}
    if spec["patched"]:
        versions["hasten"] = instance(spec, spec["patched"]).kernel
    try:
        versions["blind"] = blind(original)
    except Exception as e:  # noqa: BLE001 - whatever the naive way cannot do
        wrong["blind"] = f"{type(e).__name__}: {e}"[:200]
    expected = pickle.loads(args)
    versions["original"](*expected)
    for name in list(versions):
        given = pickle.loads(args)
        try:
            versions[name](*given)  # compiles
            problem, same = difference(expected, given), same_bits(expected, given)
        except Exception as e:  # noqa: BLE001
            problem, same = f"{type(e).__name__}: {e}"[:200], False
        if problem:
            wrong[name] = problem
            del versions[name]
        else:
            bitwise[name] = same
    rng = random.Random(spec["seed"])
    rounds: list[dict[str, float]] = []
    for _ in range(spec["rounds"]):
        order = list(versions)
        rng.shuffle(order)
        seconds = {name: timed(versions[name], args) for name in order}
        rounds.append({name: seconds[name] for name in versions})
        if sum(r["original"] for r in rounds) > ENOUGH_S and len(rounds) >= 3:
            break
    Path("result.json").write_text(json.dumps({"rounds": rounds, "wrong": wrong, "bitwise": bitwise}))


def instance(spec: dict[str, Any], module: str) -> Any:
    """The suite's object for the plain list version, made by a module."""
    classes = importlib.import_module("benchmarks.polybench_classes")
    found = [s for s in classes.PolyBenchSpecFile("polybench.spec").specs if s.Name == spec["name"]]
    options = classes.PolyBenchOptions()
    options.POLYBENCH_DATASET_SIZE = classes.DataSetSize[spec["size"]]
    return getattr(importlib.import_module(module), spec["owner"])(options, found[0])


def inputs(bench: Any) -> bytes:
    """What the kernel is given after the suite's own initialisation, pickled."""
    seen: list[bytes] = []
    bench.time_kernel = lambda *args: seen.append(pickle.dumps(args))
    bench.run_benchmark()
    del bench.time_kernel
    return seen[0]


def timed(kernel: Callable[..., Any], args: bytes) -> float:
    """CPU seconds of one call on fresh data, the least of as many as make it long enough to be read."""
    best, spent = math.inf, 0.0
    while spent < 0.02:
        given = pickle.loads(args)
        start = time.thread_time()
        kernel(*given)
        took = time.thread_time() - start
        best, spent = min(best, took), spent + max(took, 1e-4)
    return best


def difference(expected: Any, found: Any, where: str = "args") -> str:
    """The first difference of types or values; floats may differ by 1e-9."""
    if type(expected) is not type(found):
        return f"{where}: {type(expected).__name__} became {type(found).__name__}"
    if isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            return f"{where}: length {len(expected)} became {len(found)}"
        return next(
            (
                d
                for i, (a, b) in enumerate(zip(expected, found, strict=True))
                if (d := difference(a, b, f"{where}[{i}]"))
            ),
            "",
        )
    if isinstance(expected, float):
        same = math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12) or expected != expected and found != found
    else:
        same = expected == found
    return "" if same else f"{where}: {expected!r} became {found!r}"


def same_bits(a: Any, b: Any) -> bool:
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same_bits, a, b))
    return a == b or a != a and b != b


# ---------------------------------------------------------------------- the naive way


def blind(bench: Any) -> Callable[..., None]:
    """`@njit` on the method: `self.x` as arguments, nested lists as arrays, everything written back."""
    import numba
    import numpy as np

    tree = ast.parse(Path(inspect.getsourcefile(type(bench)) or "").read_text(encoding="utf-8"))
    owner = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == type(bench).__name__)
    func = next(n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "kernel")
    lifted = Lifted(bench)
    func = lifted.visit(copy.deepcopy(func))
    names = list(lifted.found)
    func.args.args = [*func.args.args[1:], *(ast.arg(f"self_{n}") for n in names)]
    for a in func.args.args:
        a.annotation = None
    ast.fix_missing_locations(func)
    module = sys.modules[type(bench).__module__]
    scope: dict[str, Any] = dict(vars(module))
    exec(compile(ast.Module([func], []), "blind", "exec"), scope)
    compiled = numba.njit(scope[func.name])
    values = [lifted.found[n] for n in names]

    def call(*args: Any) -> None:
        arrays = [np.array(a) if isinstance(a, list) else a for a in args]
        compiled(*arrays, *values)
        for a, array in zip(args, arrays, strict=True):
            if isinstance(a, list):
                put_back(a, array.tolist())

    return call


class Lifted(ast.NodeTransformer):
    """`self.x` as the name `self_x`, where it is a number; conversions by a type that `self` holds by its name."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.found: dict[str, Any] = {}

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.value, ast.Name) or node.value.id != "self":
            return node
        value = getattr(self.bench, node.attr)
        if isinstance(value, type):
            return ast.copy_location(ast.Name(value.__name__, ast.Load()), node)
        if not isinstance(value, (int, float)):
            return node
        self.found[node.attr] = value
        return ast.copy_location(ast.Name(f"self_{node.attr}", ast.Load()), node)


def put_back(old: list[Any], new: list[Any]) -> None:
    if old and isinstance(old[0], list):
        for a, b in zip(old, new, strict=True):
            put_back(a, b)
    else:
        old[:] = new


if __name__ == "__main__":
    main()
