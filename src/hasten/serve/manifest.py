"""`manifest.json` of an artifact: what it answers, from which parts, by which contract and evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hasten.errors import TargetError

MANIFEST = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True)
class Column:
    """One input column. `kind` is "number", "bool", "text", "category" or "date"; `dtype` as pandas says it.

    An input of a net is of kind "tensor": `shape` is that of one row (None: of any length).
    """

    name: str
    kind: str = "number"
    dtype: str = "float64"
    shape: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class InputSchema:
    """What the model takes. `form` is "frame" (columns with names), "array" (columns by place), "records" (dicts, as
    they come), "texts" (one sequence of strings) or "tensors" (what a net's `forward` takes).

    A frame's columns are looked up by name, in any order (`by_name`), or taken by their place whatever their names
    (`by_place`); else names and order must be those of the training data. `others`: columns besides those of the schema
    are ignored (in an array: those behind the last).

    Where the parts do not look themselves, these are refused as the original does: missing numbers unless `nan` (and
    in the columns `no_nan` in any case), infinite ones unless `inf` (nor in `no_inf`), those beyond float32 when
    `single`, no rows unless `empty`, frames with columns of objects in place of numbers unless `objects`. `vector`: an
    array of one dimension is one row, and is answered with that row's answer. `no_float32`: methods that refuse float32
    arrays. `arrays`: a model of frames takes arrays too, by place. `spelt`: so it does arrays of numbers as texts.
    """

    form: str
    columns: tuple[Column, ...] = ()
    by_name: bool = False
    nan: bool = True
    inf: bool = True
    by_place: bool = False
    others: bool = False
    no_nan: tuple[str, ...] = ()
    single: bool = False
    empty: bool = True
    objects: bool = True
    vector: bool = False
    no_float32: tuple[str, ...] = ()
    no_inf: tuple[str, ...] = ()
    arrays: bool = True
    spelt: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


@dataclass(frozen=True)
class Part:
    """One way to answer: a backend with its files in `parts/NAME` and its options. `methods` are those it answers."""

    backend: str
    methods: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()  # that it imports, besides NumPy


@dataclass(frozen=True)
class Route:
    """Up to `rows` rows (None: any number) are answered by `part`."""

    rows: int | None
    part: str


@dataclass(frozen=True)
class Manifest:
    """Everything `load` needs. `files` maps each file of the artifact to its SHA-256."""

    model: str  # the original's class
    methods: tuple[str, ...]
    inputs: InputSchema
    parts: Mapping[str, Part]
    routes: tuple[Route, ...]
    row: str | None = None  # the part that takes one row as a dict
    contract: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()  # names of the classes, in the order of a net's scores
    schema: int = SCHEMA

    def write(self, folder: Path) -> Manifest:
        """Write it to `folder` with the hashes of all that is there; gives what was written."""
        files = {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
        files.pop(MANIFEST, None)
        data = {**asdict(self), "files": files}
        (folder / MANIFEST).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        return Manifest(**{**self.__dict__, "files": files})


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path, *, check: bool = True) -> Manifest:
    """The manifest of the artifact in `folder`, once every file is what it was (`check`). Raises `TargetError`."""
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise TargetError(f"{folder}: no artifact of hasten is there ({MANIFEST} is missing)") from None
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{path} is not JSON ({error}): copy the artifact again") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else None
        raise TargetError(f"{path} has schema {found!r}, and this hasten reads {SCHEMA}: use the hasten that made it")
    try:
        _all_within(folder, data)
        wrong = [name for name, sha in data["files"].items() if check and not _intact(folder / name, sha)]
        if wrong:
            raise TargetError(f"{folder}: changed or missing since it was certified: {', '.join(wrong)}; copy it again")
        parts = {}
        for name, part in data["parts"].items():
            parts[name] = Part(**{**part, "methods": tuple(part["methods"]), "packages": tuple(part["packages"])})
        return Manifest(
            **{
                **data,
                "methods": tuple(data["methods"]),
                "inputs": schema_from_json(data["inputs"]),
                "parts": parts,
                "routes": tuple(Route(**r) for r in data["routes"]),
                "labels": tuple(data.get("labels", ())),
            }
        )
    except (KeyError, TypeError, AttributeError) as error:
        told = f"{type(error).__name__}: {error}"
        raise TargetError(f"{path} is not a manifest that hasten wrote ({told}): copy the artifact again") from None


def _all_within(folder: Path, data: Mapping[str, Any]) -> None:
    """Raises `TargetError` for a name that leads out of the artifact, and for a link in it that does."""
    root = folder.resolve()
    odd = [part for part in data["parts"] if PurePosixPath(part).name != part]
    for name in (*odd, *data["files"], *(f"parts/{part}" for part in data["parts"])):
        pure = PurePosixPath(name)
        plain = name not in odd and not pure.is_absolute() and ".." not in pure.parts and "\0" not in name
        if not plain or not (folder / name).resolve().is_relative_to(root):
            raise TargetError(f"{folder}: its manifest names {name!r}, which is not inside it; do not use it")


def schema_from_json(data: Mapping[str, Any]) -> InputSchema:
    """What `asdict` made of a schema, with lists for tuples."""
    told: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in data.items()}
    told["columns"] = tuple(Column(**{**c, "shape": tuple(c.get("shape", ()))}) for c in told["columns"])
    return InputSchema(**told)


def _intact(path: Path, sha: str) -> bool:
    return path.is_file() and sha256(path) == sha


def values_to_json(array: Any) -> dict[str, Any]:
    """Labels as JSON: the dtype, and the values."""
    return {"dtype": str(array.dtype), "values": array.tolist()}


def values_from_json(data: Mapping[str, Any]) -> Any:
    import numpy as np

    return np.array(data["values"], dtype=data["dtype"])
