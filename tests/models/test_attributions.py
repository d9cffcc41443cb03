"""What answers rest on: occlusion, and how far two models agree."""

import numpy as np
import pandas as pd
import pytest

from hasten.core.model import Tensors
from hasten.verify.attributions import attributions, explained, occluded

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(200, 6))
WEIGHTS = np.array([3.0, -2.0, 1.0, 0.5, 0.0, 4.0])


def line(weights):
    return lambda x: np.asarray(x, float) @ weights


def test_a_linear_model_is_explained_by_its_terms():
    found = attributions(line(WEIGHTS), X, None)
    np.testing.assert_allclose(found, (X[:32] - np.median(X, axis=0)) * WEIGHTS, atol=1e-12)


def test_the_score_of_the_label_counts():
    both = lambda x: np.stack([-line(WEIGHTS)(x), line(WEIGHTS)(x)], axis=1)  # noqa: E731
    labels = np.zeros(200, int)
    np.testing.assert_allclose(attributions(both, X, labels), -attributions(line(WEIGHTS), X, None))


def test_frames_are_occluded_by_what_is_usual():
    frame = pd.DataFrame({"a": X[:, 0], "city": ["Bern"] * 150 + ["Zug"] * 50, "c": pd.Categorical(["x", "y"] * 100)})
    seen = list(occluded(frame, frame.iloc[-4:]))
    assert seen[0]["a"].eq(frame["a"].median()).all()
    assert seen[1]["city"].tolist() == ["Bern"] * 4
    assert seen[2]["c"].dtype == frame["c"].dtype
    assert frame["city"].iloc[-1] == "Zug"


@pytest.mark.parametrize(
    ("array", "groups"),
    [(np.zeros((5, 1, 28, 28), np.float32), 49), (np.ones((5, 3, 4, 5), np.float32), 20), (np.ones((5, 90), np.int64), 64),
     (np.ones((5, 7, 3), np.float32), 7), (np.ones(5, np.int64), 1)],
)  # fmt: skip
def test_groups_of_tensors(array, groups):
    x = Tensors({"x": array, "y": np.ones((5, 2), np.float32)})
    made = list(occluded(x, x))
    assert len(made) == groups + 2
    assert all(m.arrays["x"].dtype == array.dtype and m.arrays["x"].shape == array.shape for m in made)


def test_agreement_is_of_ranks():
    old = attributions(line(WEIGHTS), X, None)
    same = explained(old, 7 * old)
    assert (same.correlation, same.overlap, same.rows) == (pytest.approx(1), 1.0, 32)
    other = explained(old, attributions(line(WEIGHTS[::-1]), X, None))
    assert other.correlation < 0.9
    assert explained(old, -old).correlation == pytest.approx(-1)
    assert explained(old[:, :2], old[:, :2]) is None
    assert explained(np.zeros_like(old), old) is None
    assert explained(old, np.zeros_like(old)).correlation == 0


def test_words_of_texts_are_left_out_one_by_one_and_in_groups():
    from hasten.verify.attributions import WORDS

    texts = ["a good film", " ".join(f"w{i}" for i in range(3 * WORDS)), ""]
    found = attributions(lambda x: np.array([float(t.split().count("good")) for t in x]), texts, None)
    assert found.shape == (3, WORDS)
    assert found[0, :4].tolist() == [0, 1, 0, 0] and not found[1:].any()
    counted = attributions(lambda x: np.array([float(len(t.split())) for t in x]), texts, None)
    assert counted[1].tolist() == [3.0] * WORDS
