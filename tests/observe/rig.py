"""Record and replay small programs in tests, with a plain runner."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from hasten.core.contract import Contract
from hasten.core.facts import RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.recorder import record
from hasten.observe.session import session
from hasten.verify.replay import ReplayOutcome, replay


class Rig:
    """One program in a folder of its own, its regions found by text."""

    def __init__(self, tmp: Path, text: str, stack: ExitStack, others: dict[str, str] | None = None) -> None:
        self.text = textwrap.dedent(text)
        root, self.mirror = tmp / "project", tmp / "mirror"
        root.mkdir()
        (root / "program.py").write_text(self.text, encoding="utf-8")
        for path, other in (others or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(textwrap.dedent(other), encoding="utf-8")
        shutil.copytree(root, self.mirror)
        self.work = ScriptWorkload(root, Entry("script", "program.py"), "program.py", python=sys.executable)
        self.session = stack.enter_context(session())
        self.runs: list[subprocess.CompletedProcess[str]] = []
        self.facts: dict[str, RegionFacts] = {}

    def run(self, candidate: ScriptWorkload, env: dict[str, str], pythonpath: list[Path]) -> object:
        for path, source in candidate.changed.items():
            (self.mirror / path).write_bytes(source.data)
        done = subprocess.run(
            [sys.executable, "program.py"],
            cwd=self.mirror,
            env={**os.environ, **env, "PYTHONPATH": os.pathsep.join(map(str, pythonpath))},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.runs.append(done)
        for path in candidate.changed:
            (self.mirror / path).write_bytes(self.work.source(path).data)
        return done

    def lines(self, path: str) -> tuple[str, ...]:
        return self.work.source(path).lines

    def line(self, piece: str, path: str = "program.py") -> int:
        """The number of the only line with `piece` in it."""
        found = [i for i, text in enumerate(self.lines(path), 1) if piece in text]
        assert len(found) == 1, (piece, found)
        return found[0]

    def function(self, qualname: str, path: str = "program.py") -> Region:
        parts = [p for p in qualname.split(".") if p != "<locals>"]
        nodes: Iterable[ast.AST] = self.work.source(path).tree.body
        for part in parts:
            node = next(n for n in nodes if getattr(n, "name", None) == part)
            nodes = getattr(node, "body", [])
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        args = tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        return Region(path, first, node.end_lineno or first, "function", qualname, args)

    def block(
        self, first: str, last: str, live_in: Sequence[str], live_out: Sequence[str], inside: str = "",
        path: str = "program.py",
    ) -> Region:  # fmt: skip
        start, end = self.line(first, path), self.line(last, path)
        return Region(path, start, end, "block", inside, tuple(live_in), tuple(live_out))

    def record(self, *regions: Region) -> list[RegionFacts]:
        self.facts.update(record(self.session, self.mirror, self.work, list(regions), run=self.run))
        assert self.runs, "nothing ran"
        return [self.facts[r.id] for r in regions]

    def replace(self, region: Region, *swaps: tuple[str, str]) -> Change:
        """A change that swaps pieces of text inside the region."""
        text = "".join(self.lines(region.path)[region.first - 1 : region.last])
        for old, new in swaps:
            assert old in text, (old, text)
            text = text.replace(old, new)
        return Change("TEST", "a test", region, (Edit(region.path, region.first, region.last, text),))

    def replay(
        self, region: Region, *swaps: tuple[str, str], varied: bool = False, contract: Contract | None = None,
        extra: Sequence[Edit] = (), deadline_s: float = 30.0, least: float = 0.0,
    ) -> ReplayOutcome:  # fmt: skip
        if region.id not in self.facts:
            self.record(region)
        change = self.replace(region, *swaps)
        change = Change(change.code, change.title, region, (*extra, *change.edits))
        return replay(
            self.session, self.work, change, self.facts[region.id], contract or Contract(), varied=varied,
            deadline_s=deadline_s, least=least,
        )  # fmt: skip
