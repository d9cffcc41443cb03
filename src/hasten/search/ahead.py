"""The last step of a search: kernels compiled ahead of time, so that a run of the program need not load Numba.

Nothing is trusted here either: the program with its compiled kernels is run and compared like every candidate, and it
is kept unless it is slower than the one that Numba compiles as it runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel.ahead import Signature, Split, recorder, shim, split
from hasten.kernel.ahead_build import MADE, REFUSED
from hasten.observe.machine import usable_cores
from hasten.observe.process import ProgramRun, run_program, run_workload
from hasten.observe.runtime import runtime_folder

if TYPE_CHECKING:
    from hasten.search.runs import Program

BUILD_S = 60.0  # compiling takes 2 to 20 s
ASIDE_S = 240.0  # and beside other work, with pauses, much longer


def ahead_of_time(
    program: Program, original: ScriptWorkload, kept: ScriptWorkload, building: Building | None = None
) -> ScriptWorkload | str:
    """`kept` with its kernels in an extension module, or why it has none. Raises nothing for what the program does.

    Nothing is compiled where `building` has, or is about to have, the same kernels.
    """
    session = program.session
    parts = _parts(program, original, kept)
    if not parts:
        return "no file has kernels that can be moved"
    if building is not None and building.of(parts):
        folder = building.folder
        building.wait()
    else:
        # one run tells the types that each kernel is called with; it has compiled the kernels when it ends
        folder = session.scratch / "ahead"
        wrong = _watched(program, kept, parts, folder, build=True)
        if wrong:
            return wrong
    files: dict[str, SourceFile] = {}
    for number, part in enumerate(parts):
        built = _built(program, kept, part, folder / f"{number}.types", folder / str(number))
        if isinstance(built, str):
            return built
        files |= built
    return kept.with_sources(files)


class Building:
    """Extension modules that are built beside the search, from the types that one run has told.

    Stands still between `pause` and `go_on`, while whole programs are timed.
    """

    def __init__(self, program: Program, parts: Sequence[Split], folder: Path) -> None:
        self.folder = folder
        self._kernels = _kernels(parts)
        self._program = program
        self._pid = 0
        self._stopped = False
        self._free = threading.Event()
        self._free.set()
        self._lock = threading.Lock()
        program.session.stoppers.add(self.stop)
        program.closing.append(self.stop)
        self._thread = threading.Thread(target=self._build, args=(len(parts),), daemon=True, name="hasten-ahead")
        self._thread.start()

    def of(self, parts: Sequence[Split]) -> bool:
        """Are these the kernels that are built?"""
        return not self._stopped and self._kernels == _kernels(parts)

    @property
    def done(self) -> bool:
        """Nothing is left to do; whether it was built shows in the folder."""
        return not self._thread.is_alive()

    def pause(self) -> None:
        """Take no processor from what is timed now."""
        self._free.clear()
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `pause`."""
        self._free.set()
        self._signal(signal.SIGCONT)

    def wait(self) -> None:
        """Until nothing is left to do."""
        self.go_on()
        self._thread.join()

    def stop(self) -> None:
        """Give it up."""
        self._stopped = True
        self._free.set()
        self._signal(signal.SIGKILL)
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self._pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._pid, number)

    def _started(self, pid: int) -> None:
        with self._lock:
            self._pid = pid
        if self._stopped:
            self._signal(signal.SIGKILL)
        elif not self._free.is_set():
            self._signal(signal.SIGSTOP)

    def _build(self, count: int) -> None:
        work, session = self._program.work, self._program.session
        for number in range(count):
            self._free.wait()
            seen = self.folder / f"{number}.types"
            if self._stopped or not seen.exists():
                break
            own = self.folder / str(number)
            try:
                run = _compile(
                    own, python=work.python or sys.executable,
                    runtime=runtime_folder(session.scratch), deadline_s=ASIDE_S, started=self._started,
                )  # fmt: skip
            except OSError:
                break
            else:
                if run.status > 0 and not run.stopped and not (own / REFUSED).exists():
                    (own / REFUSED).write_text(_last_words(run), encoding="utf-8")  # nobody need try again
            finally:
                with self._lock:
                    self._pid = 0


class Meanwhile:
    """What is compiled ahead of time beside the search: the kernels that it is expected to keep, or has kept."""

    def __init__(self, program: Program, original: ScriptWorkload) -> None:
        self._program, self._original = program, original
        self._lock = threading.Lock()
        self.building: Building | None = None

    def of(self, kept: ScriptWorkload) -> Building | None:
        """What builds the kernels of `kept`, if anything does."""
        there = self.building
        return there if there is not None and there.of(_parts(self._program, self._original, kept)) else None

    def begin(self, kept: ScriptWorkload) -> None:
        """Has the kernels of `kept` compiled, where there is a core for that. What was begun goes on where they are the
        same, and is given up where not."""
        with self._lock:
            parts = _parts(self._program, self._original, kept)
            if self.building is not None:
                if self.building.of(parts):
                    return
                self.building.stop()
                self.building = None
            if not parts or usable_cores() < 2:
                return
            scratch = self._program.session.scratch
            folder = scratch / f"ahead-{sum(1 for _ in scratch.glob('ahead-*'))}"
            # where it does not end as it should, it is tried once more when all else is done, and told
            if not _watched(self._program, kept, parts, folder, build=False):
                self.building = Building(self._program, parts, folder)

    @property
    def begun(self) -> bool:
        return self.building is not None

    def pause(self) -> None:
        """Take no processor from what is timed now."""
        if self.building is not None:
            self.building.pause()

    def go_on(self) -> None:
        """After `pause`."""
        if self.building is not None:
            self.building.go_on()

    def stop(self) -> None:
        """Nothing of it is needed any more."""
        if self.building is not None:
            self.building.stop()


def _kernels(parts: Sequence[Split]) -> list[object]:
    return [(p.numba.path, p.numba.data, p.kernels, p.module) for p in parts]


def _watched(program: Program, kept: ScriptWorkload, parts: Sequence[Split], folder: Path, *, build: bool) -> str:
    """One run that tells the types which each kernel is called with, and has them compiled ahead of time when it ends
    (`build`); what is wrong with it, if anything is."""
    session = program.session
    folder.mkdir(exist_ok=True)
    watched: dict[str, SourceFile] = {}
    runtime = runtime_folder(session.scratch)
    for number, part in enumerate(parts):
        own = folder / str(number)
        specify(part, folder / f"{number}.types", own)
        if not build:  # what was compiled before need not be compiled to tell its types
            session.compiled.lend(part.numba, own / "__pycache__", path=part.file.path)
        seen = recorder(part, str(own), str(runtime), build=build)
        watched |= {f.path: f for f in (part.file, seen)}
    deadline_s = program.deadline_s + BUILD_S
    run = run_workload(session, program.mirror, kept.with_sources(watched), deadline_s=deadline_s)
    if run.status != program.base.reference.status:
        return f"with its kernels in a file of their own the program {run.program.ended}"
    return ""


def _parts(program: Program, original: ScriptWorkload, kept: ScriptWorkload) -> list[Split]:
    names = {p.relative_to(program.mirror.pristine).as_posix() for p in program.mirror.pristine.rglob("*.py")}
    found = []
    for path, source in sorted(kept.changed.items()):
        folder = path.rpartition("/")[0]
        inside = f"{folder}/__init__.py" in names if folder else "__init__.py" in names
        script = kept.entry.kind == "script" and path == kept.entry_path
        part = split(source, original.source(path).text, names, relative=inside and not script)
        if part is not None:
            found.append(part)
            names |= {part.numba.path, part.shim_path}
    return found


def _built(
    program: Program, work: ScriptWorkload, part: Split, seen: Path, folder: Path
) -> dict[str, SourceFile] | str:
    """The files of one part, its extension module among them, or why there are none."""
    if (folder / REFUSED).exists():
        return f"its kernels cannot be compiled ahead of time: {(folder / REFUSED).read_text(encoding='utf-8')}"
    if not seen.exists():
        return "the program ended before it told the types of its kernels"
    signatures = _signatures(folder) or build(
        part, folder, python=work.python or sys.executable, runtime=runtime_folder(program.session.scratch),
        deadline_s=max(1.0, min(BUILD_S, program.session.left_s)),
    )  # fmt: skip
    if isinstance(signatures, str):
        return signatures
    (extension,) = folder.glob(f"{part.module}.*")
    prefix = f"{part.extension_folder}/" if part.extension_folder else ""
    compiled = SourceFile(f"{prefix}{extension.name}", extension.read_bytes())
    return {f.path: f for f in (part.file, part.numba, shim(part, signatures), compiled)}


def specify(part: Split, seen: Path, folder: Path) -> None:
    """Puts into `folder` what a build of the extension module reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in (MADE, REFUSED):
        (folder / left).unlink(missing_ok=True)
    (folder / f"{part.numba_module}.py").write_bytes(part.numba.data)
    spec = {
        "folder": str(folder), "numba": part.numba_module, "module": part.module, "seen": str(seen),
        "kernels": part.kernels, "parameters": {k: list(v) for k, v in part.parameters.items()},
    }  # fmt: skip
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")


def build(part: Split, folder: Path, *, python: str, runtime: Path, deadline_s: float) -> list[Signature] | str:
    """Compile the kernels as `specify` has it; the extension module is then in `folder`. Gives why not, if not."""
    run = _compile(folder, python=python, runtime=runtime, deadline_s=deadline_s)
    if run.status != 0 or run.stopped:
        return f"its kernels cannot be compiled ahead of time: {_last_words(run)}"
    return _signatures(folder)


def _last_words(run: ProgramRun) -> str:
    words = run.stderr.decode("utf-8", "replace").strip().splitlines()
    return (words[-1] if words else run.ended)[:250]


def _compile(
    folder: Path, *, python: str, runtime: Path, deadline_s: float, started: Callable[[int], None] | None = None
) -> ProgramRun:
    """A process that builds what `specify` has put into `folder`, until it ends."""
    # a cache of its own: what Numba loads from a cache lacks parts that an extension module needs
    env = {**os.environ, "PYTHONPATH": str(runtime), "PYTHONHASHSEED": "0", "NUMBA_CACHE_DIR": str(folder / "cache")}
    command = [python, "-c", "from _hasten_runtime.ahead_build import main; main()", str(folder / "spec.json")]
    return run_program(command, cwd=folder, env=env, deadline_s=deadline_s, started=started)


def _signatures(folder: Path) -> list[Signature]:
    """What was compiled; nothing where no build came to its end."""
    if not (folder / MADE).exists():
        return []
    made = json.loads((folder / MADE).read_text(encoding="utf-8"))
    return [Signature(m["kernel"], m["export"], tuple(tuple(a) for a in m["arrays"])) for m in made]
