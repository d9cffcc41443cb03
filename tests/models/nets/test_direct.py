"""Calls of small nets that go from C straight into the net, beside those that are read with care."""

import gc
import pickle
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hasten.passes.model.nets.machine import MachineCode
from hasten.passes.model.nets.machine.graph import read
from hasten.passes.model.nets.machine.source import source
from hasten.serve.manifest import Manifest, Part, Route
from hasten.serve.native import compiler
from hasten.serve.served import load
from hasten.verify.schema import schema_of
from tests.models.nets.test_machine import DRAW, Graph, steps, work_of

ROWS = 70


def net_of(folder, limit):
    ids = DRAW.integers(0, 20, ROWS)
    g = Graph(user=(ids, ()), seen=(DRAW.normal(size=(ROWS, 2, 3)).astype(np.float32), (2, 3)))
    x = g("Concat", g("Gather", g.weight(20, 6), "user"), g("Reshape", "seen", g.constant([-1, 6])), axis=1)
    work = work_of(g, g("Gemm", x, g.weight(12, 5), g.weight(5)))
    place = folder / "parts" / "part"
    place.mkdir(parents=True)
    built = MachineCode().build(work, place, {})
    part = Part(built.backend, built.methods, built.options, built.packages)
    routes = tuple(Route(n, "part") for n in dict.fromkeys((limit, None)))
    Manifest("net", work.methods, schema_of(work.valid, {}), {"part": part}, routes, "part").write(folder)
    return load(folder), work


@pytest.fixture(scope="module", params=[None, 3])
def net(request, tmp_path_factory):
    if compiler() is None:
        pytest.skip("no C compiler")
    return net_of(tmp_path_factory.mktemp("net"), request.param)


def test_calls_of_every_form_answer_the_same(net):
    made, work = net
    assert type(made.forward).__name__ == "builtin_function_or_method"
    user, seen = work.valid.x.arrays.values()
    wanted = work.model.forward(work.valid.x)
    other = pickle.loads(pickle.dumps(seen))  # whose dtype is equal, and another object
    name = "".join(["us", "er"])  # not the interned one
    for rows in (1, 2, 3, 4, ROWS):
        a, b = user[:rows], seen[:rows]
        for answer in (
            made(a, b), made.forward(a, b), made.forward(user=a, seen=b), made(seen=b, user=a), made(a, seen=b),
            made({"seen": b, "user": a}), made(**{name: a, "seen": other[:rows]}), made(a, np.asfortranarray(b)),
            made(np.repeat(a, 2)[::2], b), made(a.view(np.recarray), b), made(a.astype(np.int32), b), made(a.tolist(), b),
        ):  # fmt: skip
            assert type(answer) is np.ndarray
            assert answer.dtype == np.float32
            np.testing.assert_allclose(answer, wanted[:rows], atol=2e-6)
    first = made(user[:1], seen[:1])
    assert made(user[1:2], seen[1:2]) is not first
    np.testing.assert_allclose(first, wanted[:1], atol=2e-6)  # nobody writes into what was answered
    with pytest.raises(ValueError, match="no rows"):
        made(user[:0], seen[:0])


def test_what_is_not_usual_is_refused_as_it_was(net):
    made, work = net
    user, seen = (a[:1] for a in work.valid.x.arrays.values())
    for args, named, told in (
        ((user,), {}, "missing: seen"), ((user, seen, seen), {}, "3 inputs"), ((user,), {"user": user}, "given twice"),
        ((), {"user": user, "sean": seen}, "no inputs of the net: sean"), ((user.astype(float), seen), {}, "float64"),
        ((user, seen.astype(">f4")), {}, "convert it first"), ((user, seen[:, :1]), {}, "has shape"),
        ((user, seen[0]), {}, "has shape"), ((np.repeat(user, 2), seen), {}, "different numbers of rows"),
        ((user * 0 + 20, seen), {}, "out of the range"), ((user * 0 - 21, seen), {}, "out of the range"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=told):
            made.forward(*args, **named)
    np.testing.assert_array_equal(made(user * 0 - 1, seen), made(user * 0 + 19, seen))  # from the end of the table
    nothing = np.full_like(seen, np.nan)
    assert np.isnan(made(user, nothing)).all()


def test_several_threads_at_once(net):
    made, work = net
    user, seen = work.valid.x.arrays.values()
    wanted = work.model.forward(work.valid.x)

    def asked(row):
        return [made.forward(user[row : row + 1], seen[row : row + 1]) for _ in range(300)]

    with ThreadPoolExecutor(4) as pool:
        for row, answers in enumerate(pool.map(asked, range(8))):
            np.testing.assert_allclose(np.concatenate(answers), np.repeat(wanted[row : row + 1], 300, 0), atol=2e-6)


def test_nothing_is_held_longer_than_it_is_needed(net, tmp_path):
    _, work = net
    made, _ = net_of(tmp_path / "again", None)
    user, seen = (np.ascontiguousarray(a[:1]) for a in work.valid.x.arrays.values())
    before = [sys.getrefcount(a) for a in (user, seen)]
    for _ in range(50):
        made(user=user, seen=seen)
        made(pickle.loads(pickle.dumps(user)), seen)
    assert [sys.getrefcount(a) for a in (user, seen)] == before
    answer = made(user, seen)
    assert sys.getrefcount(answer) == 2
    gone = weakref.ref(made)
    gc.disable()
    try:
        del made
        assert gone() is None  # no circle: its memory goes with it
    finally:
        gc.enable()


def test_nets_of_free_lengths_have_no_such_code(tmp_path):
    assert "py_direct" not in source(read(steps(), tmp_path), 16).text.replace('{"direct", py_direct', "")
