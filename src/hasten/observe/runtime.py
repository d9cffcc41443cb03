"""The part of hasten that runs inside a user's program, as a folder of its own.

The user's interpreter need not have hasten: the few modules that record and replay use the standard library
only, and are copied flat into one package, `_hasten_runtime`, which goes on `PYTHONPATH`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

PACKAGE = "_hasten_runtime"
MODULES = {
    "facts": "core/facts.py",
    "contract": "core/contract.py",
    "describe": "observe/describe.py",
    "snapshot": "observe/snapshot.py",
    "recording": "observe/recording.py",
    "parts_polars": "verify/parts_polars.py",
    "parts": "verify/parts.py",
    "equality": "verify/equality.py",
    "lengths": "verify/lengths.py",
    "vary": "verify/vary.py",
    "skeleton": "verify/skeleton.py",
    "isolation": "verify/isolation.py",
    "replay_child": "verify/replay_child.py",
    "ahead_build": "kernel/ahead_build.py",
}
_PACKAGES = re.compile(r"^(\s*from )hasten\.(?:core|observe|verify)( import )", re.MULTILINE)
_IMPORT = re.compile(r"^(\s*from )hasten\.\w+\.(\w+)( import )", re.MULTILINE)


def runtime_folder(scratch: Path) -> Path:
    """A folder for `PYTHONPATH` that holds the package; made once per scratch folder."""
    folder = scratch / "runtime"
    package = folder / PACKAGE
    if (package / "__init__.py").exists():
        return folder
    package.mkdir(parents=True, exist_ok=True)
    root = files("hasten")
    for name, path in MODULES.items():
        text = root.joinpath(path).read_text(encoding="utf-8")
        text = _IMPORT.sub(rf"\1{PACKAGE}.\2\3", _PACKAGES.sub(rf"\1{PACKAGE}\2", text))
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    return folder
