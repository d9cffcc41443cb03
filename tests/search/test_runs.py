from __future__ import annotations

from pathlib import Path

from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.runs import _parallel


def test_compiled_modules_are_no_text() -> None:
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")
    binary = SourceFile("a_ahead.so", b"\x7fELF\x02\xff\xfe\x00")
    plain = SourceFile("a.py", b"x = 1\n")
    assert not _parallel(work.with_sources({"a.py": plain, "a_ahead.so": binary}))
    assert _parallel(work.with_sources({"a.py": SourceFile("a.py", b"import joblib\n"), "a_ahead.so": binary}))
