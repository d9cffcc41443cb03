"""Profiles that another profiler has recorded: cProfile, line_profiler, pyinstrument.

Each says less than a run under hasten's own sampler, and something else: cProfile knows functions and calls but no
lines, line_profiler the lines of the functions that it was given, pyinstrument whole stacks. `read` makes a `Profile`
of what there is; what is missing is said in `notes`, never guessed.

A file is data, whoever made it: pickles (line_profiler's format) are read without running anything that is in them.
"""

from __future__ import annotations

import io
import json
import marshal
import pickle
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hasten.core.facts import FunctionTime, LineTime, Profile
from hasten.errors import TargetError
from hasten.observe.profiler import LIBRARY_PARTS, Files, RawFrame, RawStack, fold

MICRO = 1e-6  # seconds that one count of a recorded stack stands for
SUFFIXES = (".prof", ".pstats", ".lprof", ".pyisession")
_REMAKE = {
    "cProfile": "python -m cProfile -o out.prof script.py",
    "line_profiler": "kernprof -l script.py",
    "pyinstrument": "pyinstrument -r session -o out.pyisession script.py",
}


@dataclass(frozen=True)
class Recorded:
    """What a file holds. `calls` counts calls by function (path, name, first line), `hits` runs of lines; `callees` is
    what a function calls outside the project: (name, calls, share of all time), dearest first."""

    kind: str  # "cProfile" | "line_profiler" | "pyinstrument"
    root: Path
    profile: Profile
    stacks: tuple[RawStack, ...] = ()
    calls: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    hits: Mapping[tuple[str, int], tuple[int, float]] = field(default_factory=dict)  # times, seconds in all
    callees: Mapping[tuple[str, str, int], tuple[tuple[str, int, float], ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_recorded(path: Path) -> bool:
    """Whether a file is meant as a recorded profile: by its name, or by how it begins."""
    if path.suffix.lower() in SUFFIXES:
        return True
    if path.suffix.lower() in (".py", ".ipynb", ".pyw"):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return _looks_like_pstats(head) or _names_session(head)


def read(path: Path, here: Path) -> Recorded:
    """The profile in a file; the project's files are looked for in `here`, then beside it, then where they were.

    Raises `TargetError` for a file that is cut short, or none of the three kinds.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror}") from None
    if not data:
        raise TargetError(f"{path} is empty: was the profiled program killed? {_again(path)}")
    if data[:1] == b"\x80":
        return _lines(path, data, here)
    if data.lstrip()[:1] in (b"{", b"[") and not _looks_like_pstats(data):
        return _session(path, data, here)
    return _functions(path, data, here)


def _looks_like_pstats(data: bytes) -> bool:
    """marshal's dict whose first key is a tuple."""
    return data[:1] in (b"{", b"\xfb") and data[1:2] in (b"(", b")", b"\xa8", b"\xa9")


def _names_session(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"sample_count"' in head and b'"start_time"' in head


def _again(path: Path) -> str:
    kinds = {".lprof": "line_profiler", ".pyisession": "pyinstrument", ".json": "pyinstrument"}
    return f"record it again, such as by `{_REMAKE[kinds.get(path.suffix.lower(), 'cProfile')]}`"


def _foreign(path: Path, why: str) -> TargetError:
    return TargetError(
        f"{path}: {why}; hasten opens what cProfile (.prof), line_profiler (.lprof) and pyinstrument (.pyisession, "
        f".json) have written: {_again(path)}"
    )


# --- cProfile


def _functions(path: Path, data: bytes, here: Path) -> Recorded:
    try:
        stats = marshal.loads(data)
    except (EOFError, ValueError, TypeError) as error:
        raise _foreign(path, f"not a profile, or cut short ({error})") from None
    if not isinstance(stats, dict) or not all(_entry(k, v) for k, v in stats.items()):
        raise _foreign(path, "no statistics of cProfile")
    if not stats:
        raise TargetError(f"{path}: holds no function; {_again(path)}")
    root = _root((file for file, _, _ in stats), path, here)
    files = Files(root, root)
    whole = sum(tt for _, _, tt, _, _ in stats.values()) or 1.0
    mine: dict[tuple[str, int, str], tuple[str, str, int]] = {}
    for file, line, name in stats:
        place = files.user_path(file)
        if place is not None:
            mine[file, line, name] = (place, *files.function(place, line))
    total: dict[tuple[str, str, int], float] = defaultdict(float)
    own: Counter[tuple[str, str, int]] = Counter()
    calls: Counter[tuple[str, str, int]] = Counter()
    for key, of in mine.items():
        _, count, tt, ct, _ = stats[key]
        total[of] = max(total[of], ct)
        own[of] += tt
        if not key[2].startswith("<") or key[2] == "<module>":
            calls[of] += count
    outside: dict[tuple[str, str, int], list[tuple[str, int, float]]] = defaultdict(list)
    compiled: Counter[tuple[str, str, int]] = Counter()
    for key, (_, _, _, _, callers) in stats.items():
        if key in mine:
            continue
        for caller, edge in callers.items():
            if caller in mine and isinstance(edge, tuple) and len(edge) == 4:
                outside[mine[caller]].append((_shown(key), edge[0], edge[3] / whole))
                if key[0] == "~":
                    compiled[mine[caller]] += edge[2]
    functions = []
    for of in total:
        # what a library calls back is the project's own again, so a library's time is never more than what is left
        room = max(0.0, (total[of] - own[of]) / whole)
        library = min(sum(share for _, _, share in outside[of]), room)
        functions.append(FunctionTime(*of, total[of] / whole, own[of] / whole, library, compiled[of] / whole))
    functions.sort(key=lambda f: (-f.total, f.path, f.first))
    in_c = sum(tt for (file, _, _), (_, _, tt, _, _) in stats.items() if file == "~")
    profile = Profile(
        samples=0,
        interval_s=MICRO,
        wall_s=whole,
        functions=tuple(functions),
        stacks=_flat((f.path, f.qualname, f.first, f.own + f.library) for f in functions),
        lines={(f.path, f.first): LineTime(f.total, f.own, f.library, f.native) for f in functions},
        profiler="cProfile",
        native=in_c / whole,
    )
    notes = [
        "cProfile knows functions, not lines; `hasten profile SCRIPT` shows lines",
        "cProfile charges every call, so what is called often looks dearer than it is",
    ]
    return Recorded(
        "cProfile", root, profile, calls=calls,
        callees={of: tuple(sorted(found, key=lambda c: -c[2])[:3]) for of, found in outside.items()},
        notes=(*notes, *_nothing_of_ours(functions, root)),
    )  # fmt: skip


def _entry(key: Any, value: Any) -> bool:
    return (
        isinstance(key, tuple)
        and [type(part) for part in key] == [str, int, str]
        and isinstance(value, tuple)
        and len(value) == 5
        and all(isinstance(n, (int, float)) for n in value[:4])
        and isinstance(value[4], dict)
    )


def _shown(key: tuple[str, int, str]) -> str:
    """`json.dumps`, or a built-in as cProfile names it: `sorted`, `list.append`."""
    file, _, name = key
    if file.startswith("<"):
        return "import" if file.startswith("<frozen importlib") else name
    if file != "~":
        stem = Path(file).parent.name if Path(file).stem == "__init__" else Path(file).stem
        return f"{stem}.{name}"
    bare = name.strip("<>{}").removeprefix("built-in method ").removeprefix("builtins.")
    if bare.startswith("method '") and " of '" in bare:
        method, _, kind = bare.removeprefix("method '").partition("' of '")
        return f"{kind.split(chr(39))[0]}.{method}"
    return bare


# --- line_profiler


class _Stats:
    """Stands for line_profiler's `LineStats`, whose state is `timings` and `unit`."""

    def __init__(self, timings: Any = None, unit: Any = None) -> None:
        self.timings, self.unit = timings, unit


class _Careful(pickle.Unpickler):
    """Builds nothing but `LineStats`: a pickle may name any function to call."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] in ("line_profiler", "_line_profiler") and name == "LineStats":
            return _Stats
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _lines(path: Path, data: bytes, here: Path) -> Recorded:
    try:
        stats = _Careful(io.BytesIO(data)).load()
    except Exception as error:  # noqa: BLE001 - damaged pickles raise whatever they like
        raise _foreign(path, f"not a profile, or cut short ({error})") from None
    timings, unit = getattr(stats, "timings", None), getattr(stats, "unit", None)
    if not isinstance(timings, dict) or not isinstance(unit, (int, float)) or not all(map(_timing, timings.items())):
        raise _foreign(path, "no statistics of line_profiler")
    if not any(rows for rows in timings.values()):
        raise TargetError(f"{path}: no line was timed: does the program call what is decorated with @profile?")
    root = _root((file for file, _, _ in timings), path, here)
    files = Files(root, root)
    hits: dict[tuple[str, int], tuple[int, float]] = {}
    functions: list[tuple[str, str, int, float]] = []
    for (file, first, name), rows in timings.items():
        place = files.user_path(file) or file
        for line, count, spent in rows:
            before = hits.get((place, line), (0, 0.0))
            hits[place, line] = (before[0] + count, before[1] + spent * unit)
        functions.append((place, name, first, sum(spent for _, _, spent in rows) * unit))
    # a function's lines contain what they call, so the longest function holds all that was measured, or most of it
    functions.sort(key=lambda f: -f[3])
    whole = max((seconds for *_, seconds in functions), default=0.0) or 1.0
    named = {
        (p, line): n for (f, _, n), rows in timings.items() for p in [files.user_path(f) or f] for line, *_ in rows
    }
    profile = Profile(
        samples=0,
        interval_s=MICRO,
        wall_s=whole,
        lines={k: LineTime(s / whole, s / whole) for k, (_, s) in sorted(hits.items(), key=lambda i: -i[1][1])},
        functions=tuple(FunctionTime(p, n, first, s / whole, s / whole, 0.0) for p, n, first, s in functions),
        stacks=_flat((p, named[p, line], line, s / whole) for (p, line), (_, s) in hits.items()),
        profiler="line_profiler",
    )  # fmt: skip
    notes = [
        "line_profiler times the functions it was given, each line with all that it calls; shares are of the longest",
        "timing every line makes short lines look dearer than they are",
    ]
    return Recorded(
        "line_profiler", root, profile, hits=hits, notes=(*notes, *_nothing_of_ours(profile.functions, root))
    )


def _timing(item: Any) -> bool:
    key, rows = item
    return (
        isinstance(key, tuple)
        and [type(part) for part in key] == [str, int, str]
        and isinstance(rows, (list, tuple))
        and all(
            isinstance(row, (list, tuple)) and len(row) == 3 and all(isinstance(n, (int, float)) for n in row)
            for row in rows
        )
    )


# --- pyinstrument


def _session(path: Path, data: bytes, here: Path) -> Recorded:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _foreign(path, f"not a profile, or cut short ({error})") from None
    if not isinstance(found, dict) or not ("frame_records" in found or "root_frame" in found):
        raise _foreign(path, "JSON, but no session of pyinstrument")
    try:
        whole_stacks = "frame_records" in found
        stacks = list(_records(found["frame_records"]) if whole_stacks else _tree(found["root_frame"]))
        wall_s = float(found.get("duration") or 0.0)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _foreign(path, f"no session of pyinstrument ({error})") from None
    stacks = [s for s in stacks if s.count > 0]
    if not stacks:
        raise TargetError(f"{path}: holds no sample: the program ended too soon, or pyinstrument was never stopped")
    root = _root((f.file for s in stacks for f in s.frames), path, here)
    wall_s = wall_s or sum(s.count for s in stacks) * MICRO
    folded = fold(stacks, root=root, cwd=root, wall_s=wall_s, peak_mb=0.0, profiler="pyinstrument")
    profile = replace(folded, interval_s=MICRO)
    notes = [] if whole_stacks else ["pyinstrument's JSON has one line for each function; its .pyisession has all"]
    if isinstance(found.get("sample_count"), int):
        notes.append(f"{found['sample_count']} samples; waiting counts as time")
    return Recorded(
        "pyinstrument", root, profile, tuple(stacks), notes=(*notes, *_nothing_of_ours(profile.functions, root))
    )


def _records(records: Iterable[Any]) -> Iterator[RawStack]:
    for frames, seconds in records:
        stack = [frame for name in frames if (frame := _frame(name)) is not None]
        yield RawStack(tuple(_without_launcher(stack)), round(float(seconds) / MICRO))


def _frame(identifier: str) -> RawFrame | None:
    """`name NUL file NUL first line`, and attributes, each after 0x01: `l12` is the line."""
    head, *more = identifier.split("\x01")
    name, file, first = head.split("\x00")
    if file == "<thread>" or name in ("[self]", "[await]", "[out-of-context]"):
        return None
    at = next((int(a[1:].split("|")[0]) for a in more if a[:1] == "l" and a[1:2].isdigit()), None)
    return RawFrame(name, file, int(first) if at is None else at)


def _without_launcher(frames: list[RawFrame]) -> list[RawFrame]:
    """Frames from the program on: pyinstrument's own, and what starts a script, left out."""
    at = 0
    for i, frame in enumerate(frames):
        if "/pyinstrument/" in frame.file.replace("\\", "/") or frame.file in ("<frozen runpy>", "<string>"):
            at = i + 1
    return frames[at:]


def _tree(root: Any) -> Iterator[RawStack]:
    todo: list[tuple[Any, tuple[RawFrame, ...]]] = [(root, ())]
    while todo:
        node, above = todo.pop()
        if node is None:
            continue
        name, file = str(node["function"]), str(node.get("file_path") or "")
        here = above
        if name not in ("[self]", "[await]", "[out-of-context]"):
            here = (*above, RawFrame(name, file, int(node.get("line_no") or 0)))
        children = node.get("children") or []
        spent = float(node["time"]) - sum(float(c["time"]) for c in children)
        yield RawStack(here, round(max(spent, 0.0) / MICRO))
        todo += [(child, here) for child in children]


# --- what belongs to the project


def _root(files: Iterable[str], path: Path, here: Path) -> Path:
    """The folder whose files are the user's: here, beside the profile, or where most recorded files lie."""
    named = sorted({f for f in files if f and not f.startswith(("<", "~"))})
    for base in (here, path.resolve().parent):
        places = Files(base, base)
        if any(places.user_path(f) for f in named):
            return base
    library = [sysconfig.get_path(p) for p in ("stdlib", "platstdlib", "purelib", "platlib")]
    own = [
        Path(f) for f in named
        if Path(f).is_absolute() and Path(f).is_file() and not f.startswith(tuple(library))
        and not LIBRARY_PARTS.intersection(Path(f).parts)
    ]  # fmt: skip
    folders = Counter(f.parent for f in own)
    return folders.most_common(1)[0][0] if folders else here


def _nothing_of_ours(functions: Iterable[Any], root: Path) -> list[str]:
    if any(not Path(f.path).is_absolute() for f in functions):
        return []
    return [f"no function of a file in {root} is in it: go to the folder of the profiled program first"]


def _flat(rows: Iterable[tuple[str, str, int, float]]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """One stack of one frame for each row, so that shares can be asked for; what called what is not known."""
    return tuple(
        ((f"{path}:{name}:{line}",), max(1, round(share * 1e6))) for path, name, line, share in rows if share > 0
    )
