"""Products in whole numbers with a range for each row, and what is read of arrays by numbers, in C of its own."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hasten.core.model import Rows, Tensors
from hasten.passes.model.nets.machine import MachineCodeInt8
from hasten.passes.model.nets.machine.graph import read
from hasten.passes.model.nets.quantise import only_products
from hasten.passes.model.nets.sensitive import layers
from hasten.serve.native import compiler
from hasten.serve.stored import rounded
from tests.models.nets.test_machine import DRAW, Graph, agrees, served, work_of

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler")


def eight(x):
    """Each row of `x` as the code rounds it: by its own least and largest value, 0 among them."""
    low, high = np.minimum(x.min(-1, keepdims=True), 0), np.maximum(x.max(-1, keepdims=True), 0)
    step = ((high - low) / np.float32(255)).astype(np.float32)
    step[step <= 1e-30] = 1
    zero = np.rint(-low / step)
    return (np.clip(np.rint(x / step) + zero, 0, 255) - zero) * step


def weights_of(matrix):
    """Rounded for each output, as (inputs, outputs)."""
    q, by = rounded(matrix.T)
    return (q * by[:, None]).T.astype(np.float64)


@pytest.mark.parametrize("without", [False, True])
def test_products_round_each_row_by_its_own_range(tmp_path, monkeypatch, without):
    from hasten.serve.backends import machine

    if without:
        here = machine.level().partition(", ")[0]
        monkeypatch.setattr(machine, "level", lambda: here)
    x = DRAW.normal(size=(3, 17, 50)).astype(np.float32)
    x[0] *= np.logspace(-6, 6, 17)[:, None]  # one range for all would leave most rows nothing
    x[1, 3], x[1, 4], x[2, 5] = 0, np.abs(x[1, 4]), -np.abs(x[2, 5])
    g = Graph(x=(x, ("L", 50)))
    first, bias, second = g.weight(50, 70), g.weight(70), g.weight(70, 33)
    a, b, c = (np.frombuffer(t.raw_data, np.float32).reshape(t.dims).astype(np.float64) for t in g.held)
    y = g("Relu", g("Add", g("MatMul", "x", first), bias))
    work = work_of(g, g("MatMul", y, second), {"x": (1,)})
    assert only_products(work.model)
    work = replace(work, train=Rows(Tensors({"x": x})))
    ask = served(work, tmp_path, MachineCodeInt8(), {"ranges": "rows"})
    for length in (1, 2, 5, 6, 7, 12, 13, 17):
        some = np.ascontiguousarray(x[:, :length])
        inner = np.maximum(eight(some) @ weights_of(a) + b, 0).astype(np.float32)
        wanted = eight(inner) @ weights_of(c)
        answer = ask([some])
        scale = np.abs(wanted).max(-1, keepdims=True)
        assert (np.abs(answer - wanted) <= 0.01 * scale + 1e-6).all()
        plain = work.model.forward(Tensors({"x": some}))
        assert (np.abs(answer - plain) <= 0.05 * np.abs(plain).max(-1, keepdims=True) + 1e-6).all()
    broken = x.copy()
    broken[0, 3, 0], broken[1, 2, 1] = np.nan, np.inf
    others = ask([broken])
    untouched = [(0, 2), (0, 4), (1, 1), (1, 3), (2, 0)]
    for at in untouched:  # what is not a number in one row is no other row's business
        np.testing.assert_array_equal(others[at], ask([x])[at])


def test_what_is_no_product_keeps_a_range_that_was_found_before(tmp_path):
    x = DRAW.normal(size=(6, 32, 8)).astype(np.float32)
    g = Graph(x=(x, (32, 8)))
    y = g("Relu", g("Conv", "x", g.weight(40, 32, 3), g.weight(40), kernel_shape=[3]))
    y = g("Gemm", g("Flatten", y), g.weight(240, 20), g.weight(20))
    work = replace(work_of(g, y), train=Rows(Tensors({"x": x})))
    assert not only_products(work.model)
    ask = served(work, tmp_path, MachineCodeInt8(), {"ranges": "rows"})
    plain = work.model.forward(work.valid.x)
    assert 0 < np.abs(ask([x]) - plain).max() < 0.05 * np.abs(plain).max()
    assert len(layers(read(work, tmp_path).model)) == 2


def test_large_tables_are_whole_numbers_in_memory_too(tmp_path):
    ids = DRAW.integers(-500, 500, (5, 7))
    g = Graph(ids=(ids, ("L",)))
    table, head = g.weight(500, 64), g.weight(64, 32)
    held = np.frombuffer(g.held[0].raw_data, np.float32).reshape(500, 64)
    y = g("MatMul", g("Gather", table, "ids"), head)
    work = replace(work_of(g, y, {"ids": (1,)}), train=Rows(Tensors({"ids": ids})))
    ask = served(work, tmp_path, MachineCodeInt8(), {"ranges": "rows"})
    plain = work.model.forward(work.valid.x)
    assert 0 < np.abs(ask([ids]) - plain).max() < 0.03 * np.abs(plain).max()
    assert (tmp_path / "weights.npz").stat().st_size < 0.3 * held.nbytes + 6000
    for wrong in (500, -501):
        bad = ids.copy()
        bad[2, 1] = wrong
        with pytest.raises(ValueError, match="out of the range"):
            ask([bad])


def test_elements_and_pieces_by_their_numbers_answer_as_onnx_runtime(tmp_path):
    ids = DRAW.integers(-6, 6, (4, 9))
    mask = DRAW.random((4, 9)).astype(np.float32)
    g = Graph(ids=(ids, ("L",)), mask=(mask, ("L",)))
    count = g("Shape", "ids", start=1, end=2)
    places = g("Range", g.constant(np.int64(0)), g("Squeeze", count), g.constant(np.int64(1)))
    kind = g("GatherElements", g.weight(1, 6), "ids", axis=1)
    row = g("Expand", g.constant(np.zeros((1, 1), np.int64)), g("Concat", g.constant([1]), count, axis=0))
    pairs = g("Concat", g("Unsqueeze", row, g.constant([2])),
              g("Unsqueeze", g("Unsqueeze", places, g.constant([0])), g.constant([2])), axis=2)  # fmt: skip
    picked = g("GatherND", "mask", pairs)
    pieces = g("GatherND", g.weight(6, 3), g("Unsqueeze", "ids", g.constant([2])))
    whole = g("Cast", g("Unsqueeze", count, g.constant([0])), to=1)
    sizes = [
        g("ReduceL2", "mask", g.constant([1])), g("ReduceSumSquare", "mask", g.constant([1])),
        g("ReduceL2", g("ReduceL2", pieces, g.constant([1]), keepdims=0), g.constant([1])), whole,
    ]  # fmt: skip
    turned = g("Flatten", g("ReduceL2", pieces, g.constant([2])))
    work = work_of(g, g("Concat", kind, picked, turned, *sizes, axis=1), {"ids": (1,), "mask": (1,)})
    ask = served(work, tmp_path)
    for length in (9, 4, 1):
        agrees(work, ask, {n: np.ascontiguousarray(a[:, :length]) for n, a in work.valid.x.arrays.items()})
    for wrong in (6, -7):
        bad = ids.copy()
        bad[0, 0] = wrong
        with pytest.raises(ValueError, match="out of the range"):
            ask([bad, mask])


@pytest.mark.parametrize(("m", "k", "n"), [(7, 3, 17), (13, 33, 50), (5, 1, 32)])
def test_products_of_what_is_computed_answer_as_onnx_runtime(tmp_path, m, k, n):
    a, b = DRAW.normal(size=(3, 2, m, k)).astype(np.float32), DRAW.normal(size=(3, 2, k, n)).astype(np.float32)
    g = Graph(a=(a, (2, m, k)), b=(b, (2, k, n)))
    work = work_of(g, g("Add", g("MatMul", "a", "b"), g("MatMul", g("Neg", "a"), g("Exp", "b"))))
    agrees(work, served(work, tmp_path), work.valid.x.arrays)


def test_groups_turned_windows_and_running_sums_answer_as_onnx_runtime(tmp_path):
    x = DRAW.normal(size=(3, 6, 5, 7)).astype(np.float32)
    g = Graph(x=(x, (6, 5, 7)))
    y = g("PRelu", "x", g.weight(6, 1, 1))
    y = g("Conv", y, g.weight(10, 3, 3, 3), g.weight(10), group=2, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    y = g("InstanceNormalization", y, g.weight(10), g.weight(10), epsilon=1e-3)
    parts = [g("CumSum", y, g.constant(np.int64(axis))) for axis in (1, 2, -1)]
    wide = {"kernel_shape": [4, 3], "strides": [2, 3], "pads": [1, 0, 1, 1], "output_padding": [1, 2]}
    up = g("Relu", g("ConvTranspose", y, g.weight(10, 4, 4, 3), g.weight(4), **wide))
    up = g("ConvTranspose", up, g.weight(4, 3, 2, 2), kernel_shape=[2, 2])
    line = g("Reshape", y, g.constant([0, 10, -1]))
    line = g("ConvTranspose", line, g.weight(10, 5, 5), g.weight(5), kernel_shape=[5], strides=[2], pads=[2, 2])
    parts = [g("Flatten", p) for p in (*parts, up, line)]
    work = work_of(g, g("Concat", *parts, axis=1))
    agrees(work, served(work, tmp_path), work.valid.x.arrays, 4e-6)
