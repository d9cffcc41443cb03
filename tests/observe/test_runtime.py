"""The package that runs inside a user's program: whole, and of the standard library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hasten.observe.runtime import MODULES, PACKAGE, runtime_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runtime_folder(tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_module_is_imported_without_hasten(folder: Path, name: str) -> None:
    text = (folder / PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    assert "import hasten" not in text and "from hasten" not in text
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import {PACKAGE}.{name}"
    # isolated and without site: neither the user's packages nor hasten are on the path
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
