"""Whether a generated part answers as the original: on data, on varied inputs, row by row, as dicts."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from hasten.core.model import METHODS, ModelWorkload, Rows, taken
from hasten.passes.model.serving.generated import GeneratedPredictor
from hasten.serve.manifest import Manifest, Part, Route
from hasten.serve.served import Served, load
from hasten.verify.answers import Refusal, agreement, asked, largest
from hasten.verify.schema import schema_of
from hasten.verify.varied_rows import varied


def served(
    model: Any, x: Any, folder: Path, parameters: dict[str, Any] | None = None
) -> tuple[Served, tuple[str, ...]]:
    """The part in the shape of an artifact, and the methods that it answers."""
    found = asked(model, x, tuple(m for m in METHODS if hasattr(model, m)))
    methods = tuple(m for m, answer in found.items() if not isinstance(answer, Refusal))
    seen = {name: asked(model, given, methods) for name, given in varied(x)}
    place = folder / "parts" / "part"
    place.mkdir(parents=True)
    built = GeneratedPredictor().build(ModelWorkload(model, Rows(x), methods=methods), place, parameters or {})
    part = Part(built.backend, built.methods, built.options, built.packages)
    Manifest("m", methods, schema_of(Rows(x), seen), {"part": part}, (Route(None, "part"),), "part").write(folder)
    return load(folder), seen


def check(model: Any, x: Any, folder: Path, parameters: dict[str, Any] | None = None, rtol: float = 1e-9) -> Served:
    """Raises `AssertionError` with all that differs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made, seen = served(model, x, folder, parameters)
        methods = made.manifest.methods
        whole = asked(model, x, methods)
        scale = largest(whole)
        wrong: list[str] = []

        def same(what: str, old: Any, new: Any, tolerance: float = rtol) -> None:
            found = agreement(old, new, 0, scale)
            if found.apart or found.changed or found.drift > tolerance:
                wrong.append(f"{what}: {found.apart or ''} {found.changed} changed, drift {found.drift:.1e}")

        same("data", whole, asked(made, x, methods))
        for i, (name, given) in enumerate(varied(x)):
            # float32 is rounded at every step, not always at the same ones
            same(name, seen[name], asked(made, given, methods), 1e-5 if "float32" in name else rtol)
            if i % 3 == 0 and hasattr(given, "columns") and " in " in name and "columns in" not in name:
                one = given.iloc[[0]]
                old = asked(model, one, methods)
                same(f"one row of {name}", old, asked(made, one, methods))
                same(f"a dict of {name}", old, asked(made, one.to_dict("records")[0], methods))
        for i in range(0, len(x), max(1, len(x) // 8)):
            one = taken(x, slice(i, i + 1))
            old = {m: a[i : i + 1] for m, a in whole.items() if not isinstance(a, Refusal)}
            same(f"row {i}", old, asked(made, one, methods))
            if hasattr(one, "to_dict"):
                same(f"dict {i}", old, asked(made, one.to_dict("records")[0], methods))
        assert not wrong, "\n".join(wrong)
    return made
