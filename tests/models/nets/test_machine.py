"""Nets in C that is written for them, beside ONNX Runtime's answers."""

import gzip
import shutil
from dataclasses import replace

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from hasten.core.model import ModelWorkload, Rows, Tensors  # noqa: E402
from hasten.core.model_pass import CannotServe  # noqa: E402
from hasten.passes.model.nets.machine import MachineCode, MachineCodeInt8  # noqa: E402
from hasten.passes.model.nets.machine.graph import SEVERAL, graphs, read  # noqa: E402
from hasten.passes.model.nets.machine.source import source  # noqa: E402
from hasten.passes.model.nets.stored import FewBits  # noqa: E402
from hasten.serve.backends import nets as backend  # noqa: E402
from hasten.serve.backends.machine import _placed  # noqa: E402
from hasten.serve.native import compiler  # noqa: E402
from hasten.serve.net import OnnxNet  # noqa: E402

DRAW = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def _the_same_numbers_in_any_order():
    DRAW.bit_generator.state = np.random.default_rng(5).bit_generator.state


needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C compiler")
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


class Graph:
    """Builds an ONNX graph line by line."""

    def __init__(self, **inputs):
        self.nodes, self.held, self.inputs = [], [], inputs

    def weight(self, *shape, scale=0.3):
        return self.constant((DRAW.normal(size=shape) * scale).astype(np.float32))

    def constant(self, value):
        name = f"c{len(self.held)}"
        self.held.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, kind, *inputs, outputs=1, **attributes):
        names = [f"n{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def bytes(self, output, kind=TensorProto.FLOAT):
        given = [
            helper.make_tensor_value_info(n, TYPES[a.dtype.name], [None, *shape])
            for n, (a, shape) in self.inputs.items()
        ]
        told = [helper.make_tensor_value_info(output, kind, None)]
        graph = helper.make_graph(self.nodes, "g", given, told, self.held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        return model.SerializeToString()


def work_of(graph, output, free=None, kind=TensorProto.FLOAT):
    x = Tensors({n: a for n, (a, _) in graph.inputs.items()})
    return ModelWorkload(OnnxNet(graph.bytes(output, kind)), Rows(x), methods=("forward",), free=free or {})


def served(work, folder, made=None, parameters=None):
    folder.mkdir(exist_ok=True)
    built = (made or MachineCode()).build(work, folder, parameters or {})
    return backend.load(folder, built.options, 1).method("forward")


def agrees(work, ask, arrays, within=2e-6):
    one_by_one = [work.model.forward(Tensors({n: a[i : i + 1] for n, a in arrays.items()})) for i in range(3)]
    wanted = np.concatenate(one_by_one)
    answer = ask([np.ascontiguousarray(a[:3]) for a in arrays.values()])
    assert answer.shape == wanted.shape
    assert answer.dtype == wanted.dtype
    np.testing.assert_allclose(answer, wanted, rtol=0, atol=within * np.abs(wanted).max())


def images():
    """Windows of many kinds, side by side: each gives its mean and its first pixels."""
    x = DRAW.normal(size=(4, 5, 11, 9)).astype(np.float32)
    g = Graph(image=(x, (5, 11, 9)))
    parts = []
    kinds = [
        (16, 3, {"pads": [1, 1, 1, 1]}), (24, 3, {"strides": [2, 2], "pads": [1, 0, 0, 1]}), (7, 1, {}),
        (40, 1, {"strides": [2, 1]}), (3, 5, {"dilations": [2, 1], "pads": [2, 2, 2, 2]}), (70, 2, {}),
    ]  # fmt: skip
    for out, k, more in kinds:
        y = g("Conv", "image", g.weight(out, 5, k, k), g.weight(out), kernel_shape=[k, k], **more)
        y = g("Clip", y, g.constant(np.float32(0)), g.constant(np.float32(6))) if out % 8 else g("Relu", y)
        deep = g("Conv", y, g.weight(out, 1, 3, 3), g.weight(out), group=out, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        y = g("Relu", g("Add", y, g("LeakyRelu", deep)))
        mean, spread = g.weight(out), g.constant(DRAW.uniform(0.5, 2, out).astype(np.float32))
        y = g("BatchNormalization", g("HardSwish", y), g.weight(out), g.weight(out), mean, spread)
        parts += [g("Flatten", g("GlobalAveragePool", y)), g("Flatten", g("ReduceMax", y, g.constant([1, 3])))]
        pooled = g("Concat", *(
            g(kind, y, kernel_shape=[2, 2], strides=[2, 1], pads=[1, 0, 0, 0], **own)
            for kind, own in (("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1}))
        ), axis=1)  # fmt: skip
        turned = g("Transpose", pooled, perm=[0, 2, 3, 1])
        parts.append(g("Flatten", g("Slice", turned, g.constant([1]), g.constant([3]), g.constant([1]))))
    flat = g("Concat", *parts, axis=1)
    square = g("Mul", flat, g("Sigmoid", flat))
    width = 7 * 3  # of the answer
    summed = g("ReduceSum", square, g.constant([1]))
    some = g("Slice", square, g.constant([0]), g.constant([width]), g.constant([1]))
    logits = g("Gemm", some, g.weight(width, 10), g.weight(10), alpha=0.5)
    return work_of(g, g("Concat", g("Softmax", logits), g("Tanh", summed), square, axis=1))


def steps(length=12):
    """Words, recurrent layers, attention and positions; the number of steps is free."""
    ids = DRAW.integers(0, 30, (4, length))
    mask = (DRAW.random((4, length)) < 0.8).astype(np.int64)
    mask[:, 0] = 1
    g = Graph(ids=(ids, ("L",)), mask=(mask, ("L",)))
    x = g("Gather", g.weight(30, 8), "ids")
    count = g("Gather", g("Shape", "ids"), g.constant(np.int64(1)))
    places = g("Slice", g.weight(16, 8), g.constant([0]), g("Unsqueeze", count, g.constant([0])), g.constant([0]))
    x = g("LayerNormalization", g("Add", x, places), g.weight(8), g.weight(8), axis=-1)
    q, k, v = (g("MatMul", x, g.weight(8, 8)) for _ in range(3))
    score = g("MatMul", q, g("Transpose", k, perm=[0, 2, 1]))
    gone = g("Unsqueeze", g("Equal", "mask", g.constant(np.int64(0))), g.constant([1]))
    score = g("Where", gone, g.constant(np.float32(-np.inf)), score)
    x = g("Add", x, g("MatMul", g("Softmax", score, axis=-1), v))
    x = g("Add", g("MatMul", g("Gelu", x), g.weight(8, 12)), g.weight(12))
    x = g("Transpose", x, perm=[1, 0, 2])
    both = g("LSTM", x, g.weight(2, 40, 12), g.weight(2, 40, 10), g.weight(2, 80), direction="bidirectional",
             hidden_size=10)  # fmt: skip
    both = g("Reshape", g("Transpose", both, perm=[0, 2, 1, 3]), g.constant([0, 0, 20]))
    other, last = g("GRU", both, g.weight(1, 54, 20), g.weight(1, 54, 18), g.weight(1, 108), hidden_size=18,
                    linear_before_reset=1, outputs=2)  # fmt: skip
    other = g("ReduceMax", g("Squeeze", other, g.constant([1])), g.constant([0]), keepdims=0)
    kept = g("ReduceMean", g("Transpose", both, perm=[1, 0, 2]), g.constant([1]), keepdims=0)
    last = g("Squeeze", last, g.constant([0]))
    return work_of(g, g("Concat", other, kept, last, axis=1), {"ids": (1,), "mask": (1,)})


@needs_compiler
def test_windows_of_every_kind_answer_as_onnx_runtime(tmp_path):
    work = images()
    ask = served(work, tmp_path)
    agrees(work, ask, work.valid.x.arrays)
    broken = work.valid.x.arrays["image"].copy()
    broken[0, 0, 0, 0] = np.nan
    old, new = work.model.forward(Tensors({"image": broken[:1]})), ask([broken[:1]])
    assert np.isnan(old).any()
    assert np.isnan(new)[np.isnan(old)].all()  # ONNX Runtime's Clip and MaxPool lose some, torch's do not


@needs_compiler
def test_steps_of_any_number_answer_as_onnx_runtime(tmp_path):
    work = steps()
    ask = served(work, tmp_path)
    arrays = work.valid.x.arrays
    for length in (12, 1, 5, 12):
        agrees(work, ask, {n: np.ascontiguousarray(a[:, :length]) for n, a in arrays.items()}, 5e-6)
    longer = {n: np.tile(a, (1, 2))[:, :15] for n, a in arrays.items()}
    agrees(work, ask, longer, 5e-6)
    for bad, told in (
        ([np.tile(a, (1, 2))[:1, :17] for a in arrays.values()], "of this length"),  # there are 16 places
        ([np.full((1, 6), 30), np.ones((1, 6), np.int64)], "out of the range"),
        ([np.full((1, 6), -31), np.ones((1, 6), np.int64)], "out of the range"),
        ([np.zeros((1, 0), np.int64)] * 2, "no steps"),
        ([np.zeros((1, 6), np.int64), np.ones((1, 5), np.int64)], "other sizes"),
    ):
        with pytest.raises(ValueError, match=told):
            ask([np.ascontiguousarray(a) for a in bad])
    last = np.ascontiguousarray(arrays["ids"][:1]) - 30  # from the end of the table
    np.testing.assert_allclose(ask([last, np.ones_like(last)]), ask([last + 30, np.ones_like(last)]))


@needs_compiler
@pytest.mark.parametrize(
    ("way", "stored", "within"), [("HSM305", "int8", 0.03), ("HSM305", "int4", 0.4), ("HSM303", "float16", 0.002)]
)
def test_weights_in_few_bits_answer_nearly_the_same(tmp_path, way, stored, within):
    g = Graph(row=(DRAW.normal(size=(4, 64)).astype(np.float32), (64,)))
    work = work_of(g, g("Gemm", g("Relu", g("MatMul", "row", g.weight(64, 90))), g.weight(90, 4)))
    ask = served(work, tmp_path, FewBits(), {"way": way, "stored": stored})
    agrees(work, ask, work.valid.x.arrays, within)
    size = sum(f.stat().st_size for f in tmp_path.glob("weights.npz"))
    assert size < (64 * 90 + 90 * 4) * {"int4": 0.6, "int8": 1.1, "float16": 2.0}[stored] + 1500


def test_what_has_no_code_is_refused(tmp_path):
    def refused(match, build, shape=(5, 6), sizes=None, **more):
        g = Graph(x=(DRAW.normal(size=(3, *shape)).astype(np.float32), sizes or shape))
        work = work_of(g, build(g), **more)
        with pytest.raises(CannotServe, match=match):
            source(read(work, tmp_path), 16)

    refused("no code for a CumSum", lambda g: g("Mul", "x", g("CumSum", "x", g.constant(np.int64(1)), reverse=1)))
    refused("softmax over an axis in the middle", lambda g: g("Softmax", "x", axis=1))
    refused("several groups", lambda g: g("Conv", "x", g.weight(15, 2, 3), group=5), shape=(10, 6))
    refused("no float32", lambda g: g("Cast", "x", to=TensorProto.DOUBLE), kind=TensorProto.DOUBLE)
    refused("computed as it runs", lambda g: g("Gemm", "x", g("Reshape", "x", g.constant([6, 1]))), shape=(6,))
    refused("no rows", lambda g: g("ReduceMean", "x", g.constant([0]), keepdims=0))
    # every second step: how many there are does not grow along a line
    pool = {"kernel_shape": [2], "strides": [2]}
    refused("in steps", lambda g: g("MaxPool", "x", **pool), (5, 9), (5, "L"), free={"x": (2,)})


def test_memory_is_used_again(tmp_path):
    g = Graph(x=(DRAW.normal(size=(3, 4096)).astype(np.float32), (4096,)))
    y = "x"
    for _ in range(20):
        y = g("Add", g("Relu", y), g.constant(np.float32(0.5)))
    made = source(read(work_of(g, y), tmp_path), 16)
    assert "scratch_size" in made.text
    total = int(made.text.split("scratch_size(int64_t L) {")[1].split("return ")[1].split(" +")[0])
    assert total <= 3 * (4096 * 4 + 128)


def test_wide_layers_answer_as_onnx_runtime_and_take_few_lines(tmp_path):
    x = DRAW.normal(size=(4, 40)).astype(np.float32)
    g = Graph(x=(x, (40,)))
    first = g("Relu", g("Gemm", "x", g.weight(40, 1000), g.weight(1000)))
    again = g("Add", g("Gemm", first, g.weight(1000, 1000, scale=0.02), g.weight(1000)), first)
    work = work_of(g, g("Gemm", again, g.weight(1000, 333, scale=0.02), g.weight(333)))
    agrees(work, served(work, tmp_path / "float"), {"x": x})
    agrees(work, served(work, tmp_path / "int8", MachineCodeInt8(), {"ranges": "rows"}), {"x": x}, within=0.02)
    text = gzip.decompress((tmp_path / "int8" / "net.c.gz").read_bytes()).decode()
    assert sum("q < " in line for line in text.splitlines()) >= 3  # tiles of one size are one loop


def test_weights_lie_by_tiles():
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    made = _placed({"a": rows}, [["a", 0, [[0, 2, 2], [2, 1, 2]]]], 16)
    np.testing.assert_array_equal(made[:8].reshape(4, 2), rows[:2].T)
    np.testing.assert_array_equal(made[8:16].reshape(4, 2)[:, 0], rows[2])
    assert not made[9:16:2].any()


@needs_compiler
def test_nets_of_single_rows_answer_several_at_once(tmp_path):
    ids = DRAW.integers(0, 20, 70)
    g = Graph(
        user=(ids, ()), item=(DRAW.integers(0, 9, 70), ()), more=(DRAW.normal(size=(70, 3)).astype(np.float32), (3,))
    )
    x = g("Concat", g("Gather", g.weight(20, 6), "user"), g("Gather", g.weight(9, 6), "item"), "more", axis=1)
    x = g("Relu", g("Gemm", x, g.weight(15, 40), g.weight(40)))
    work = work_of(g, g("Softmax", g("Gemm", x, g.weight(40, 3), g.weight(3))))
    graphs_found = graphs(work, tmp_path)
    assert [found.rows for found in graphs_found] == [1, SEVERAL]
    ask = served(work, tmp_path)
    arrays = work.valid.x.arrays
    for rows in (1, SEVERAL - 1, SEVERAL, 2 * SEVERAL + 3, 70):
        some = [np.ascontiguousarray(a[:rows]) for a in arrays.values()]
        answer = ask(some)
        wanted = work.model.forward(Tensors(dict(zip(arrays, some, strict=True))))
        np.testing.assert_allclose(answer, wanted, atol=1e-6)
    wrong = [a.copy() for a in arrays.values()]
    wrong[1][SEVERAL + 2] = 9
    with pytest.raises(ValueError, match="out of the range"):
        ask(wrong)
    # what depends on the number of rows is written for one row only
    g = Graph(x=(DRAW.normal(size=(4, 3)).astype(np.float32), (3,)))
    assert len(graphs(work_of(g, g("Add", "x", g("ReduceMean", "x", g.constant([0])))), tmp_path)) == 1


@needs_compiler
@pytest.mark.parametrize("without", [False, True])
def test_whole_numbers_answer_as_rounded_layers_do(tmp_path, monkeypatch, without):
    from hasten.passes.model.nets.sensitive import layers, ranges, with_rounding
    from hasten.serve.backends import machine

    if without:  # a processor that does not multiply whole numbers: the same sums, otherwise
        here = machine.level().partition(", ")[0]
        monkeypatch.setattr(machine, "level", lambda: here)
    x = (DRAW.normal(size=(5, 6, 9, 7)) + 0.5).astype(np.float32)
    g = Graph(image=(x, (6, 9, 7)))
    a = g("Relu", g("Conv", "image", g.weight(40, 6, 3, 3), g.weight(40), kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    b = g("Relu", g("Conv", a, g.weight(40, 1, 3, 3), g.weight(40), group=40, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    c = g("Relu", g("Add", g("Conv", b, g.weight(40, 40, 1, 1), g.weight(40), kernel_shape=[1, 1]), a))
    d = g("Conv", c, g.weight(40, 40, 2, 2), kernel_shape=[2, 2], strides=[2, 2])
    e = g("Relu", g("Gemm", g("Flatten", g("GlobalAveragePool", d)), g.weight(40, 17), g.weight(17)))
    work = replace(work_of(g, g("MatMul", e, g.weight(17, 3))), train=Rows(Tensors({"image": x})))
    ask = served(work, tmp_path, MachineCodeInt8(), {"ranges": "minmax"})
    model = read(work, tmp_path).model
    held = {t.name: t for t in model.graph.initializer}
    few = [n for n in layers(model) if n.op_type != "MatMul" and held[n.input[1]].dims[1] != 1]
    assert len(few) == 4
    feeds = [{"image": x[i : i + 1]} for i in range(5)]
    rounded = with_rounding(model, few, ranges(model, [n.input[0] for n in few], feeds))
    session = ort.InferenceSession(rounded.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted = np.concatenate([session.run(None, feed)[0] for feed in feeds])
    answer, plain = ask([x]), work.model.forward(work.valid.x)
    largest = np.abs(wanted).max()
    # the weights of other layers lie on disk as int8: what lies between two whole numbers may fall to the other one
    np.testing.assert_allclose(answer, wanted, rtol=0, atol=0.04 * largest)
    assert 1e-5 * largest < np.abs(answer - plain).max() < 0.15 * largest
    apart, room = [np.abs(answer - plain).max()], [(tmp_path / "weights.npz").stat().st_size]
    for stored in ("int6", "int4"):
        fewer = served(work, tmp_path, FewBits(), {"way": "HSM307", "stored": stored, "ranges": "minmax"})([x])
        apart.append(np.abs(fewer - plain).max())
        room.append((tmp_path / "weights.npz").stat().st_size)
    assert apart == sorted(apart) and apart[-1] < largest
    assert room[1] < 0.85 * room[0] and room[2] < 0.85 * room[1]


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def rounded_steps(node, weights, x, spans):
    """One row (steps, features) through an LSTM or a GRU of ONNX, inputs and states rounded as the code rounds them."""
    from hasten.passes.model.nets.sensitive import scale_of
    from hasten.serve.stored import rounded

    def times(v, matrix, span):
        step, zero = scale_of(span)
        q, by = rounded(matrix)
        return (np.clip(np.rint(v / step) + zero, 0, 255) - zero) * step @ (q * by[:, None]).T

    into, back, bias = weights
    units, answers = back.shape[2], []
    for d in range(len(into)):
        own, other = bias[d, : len(bias[d]) // 2], bias[d, len(bias[d]) // 2 :]
        h, c, found = np.zeros(units), np.zeros(units), []
        for row in x[::-1] if d else x:
            a = times(row, into[d], spans[0]) + own
            b = times(h, back[d], spans[1]) + other
            if node == "LSTM":
                i, o, f, g = np.split(a + b, 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            else:
                (az, ar, ah), (bz, br, bh) = np.split(a, 3), np.split(b, 3)
                z = sigmoid(az + bz)
                h = (1 - z) * np.tanh(ah + sigmoid(ar + br) * bh) + z * h
            found.append(h)
        answers.append(np.stack(found[::-1] if d else found))
    return np.concatenate(answers, axis=1)


@needs_compiler
@pytest.mark.parametrize("without", [False, True])
def test_steps_in_whole_numbers_answer_as_rounded_ones_do(tmp_path, monkeypatch, without):
    from hasten.serve.backends import machine

    if without:
        here = machine.level().partition(", ")[0]
        monkeypatch.setattr(machine, "level", lambda: here)
    x = DRAW.normal(size=(4, 9, 33)).astype(np.float32)  # sizes that fill no vector
    g = Graph(x=(x, ("L", 33)))
    turned = g("Transpose", "x", perm=[1, 0, 2])
    shapes = {"LSTM": ((2, 148, 33), (2, 148, 37), (2, 296)), "GRU": ((1, 111, 33), (1, 111, 37), (1, 222))}
    weights, parts = {}, []
    for kind, sizes in shapes.items():
        names = [g.weight(*s) for s in sizes]
        weights[kind] = [numpy_helper.to_array(t) for t in g.held if t.name in names]
        more = {"direction": "bidirectional"} if kind == "LSTM" else {"linear_before_reset": 1}
        y = g(kind, turned, *names, hidden_size=37, **more)
        wide = 37 * len(weights[kind][0])
        parts.append(g("Reshape", g("Transpose", y, perm=[2, 0, 1, 3]), g.constant([0, 0, wide])))
    g("LSTM", turned, *(g.weight(1, *s) for s in ((8, 33), (8, 2), (16,))), hidden_size=2)  # too small to gain
    work = work_of(g, g("Concat", *parts, axis=2), {"x": (1,)})
    work = replace(work, train=Rows(Tensors({"x": x})))
    ask = served(work, tmp_path, MachineCodeInt8(), {"ranges": "minmax"})
    plain = work.model.forward(work.valid.x)
    spans = [(float(x.min()), float(x.max()))]
    lstm, gru = plain[:, :, :74], plain[:, :, 74:]
    wanted = np.stack([
        np.concatenate([
            rounded_steps(kind, weights[kind], row, [*spans, (float(y.min()), float(y.max()))])
            for kind, y in (("LSTM", lstm), ("GRU", gru))
        ], axis=1) for row in x
    ])  # fmt: skip
    np.testing.assert_allclose(ask([x]), wanted, rtol=0, atol=0.004)
    assert 0.004 < np.abs(wanted - plain).max() < 0.06
    for length in (1, 4):
        np.testing.assert_allclose(
            ask([np.ascontiguousarray(x[:, :length])])[:, :, 74:], wanted[:, :length, 74:], atol=0.004
        )
    broken = x.copy()
    broken[0, 3, 0] = np.nan
    assert np.isfinite(ask([broken])[1:]).all()


def test_layers_that_hurt_are_found_and_spared(tmp_path):
    from hasten.passes.model.nets.sensitive import ERROR, PERCENTILE, damages, layers, range_of, ranges, spared

    x = DRAW.normal(size=(40, 20)).astype(np.float32)
    x[:, 0] *= 3000  # one input is so large that the others are lost beside it
    g = Graph(row=(x, (20,)))
    first = g.weight(20, 30)
    big = numpy_helper.to_array(g.held[-1]).copy()
    big[0] /= 3000
    g.held[-1] = numpy_helper.from_array(big, first)
    y = g("Relu", g("MatMul", "row", first))
    y = g("Relu", g("MatMul", y, g.weight(30, 30)))
    model = onnx.load_from_string(g.bytes(g("MatMul", y, g.weight(30, 4))))
    nodes = layers(model)
    feeds = [{"row": x}]
    hurt = damages(model, nodes, ranges(model, [n.input[0] for n in nodes], feeds), feeds)
    assert len(hurt) == 3
    assert spared(hurt) == [nodes[0].output[0]]
    assert spared({"a": 0.0, "b": 0.0}) == spared({"a": 1.0}) == []
    assert len(spared(dict.fromkeys("abcdef", 1.0))) == 3  # half of them at most
    values = np.concatenate([DRAW.normal(size=20000), [-500.0, 900.0]])
    assert range_of(values, "minmax") == (-500.0, 900.0)
    assert range_of(values, PERCENTILE)[1] < 10
    assert range_of(np.abs(values), ERROR)[0] == 0.0
    assert range_of(np.array([np.nan, np.inf]), "minmax") == (0.0, 1.0)


@needs_compiler
def test_another_net_at_the_same_place_is_another_net(tmp_path):
    """Python knows extension modules by their paths, and gives back what it loaded from there before."""
    x = DRAW.normal(size=(4, 6)).astype(np.float32)
    asks = []
    for kind in ("Relu", "Neg"):
        g = Graph(row=(x, (6,)))
        work = work_of(g, g(kind, g("Gemm", "row", g.weight(6, 5))))
        shutil.rmtree(tmp_path / "here", ignore_errors=True)
        asks.append((work, served(work, tmp_path / "here")))
    for work, ask in asks:
        agrees(work, ask, work.valid.x.arrays)
