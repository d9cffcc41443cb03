"""What a run imported, read from what `-X importtime` writes to stderr."""

from __future__ import annotations

import re

from hasten.core.loading import Loaded, ModuleTime

ASK = {"PYTHONPROFILEIMPORTTIME": "1"}
_LINE = re.compile(rb"^import time: +(\d+) \| +(\d+) \| +(\S+)\r?(?:\n|\Z)", re.MULTILINE)


def imports(stderr: bytes) -> Loaded:
    """The modules named on the lines that the interpreter wrote; other lines are passed over."""
    return Loaded(
        tuple(
            ModuleTime(name.decode("utf-8", "replace"), int(own) / 1e6, int(total) / 1e6)
            for own, total, name in _LINE.findall(stderr)
        )
    )
