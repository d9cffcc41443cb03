"""What a backend refuses itself is not looked at twice, and is refused all the same."""

from __future__ import annotations

import numpy as np
import pytest

from hasten.serve.inputs import MATRIX, Inputs
from hasten.serve.manifest import Column, InputSchema

COLUMNS = (Column("x0"), Column("x1"))


@pytest.mark.parametrize(
    ("schema", "refuses", "looked_at"),
    [
        (InputSchema("array", COLUMNS, inf=False, single=True), {"inf"}, False),
        (InputSchema("array", COLUMNS, inf=False, single=True, nan=False), {"inf"}, True),
        (InputSchema("array", COLUMNS, inf=False, single=True, nan=False), {"inf", "nan"}, False),
        (InputSchema("array", COLUMNS, inf=False, single=True, no_nan=("x1",)), {"inf", "nan"}, True),
        (InputSchema("array", COLUMNS, inf=False), {"inf"}, True),
        (InputSchema("array", COLUMNS), set(), False),
    ],
)
def test_numbers_are_looked_at_where_the_backend_does_not(
    schema: InputSchema, refuses: set[str], looked_at: bool
) -> None:
    inputs = Inputs(schema)
    read = inputs.reader(MATRIX, None, frozenset(refuses))
    bad = np.array([[1.0, np.nan], [np.inf, 2.0]])
    if looked_at:
        with pytest.raises(ValueError, match="Input X"):
            read(bad)
    else:
        np.testing.assert_array_equal(read(bad), bad)
    with pytest.raises(ValueError, match="3 features"):
        read(np.ones((1, 3)))
    assert read([[1, 2]]).dtype == np.float64
