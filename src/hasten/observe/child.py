"""A child process that is asked to call functions, one after another, each under a deadline.

What may crash, hang, take all memory or leave threads behind runs there: loading a model, building a candidate, asking
and timing it. A child keeps what it loaded between questions (in module globals of the functions that it is asked for).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from hasten.observe.reap import MARK, kill_marked, new_mark, own_temporary, start_guard

_THREADS = tuple(f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"))

# the current folder comes first, as in `python -m`; then whatever this process can import, hasten itself among it
_START = """
import json, sys
sys.path += [p for p in json.loads(sys.argv[1]) if p not in sys.path]
from hasten.observe.child import main
main(int(sys.argv[2]), int(sys.argv[3]))
"""


class ChildFailed(Exception):
    """A question was not answered. `kind` is "raised" (the function raised), "died" (the process ended) or "late"."""

    def __init__(self, kind: str, text: str, error: str = "", detail: str = "") -> None:
        super().__init__(text)
        self.kind, self.text, self.error, self.detail = kind, text, error, detail

    @property
    def killed(self) -> bool:
        """The process was killed from outside, not by what it was asked: that tells nothing."""
        return self.kind == "died" and f"(signal {int(signal.SIGKILL)})" in self.text


class Child:
    """A fresh Python that answers `ask`. With `threads`, it has that many processors (and libraries are told so)."""

    def __init__(self, *, threads: int | None = None, env: Mapping[str, str] | None = None) -> None:
        environ = {**os.environ, "PYTHONHASHSEED": "0", **(env or {})}
        self._mark = environ[MARK] = new_mark()
        if place := own_temporary():
            environ["TMPDIR"] = place
        if threads is not None:
            environ |= dict.fromkeys(_THREADS, str(threads))
        start_guard()
        ours, theirs = _pair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._link = ours
        paths = [*sys.path, str(Path(__file__).parents[2])]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(paths), str(theirs.fileno()), str(threads or 0)],
                env=environ, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=self._errors, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            kill_marked(self._mark)
            ours.close()
            self._errors.close()
            raise
        finally:
            theirs.close()

    def ask(self, function: str, *args: Any, deadline_s: float = 600.0) -> Any:
        """What `module:function` answers to `args`. Raises `ChildFailed`; after "died" and "late" it is closed."""
        try:
            self._link.send((function, args))
            if not self._link.poll(deadline_s):
                self.close()
                raise ChildFailed("late", f"had not answered after {deadline_s:.0f} s")
            good, answer = self._link.recv()
        except (EOFError, OSError) as error:
            status = self._ended()
            said = self._said()
            self.close()
            raise ChildFailed("died", f"the process ended ({status}){': ' + said if said else ''}") from error
        if good:
            return answer
        raise ChildFailed("raised", f"{answer[0]}: {answer[1]}", answer[0], answer[2])

    def _ended(self) -> str:
        try:
            status = self._process.wait(10)
        except subprocess.TimeoutExpired:
            return "it closed its connection"
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def _said(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    @property
    def closed(self) -> bool:
        """Nothing can be asked any more: it was closed, had died or was late."""
        return self._errors.closed

    @property
    def peak_mb(self) -> float:
        """Its peak resident size so far, MB (10^6 bytes)."""
        from hasten.observe.reap import status_kb

        return status_kb(str(self._process.pid), "VmHWM") * 1024 / 1e6

    def kill(self) -> None:
        """End the process; a thread that waits for its answer sees it "died"."""
        self._process.kill()

    def close(self) -> None:
        """End it, and what it started."""
        if self._errors.closed:
            return
        self._link.close()
        self._process.kill()
        self._process.wait()
        kill_marked(self._mark)
        self._errors.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _pair() -> tuple[Connection, Connection]:
    from multiprocessing import Pipe

    return Pipe()


def main(handle: int, threads: int) -> None:
    """The loop of the child: until the other end closes."""
    with suppress(
        OSError, ValueError
    ):  # where memory runs out, the system ends this process, and not the one that asks
        score = Path("/proc/self/oom_score_adj")
        if int(score.read_text(encoding="ascii")) < 500:
            score.write_text("500", encoding="ascii")
    if threads and hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[-threads:])
    link = Connection(handle)
    while True:
        try:
            function, args = link.recv()
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - a value that cannot be read here is an answer, not an end
            link.send((False, (type(error).__name__, str(error), traceback.format_exc())))
            continue
        try:
            module, _, name = function.partition(":")
            reply: tuple[bool, Any] = (True, getattr(import_module(module), name)(*args))
            link.send(reply)
        except BaseException as error:  # noqa: BLE001 - whatever it raises is the answer
            link.send((False, (type(error).__name__, str(error), traceback.format_exc())))
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                return
