"""How scores are read: labels and probabilities."""

import numpy as np
import pytest

from hasten.verify.answers import Refusal
from hasten.verify.scores import reading

LOGITS = np.array([[2.0, -1.0, 0.5], [-3.0, 4.0, 0.0]], np.float32)


def test_logits_become_labels_and_probabilities():
    read = reading("classification", {"forward": LOGITS})({"forward": LOGITS})
    assert read["predict"].tolist() == [0, 1]
    np.testing.assert_allclose(read["predict_proba"].sum(axis=1), 1)
    np.testing.assert_allclose(read["predict_proba"][0, 0], np.exp(2) / np.exp([2, -1, 0.5]).sum())


def test_probabilities_stay_as_they_are():
    p = np.array([[0.2, 0.8], [0.9, 0.1]])
    assert reading("classification", {"forward": p})({"forward": p})["predict_proba"] is p


@pytest.mark.parametrize(("scores", "labels"), [([[-0.5], [3.0]], [0, 1]), ([0.2, 0.7], [0, 1]), ([-0.2, 0.2], [0, 1])])
def test_one_score_a_row_is_a_logit_or_a_probability(scores, labels):
    raw = {"forward": np.array(scores)}
    read = reading("classification", raw)(raw)
    assert read["predict"].tolist() == labels
    assert read["predict_proba"].shape == (2, 2)


def test_the_original_says_how_scores_are_read():
    read = reading("classification", {"forward": LOGITS})
    probable = {"forward": np.array([[0.1, 0.2, 0.7]])}
    assert read(probable)["predict_proba"][0, 2] != 0.7  # still logits


def test_regression_and_refusals():
    raw = {"forward": np.array([[1.0], [2.0]])}
    assert reading("regression", raw)(raw)["predict"].tolist() == [1.0, 2.0]
    refused = {"forward": Refusal("RuntimeError", "no")}
    assert reading("classification", {"forward": LOGITS})(refused) is refused
    assert reading("classification", {"predict": np.array([1])})({"predict": 1}) == {"predict": 1}
