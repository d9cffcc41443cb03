"""The command line. Data goes to stdout, progress and errors to stderr.

Exit status: 0 finished, gain or not · 1 finished, but --require was not met (`compare`: or results differ, or
--fail-under was not held) · 2 wrong usage, or the target cannot be run · 3 hasten itself failed · 130 interrupted,
what was found so far is saved.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

FINISHED, UNMET, WRONG, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; raises `SystemExit` only for argparse's own --help and errors."""
    import io
    import os
    import signal

    from hasten.cli.parser import parse
    from hasten.errors import HastenError

    words = sys.argv[1:] if argv is None else list(argv)
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a program's text may not fit the terminal's encoding
    try:
        options = parse(words)
        _folder()
        # a terminated hasten cleans up, and saves what it has, as an interrupted one does
        before = signal.signal(signal.SIGTERM, signal.default_int_handler) if argv is None else None
        try:
            return _command(options.command)(options)
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
    except HastenError as error:
        print(f"hasten: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("hasten: interrupted; nothing was found yet, nothing is left running", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output went away; keep Python from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINISHED
    except Exception as error:  # noqa: BLE001 - the last resort: every other failure is hasten's own, and status 3
        return _failed(error, words)


def _open_streams() -> None:
    """Standard streams that were closed lead nowhere: what is opened next must not take their place."""
    import os

    for handle in range(3):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
    for name, handle in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(handle, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - until the end


def _folder() -> None:
    """Raises `UsageError` when the current folder is gone: paths mean nothing then."""
    import os

    from hasten.errors import UsageError

    try:
        os.getcwd()
    except OSError as error:
        raise UsageError(f"the current folder cannot be read ({error.strerror}); cd to one that can") from None


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Each command is a module with a `main`, imported only when it is asked for."""
    from importlib import import_module

    command: Callable[[argparse.Namespace], int] = import_module(f"hasten.cli.{name}").main
    return command


def _failed(error: Exception, words: Sequence[str]) -> int:
    import os
    import shlex
    import tempfile
    import traceback

    try:
        here = os.getcwd()
    except OSError:
        here = "a folder that is gone"
    with tempfile.NamedTemporaryFile("w", prefix="hasten-failure-", suffix=".txt", delete=False) as log:
        log.write(f"hasten {shlex.join(words)}\npython {sys.version}\nin {here}\n\n")
        log.write("".join(traceback.format_exception(error)))
    print(
        f"hasten: failed inside: {type(error).__name__}: {error}\n"
        f"hasten: your files are as they were. The traceback is in {log.name}: please report it",
        file=sys.stderr,
    )
    return BROKEN
