from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest

from hasten.api.outputs import OUTPUTS, schema
from hasten.core.model_record import ModelRunRecord
from hasten.core.record import encode
from hasten.core.schema import json_schema
from hasten.errors import UsageError
from tests.deliver.records import full_record, plain_record


@dataclass(frozen=True)
class Leaf:
    """A leaf."""

    number: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    kind: Literal["a", "b"]
    leaf: Leaf | None
    pair: tuple[str, int]
    by_name: Mapping[str, tuple[Leaf, ...]] = field(default_factory=dict)
    rest: Any = None
    inner: tuple[Tree, ...] = ()


def valid(value: Any, kind: type) -> bool:
    return jsonschema.Draft202012Validator(json_schema(kind)).is_valid(value)


def test_what_is_encoded_is_valid_and_little_else() -> None:
    tree = Tree("a", Leaf(float("nan"), ("x",)), ("y", 1), {"z": (Leaf(1.5),)}, [1, None], (Tree("b", None, ("", 0)),))
    good = json.loads(json.dumps(encode(tree), allow_nan=False))
    jsonschema.Draft202012Validator.check_schema(json_schema(Tree))
    assert valid(good, Tree)
    for name, wrong in (
        ("kind", "c"), ("leaf", {"number": 1}), ("leaf", {"number": "1", "names": []}), ("pair", ["y"]),
        ("pair", ["y", 1, 2]), ("by_name", {"z": [1]}), ("inner", [{}]), ("kind", None),
    ):  # fmt: skip
        assert not valid({**good, name: wrong}, Tree), name
    assert not valid({k: v for k, v in good.items() if k != "pair"}, Tree)


def test_a_type_without_a_json_form_is_refused() -> None:
    @dataclass
    class Odd:
        path: Path

    with pytest.raises(TypeError, match="no JSON form"):
        json_schema(Odd)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_published_schema_is_one(name: str) -> None:
    found = schema(name)
    jsonschema.Draft202012Validator.check_schema(found)
    json.dumps(found, allow_nan=False)
    assert found["title"].startswith("hasten")
    top = found["$defs"][found["$ref"].rpartition("/")[2]]
    assert "schema" in top["required"]


def test_records_of_runs_are_valid() -> None:
    check = jsonschema.Draft202012Validator(schema("run"))
    for record in (full_record("größe \udcff"), plain_record(Path("/x"), {}, {})):
        check.validate(json.loads(record.dumps()))
    broken = {**full_record().to_json(), "trials": [{"code": "HST101"}]}
    assert not check.is_valid(broken)
    models = jsonschema.Draft202012Validator(schema("run-model"))
    models.validate(json.loads(ModelRunRecord("m.joblib", "Forest", "classification").dumps()))


def test_a_checked_artifact_is_valid() -> None:
    from hasten.api.models.check import Checked
    from hasten.core.model_record import QualityOfModel

    check = jsonschema.Draft202012Validator(schema("check"))
    beside = QualityOfModel("accuracy", 0.9, 0.8, float("nan"), 0.1, 0.0, 10)
    for found in (Checked("a", True, ("x",), 5), Checked("a", False, (), 5, 0.5, 0.4, float("inf"), beside)):
        check.validate(json.loads(json.dumps(found.to_json(), allow_nan=False)))


def test_names_of_schemas() -> None:
    with pytest.raises(UsageError, match="did you mean 'compare'"):
        schema("compar")
