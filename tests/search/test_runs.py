from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.runs import COMPILED_S, Program, _imported, _parallel


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


def test_what_a_project_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("import os.path, numpy as np\nfrom .b import pandas\n")
    (tmp_path / "broken.py").write_text("import scipy\nimport (\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "b.py").write_text("def f():\n    from joblib.parallel import Parallel\n")
    assert _imported(tmp_path) == {"os", "numpy", "joblib"}
    monkeypatch.setattr(ast, "parse", None)
    assert _imported(tmp_path) == {"os", "numpy", "joblib"}, "files are parsed once"
    monkeypatch.undo()
    (inner / "b.py").write_text("import re\n")
    assert _imported(tmp_path) == {"os", "numpy", "re"}
