"""`make bench-neural`: neural nets, hasten's artifact beside the module itself and each single tool alone.

For each case (`cases.py`) a net is trained, and hasten is given it with a budget of one point of accuracy. Then the
module (eager, inference mode), the artifact, and every tool alone with its default settings (torch.compile, ONNX
Runtime in float32 and int8, OpenVINO in float32 and int8 by NNCF, Torch-Pruning and training after it) answer the same
rows, each in a process of its own, interleaved in a random order. Tools share hasten's exporters, so what differs is
what runs; they are asked bare, without the checks of an artifact. Texts go in as texts: the module and every tool alone
stand behind the user's own tokeniser.

Ratios are old time / new time of medians, with bootstrap intervals (95%). A tool counts as a rival only where it stays
within the same budget on rows that nobody was given; the certificate is held against the same rows. The last lines: the
geometric means over the original and over the best single tool, size on disk, and certificates that do not hold.

Exit status: 0; 1 when a certificate is contradicted, or hasten ended without an artifact.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import platform
import random
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from benchmarks.neural.asked import take
from benchmarks.neural.cases import CASES, Case, Ready, tokens
from benchmarks.stats import median, ratio
from hasten.observe.child import Child, ChildFailed

ORIGINAL, HASTEN, COMPILE = "original", "hasten", "torch.compile"
# single tools: the pass that makes each, with its default settings
TOOLS = {
    "ONNX Runtime": ("HSM303", {}), "ONNX Runtime int8": ("HSM312", {"ranges": "minmax"}),
    "ONNX Runtime int8 dynamic": ("HSM311", {}), "OpenVINO": ("HSM304", {"precision": "f32"}),
    "OpenVINO int8 (NNCF)": ("HSM313", {"preset": "mixed"}),
}  # fmt: skip
PRUNED = "Torch-Pruning"  # half of the multiply-adds gone by its groups, then trained again; asked eagerly
PRUNE = ("HSM321", {"by": "size", "share": 0.5, "epochs": 10})
TRAIN_S = 120.0  # for that, at most
POINT = 0.01
BUILD_S, ASK_S = 300.0, 300.0
RESULTS = Path(__file__).resolve().parent.parent / "results"


@dataclass
class Measured:
    rows: int
    threads: int
    rounds: list[dict[str, float]] = field(default_factory=list)


@dataclass
class CaseResult:
    case: str
    source: str
    hasten_s: float = 0.0
    routes: list[list[str]] = field(default_factory=list)
    accuracy: dict[str, float] = field(default_factory=dict)  # on rows that nobody was given
    size_mb: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def good(self, way: str) -> bool:
        """Whether it stays within the budget."""
        return way in self.accuracy and self.accuracy[way] >= self.accuracy[ORIGINAL] - POINT


def improve(ready: Ready, place: Path, result: CaseResult, budget: str | None, batches: tuple[int, ...]) -> Path | None:
    """Let hasten make an artifact within one point of accuracy. Half of the test rows certify."""
    import hasten

    test = _part(ready.test, slice(0, len(ready.test[1]) // 2))
    work = hasten.ModelWorkload(
        ready.module, valid=_rows(ready.valid), test=_rows(test), train=_rows(ready.train), tokeniser=ready.tokeniser
    )
    start = time.perf_counter()
    outcome = hasten.run(
        work, metric="accuracy", max_drop=str(POINT), out=place / "run", budget=budget, threads="1",
        batches=",".join(map(str, batches)),
    )  # fmt: skip
    result.hasten_s = time.perf_counter() - start
    result.routes = [list(r) for r in outcome.record.routes]
    artifact: Path | None = outcome.artifact
    if artifact is None:
        result.problems.append("hasten ended without an artifact")
    return artifact


def _part(part: Any, places: slice) -> Any:
    return take(part[0], places), part[1][places]


def _rows(part: Any) -> Any:
    import hasten
    from hasten.core.model import Tensors

    return hasten.Rows(part[0] if isinstance(part[0], list) else Tensors(part[0]), part[1])


def _arrays(ready: Ready, part: Any) -> Any:
    """Rows of arrays: what a tool alone takes."""
    if ready.tokeniser is None:
        return _rows(part)
    made = tokens(ready.tokeniser, part[0], ready.module)
    return _rows(({n: t.numpy() for n, t in made.items()}, part[1]))


def tools(ready: Ready, place: Path, result: CaseResult) -> dict[str, Path]:
    """Each single tool's artifact; what it says where it has none goes to `result.refused`."""
    from hasten.api.models.fit import Complaints
    from hasten.api.models.nets import net_workload
    from hasten.core.model import ModelWorkload
    from hasten.core.model_pass import Step
    from hasten.verify.answers import asked
    from hasten.verify.schema import schema_of
    from hasten.verify.varied_tensors import varied_tensors

    valid, train = _arrays(ready, ready.valid), _arrays(ready, ready.train)
    work = net_workload(ModelWorkload(ready.module, valid, train=train), Complaints(result.case))
    varied = {name: asked(work.model, x, work.methods) for name, x in varied_tensors(work.valid.x, same=False)}
    schema = schema_of(work.valid, varied)
    free = {c.name: tuple(i + 1 for i, n in enumerate(c.shape) if n is None) for c in schema.columns}
    from dataclasses import replace

    file = place / "work.pkl"
    file.write_bytes(cloudpickle.dumps(replace(work, free=free)))
    made = {}
    for name, (code, parameters) in TOOLS.items():
        folder = place / code
        try:
            with Child() as child:
                child.ask(
                    "hasten.search.models.building:build", str(file), Step(code, name, parameters), str(folder), schema,
                    "net", deadline_s=BUILD_S,
                )  # fmt: skip
            made[name] = folder
        except ChildFailed as failure:
            result.refused[name] = failure.text[:160]
    folder = place / PRUNE[0]
    (folder / "parts").mkdir(parents=True)
    step = Step(PRUNE[0], PRUNED, PRUNE[1])
    try:
        with Child() as child:
            child.ask(
                "hasten.search.models.building:within", TRAIN_S, str(folder / "training.pt"), "reduce_net", str(file),
                (step,), str(folder / "parts" / "net.pkl"), deadline_s=BUILD_S,
            )  # fmt: skip
        made[PRUNED] = folder
    except ChildFailed as failure:
        result.refused[PRUNED] = failure.text[:160]
    return made


def measure(
    ready: Ready, ways: dict[str, Path | None], place: Path, result: CaseResult, threads: int, *, rounds: int,
    block: float, batches: tuple[int, ...], rng: random.Random,
) -> None:  # fmt: skip
    """Fill `result.measured` at this number of threads, and accuracies on the rows that nobody was given."""
    fresh = _part(ready.test, slice(len(ready.test[1]) // 2, None))
    file = place / "case.pkl"
    file.write_bytes(cloudpickle.dumps({"module": ready.module, "x": fresh[0], "tokeniser": ready.tokeniser}))
    live: dict[str, Child] = {}
    try:
        for way, folder in ways.items():
            child = Child(threads=threads)
            try:
                child.ask(
                    "benchmarks.neural.asked:prepare", str(file), way, str(folder or ""), threads, deadline_s=ASK_S
                )
                scores = child.ask("benchmarks.neural.asked:answers", deadline_s=ASK_S)
            except ChildFailed as failure:
                child.close()
                result.refused[way] = failure.text.splitlines()[0][:160]
                continue
            live[way] = child
            result.accuracy[way] = float((scores.argmax(1) == fresh[1]).mean())
        for rows in batches:
            at = Measured(rows, threads)
            for _ in range(rounds):
                order = list(live)
                rng.shuffle(order)
                took = {w: live[w].ask("benchmarks.neural.asked:clock", rows, block, deadline_s=ASK_S) for w in order}
                at.rounds.append({way: took[way] for way in live})
            result.measured.append(at)
    finally:
        for child in live.values():
            child.close()


def best_tool(result: CaseResult, at: Measured) -> str | None:
    """The fastest single tool within the budget."""
    rivals = [w for w in at.rounds[0] if w not in (ORIGINAL, HASTEN) and result.good(w)]
    return min(rivals, key=lambda w: median(at.rounds, w)) if rivals else None


def contradicted(result: CaseResult, rows: int) -> str | None:
    """Whether fresh rows contradict the certificate: the drop is beyond the budget by more than chance explains."""
    old, new = result.accuracy[ORIGINAL], result.accuracy[HASTEN]
    sigma = (2 * max(old * (1 - old), 1 / rows) / rows) ** 0.5
    if new < old - POINT - 2 * sigma:
        return f"accuracy {old:.4f} -> {new:.4f} on {rows} fresh rows"
    return None


def run_case(case: Case, args: argparse.Namespace, rng: random.Random) -> CaseResult:
    ready = case.make(args.training)
    result = CaseResult(case.name, ready.source)
    with tempfile.TemporaryDirectory(prefix="hasten-bench-") as place:
        folder = Path(place)
        artifact = improve(ready, folder, result, args.budget, case.batches)
        ways: dict[str, Path | None] = {ORIGINAL: None}
        if artifact is not None:
            ways[HASTEN] = artifact
        ways |= tools(ready, folder, result)
        if not args.no_compile:
            ways[COMPILE] = None
        result.size_mb = {w: _size(f) for w, f in ways.items() if f is not None}
        result.size_mb[ORIGINAL] = len(pickle.dumps(ready.module.state_dict(), protocol=5)) / 1e6
        for threads in args.threads:
            measure(
                ready,
                ways,
                folder,
                result,
                threads,
                rounds=args.rounds,
                block=args.block,
                batches=case.batches,
                rng=rng,
            )
    if HASTEN in result.accuracy:
        told = contradicted(result, len(ready.test[1]) - len(ready.test[1]) // 2)
        if told is not None:
            result.problems.append(f"the certificate does not hold: {told}")
    return result


def _size(folder: Path) -> float:
    return sum(p.stat().st_size for p in (folder / "parts").rglob("*") if p.is_file()) / 1e6


def lines(result: CaseResult) -> list[str]:
    """The case as a reader sees it."""
    out = [f"{result.case} ({result.source}); hasten took {result.hasten_s:.0f} s"]
    out += [f"    {limit}: {title}" for limit, title in result.routes]
    for at in result.measured:
        told = []
        for way in at.rounds[0]:
            mark = "" if result.good(way) else "!"
            told.append(f"{way}{mark} {_time(median(at.rounds, way))}")
        text = f"  {at.rows:>4} @ {at.threads}  " + "  ".join(told)
        if HASTEN in at.rounds[0]:
            text += f"  | over the original {ratio(at.rounds, ORIGINAL, HASTEN)}"
            rival = best_tool(result, at)
            if rival is not None:
                text += f", over {rival} {ratio(at.rounds, rival, HASTEN)}"
        out.append(text)
    out.append("    accuracy " + ", ".join(f"{w} {a:.4f}" for w, a in result.accuracy.items()))
    out.append("    MB " + ", ".join(f"{w} {a:.3f}" for w, a in result.size_mb.items()))
    out += [f"    {w} does not take it: {t}" for w, t in result.refused.items()]
    return out + [f"    PROBLEM: {p}" for p in result.problems]


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def summary(results: list[CaseResult]) -> list[str]:
    out = []
    for first, name in ((True, "one row"), (False, "the larger batch")):
        over, against = [], []
        for result in results:
            for at in result.measured:
                if HASTEN not in at.rounds[0] or (at.rows == 1) != first:
                    continue
                over.append(median(at.rounds, ORIGINAL) / median(at.rounds, HASTEN))
                rival = best_tool(result, at)
                if rival is not None:
                    against.append(median(at.rounds, rival) / median(at.rounds, HASTEN))
        if over:
            mean = float(np.exp(np.mean(np.log(over))))
            out.append(f"{name}: geometric mean over the original {mean:.2f}x  (goal at one row: 5)")
        if against:
            worst = min(against)
            mean = float(np.exp(np.mean(np.log(against))))
            out.append(f"{name}: over the best single tool {mean:.2f}x, worst {worst:.2f}x  (goal at one row: 1.5)")
    sizes = [r.size_mb[ORIGINAL] / r.size_mb[HASTEN] for r in results if HASTEN in r.size_mb]
    if sizes:
        out.append(f"size on disk: {float(np.exp(np.mean(np.log(sizes)))):.2f}x smaller  (goal: 4)")
    failed = sum(bool(r.problems) for r in results)
    out.append(f"certificates that fresh rows contradict, or cases without an artifact: {failed}")
    return out


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neural", description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=[c.name for c in CASES])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--block", type=float, default=0.05, help="s of calls in a block")
    parser.add_argument("--threads", type=lambda t: [int(v) for v in t.split(",")], default=[1], metavar="N,N")
    parser.add_argument("--training", type=float, default=1.0, help="share of the training that is done")
    parser.add_argument("--budget", default="150s", help="of each run of hasten, such as 5m (150s)")
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile, which takes 40 s a case")
    parser.add_argument("--json", help="write results there after each case (auto: benchmarks/results/)")
    parser.add_argument("--more", action="store_true", help="go on with the cases that the file of --json lacks")
    args = parser.parse_args(argv)
    rng = random.Random(0)
    target = None if args.json is None else named(args.json)
    results = read(target) if target is not None and args.more else []
    done = {r.case for r in results}
    for case in CASES:
        if (args.case and case.name not in args.case) or case.name in done:
            continue
        print(f"{case.name} ...", flush=True)
        try:
            results.append(run_case(case, args, rng))
        except ImportError as error:
            print(f"  left out: {error}")
            continue
        print("\n".join(lines(results[-1])), flush=True)
        if target is not None:
            write(results, target)
    print("\n".join(["", *summary(results)]))
    return int(any(r.problems for r in results))


def named(where: str) -> Path:
    return Path(where) if where != "auto" else RESULTS / f"neural-{time.strftime('%Y-%m-%d')}.json"


def write(results: list[CaseResult], path: Path) -> None:
    """All that was measured so far: a long run may be ended at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count()}
    told = {"schema": 1, "machine": machine, "cases": [asdict(r) for r in results], "summary": summary(results)}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[CaseResult]:
    """What an earlier run has written to `path`."""
    if not path.is_file():
        return []
    held = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [CaseResult(**{**c, "measured": [Measured(**m) for m in c["measured"]]}) for c in held]
