"""NPBench (spcl/npbench, 54 kernels in whole-array NumPy): hasten, the suite's Numba versions and blind `numba.njit`.

`python -m benchmarks.npbench --suite DIR` with a checkout of the suite (or its folder in NPBENCH); it is no part of
this project, and nothing is downloaded. For each kernel hasten gets a small program that calls the NumPy version
for some seconds (a short one would pay more for importing Numba than it gains) and runs as a user would run it,
with time of its own enough to finish. What is compared then runs interleaved in one process on the same inputs:
hasten's version beside NumPy's, and in a process of their own (compiled code may crash) the others beside NumPy's. A
kernel counts by its gain over NumPy, and as 1.0x where nothing is kept, or what is kept is wrong or slower.

`--json FILE` is written after every kernel. With `--resume` what is in it is not run again, so that a long run can be
done in pieces; what failed is tried once more.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.util
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

PROGRAM_S = 4.0  # how long the program takes that hasten is given
ROUNDS = 15
ROUND_S = 4.0  # at most so long for all rounds of one version
PARTS = ("hasten", "others")
LIMIT_S = {"hasten": 600.0, "others": 150.0}  # for a part of a kernel; the others are compiled and timed
HASTEN_TOLERANCE = 1e-9
SUITE_TOLERANCE = 1e-5  # what the suite itself accepts

DRIVER = '''"""Calls {function} often enough to be worth a profile."""

import copy
import pickle

import {module}_numpy

with open("inputs.pickle", "rb") as file:
    inputs = pickle.load(file)

total = 0.0
for _ in range({calls}):
    args = copy.deepcopy(inputs)
    result = {module}_numpy.{function}(*args)
    for array in (*args, *(result if isinstance(result, tuple) else (result,))):
        if hasattr(array, "ravel"):
            total += float(abs(array.ravel()[:9]).sum())
print(f"{{total:.6e}}")
'''


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.npbench", description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default=os.environ.get("NPBENCH"), help="folder of the suite")
    parser.add_argument("--kernels", default="", help="comma-separated names; default: all")
    parser.add_argument("--preset", default="S", choices=("S", "M", "L", "paper"))
    parser.add_argument("--budget", help="hasten's own time for a kernel (default: its own limit)")
    parser.add_argument("--seconds", type=float, default=PROGRAM_S, help="about how long a kernel's program runs")
    parser.add_argument("--json", type=Path, help="write the figures here, after every kernel")
    parser.add_argument("--resume", action="store_true", help="leave out what the JSON file has already")
    parser.add_argument("--parts", default=",".join(PARTS), help="hasten, others (the suite's Numba and njit), or both")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if not given.suite or not (Path(given.suite) / "bench_info").is_dir():
        parser.error("--suite (or NPBENCH) must be a checkout of spcl/npbench: no folder bench_info there")
    suite = Path(given.suite).resolve()
    parts = [part for part in PARTS if part in given.parts.split(",")]
    if not parts or set(given.parts.split(",")) - set(PARTS):
        parser.error(f"--parts are {' and '.join(PARTS)}")
    if given.one:
        made = hastens if parts == ["hasten"] else others
        print(json.dumps(made(suite, given.one, given)))
        return 0
    known = sorted(p.stem for p in (suite / "bench_info").glob("*.json"))
    names = [n for n in given.kernels.split(",") if n] or known
    unknown = set(names) - set(known)
    if unknown:
        parser.error(f"no such kernel: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    rows: dict[str, dict[str, Any]] = {}
    if given.resume and given.json and given.json.exists():
        rows = {row["kernel"]: row for row in json.loads(given.json.read_text(encoding="utf-8"))}
    print(HEAD, flush=True)
    for name in names:
        row = rows.setdefault(name, {"kernel": name, "versions": {}, "failed": {}})
        for part in parts:
            if part not in row or part in row["failed"]:
                join(row, part, in_child(suite, name, part, given))
        print(line(row), flush=True)
        if given.json:
            given.json.write_text(json.dumps([*rows.values()], indent=1) + "\n", encoding="utf-8")
    print(summary([rows[n] for n in rows if n in known]))
    return 0


def join(row: dict[str, Any], part: str, made: Mapping[str, Any]) -> None:
    """Puts what one child found into the row of its kernel."""
    row["failed"].pop(part, None)
    if "failed" in made:
        row["failed"][part] = made["failed"]
        return
    row["versions"].update(made["versions"])
    row[part] = {k: v for k, v in made.items() if k not in ("kernel", "versions")}


def in_child(suite: Path, name: str, part: str, given: argparse.Namespace) -> dict[str, Any]:
    """A part of one kernel in a process of its own: compiled code may crash."""
    command = [sys.executable, "-m", "benchmarks.npbench", "--suite", str(suite), "--one", name, "--parts", part]
    command += ["--preset", given.preset, "--seconds", str(given.seconds)]
    command += ["--budget", given.budget] if given.budget else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S[part])
    except subprocess.TimeoutExpired:
        return {"kernel": name, "failed": f"had not ended after {LIMIT_S[part]:.0f} s"}
    try:
        row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        row = {"kernel": name, "failed": why[:200]}
    return row


@dataclass(frozen=True)
class Kernel:
    """One kernel of the suite: where it is, and its arguments."""

    folder: Path
    module: str
    function: str
    inputs: list[Any]

    @property
    def file(self) -> Path:
        return self.folder / f"{self.module}_numpy.py"

    def plain(self) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(loaded(self.file, "plain"), self.function)
        return found


def kernel_of(suite: Path, name: str, preset: str) -> Kernel:
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(suite))
    info = json.loads((suite / "bench_info" / f"{name}.json").read_text(encoding="utf-8"))["benchmark"]
    folder = suite / "npbench" / "benchmarks" / info["relative_path"]
    return Kernel(folder, info["module_name"], info["func_name"], inputs_of(suite, info, preset))


def hastens(suite: Path, name: str, given: argparse.Namespace) -> dict[str, Any]:
    """The figures of what hasten keeps of one kernel."""
    kernel = kernel_of(suite, name, given.preset)
    versions = {"numpy": kernel.plain()}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hasten-npbench-") as temp:
        kept, why = by_hasten(Path(temp), kernel, given.budget, given.seconds)
        took = time.perf_counter() - started
        if kept is not None:
            versions["hasten"] = getattr(kept, kernel.function)
        figures = measured(versions, kernel.inputs)
    return {"kernel": name, "hasten_s": round(took, 1), "note": why, **figures}


def others(suite: Path, name: str, given: argparse.Namespace) -> dict[str, Any]:
    """The figures of the suite's Numba versions of one kernel, and of blind `njit`."""
    kernel = kernel_of(suite, name, given.preset)
    versions = {"numpy": kernel.plain(), "blind": blind(kernel.file, kernel.function)}
    for path in sorted(kernel.folder.glob(f"{kernel.module}_numba_*.py")):
        found = getattr(loaded(path, path.stem), kernel.function, None)
        if found is not None:
            versions[path.stem.removeprefix(f"{kernel.module}_")] = found
    return {"kernel": name, **measured(versions, kernel.inputs)}


def inputs_of(suite: Path, info: Mapping[str, Any], preset: str) -> list[Any]:
    """The arguments of a kernel, as the suite makes them."""
    data = dict(info["parameters"][preset])
    if info.get("init"):
        init = info["init"]
        folder = suite / "npbench" / "benchmarks" / info["relative_path"]
        made = getattr(loaded(folder / f"{info['module_name']}.py", "init"), init["func_name"])(
            *(data[a] for a in init["input_args"])
        )
        names = init["output_args"]
        data.update(zip(names, made if len(names) > 1 else (made,), strict=True))
    return [data[a] for a in info["input_args"]]


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"npbench_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def by_hasten(temp: Path, kernel: Kernel, budget: str | None, seconds: float) -> tuple[ModuleType | None, str]:
    """The module as hasten leaves it; None, with the reason, where it keeps nothing."""
    import pickle

    import hasten

    module, function = kernel.module, kernel.function
    project = temp / "project"
    project.mkdir()
    shutil.copy(kernel.file, project)
    (project / "inputs.pickle").write_bytes(pickle.dumps(kernel.inputs))
    calls = max(2, min(20_000, math.ceil(seconds / max(call_seconds(kernel), 1e-5))))
    (project / "main.py").write_text(DRIVER.format(module=module, function=function, calls=calls), encoding="utf-8")
    (project / "pyproject.toml").write_text("", encoding="utf-8")
    out = Path.cwd() / ".npbench" / module if os.environ.get("NPBENCH_KEEP") else temp / "out"
    shutil.rmtree(out, ignore_errors=True)
    result = hasten.run(str(project / "main.py"), out=out, budget=budget)
    changed = [p for p in result.optimized if p.name == f"{module}_numpy.py"]
    if not changed:
        return None, result.record.status
    sys.path.insert(0, str(changed[0].parent))
    return loaded(changed[0], "hasten"), "; ".join(t.title for t in result.kept if hasattr(t, "title"))


def call_seconds(kernel: Kernel, calls: int = 5) -> float:
    """About what one call takes on an idle machine: the least wall or CPU seconds of several. A single one may wait for
    memory and other programs, and threads of BLAS that wait count as CPU."""
    plain = kernel.plain()
    found = []
    for _ in range(calls):
        args = copy.deepcopy(kernel.inputs)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        plain(*args)
        found.append(min(time.perf_counter() - wall_s, time.process_time() - cpu_s))
    return min(found)


def blind(path: Path, function: str) -> Callable[..., Any]:
    """The kernel with `numba.njit` on every function of its file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list.append(ast.copy_location(ast.Name("_njit", ast.Load()), node))
    import numba

    space: dict[str, Any] = {"_njit": numba.njit, "__name__": "npbench_blind"}
    exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), space)
    found: Callable[..., Any] = space[function]
    return found


def measured(versions: Mapping[str, Callable[..., Any]], inputs: list[Any]) -> dict[str, Any]:
    """Whether each version gives what NumPy's gives, and its time, by interleaved rounds."""
    reference = outcome(versions["numpy"], inputs)
    found: dict[str, dict[str, Any]] = {}
    for name, call in versions.items():
        try:
            got = outcome(call, inputs)  # compiles, too
        except Exception as e:  # noqa: BLE001  (whatever a version raises, it has failed)
            found[name] = {"failed": f"{type(e).__name__}: {e}".splitlines()[0][:120]}
            continue
        found[name] = compared(reference, got)
    times: dict[str, list[float]] = {n: [] for n, f in found.items() if "failed" not in f}
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        for name in [*times]:
            args = copy.deepcopy(inputs)
            start = time.perf_counter()
            try:
                versions[name](*args)
            except Exception as e:  # noqa: BLE001  (a version may fail now and then: it reads what it never wrote)
                found[name] = {"failed": f"{type(e).__name__}: {e}".splitlines()[0][:120]}
                del times[name]
                continue
            times[name].append(time.perf_counter() - start)
        if time.perf_counter() - begin > ROUND_S * len(times) and len(times["numpy"]) > 2:
            break
    for name, seconds in times.items():
        found[name]["ms"] = round(statistics.median(seconds) * 1e3, 4)
        found[name]["numpy_ms"] = round(statistics.median(times["numpy"]) * 1e3, 4)  # in the same rounds
    return {"versions": found}


def outcome(call: Callable[..., Any], inputs: list[Any]) -> list[Any]:
    """What a call returns, and what it leaves in its arguments."""
    args = copy.deepcopy(inputs)
    return list(flat((call(*args), args)))


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from flat(part)
    else:
        yield value


def compared(a: Sequence[Any], b: Sequence[Any]) -> dict[str, Any]:
    """Are integers, shapes and types the same; how far are the floats apart: relative to their size, and in ulp?"""
    exact = len(a) == len(b)
    drift, ulp = 0.0, 0.0
    for x, y in zip(a, b, strict=False):
        if x is None or y is None or not isinstance(x, (np.ndarray, np.generic, int, float, complex)):
            exact = exact and type(x) is type(y)
            continue
        p, q = np.asarray(x), np.asarray(y)
        if p.shape != q.shape or p.dtype != q.dtype:
            exact = False
        elif p.dtype.kind not in "fc":
            exact = exact and bool((p == q).all())
        elif p.tobytes() != q.tobytes() and p.size:
            if not np.array_equal(np.isfinite(p), np.isfinite(q)):
                return {"exact": exact, "drift": None, "ulp": None}
            good = np.isfinite(p)
            p, q = p[good], q[good]
            size = np.maximum(np.maximum(abs(p), abs(q)), np.sqrt(np.mean(abs(p) ** 2)))
            drift = max(drift, float(np.max(abs(p - q) / np.maximum(size, np.finfo(p.dtype).tiny))))
            ulp = max(ulp, float(np.max(abs(p - q) / np.spacing(abs(p)))))
    return {"exact": exact, "drift": drift, "ulp": ulp}


def ratio(row: Mapping[str, Any], name: str, tolerance: float, exactly: bool) -> float | None:
    """Gain over NumPy of a version that gives the same, else None."""
    versions = row.get("versions", {})
    v = versions.get(name)
    if v is None or "ms" not in v or v["drift"] is None or v["drift"] > tolerance or exactly and not v["exact"]:
        return None
    return float(v["numpy_ms"] / v["ms"])


def gains(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Of hasten, the suite's best Numba version, and blind `njit`."""
    suites = [ratio(row, n, SUITE_TOLERANCE, False) for n in row.get("versions", {}) if n.startswith("numba_")]
    return {
        "hasten": ratio(row, "hasten", HASTEN_TOLERANCE, True),
        "suite": max((s for s in suites if s is not None), default=None),
        "blind": ratio(row, "blind", SUITE_TOLERANCE, False),
    }


HEAD = f"{'kernel':26} {'NumPy ms':>9} {'hasten':>8} {'suite':>8} {'blind':>8}  {'ulp':>8}  own time"


def line(row: Mapping[str, Any]) -> str:
    if not row["versions"]:
        return f"{row['kernel']:26} failed: {'; '.join(row['failed'].values())}"
    cells = " ".join(f"{f'{g:.2f}x' if g is not None else '-':>8}" for g in gains(row).values())
    mine = row["versions"].get("hasten", {})
    ulp = "-" if "ulp" not in mine else "wrong" if mine["ulp"] is None or not mine["exact"] else f"{mine['ulp']:.0f}"
    took = f"{row['hasten']['hasten_s']:.0f} s" if "hasten" in row else "-"
    why = "".join(f"; {part}: {why}" for part, why in row["failed"].items())
    return f"{row['kernel']:26} {row['versions']['numpy']['ms']:9.2f} {cells}  {ulp:>8}  {took}{why}"


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """Gated geometric means: what is not faster and right counts as 1.0x."""
    found = [gains(r) for r in rows]
    means = {
        who: math.exp(statistics.fmean(math.log(max(1.0, f[who] or 1.0)) for f in found))
        for who in ("hasten", "suite", "blind")
    }
    slower = [r["kernel"] for r, f in zip(rows, found, strict=True) if f["hasten"] is not None and f["hasten"] < 0.95]
    kept = [(r["kernel"], f["hasten"]) for r, f in zip(rows, found, strict=True) if "hasten" in r.get("versions", {})]
    wrong = [kernel for kernel, gain in kept if gain is None]
    text = ", ".join(f"{who} {mean:.2f}x" for who, mean in means.items())
    return (
        f"\ngated geometric mean of {len(rows)}: {text}"
        f"\nslower than NumPy under hasten: {', '.join(slower) or 'none'}; wrong: {', '.join(wrong) or 'none'}"
    )


if __name__ == "__main__":
    sys.exit(main())
