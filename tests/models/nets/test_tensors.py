"""What an artifact of a net takes, and what it refuses."""

import numpy as np
import pytest

from hasten.core.model import Tensors
from hasten.serve.manifest import Column, InputSchema
from hasten.serve.tensors import TensorInputs

SCHEMA = InputSchema("tensors", (Column("ids", "tensor", "int64", (None,)), Column("extra", "tensor", "float32", (2,))))
IDS, EXTRA = np.ones((4, 7), np.int64), np.zeros((4, 2), np.float32)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((IDS, EXTRA), {}),
        ((IDS,), {"extra": EXTRA}),
        ((), {"extra": EXTRA, "ids": IDS}),
        (({"extra": EXTRA, "ids": IDS},), {}),
        ((Tensors({"extra": EXTRA, "ids": IDS}),), {}),
        ((IDS.tolist(), EXTRA.tolist()), {}),
        ((IDS.astype(np.int32), EXTRA), {}),
        ((np.asfortranarray(IDS), EXTRA), {}),
    ],
)
def test_inputs_are_read_in_every_form(args, kwargs):
    (ids, extra), foreign = TensorInputs(SCHEMA).read(args, kwargs)
    assert not foreign
    assert (ids.dtype, extra.dtype) == (np.int64, np.float32)
    assert ids.flags.c_contiguous
    np.testing.assert_array_equal(ids, IDS)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((IDS,), {}, "missing: extra"),
        ((IDS, EXTRA, EXTRA), {}, "3 inputs, and the net takes 2"),
        ((IDS,), {"ids": IDS, "extra": EXTRA}, "given twice: ids"),
        ((IDS, EXTRA), {"more": EXTRA}, "no inputs of the net: more"),
        ((IDS, EXTRA.astype(np.float64)), {}, "extra is float64, and the net takes float32"),
        ((IDS.astype(float), EXTRA), {}, "ids is float64"),
        ((IDS, EXTRA[:, :1]), {}, r"extra has shape \(4, 1\), and the net takes \(rows, 2\)"),
        ((IDS[0], EXTRA), {}, r"ids has shape \(7,\), and the net takes \(rows, any\)"),
        ((IDS[:3], EXTRA), {}, "different numbers of rows"),
    ],
)
def test_other_inputs_are_refused(args, kwargs, said):
    with pytest.raises(ValueError, match=said):
        TensorInputs(SCHEMA).read(args, kwargs)


def test_rows_of_different_numbers_are_no_tensors():
    with pytest.raises(ValueError, match="a: 4, b: 3"):
        Tensors({"a": IDS, "b": IDS[:3]})
