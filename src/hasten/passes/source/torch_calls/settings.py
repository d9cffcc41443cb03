"""Networks by other settings of PyTorch.

What it finds    networks that are made in the file and trained or asked in hot code; optimisers without `fused`.
Why it is slow   convolutions of the usual layout turn their data round in every call; an optimiser goes through the
                 parameters one operation at a time; threads of a small network wait for each other; every layer is a
                 call of its own.
Example          net = Net()                     ->  net = Net().to(memory_format=torch.channels_last)
                 Adam(net.parameters(), lr=0.01)  ->  Adam(net.parameters(), lr=0.01, fused=True)
                 and, for the network: `torch.set_num_threads(1)`; in long programs `net.compile()`
Safe when        the user has named a quality (`--quality "accuracy:max:0.5%"`) and whole runs show that it is at
                 least as good, on the program's own seed and on others: each of these settings rounds otherwise, and
                 training multiplies that. Without a quality nothing is offered. What loses is not kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import prelude_line
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.batch.forwards import calls
from hasten.passes.source.batch.loops import Module as Loops
from hasten.passes.source.containers.effects import Project, project_of
from hasten.passes.source.containers.syntax import Module, Parts, dotted, join, module_of
from hasten.passes.source.torch_calls.loader import binds_torch, imports_torch

MIN_SHARE = 0.2
LONG_S = 30.0  # of work with the network: what compiling it takes
MODULES = ("torch.nn.Module", "torch.nn.modules.module.Module")
CONVOLUTIONS = frozenset({"Conv2d", "ConvTranspose2d"})
OPTIMISERS = frozenset(
    f"torch.optim.{head}{name}" for name in ("Adam", "AdamW", "SGD", "Adagrad") for head in ("", f"{name.lower()}.")
)
LEARNS = frozenset({"backward", "step"})
ONE_THREAD = "torch.set_num_threads(1)  # threads of a network this small wait for each other"
OTHERWISE = frozenset({"fused", "foreach", "capturable", "differentiable"})


class NetSettings:
    """See the module."""

    code: ClassVar[str] = "HST954"
    name: ClassVar[str] = "other settings for networks"
    risk: ClassVar[Risk] = Risk.QUALITY

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        found = _read(work, region)
        if found is None:
            return
        module, project = found
        share = _share(project, facts)
        if share < MIN_SHARE:
            return
        for parts in _sites(module, project, share * facts.profile.wall_s):
            detail = {"title": parts.title, "line": parts.first}
            yield Finding(
                self.code, region, parts.first, parts.last, parts.reason,
                f"{parts.remedy}; needs --quality, which says what is as good", share, detail,
            )  # fmt: skip

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        found = _read(work, finding.region)
        if found is None:
            return
        module, project = found
        for parts in _sites(module, project, finding.share * facts.profile.wall_s):
            if {"title": parts.title, "line": parts.first} != finding.detail:
                continue
            below = Region(finding.path, prelude_line(module.source), len(module.source.lines), "block", "")
            edits = join(module, below, [parts])
            if edits is None:
                continue
            place = Region(finding.path, parts.first, parts.last, "block", "")
            title = f"line {parts.first}: {parts.title}"
            yield Change(self.code, title, place, edits, self.risk, (), finding.share, later=parts.later)


def _read(work: ScriptWorkload, region: Region) -> tuple[Module, Project] | None:
    """The file and its project, where PyTorch is imported and names mean what they say."""
    try:
        module = module_of(work.source(region.path))
        _ = module.tree
        project = project_of(work, region.path)
    except (OSError, SyntaxError, ValueError):
        return None
    return None if module.dynamic or not imports_torch(module) else (module, project)


def _share(project: Project, facts: Facts) -> float:
    """Share of time of what trains a network or asks it, in whatever file; 1.0 where nothing was profiled."""
    if not facts.profile.samples:
        return 1.0
    total = 0.0
    for module in filter(imports_torch, project.modules):
        lines = {n.lineno for n in calls(Loops.of(module.tree), module.tree)}
        lines |= {n.lineno for n in ast.walk(module.tree) if isinstance(n, ast.Attribute) and n.attr in LEARNS}
        total += sum(facts.profile.share(module.source.path, line, line) for line in lines)
    return min(1.0, total)


def _sites(module: Module, project: Project, seconds: float) -> Iterator[Parts]:
    """Every setting of every network and optimiser that the file makes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and module.imported(node.func) in OPTIMISERS and node.args:
            if not any(k.arg is None or k.arg in OTHERWISE for k in node.keywords) and len(node.args) < 3:
                given = ", ".join(map(module.text, (*node.args, *node.keywords)))
                yield Parts(
                    f"{dotted(node.func)} in one step for all parameters", node.lineno, node.end_lineno or node.lineno,
                    "an optimiser goes through the parameters one operation at a time", "fused=True",
                    ((node, f"{module.text(node.func)}({given}, fused=True)"),),
                )  # fmt: skip
    torch = () if binds_torch(module) else ("import torch\n",)
    nets = _nets(project)
    convolves = any(CONVOLUTIONS & m.names or "torchvision" in m.names for m in project.modules)
    for call in _made(module, nets):
        statement, text = module.statement(call), module.text(call)
        where = statement.lineno, statement.end_lineno or statement.lineno
        said = dotted(call.func)
        if convolves:
            yield Parts(
                f"{said} in the layout channels_last", *where,
                "convolutions turn their data round in every call", "keep images with their channels last",
                ((call, f"{text}.to(memory_format=torch.channels_last)"), *_views(module, nets)), prelude=torch,
            )  # fmt: skip
        target = _target(statement)
        if target is None or not module.whole_lines(statement):
            continue
        margin = module.margin(statement)
        yield Parts(
            f"{said} by one thread", *where,
            "the threads of a small network wait for each other", "torch.set_num_threads(1)",
            ((call, text),), before=((where[0], f"{margin}{ONE_THREAD}\n"),), prelude=torch,
        )  # fmt: skip
        if seconds >= LONG_S:
            yield Parts(
                f"{said} compiled", *where,
                "every layer is a call of its own, with a pass over its data", "torch.compile",
                ((call, text),), after=((where[1], f"{margin}{target}.compile()\n"),), prelude=torch,
                later=True,
            )  # fmt: skip


def _nets(project: Project) -> frozenset[str]:
    """Names of the project's classes of networks."""
    found: set[str] = set()
    while True:
        before = len(found)
        for module in project.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef) and any(
                    module.imported(b) in MODULES or dotted(b).rpartition(".")[2] in found for b in node.bases
                ):
                    found.add(node.name)
        if len(found) == before:
            return frozenset(found)


def _made(module: Module, nets: frozenset[str]) -> Iterator[ast.Call]:
    """Calls that make a whole network: no part of another one."""
    found = {n for n in ast.walk(module.tree) if isinstance(n, ast.Call) and _makes(module, n, nets)}
    for call in sorted(found, key=lambda n: (n.lineno, n.col_offset)):
        if not any(at in found or (isinstance(at, ast.ClassDef) and at.name in nets) for at in module.up(call)):
            yield call


def _makes(module: Module, call: ast.Call, nets: frozenset[str]) -> bool:
    origin = module.imported(call.func)
    head, _, name = (origin or dotted(call.func)).rpartition(".")
    if head in ("torch.nn", "torch.nn.modules"):
        return name[:1].isupper() and not name.endswith("Loss") and name not in ("Parameter", "Module")
    return name in nets or (head.startswith("torchvision.models") and name[:1].islower())


def _target(statement: ast.stmt) -> str | None:
    """`net` or `self.net` of a statement that binds nothing else; None for others."""
    match statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            return dotted(target) or None
    return None


def _views(module: Module, nets: frozenset[str]) -> tuple[tuple[ast.AST, str], ...]:
    """`x.view(...)` in the file's networks as `x.reshape(...)`, which takes data of any layout."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and node.name in nets:
            for n in ast.walk(node):
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "view":
                    if not any(isinstance(a, ast.Attribute) for a in n.args):  # `x.view(torch.int32)` is another view
                        found.append((n.func, f"{module.text(n.func.value)}.reshape"))
    return tuple(found)
