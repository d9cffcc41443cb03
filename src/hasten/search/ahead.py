"""The last step of a search: kernels compiled ahead of time, so that a run of the program need not load Numba.

Nothing is trusted here either: the program with its compiled kernels is run and compared like every candidate, and it
is kept unless it is slower than the one that Numba compiles as it runs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel.ahead import Signature, Split, recorder, shim, split
from hasten.kernel.ahead_build import MADE, REFUSED
from hasten.observe.process import run_program, run_workload
from hasten.observe.runtime import runtime_folder

if TYPE_CHECKING:
    from hasten.search.runs import Program

BUILD_S = 60.0  # compiling takes 2 to 20 s


def ahead_of_time(program: Program, original: ScriptWorkload, kept: ScriptWorkload) -> ScriptWorkload | str:
    """`kept` with its kernels in an extension module, or why it has none. Raises nothing for what the program does."""
    session = program.session
    folder = session.scratch / "ahead"
    folder.mkdir(exist_ok=True)
    parts = _parts(program, original, kept)
    if not parts:
        return "no file has kernels that can be moved"
    # one run tells the types that each kernel is called with; it has compiled the kernels when it ends
    watched: dict[str, SourceFile] = {}
    runtime = runtime_folder(session.scratch)
    for number, part in enumerate(parts):
        specify(part, folder / f"{number}.types", folder / str(number))
        seen = recorder(part, str(folder / str(number)), str(runtime))
        watched |= {f.path: f for f in (part.file, seen)}
    deadline_s = program.deadline_s + BUILD_S
    run = run_workload(session, program.mirror, kept.with_sources(watched), deadline_s=deadline_s)
    if run.status != program.base.reference.status:
        return f"with its kernels in a file of their own the program {run.program.ended}"
    files: dict[str, SourceFile] = {}
    for number, part in enumerate(parts):
        built = _built(program, kept, part, folder / f"{number}.types", folder / str(number))
        if isinstance(built, str):
            return built
        files |= built
    return kept.with_sources(files)


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
    # a cache of its own: what Numba loads from a cache lacks parts that an extension module needs
    env = {**os.environ, "PYTHONPATH": str(runtime), "PYTHONHASHSEED": "0", "NUMBA_CACHE_DIR": str(folder / "cache")}
    command = [python, "-c", "from _hasten_runtime.ahead_build import main; main()", str(folder / "spec.json")]
    run = run_program(command, cwd=folder, env=env, deadline_s=deadline_s)
    if run.status != 0 or run.stopped:
        words = run.stderr.decode("utf-8", "replace").strip().splitlines()
        return f"its kernels cannot be compiled ahead of time: {words[-1] if words else run.ended}"[:300]
    return _signatures(folder)


def _signatures(folder: Path) -> list[Signature]:
    """What was compiled; nothing where no build came to its end."""
    if not (folder / MADE).exists():
        return []
    made = json.loads((folder / MADE).read_text(encoding="utf-8"))
    return [Signature(m["kernel"], m["export"], tuple(tuple(a) for a in m["arrays"])) for m in made]
