"""`%load_ext hasten`: `%%hasten` on a cell, `%hasten run f(x)`, `%hasten profile f(x)`, `%hasten apply`.

The cell itself runs once, in the notebook, as it would without the magic, under a sampling thread. What is proposed
is proven on a program of its own (`hasten.api.live`), so the notebook's state is never run a second time.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from hasten.api import live
from hasten.api.results import ProfileResult, RunResult
from hasten.deliver.artifact import OPTIMIZED
from hasten.errors import HastenError, UsageError
from hasten.observe.profiler import RATE_HZ, RawFrame, RawStack, fold
from hasten.observe.sampler_shim import line_of
from hasten.observe.session import Progress

LEAST_S = 0.1  # a cell that takes less is not worth the search
_OPTION = re.compile(r"\s*--(?P<name>[a-z-]+)(?:[= ](?P<value>(?!--)\S+))?")
_FLAGS = {"exact": ("exact", True), "no-compiled": ("compiled", False)}
_VALUES = ("budget", "rtol", "require", "seed", "out")
_IMPORTS = re.compile(r"[\w./-]+\.(py|ipynb)(::[\w.]+)?$")


@dataclass(frozen=True)
class LiveResult:
    """What was found for a cell, or for an expression. `run` has all of it, `code` the new text by name: of functions
    and classes, and of the cell itself under "this cell". `text` is all of that as one cell."""

    run: RunResult
    code: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        from hasten.report.terminal import render

        told = render(self.run.record) + f"report  {self.run.folder}/report.html\n"
        return told + (f"\n{self.text}\n\n%hasten apply puts this into a new cell\n" if self.text else "")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from hasten.deliver.apply import shown_diff
        from hasten.report import notebook

        shown = notebook.run(self.run.record, "", shown_diff(self.run.folder))
        if self.text:
            shown += f"{notebook.code(self.text)}<p><code>%hasten apply</code> puts this into a new cell.</p>"
        return shown + notebook.code(f"{self.run.folder}/report.html")


class _Told(Progress):
    """One line, written over."""

    def stage(self, title: str, estimate_s: float | None = None) -> None:
        about = f", about {estimate_s:.0f} s" if estimate_s and estimate_s >= 1 else ""
        sys.stdout.write(f"\rhasten: {title}{about}".ljust(79)[:79])
        sys.stdout.flush()

    def ended(self) -> None:
        sys.stdout.write("\r".ljust(80) + "\r")
        sys.stdout.flush()


@magics_class
class HastenMagics(Magics):  # type: ignore[misc, unused-ignore]
    """The magics of one shell."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.own = shell
        self.last: LiveResult | None = None

    @line_cell_magic  # type: ignore[untyped-decorator, unused-ignore]
    def hasten(self, line: str, cell: str | None = None) -> Any:
        """%%hasten [profile] [--budget 1m] [--exact] [--no-compiled]   profile the cell, and propose what is proven

        %hasten run EXPRESSION       a faster way to the same value: %hasten run simulate(frame, 100)
        %hasten run FILE             a script or notebook, as `hasten run`
        %hasten profile EXPRESSION   where the time goes
        %hasten apply                the code that was found last, in a new cell
        """
        try:
            return self._line(line) if cell is None else self._cell(line, cell)
        except HastenError as error:
            print(f"hasten: {error}", file=sys.stderr)
            return None

    def _line(self, line: str) -> Any:
        action, _, rest = line.strip().partition(" ")
        if action == "apply":
            if self.last is None or not self.last.text:
                raise UsageError("nothing was found yet that could be applied; `%hasten run f(x)` looks for it")
            self.own.set_next_input(self.last.text)
            return None
        if action not in ("run", "profile"):
            raise UsageError(f"%hasten {action}: write %hasten run f(x), %hasten profile f(x) or %hasten apply")
        options, code = _options(rest)
        if not code:
            raise UsageError(f"%hasten {action} what? give an expression, such as f(x), or a script")
        words = code.split()
        if _IMPORTS.match(words[0]):
            import hasten

            if action == "profile":
                return hasten.profile(words[0], words[1:])
            return hasten.run(words[0], words[1:], **options)
        taken = live.take(code, self.own.user_ns, Path.cwd(), expression=True)
        if action == "profile":
            return self._profiled(f"({code})", lambda: eval(code, self.own.user_ns), code)[0]
        return self._searched(taken, code, options)

    def _cell(self, line: str, cell: str) -> Any:
        options, word = _options(line)
        if word not in ("", "profile", "run"):
            raise UsageError(f"%%hasten {word}: it takes `profile` and options such as --budget 1m")
        taken: live.Taken | str = "only the profile was asked for"
        if word != "profile":
            try:  # before the cell changes what it reads
                taken = live.take(cell, self.own.user_ns, Path.cwd())
            except HastenError as error:
                taken = str(error)
        found, ended = self._profiled("this cell", lambda: self.own.run_cell(cell, store_history=False), cell)
        if not getattr(ended, "success", True):
            return None  # the notebook has shown why
        _show(found)
        if word == "profile":
            return None
        if isinstance(taken, str):
            print(f"hasten: nothing is proposed: {taken}", file=sys.stderr)
            return None
        if found.profile.wall_s < LEAST_S:
            print(
                f"hasten: it took {found.profile.wall_s * 1e3:.0f} ms: too short to be worth a search", file=sys.stderr
            )
            return None
        _show(self._searched(taken, "this cell", options))
        return None

    def _searched(self, taken: live.Taken, name: str, options: Mapping[str, Any]) -> LiveResult:
        from hasten.api import kept, run
        from hasten.config import settings

        options = dict(options)
        out = options.pop("out", None)
        work = taken.program(self.own.user_ns)
        told = {
            "target": name, "args": (), "stdin": None, "calls": None, "given": settings(options, "%hasten"),
        }  # fmt: skip
        progress = _Told()
        try:
            folder = run.own_folder("cell", out)
            with kept.begun(folder, "script", told) as journal:
                result = run.script(journal, work, told, progress)
        finally:
            progress.ended()
        code = live.sources(work, result.folder / OPTIMIZED) if result.record.changed else {}
        self.last = LiveResult(result, code, live.joined(code, tuple(taken.texts)))
        return self.last

    def _profiled(self, name: str, call: Callable[[], Any], code: str) -> tuple[ProfileResult, Any]:
        """What `call` gives, and where its time went: lines of cells, by the names that cells have."""
        stacks: Counter[tuple[RawFrame, ...]] = Counter()
        stop = threading.Event()
        me = threading.get_ident()

        def sample() -> None:
            while not stop.wait(1 / RATE_HZ):
                frames = []
                frame = sys._current_frames().get(me)
                while frame is not None:
                    frames.append(RawFrame(frame.f_code.co_qualname, frame.f_code.co_filename, line_of(frame)))
                    frame = frame.f_back
                stacks[tuple(reversed(frames))] += 1

        thread = threading.Thread(target=sample, daemon=True, name="hasten-sampler")
        started = time.perf_counter()
        thread.start()
        try:
            ended = call()
        finally:
            wall_s = time.perf_counter() - started
            stop.set()
            thread.join()
        return self._folded(name, stacks, wall_s), ended

    def _folded(self, name: str, stacks: Counter[tuple[RawFrame, ...]], wall_s: float) -> ProfileResult:
        import linecache

        from hasten.core.workload import Entry, ScriptWorkload
        from hasten.passes.registry import all_passes
        from hasten.report.hotspots import rank

        numbers = getattr(self.own.compile, "_filename_map", {})
        with tempfile.TemporaryDirectory(prefix="hasten-cells-") as folder:
            root = Path(folder).resolve()
            places: dict[str, str] = {}

            def place(file: str) -> str:
                if file not in places:
                    lines = [] if Path(file).is_file() or file.startswith("<frozen") else linecache.getlines(file)
                    number = numbers.get(file)
                    title = f"In [{number}]" if number is not None else f"cell {len(places) + 1}"
                    if lines:
                        (root / f"{title}.py").write_text("".join(lines), encoding="utf-8")
                    places[file] = str(root / f"{title}.py") if lines else file
                return places[file]

            raw = []
            for frames, count in stacks.items():
                moved = [replace(f, file=place(f.file)) for f in frames]
                first = next((i for i, f in enumerate(moved) if f.file.startswith(str(root))), len(moved))
                raw.append(RawStack(tuple(moved[first:]), count))
            found = fold(raw, root=root, cwd=root, wall_s=wall_s, peak_mb=0.0, profiler="sampling thread")
            work = ScriptWorkload(root, Entry("script", ""), "")
            spots = tuple(replace(s, path=s.path.removesuffix(".py")) for s in rank(found, work, all_passes()))
            found = replace(
                found,
                lines={(path.removesuffix(".py"), line): t for (path, line), t in found.lines.items()},
                functions=tuple(replace(f, path=f.path.removesuffix(".py")) for f in found.functions),
            )
        return ProfileResult(name, found, spots, stacks=tuple(s for s in raw if s.frames))


def _options(line: str) -> tuple[dict[str, Any], str]:
    """Options at the start of a line, and what follows them. Raises `UsageError`."""
    found: dict[str, Any] = {}
    rest = line.strip()
    word, _, after = rest.partition(" ")
    lead = ""
    if word in ("profile", "run") and after.lstrip().startswith("--"):
        lead, rest = word, after
    while (match := _OPTION.match(rest)) is not None:
        name, value = match["name"], match["value"]
        if name in _FLAGS:
            found[_FLAGS[name][0]] = _FLAGS[name][1]
            rest = rest[match.end("name") :]
            continue
        if name not in _VALUES or value is None:
            raise UsageError(f"--{name}: options are --{', --'.join([*_VALUES, *_FLAGS])}")
        found[name] = value
        rest = rest[match.end() :]
    return found, f"{lead} {rest.strip()}".strip()


def _show(value: Any) -> None:
    from IPython import display

    shown: Any = display.display
    shown(value)


def load_ipython_extension(shell: Any) -> None:
    shell.register_magics(HastenMagics(shell))


def unload_ipython_extension(shell: Any) -> None:
    shell.magics_manager.magics["line"].pop("hasten", None)
    shell.magics_manager.magics["cell"].pop("hasten", None)
