"""Record what enters and leaves regions: one run (two at most) of an instrumented copy of the program."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hasten.core.facts import STARVED, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.observe import instrument
from hasten.observe.runtime import runtime_folder
from hasten.observe.session import Session

RunCandidate: TypeAlias = Callable[[ScriptWorkload, dict[str, str], list[Path]], object]
REGION_BYTES = 256_000_000
TOTAL_BYTES = 1_000_000_000
MAX_RUNS = 2
HOT = 0.1  # of the program's time: worth a second run, when the first had no time left to keep it
AGAIN = 0.1  # of the time that hasten has left: what such a run may take


def record(
    session: Session, mirror: Path, work: ScriptWorkload, regions: Sequence[Region], *, run: RunCandidate
) -> dict[str, RegionFacts]:
    """Facts by region id, with snapshots under `session.store` for replay.

    `run(candidate, extra_env, pythonpath)` runs a candidate in the mirror to its end; what it prints, writes
    and returns is ignored. Regions that could not be reached or kept say why in `why_not`.
    """
    plans = {}
    for region in regions:
        try:
            plans[region.id] = instrument.plan(work.source(region.path), region)
        except (SyntaxError, OSError, ValueError) as error:
            plans[region.id] = instrument.Plan(region, f"cannot be read: {error}", instrument=False)
    facts = {rid: RegionFacts(rid, why_not=p.why_not or "was not recorded") for rid, p in plans.items()}
    waiting = [p for p in plans.values() if p.instrument]
    # big regions first, so that what is left for the second run are the few that cut across others
    waiting.sort(key=lambda p: (-p.region.share, p.region.path, p.region.first, -p.region.last))
    for _ in range(MAX_RUNS):
        now: list[instrument.Plan] = []
        later: list[instrument.Plan] = []
        for p in waiting:
            crossing = any(instrument.conflicts(p.region, q.region) for q in now)
            (later if crossing else now).append(p)
        if not now:
            break
        began_s = session.clock()
        facts.update(_one_run(session, mirror, work, now, run))
        short = session.clock() - began_s < AGAIN * session.left_s
        starved = [p for p in now if short and p.region.share >= HOT and facts[p.region.id].why_not == STARVED]
        waiting = sorted([*starved, *later], key=lambda p: -p.region.share)
    for p in waiting:
        if facts[p.region.id].why_not != STARVED:
            facts[p.region.id] = RegionFacts(p.region.id, why_not="it cuts across other regions")
    return facts


def _one_run(
    session: Session, mirror: Path, work: ScriptWorkload, plans: list[instrument.Plan], run: RunCandidate
) -> dict[str, RegionFacts]:
    number = sum(1 for _ in session.store.glob("record-*"))
    store = session.store / f"record-{number}"
    store.mkdir(parents=True)
    by_path: dict[str, list[tuple[int, instrument.Plan]]] = {}
    configs = []
    shares = max(sum(p.region.share for p in plans), 1e-9)
    for index, p in enumerate(plans):
        by_path.setdefault(p.region.path, []).append((index, p))
        part = 0.5 / len(plans) + 0.5 * p.region.share / shares
        configs.append({**region_config(work.source(p.region.path), p), "part": part})
    files = {path: instrument.instrumented(work.source(path), items) for path, items in by_path.items()}
    config = {"store": str(store), "bytes": TOTAL_BYTES, "regions": configs}
    (store / "config.json").write_text(json.dumps(config), encoding="utf-8")
    env = {"HASTEN_RECORD": str(store / "config.json"), "PYTHONHASHSEED": "0"}
    run(work.with_sources(files), env, [runtime_folder(session.scratch)])
    try:
        seen = json.loads((store / "facts.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {
            p.region.id: RegionFacts(p.region.id, why_not=p.why_not or "the instrumented run failed") for p in plans
        }
    found = {}
    for index, (p, entry) in enumerate(zip(plans, seen["regions"], strict=True)):
        facts = region_facts(entry["facts"])
        why_not = facts.why_not or ("" if facts.recorded else "it was not reached" if not facts.calls else "")
        meta = {
            "kind": p.region.kind,
            "module": entry["module"],
            "file": entry["file"],
            "mirror": str(mirror),
            "argv": seen["argv"],
            "path": seen["path"],
            "reads": configs[index]["reads"],
            "classes": configs[index]["classes"],
        }
        folder = store / str(index)
        folder.mkdir(exist_ok=True)
        (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        found[p.region.id] = RegionFacts(
            **{**vars(facts), "why_not": why_not, "snapshots": str(folder) if facts.recorded else ""}
        )
    return found


def region_config(source: SourceFile, p: instrument.Plan) -> dict[str, Any]:
    """What the recorder inside the program must know about one region, JSON-able."""
    region = p.region
    node: ast.AST | None
    parameters: list[str] = []
    if region.kind == "function":
        node = instrument.function_node(source.tree, region)
        nodes: list[ast.AST] = [node] if node is not None else []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    else:
        statements, _ = instrument.block_nodes(source.tree, region)
        nodes = list(statements)
    data, classes = reachable(source.tree, nodes, region.qualname)
    data |= set(region.globals_read)
    if region.kind == "block" and not region.qualname:
        # what the block binds for itself only is nobody's business
        data -= names.bound(nodes) - set(region.live_in) - set(region.live_out)
    attributes = sorted(
        {
            (n.value.id, n.attr)
            for top in nodes
            for n in ast.walk(top)
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
        }
    )
    return {
        "id": region.id,
        "replayable": not p.why_not,
        "why_not": p.why_not,
        "live_in": [] if region.kind == "function" else list(region.live_in),
        "live_out": list(region.live_out),
        "globals_read": list(region.globals_read),
        "attributes": attributes,
        "parameters": parameters,
        "reads": sorted(data),
        "classes": sorted(classes),
        "bytes": REGION_BYTES,
    }


def reachable(tree: ast.Module, nodes: Sequence[ast.AST], qualname: str = "") -> tuple[set[str], set[str]]:
    """Module-level data names and classes that code may reach, through the functions it may call.

    Names are followed through functions and classes of the module; an attribute `x.name` is taken to reach every
    method called `name`, and special methods of all classes count as reached.
    """
    functions: dict[str, list[ast.AST]] = {}
    classes: dict[str, ast.ClassDef] = {}
    imported: set[str] = set()
    data: set[str] = set()
    for node in instrument.own_nodes(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            classes[node.name] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            data.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            data.add(node.name)
    methods: dict[str, list[ast.AST]] = {}
    special: list[ast.AST] = []
    for cls in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
        for item in cls.body:
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                methods.setdefault(item.name, []).append(item)
                if item.name.startswith("__"):
                    special.append(item)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            data |= set(node.names)
    data -= set(functions) | set(classes)
    todo: list[ast.AST] = [*nodes, *special]
    done: set[int] = set()
    found: set[str] = set()
    found_classes: set[str] = set(classes)
    while todo:
        top = todo.pop()
        if id(top) in done:
            continue
        done.add(id(top))
        for node in ast.walk(top):
            if isinstance(node, ast.Name):
                if node.id in data:
                    found.add(node.id)
                todo.extend(functions.get(node.id, ()))
                if node.id in classes:
                    todo.append(classes[node.id])
            elif isinstance(node, ast.Attribute):
                todo.extend(methods.get(node.attr, ()))
    return found - imported, found_classes


def region_facts(data: Mapping[str, Any]) -> RegionFacts:
    """`RegionFacts` from the recorder's JSON."""
    return RegionFacts(
        region_id=data["region_id"],
        calls=data["calls"],
        wall_s=data["wall_s"],
        types={k: tuple(_value_fact(f) for f in v) for k, v in data["types"].items()},
        out={k: tuple(_value_fact(f) for f in v) for k, v in data["out"].items()},
        recorded=data["recorded"],
        effects=tuple(data["effects"]),
        raised=tuple(data["raised"]),
        why_not=data["why_not"],
        repeated=data.get("repeated"),
    )


def _value_fact(data: Mapping[str, Any]) -> ValueFact:
    return ValueFact(
        **{
            **data,
            "items": tuple(_value_fact(f) for f in data["items"]),
            "keys": tuple(_value_fact(f) for f in data["keys"]),
            "columns": tuple((a, b) for a, b in data["columns"]),
            "note": tuple(data["note"]),
            "fields": tuple((key, tuple(_value_fact(f) for f in facts)) for key, facts in data["fields"]),
            "knots": tuple(_value_fact(f) for f in data.get("knots", ())),
        }
    )
