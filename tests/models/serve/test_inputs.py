"""What inputs become, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from hasten.serve.inputs import Inputs
from hasten.serve.manifest import Column, InputSchema

AB = (Column("a"), Column("b"))
X = np.array([[1.0, 2.0], [3.0, 4.0]])


def frame(columns: dict[str, object]) -> object:
    return pytest.importorskip("pandas").DataFrame(columns)


def test_a_frame_by_name_by_place_and_in_order() -> None:
    turned = frame({"b": [2.0, 4.0], "a": [1.0, 3.0]})
    assert Inputs(InputSchema("frame", AB, by_name=True)).matrix(turned).tolist() == X.tolist()
    assert Inputs(InputSchema("frame", AB, by_place=True)).matrix(turned).tolist() == X[:, ::-1].tolist()
    with pytest.raises(ValueError, match="in their order"):
        Inputs(InputSchema("frame", AB)).matrix(turned)


def test_columns_besides() -> None:
    more = frame({"a": [1.0, 3.0], "b": [2.0, 4.0], "c": [0.0, 0.0]})
    assert Inputs(InputSchema("frame", AB, others=True)).matrix(more).tolist() == X.tolist()
    with pytest.raises(ValueError, match="not columns of the training data: 'c'"):
        Inputs(InputSchema("frame", AB)).matrix(more)
    with pytest.raises(ValueError, match="are missing: 'b'"):
        Inputs(InputSchema("frame", AB, by_name=True)).matrix(frame({"a": [1.0]}))
    wide = np.column_stack([X, X])
    assert Inputs(InputSchema("array", AB, others=True)).matrix(wide).tolist() == X.tolist()
    with pytest.raises(ValueError, match="4 features"):
        Inputs(InputSchema("array", AB)).matrix(wide)


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        (InputSchema("array", AB, nan=False), np.nan, "NaN, in b"),
        (InputSchema("array", AB, no_nan=("b",)), np.nan, "NaN, in b"),
        (InputSchema("array", AB, inf=False), -np.inf, "infinity"),
        (InputSchema("array", AB, no_inf=("b",)), np.inf, "infinity, in b"),
        (InputSchema("array", AB, inf=False, single=True), 1e39, "too large for float32, in b"),
    ],
)
def test_numbers_that_are_refused(schema: InputSchema, value: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Inputs(schema).matrix(np.array([[1.0, value]]))
    with pytest.raises(ValueError, match=told):
        Inputs(schema).reader("matrix")(np.array([[1.0, value]]))
    assert Inputs(schema).matrix(X).tolist() == X.tolist()
    free = Inputs(InputSchema("array", AB)).matrix(np.array([[1.0, value]]))
    np.testing.assert_array_equal(free, [[1.0, value]])


def test_the_edge_of_float32() -> None:
    inputs = Inputs(InputSchema("array", AB, inf=False, single=True))
    edge = 3.4028235677973362e38
    assert np.isfinite(np.float32(edge))
    assert inputs.matrix(np.array([[edge, -edge]])).shape == (1, 2)
    with pytest.raises(ValueError, match="too large"):
        inputs.matrix(np.array([[1.0, np.nextafter(edge, np.inf)]]))


def test_nan_where_only_infinity_is_refused() -> None:
    inputs = Inputs(InputSchema("array", AB, inf=False))
    assert np.isnan(inputs.matrix(np.array([[np.nan, 1.0]]))[0, 0])


def test_no_rows() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Inputs(InputSchema("array", AB, empty=False)).matrix(np.empty((0, 2)))
    assert Inputs(InputSchema("array", AB, nan=False, inf=False)).matrix(np.empty((0, 2))).shape == (0, 2)


def test_objects_in_frames() -> None:
    mixed = frame({"a": [1.0], "b": np.array([2.0], object)})
    assert Inputs(InputSchema("frame", AB)).matrix(mixed).tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="are not: 'b'"):
        Inputs(InputSchema("frame", AB, objects=False)).matrix(mixed)


def test_columns_whose_names_are_numbers() -> None:
    named = InputSchema("frame", (Column("0"), Column("1")))
    assert Inputs(named).matrix(frame({0: [1.0, 3.0], 1: [2.0, 4.0]})).tolist() == X.tolist()
