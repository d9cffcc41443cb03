"""Values as JSON and back, with their types: tuples, bytes, sets, paths, enumerations, hasten's own dataclasses.

Unlike a pickle it runs no code when it is read: it makes plain values, and dataclasses of hasten by their fields.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

OWN = "hasten."
_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def to_plain(value: Any) -> Any:
    """`value` as JSON values. Raises `TypeError` for what has no such form."""
    if value is None or isinstance(value, (bool, str)) and type(value) in (bool, str):
        return value
    if isinstance(value, Enum):
        return {"!": "enum", "of": _name(type(value)), "is": value.name}
    if is_dataclass(value) and not isinstance(value, type):
        held = {
            f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.init and not f.name.startswith("_")
        }
        return {"!": "made", "of": _name(type(value)), "is": held}
    if isinstance(value, (bytes, bytearray)):
        return {"!": "bytes", "is": base64.b64encode(zlib.compress(bytes(value), 1)).decode("ascii")}
    if isinstance(value, tuple):
        return {"!": "tuple", "is": [to_plain(v) for v in value]}
    if isinstance(value, list):
        return [to_plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        kind = "set" if isinstance(value, set) else "frozen"
        return {"!": kind, "is": sorted((to_plain(v) for v in value), key=repr)}
    if isinstance(value, Mapping):
        return {"!": "dict", "is": [[to_plain(k), to_plain(v)] for k, v in value.items()]}
    if isinstance(value, PurePath):
        return {"!": "path", "is": str(value)}
    item = getattr(value, "item", None)  # a scalar of NumPy
    if callable(item) and getattr(value, "ndim", 1) == 0:
        value = item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"!": "float", "is": repr(float(value))}
    raise TypeError(f"{type(value).__name__} has no plain form: {value!r:.100}")


def from_plain(value: Any) -> Any:
    """What `to_plain` was given. Raises `ValueError` for anything that it cannot have made."""
    if isinstance(value, list):
        return [from_plain(v) for v in value]
    if not isinstance(value, dict):
        return value
    try:
        kind, held = value["!"], value["is"]
        if kind == "tuple":
            return tuple(from_plain(v) for v in held)
        if kind == "dict":
            return {from_plain(k): from_plain(v) for k, v in held}
        if kind in ("set", "frozen"):
            return (set if kind == "set" else frozenset)(from_plain(v) for v in held)
        if kind == "bytes":
            return zlib.decompress(base64.b64decode(held))
        if kind == "path":
            return Path(held)
        if kind == "float":
            return _ODD[held]
        if kind == "enum":
            return _type(value["of"], Enum)[held]
        if kind == "made":
            return _type(value["of"], None)(**{k: from_plain(v) for k, v in held.items()})
    except ValueError:
        raise
    except (KeyError, TypeError, AttributeError, ImportError, zlib.error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    raise ValueError(f"no value of kind {kind!r}")


def _name(kind: type) -> str:
    if not kind.__module__.startswith(OWN):
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no type of hasten's")
    return f"{kind.__module__}:{kind.__qualname__}"


def _type(name: str, base: type | None) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith(OWN):
        raise ValueError(f"{name} is no type of hasten's")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    good = isinstance(found, type) and (is_dataclass(found) if base is None else issubclass(found, base))
    if not good or f"{found.__module__}:{found.__qualname__}" != name:
        raise ValueError(f"{name} is no type of hasten's")
    return found
