"""JSON Schema (2020-12) of what `hasten.core.record.encode` makes of a type: the dataclasses are the one definition.

A reader may rely on every field that is listed as required; later versions of hasten may add fields.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hasten.core.recipe import Change, Recipe

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = {"anyOf": [{"type": "number"}, {"enum": ["Infinity", "-Infinity", "NaN"]}]}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"$ref": "#/$defs/number"},
    types.NoneType: {"type": "null"},
    Any: {},
    object: {},
}


def json_schema(kind: type, *, title: str = "") -> dict[str, Any]:
    """The schema of one encoded `kind`, a dataclass. Raises `TypeError` for a field that has no JSON form."""
    defs: dict[str, Any] = {"number": _NUMBER}
    top = _schema(kind, defs)
    return {"$schema": DIALECT, "title": title or kind.__name__, **top, "$defs": defs}


def _schema(kind: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if kind is Recipe:
        return {"type": "array", "items": _schema(Change, defs)}
    origin, args = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        return {"anyOf": [_schema(a, defs) for a in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return {"type": "array", "items": _schema(args[0], defs)}
        return {
            "type": "array", "prefixItems": [_schema(a, defs) for a in args], "minItems": len(args),
            "maxItems": len(args),
        }  # fmt: skip
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(args[1], defs)}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return {"type": "array", "items": _schema(args[0], defs)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.name for member in kind]}
    if isinstance(kind, type) and is_dataclass(kind):
        return _of_dataclass(kind, defs)
    raise TypeError(f"{kind!r} has no JSON form")


def _of_dataclass(kind: type, defs: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in defs:
        defs[name] = {}  # before its fields: they may refer to it
        hints = get_type_hints(kind)
        properties: dict[str, Any] = {}
        for f in fields(kind):
            inner = _schema(hints[f.name], defs)
            if f.default is not MISSING and (f.default is None or isinstance(f.default, (str, bool, int, float))):
                inner = {**inner, "default": f.default}
            properties[f.name] = inner
        defs[name] = {"type": "object", "properties": properties, "required": list(properties)}
        text = inspect.cleandoc(kind.__doc__ or "")
        if text and not text.startswith(f"{name}("):  # what dataclass itself writes
            defs[name] = {"description": " ".join(text.split()), **defs[name]}
    return {"$ref": f"#/$defs/{name}"}
