"""Patterns compiled again and again.

What it finds    `re.compile("...")`, `re.match("...", s)`, `re.sub("...", r, s)` and the like with a pattern written
                 down, in a loop or in a function.
Why it is slow   every call looks the pattern up in the cache of `re` (or compiles it anew when that is full).
Example          re.sub(r"\\s+", " ", s)  ->  _PATTERN.sub(" ", s), with _PATTERN = re.compile(r"\\s+") at the top
Safe when        the pattern and flags are constants and compile without a warning; `re` is the library's. Arguments
                 keep their order, and errors of wrong strings are the same.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts

# arguments after the pattern, up to the flags
ARGUMENTS = {
    "match": ("string",),
    "fullmatch": ("string",),
    "search": ("string",),
    "findall": ("string",),
    "finditer": ("string",),
    "split": ("string", "maxsplit"),
    "sub": ("repl", "string", "count"),
    "subn": ("repl", "string", "count"),
    "compile": (),
}
FLAGS = {"I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "VERBOSE", "A", "ASCII", "U", "UNICODE"}


class Pattern(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST106"
    name: ClassVar[str] = "pattern compiled again and again"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if any(m.names & {"purge", "template"} and "re" in m.names for m in place.project.modules):
            return
        names: dict[str, str] = {}
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call):
                    continue
                target = module.imported(node.func)
                if not target.startswith("re.") or target[3:] not in ARGUMENTS:
                    continue
                if not stretches(place, node) and not isinstance(module.function(node), FUNCTIONS):
                    continue
                if isinstance(module.function(node), ast.ClassDef):
                    continue
                parts = self._hoisted(module, node, target[3:], names)
                if parts is not None:
                    yield parts

    @staticmethod
    def _hoisted(module: Module, call: ast.Call, method: str, names: dict[str, str]) -> Parts | None:
        if not call.args or any(isinstance(a, ast.Starred) for a in call.args):
            return None
        order = ("pattern", *ARGUMENTS[method], "flags")
        given: dict[str, ast.expr] = dict(zip(order, call.args, strict=False))
        if len(call.args) > len(order):
            return None
        if method in ("split", "sub", "subn") and len(call.args) > (2 if method == "split" else 3):
            return None  # Python 3.13 warns of these, the method of a pattern does not
        for k in call.keywords:
            if k.arg is None or k.arg not in order or k.arg in given:
                return None
            given[k.arg] = k.value
        pattern, flags = given["pattern"], given.get("flags")
        if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, (str, bytes)):
            return None
        value = 0
        if flags is not None:
            bits = _flags(module, flags)
            if bits is None:
                return None
            value = bits
        required = [a for a in ARGUMENTS[method] if a not in ("count", "maxsplit")]
        if any(a not in given for a in required):
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                re.compile(pattern.value, value)
        except (re.error, Warning, ValueError, TypeError, OverflowError, RecursionError):
            return None
        made = f"re.compile({module.text(pattern)}{', ' + _flag_text(value) if value else ''})"
        if made not in names:
            names[made] = module.fresh("_PATTERN", names.values())
        name = names[made]
        arguments = [module.text(a) for a in call.args[1:] if a is not flags]
        arguments += [f"{k.arg}={module.text(k.value)}" for k in call.keywords if k.arg not in ("flags", "pattern")]
        text = name if method == "compile" else f"{name}.{method}({', '.join(arguments)})"
        return Parts(
            title="compile a pattern once",
            first=call.lineno,
            last=call.end_lineno or call.lineno,
            reason="the pattern is looked up or compiled on every call",
            remedy="a compiled pattern at the top of the module",
            replace=((call, text),),
            prelude=("import re\n", f"{name} = {made}\n"),
        )


def _flags(module: Module, e: ast.expr) -> int | None:
    if isinstance(e, ast.BinOp) and isinstance(e.op, ast.BitOr):
        a, b = _flags(module, e.left), _flags(module, e.right)
        return None if a is None or b is None else a | b
    name = module.imported(e)
    if name.startswith("re.") and name[3:] in FLAGS:
        return int(getattr(re, name[3:]))
    if isinstance(e, ast.Constant) and e.value == 0 and type(e.value) is int:
        return 0
    return None


def _flag_text(value: int) -> str:
    known = ("IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE", "ASCII", "UNICODE")
    return " | ".join(f"re.{n}" for n in known if value & int(getattr(re, n)))
