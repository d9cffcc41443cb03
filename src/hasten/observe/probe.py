r"""What a program holds at its end, and which of its statements wrote what: for results that may be other ones.

A `sitecustomize` put in front of the path (it removes itself and runs the one that it hides) notes, for every piece of
text that goes to stdout or stderr and every file opened for writing, where in the project that happened, and at the end
the values of some names of the main module. Nothing of it reaches child processes.

Not seen: what goes to the streams' buffers or descriptors directly, and anything at all when the program leaves by
`os._exit`. `Seen.lines` tells nothing for a text that was not seen whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hasten.core.workload import ScriptWorkload
from hasten.observe.mirror import Mirror
from hasten.observe.process import WorkloadRun, run_workload
from hasten.observe.session import Session
from hasten.observe.shim import site_customize
from hasten.observe.text import decoded

MOST_WRITES = 200_000
Site = tuple[tuple[str, int], ...]  # (path, line) of every frame of the project, innermost first

PROBE = r"""
import sys as _sys, os as _os


def _run():
    import atexit, io, json
    here = _os.path.dirname(_os.path.abspath(__file__))
    _sys.path[:] = [p for p in _sys.path if _os.path.abspath(p or ".") != here]
    conf = json.loads(_os.environ.pop("HASTEN_PROBE"))
    rest = [p for p in _os.environ.get("PYTHONPATH", "").split(_os.pathsep) if p and _os.path.abspath(p) != here]
    if rest:
        _os.environ["PYTHONPATH"] = _os.pathsep.join(rest)
    else:
        _os.environ.pop("PYTHONPATH", None)
    root, cwd, pid, most = conf["root"] + _os.sep, _os.getcwd(), _os.getpid(), conf["most"]
    writes, sites, opened, places, streams = [], {}, [], {}, []
    join, realpath, normpath, fsdecode = _os.path.join, _os.path.realpath, _os.path.normpath, _os.fsdecode
    get_frame = _sys._getframe

    def place(code):
        name = places.get(code)
        if name is None:
            name = normpath(join(cwd, code.co_filename))
            name = places[code] = name[len(root):].replace(_os.sep, "/") if name.startswith(root) else ""
        return name

    def site(frame):
        found = []
        while frame is not None:
            name = place(frame.f_code)
            if name:
                found.append((name, frame.f_lineno))
            frame = frame.f_back
        return sites.setdefault(tuple(found), len(sites))

    def note(stream, text, frame):
        if _os.getpid() != pid or len(writes) > most:
            return
        where = site(frame)
        if writes and writes[-1][0] == stream and writes[-1][2] == where:
            writes[-1][1].append(text)
        else:
            writes.append((stream, [text], where))

    class Told(io.TextIOWrapper):
        def write(self, text):
            if isinstance(text, str):
                note(self.told, text, get_frame(1))
            return super().write(text)

        def writelines(self, lines):
            for line in lines:
                self.write(line)

    def watched(name):
        old = getattr(_sys, name)
        if type(old) is not io.TextIOWrapper:
            return
        encoding, errors, buffered, through = old.encoding, old.errors, old.line_buffering, old.write_through
        new = Told(old.detach(), encoding, errors, "\n", buffered, through)
        new.told = name
        new.mode = "w"
        setattr(_sys, name, new)
        setattr(_sys, "__%s__" % name, new)

    watched("stdout")
    watched("stderr")
    WRITE = _os.O_WRONLY | _os.O_RDWR | _os.O_CREAT | _os.O_TRUNC | _os.O_APPEND

    def hook(event, args):
        if event != "open" or len(opened) > most:
            return
        path, mode, flags = args
        if isinstance(path, int) or not (isinstance(flags, int) and flags & WRITE):
            return
        try:
            opened.append((realpath(fsdecode(path)), site(get_frame(1))))
        except (OSError, ValueError, TypeError):
            pass

    def number(name, held):
        head, *rest = name.split(".")
        value = held[head]
        for part in rest:
            value = getattr(value, part)
        if isinstance(value, (str, bytes, bytearray, bool)) or getattr(value, "ndim", 0):
            raise TypeError(name)
        return float(value)

    def end():
        if _os.getpid() != pid:
            return
        held, values = vars(_sys.modules["__main__"]), {}
        for name in conf["names"]:
            try:
                values[name] = number(name, held)
            except Exception:
                pass
        told = {
            "values": values,
            "writes": [(stream, "".join(texts), where) for stream, texts, where in writes],
            "sites": list(sites), "opened": list(opened), "whole": len(writes) <= most,
        }
        with open(conf["log"], "w", encoding="ascii") as file:
            json.dump(told, file)

    atexit.register(end)
    _sys.addaudithook(hook)


_run()
del _run
"""


@dataclass(frozen=True)
class Seen:
    """What the probe saw of one run. `opened` maps the real path of a file opened for writing to where that was."""

    values: Mapping[str, float] = field(default_factory=dict)
    writes: Mapping[str, tuple[tuple[str, Site], ...]] = field(default_factory=dict)
    opened: Mapping[str, frozenset[Site]] = field(default_factory=dict)

    def lines(self, stream: str, data: bytes) -> list[tuple[str, frozenset[Site]]] | None:
        """Each line that went to a stream, without its line end, with where its pieces came from.

        None when what the run wrote (`data`) is not what was seen.
        """
        pieces = self.writes.get(stream, ())
        if "".join(text for text, _ in pieces) != decoded(data):
            return None
        out: list[tuple[str, frozenset[Site]]] = []
        line, sites = "", set[Site]()
        for text, site in pieces:
            *ended, rest = text.split("\n")
            for part in ended:
                out.append((line + part, frozenset({*sites, site})))
                line, sites = "", set()
            if rest:
                line += rest
                sites.add(site)
        if line:
            out.append((line, frozenset(sites)))
        return out


def probed_run(
    session: Session,
    mirror: Mirror,
    work: ScriptWorkload,
    names: Sequence[str],
    *,
    deadline_s: float,
    keep_cache: bool = False,
) -> tuple[WorkloadRun, Seen]:
    """One run of a workload under the probe, which is to tell the values of `names` (dotted for attributes)."""
    folder = session.scratch / "probe"
    place = folder / "site"
    site_customize(place, PROBE)
    log = folder / "seen.json"
    log.unlink(missing_ok=True)
    path = os.pathsep.join([str(place), *filter(None, [mirror.environment(work).get("PYTHONPATH", "")])])
    conf = {"root": os.path.realpath(mirror.path), "names": list(names), "log": str(log), "most": MOST_WRITES}
    env = {"PYTHONPATH": path, "HASTEN_PROBE": json.dumps(conf)}
    run = run_workload(session, mirror, work, deadline_s=deadline_s, extra_env=env, keep_cache=keep_cache)
    return run, read(log)


def read(log: Path) -> Seen:
    """What was noted; nothing when the program did not come to its end."""
    try:
        told = json.loads(log.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Seen()
    sites: list[Site] = [tuple((str(path), int(line)) for path, line in site) for site in told["sites"]]
    writes: dict[str, list[tuple[str, Site]]] = {}
    if told["whole"]:
        for stream, text, where in told["writes"]:
            writes.setdefault(stream, []).append((text, sites[where]))
    opened: dict[str, set[Site]] = {}
    for name, where in told["opened"]:
        opened.setdefault(name, set()).add(sites[where])
    return Seen(
        {str(k): float(v) for k, v in told["values"].items()},
        {stream: tuple(pieces) for stream, pieces in writes.items()},
        {name: frozenset(found) for name, found in opened.items()},
    )
