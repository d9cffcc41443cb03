from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.runs import COMPILED_S, Program, _parallel


def test_compiled_modules_are_no_text() -> None:
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")
    binary = SourceFile("a_ahead.so", b"\x7fELF\x02\xff\xfe\x00")
    plain = SourceFile("a.py", b"x = 1\n")
    assert not _parallel(work.with_sources({"a.py": plain, "a_ahead.so": binary}))
    assert _parallel(work.with_sources({"a.py": SourceFile("a.py", b"import joblib\n"), "a_ahead.so": binary}))


def test_what_is_compiled_first_may_take_longer() -> None:
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")
    program = cast(Program, SimpleNamespace(deadline_s=23.0))
    kernels = SourceFile("a.py", b"from numba import njit\n\n@njit(cache=True)\ndef f():\n    pass\n" * 4)
    binary = SourceFile("a_ahead.so", b"\x7fELF\x02\xff\xfe\x00")
    assert Program.patience_s(program, work) == 23.0
    assert Program.patience_s(program, work.with_sources({"a.py": kernels, "a.so": binary})) == 23.0 + 4 * COMPILED_S
