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


def test_an_array_for_a_model_of_names() -> None:
    framed = Inputs(InputSchema("frame", AB, by_name=True, arrays=False))
    for read in (framed.matrix, framed.columns, framed.reader("matrix"), framed.cells):
        with pytest.raises(ValueError, match="give a DataFrame"):
            read(X)
        with pytest.raises(ValueError, match="give a DataFrame"):
            read(X.tolist())
    assert Inputs(InputSchema("frame", AB, by_name=True)).matrix(X).tolist() == X.tolist()


def test_numbers_as_texts() -> None:
    texts = X.astype(str)
    assert Inputs(InputSchema("array", AB)).matrix(texts).tolist() == X.tolist()
    strict = InputSchema("array", AB, inf=False, single=True, spelt=False)
    for read in (Inputs(strict).matrix, Inputs(strict).reader("matrix", None, frozenset({"inf"}))):
        with pytest.raises(ValueError, match="rows of texts"):
            read(texts)
    assert Inputs(strict).matrix(texts.astype(object)).tolist() == X.tolist()


def test_a_dict_of_lists_is_no_row() -> None:
    with pytest.raises(ValueError, match="a list of dicts"):
        Inputs(InputSchema("frame", AB)).matrix({"a": [1.0, 2.0], "b": [3.0, 4.0]})


def test_a_sparse_matrix() -> None:
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(X)
    for read in (Inputs(InputSchema("array", AB)).matrix, Inputs(InputSchema("array", AB)).columns):
        with pytest.raises(ValueError, match="sparse matrix"):
            read(sparse)


def test_dates_and_other_objects_are_no_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    dates = frame({"a": [1.0], "b": pandas.to_datetime(["2024-01-01"])})
    inputs = Inputs(InputSchema("frame", AB))
    with pytest.raises(ValueError, match="a date is no number"):
        inputs.matrix(dates)
    with pytest.raises(ValueError, match="no number"):
        inputs.matrix(frame({"a": [1.0], "b": np.array([pandas.NA], object)}))
    with pytest.raises(ValueError, match="no number"):
        inputs.matrix(np.array([[1.0, pandas.NA]], object))
    for wrong in (X.astype(complex), X.astype("M8[s]"), frame({"a": [1.0], "b": [2j]})):
        with pytest.raises(ValueError, match="omplex data"):
            inputs.matrix(wrong)


def test_a_series_with_an_entry_called_columns() -> None:
    pandas = pytest.importorskip("pandas")
    named = Inputs(InputSchema("frame", (Column("columns"), Column("b"))))
    with pytest.raises(ValueError, match="dimensions"):
        named.matrix(pandas.Series({"columns": 1.0, "b": 2.0}))


def test_texts_in_every_container() -> None:
    texts = Inputs(InputSchema("texts", (Column("text", "text", "str"),)))
    for given in (["a b", "c"], ("a b", "c"), np.array(["a b", "c"]), (t for t in ["a b", "c"])):
        assert texts.columns(given)[0].tolist() == ["a b", "c"]
    for wrong in ("a b", b"a", np.array([["a"], ["b"]], object)):
        with pytest.raises(ValueError, match="expected"):
            texts.columns(wrong)


def test_records_go_as_they_are() -> None:
    inputs = Inputs(InputSchema("records"))
    rows = [{"a": 1.0}, {"b": "x"}]
    assert inputs.given(rows) is rows
    assert inputs.given(rows[1]) == [{"b": "x"}]


def test_a_dict_becomes_a_frame_of_the_dtypes_of_the_data() -> None:
    pandas = pytest.importorskip("pandas")
    columns = (Column("a"), Column("n", "number", "Int64"), Column("t", "text", "str"), Column("o", "text", "object"))
    made = Inputs(InputSchema("frame", columns)).given({"a": None, "n": None, "t": "x", "o": None})
    assert [str(d) for d in made.dtypes] == ["float64", "Int64", "str", "object"]
    assert made["n"].isna().all() and made["o"].tolist() == [None]
    assert isinstance(made, pandas.DataFrame)
