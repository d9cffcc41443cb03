"""hasten: give it a slow Python program; it gives back a faster one, and the evidence.

>>> import hasten
>>> result = hasten.run("script.py", budget="5m")   # doctest: +SKIP
>>> print(result.gain)                              # doctest: +SKIP
2.41x [2.30, 2.52]
"""

from __future__ import annotations

import sys

if (
    getattr(sys, "argv", [""])[:1] == ["-m"]
    and sys.orig_argv[-len(sys.argv)] in ("hasten", "-mhasten")  # what stands before the arguments
    and not getattr(sys.flags, "safe_path", False)
):
    # `python -m` puts the user's folder first, where an re.py of theirs would stand in for the standard library's
    del sys.path[0]

from typing import TYPE_CHECKING

from hasten.errors import HastenError, StaleError, TargetError, UsageError

if TYPE_CHECKING:
    from hasten.api.compare import compare
    from hasten.api.models.results import ModelResult
    from hasten.api.profile import profile
    from hasten.api.results import CompareResult, ProfileResult, RunResult
    from hasten.api.run import run
    from hasten.core.model import ModelContract, ModelWorkload, Rows
    from hasten.serve.served import Served, load

__version__ = "0.1.0"

__all__ = [
    "CompareResult",
    "HastenError",
    "ModelContract",
    "ModelResult",
    "ModelWorkload",
    "ProfileResult",
    "Rows",
    "RunResult",
    "Served",
    "StaleError",
    "TargetError",
    "UsageError",
    "__version__",
    "compare",
    "load",
    "profile",
    "run",
]

_LAZY = {
    "run": "hasten.api.run",
    "compare": "hasten.api.compare",
    "profile": "hasten.api.profile",
    "RunResult": "hasten.api.results",
    "CompareResult": "hasten.api.results",
    "ProfileResult": "hasten.api.results",
    "ModelResult": "hasten.api.models.results",
    "ModelContract": "hasten.core.model",
    "ModelWorkload": "hasten.core.model",
    "Rows": "hasten.core.model",
    "Served": "hasten.serve.served",
    "load": "hasten.serve.served",
    "load_ipython_extension": "hasten.api.magics",  # %load_ext hasten
    "unload_ipython_extension": "hasten.api.magics",
}


def __getattr__(name: str) -> object:
    """`import hasten` stays light: what runs the engine is imported when it is first asked for."""
    if name in _LAZY:
        from importlib import import_module

        value: object = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hasten' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
