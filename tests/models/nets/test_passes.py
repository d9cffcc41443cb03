"""Every way to run a net: built, loaded again, and asked what the original was asked."""

from importlib.util import find_spec

import numpy as np
import pytest

from hasten.core.model import Tensors
from hasten.core.model_pass import CannotServe
from hasten.passes.model.registry import serving_passes
from hasten.search.models.building import build
from hasten.serve.served import load
from hasten.verify.answers import asked
from hasten.verify.schema import schema_of
from hasten.verify.scores import reading
from hasten.verify.varied_tensors import varied_tensors

PASSES = {p.code: p for p in serving_passes(nets=True)}
EXACT = ["HSM301", "HSM303", "HSM304", "HSM305"]
INT8 = ["HSM311", "HSM312", "HSM313"]


@pytest.fixture(params=["words", "pixels"])
def work(request):
    return request.getfixturevalue(request.param)


def built(code, work, folder):
    """The artifact of one candidate."""
    found = PASSES[code]
    absent = [p for p in found.packages if find_spec(p) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")
    parameters = next(iter(found.parameters(work)), None)
    if parameters is None:
        pytest.skip("the pass does not apply")
    import cloudpickle

    from hasten.core.model_pass import Step

    path = folder / "work.pkl"
    path.write_bytes(cloudpickle.dumps(work))
    varied = {name: asked(work.model, x, work.methods) for name, x in varied_tensors(work.valid.x)}
    build(str(path), Step(code, found.name, parameters), str(folder / "made"), schema_of(work.valid, varied), "net")
    return load(folder / "made", threads=1), varied


@pytest.mark.parametrize("code", EXACT)
def test_the_same_numbers_and_the_same_refusals(code, work, tmp_path):
    served, varied = built(code, work, tmp_path)
    old = work.model.forward(work.valid.x)
    np.testing.assert_allclose(served.forward(work.valid.x), old, atol=1e-5 * np.abs(old).max())
    # OpenVINO's rectifier makes 0 of NaN: where the same predictions are wanted the judge refuses it for that
    for name, x in varied_tensors(work.valid.x, same=code != "HSM304"):
        new = asked(served, x, work.methods)["forward"]
        before = varied[name]["forward"]
        assert isinstance(new, np.ndarray) == isinstance(before, np.ndarray), f"{name}: {before} became {new}"
        if isinstance(new, np.ndarray):
            assert new.shape == before.shape, name
            finite = np.isfinite(before)
            np.testing.assert_array_equal(np.isfinite(new), finite, err_msg=name)
            np.testing.assert_allclose(new[finite], before[finite], rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("code", INT8)
def test_whole_numbers_keep_most_labels(code, pixels, words, tmp_path):
    work = words if code == "HSM311" else pixels
    served, _ = built(code, work, tmp_path)
    old = work.model.forward(work.valid.x)
    read = reading("classification", {"forward": old})
    new = served.forward(work.valid.x)
    assert new.dtype == np.float32
    assert not np.array_equal(new, old)  # it is another arithmetic
    assert (read({"forward": new})["predict"] == read({"forward": old})["predict"]).mean() > 0.9


def test_an_artifact_is_called_like_the_module(words, tmp_path):
    torch = pytest.importorskip("torch")
    served, _ = built("HSM303", words, tmp_path)
    arrays = words.valid.x.take(slice(0, 5)).arrays
    old = words.model.forward(Tensors(arrays))
    for answer in (
        served(arrays["ids"], arrays["mask"]),
        served(**arrays),
        served(dict(arrays)),
        served(*map(torch.from_numpy, arrays.values())).numpy(),
    ):
        np.testing.assert_allclose(answer, old, atol=1e-5)
    assert isinstance(served(*map(torch.from_numpy, arrays.values())), torch.Tensor)
    assert served(arrays["ids"][:, :4], arrays["mask"][:, :4]).shape == (5, 3)  # lengths are free
    with pytest.raises(ValueError, match="ids is float32"):
        served(arrays["ids"].astype(np.float32), arrays["mask"])


def test_calibration_wants_rows_that_judge_nothing(pixels, tmp_path):
    from dataclasses import replace

    with pytest.raises(CannotServe, match="no rows to calibrate on"):
        PASSES["HSM313"].build(replace(pixels, train=None), tmp_path, {"preset": "mixed"})
