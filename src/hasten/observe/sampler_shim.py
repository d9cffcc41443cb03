"""The sampler that runs inside the profiled program when py-spy is missing or not permitted.

This file is copied as `sitecustomize.py` into a folder that goes first on `PYTHONPATH` of the child, so it
uses the standard library only and imports nothing of hasten. A raw thread wakes every `INTERVAL_S` and reads
`sys._current_frames()`.

Bias: the thread needs the interpreter lock, so a sample that falls into C code which holds the lock is
taken late, at the next point where the interpreter lets go. It is still counted on the line that made the
call (the frame has not moved on), but a tight loop is seen at its head and at calls more often than inside
expressions. C code that releases the lock is seen fairly. Memory is never measured here.
"""

from __future__ import annotations

import os
import sys
from typing import Any

INTERVAL_S = 0.01
SAVE_EVERY_S = 2.0


def line_of(frame: Any) -> int:
    """The line that a frame is at. A jump that no line of source stands for has none: then the line before it."""
    if frame.f_lineno is not None:
        return int(frame.f_lineno)
    last = frame.f_code.co_firstlineno
    for start, _, line in frame.f_code.co_lines():
        if start > frame.f_lasti:
            break
        last = line if line is not None else last
    return int(last)


def _restore_environment() -> tuple[str, str]:
    """Undo what started this file, so that the program and its children see their own environment."""
    out = os.environ.pop("HASTEN_SAMPLER_OUT", "")
    here = os.environ.pop("HASTEN_SAMPLER_DIR", "")
    before = os.environ.pop("HASTEN_SAMPLER_PYTHONPATH", None)
    if before is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = before
    sys.path[:] = [p for p in sys.path if not here or os.path.realpath(p) != os.path.realpath(here)]
    return out, here


def _chain() -> None:
    """Run the sitecustomize that this one hides, if there is one, as `site` would have done."""
    sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise


def _start(out: str) -> None:
    import _thread
    import atexit
    import time

    main = _thread.get_ident()
    pid = os.getpid()
    counts: dict[tuple[bool, tuple[tuple[str, str, int], ...]], int] = {}
    stop: list[bool] = []

    def save() -> None:
        if os.getpid() != pid:  # a forked child must not overwrite what its parent saw
            return
        import json

        rows = [[is_main, [list(f) for f in frames], n] for (is_main, frames), n in list(counts.items())]
        temporary = out + ".part"
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(rows, file)
            os.replace(temporary, out)
        except OSError:
            pass  # a profile that cannot be written must not break the program

    def sample() -> None:
        me = _thread.get_ident()
        last_save = time.monotonic()
        due = last_save
        while not stop:
            due += INTERVAL_S
            now = time.monotonic()
            time.sleep(max(0.0, due - now))
            # a late wake-up stands for all the ticks that were missed
            now = time.monotonic()
            ticks = 1 + max(0, int((now - due) / INTERVAL_S))
            due += (ticks - 1) * INTERVAL_S
            for ident, top in sys._current_frames().items():
                if ident == me:
                    continue
                frames = []
                frame = top
                while frame is not None:
                    code = frame.f_code
                    frames.append((getattr(code, "co_qualname", code.co_name), code.co_filename, line_of(frame)))
                    frame = frame.f_back  # type: ignore[assignment]
                key = (ident == main, tuple(reversed(frames)))
                counts[key] = counts.get(key, 0) + ticks
            if now - last_save > SAVE_EVERY_S:
                save()
                last_save = time.monotonic()

    def finish() -> None:
        stop.append(True)
        save()

    atexit.register(finish)
    # not threading.Thread: the program's threading.enumerate() must not show a stranger
    _thread.start_new_thread(sample, ())


if os.environ.get("HASTEN_SAMPLER_OUT"):
    _out, _ = _restore_environment()
    _start(_out)
    _chain()
