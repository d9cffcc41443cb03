"""Answers beside answers: labels, scores, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hasten.verify.answers import AT_ONCE, Answers, Refusal, agreement, asked, dense, largest


def labels(*values: Any) -> Answers:
    return {"predict": np.array(values)}


def test_the_same_answers_agree() -> None:
    same = {"predict": np.array(["a", "b"]), "predict_proba": np.array([[0.2, 0.8], [1.0, 0.0]])}
    found = agreement(same, same, 2)
    assert (found.changed, found.labels, found.drift, found.apart, found.agree) == (0, 2, 0.0, None, 1.0)


def test_changed_labels_are_counted_by_row() -> None:
    assert agreement(labels(1, 2, 3, 4), labels(1, 2, 0, 0), 4).changed == 2
    two = {"predict": np.array([[1, 2], [3, 4]])}
    assert agreement(two, {"predict": np.array([[1, 0], [0, 0]])}, 2).changed == 2


def test_scores_drift_by_a_share_of_the_largest() -> None:
    old = {"predict": np.array([100.0, -1.0])}
    found = agreement(old, {"predict": np.array([100.0, -1.5])}, 2)
    assert (found.drift, found.drift_abs, found.changed) == (0.005, 0.5, 0)
    # a row alone is judged by what scores are usually like
    assert agreement({"predict": np.array([1e-9])}, {"predict": np.array([2e-9])}, 1, {"predict": 1.0}).drift == 1e-9


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (labels(1.0), labels(np.nan), "NaN"),
        (labels(np.inf), labels(-np.inf), "NaN or infinite"),
        (labels(1.0, 2.0), labels(1.0), "shape"),
        (labels(1), labels(1.0), "int64 became float64"),
        (labels(1.0), labels(1), "float64 became int64"),
        (labels("a"), labels(1), "became int64"),
        (labels(1), {"predict": Refusal("ValueError", "no")}, "became ValueError"),
        ({"predict": Refusal("ValueError", "no")}, labels(1), "an answer"),
        ({"predict": Refusal("ValueError", "no")}, {"predict": Refusal("KeyError", "no")}, "KeyError"),
        (labels(1), {}, "not answered"),
    ],
)
def test_what_is_no_answer_of_the_same_kind(old: Answers, new: Answers, told: str) -> None:
    found = agreement(old, new, 1)
    assert found.apart is not None
    assert told in found.apart


def test_refusals_of_one_class_agree_whatever_their_words() -> None:
    a, b = {"predict": Refusal("ValueError", "x")}, {"predict": Refusal("ValueError", "y")}
    assert agreement(a, b, 0).apart is None


def test_nan_and_infinity_in_the_same_places_agree() -> None:
    both = {"transform": np.array([np.nan, np.inf, 1.0])}
    assert agreement(both, both, 3).apart is None
    assert largest(both) == {"transform": 1.0}


def test_asking_gives_arrays_or_refusals() -> None:
    class Model:
        def predict(self, x: Any) -> list[int]:
            return [1] * len(x)

        def transform(self, x: Any) -> Any:
            raise ValueError("no rows" if not len(x) else "no")

    found = asked(Model(), [0, 0], ("predict", "transform"))
    assert np.array_equal(found["predict"], [1, 1])  # type: ignore[arg-type]
    assert found["transform"] == Refusal("ValueError", "no")


def test_what_holds_an_answer_counts() -> None:
    import pickle

    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0]})
    old, new = {"transform": dense(frame)}, {"transform": frame.to_numpy()}
    assert agreement(old, new, 2).apart == "transform: DataFrame became array"
    again = pickle.loads(pickle.dumps(old))
    assert again["transform"].kind == "DataFrame"
    assert agreement(old, again, 2).apart is None
    assert agreement({"predict_proba": dense([np.ones((2, 2))])}, {"predict_proba": np.ones((1, 2, 2))}, 2).apart


def test_numbers_as_texts_are_compared_as_numbers() -> None:
    a, b = np.array([["0.1", "2"], ["3", "4"]]), np.array([["0.10000000000000002", "2"], ["3", "4"]])
    for old, new in ((a, b), (a.astype(float).astype(object), b.astype(float).astype(object))):
        found = agreement({"transform": old}, {"transform": new}, 2)
        assert found.apart is None and not found.changed and 0 < found.drift < 1e-15
    words = np.array([["a"], ["b"]], object)
    assert agreement({"predict": words}, {"predict": words[::-1]}, 2).changed == 2


class Padded:
    """Answers the longest of the texts that it is given at once, beside each one's own length."""

    def __init__(self, *, steps: bool = False) -> None:
        self.steps, self.calls = steps, []

    def forward(self, texts: list[str]) -> Any:
        self.calls.append(len(texts))
        longest = max(map(len, texts))
        if longest > 500:
            raise ValueError("too long")
        if self.steps:
            return np.zeros((len(texts), longest))
        return np.array([[len(t), 1.0] for t in texts])


def test_many_texts_are_asked_some_at_a_time() -> None:
    texts = ["a" * (i % 100) for i in range(2 * AT_ONCE + 3)]
    net = Padded()
    found = asked(net, texts, ("forward",))["forward"]
    assert net.calls == [AT_ONCE, AT_ONCE, 3] and found[:, 0].tolist() == [len(t) for t in texts]
    steps = Padded(steps=True)  # whose answers are as long as what they are given together
    assert asked(steps, texts, ("forward",))["forward"].shape == (len(texts), 99)
    assert asked(Padded(), [*texts, "a" * 501], ("forward",))["forward"] == Refusal("ValueError", "too long")
    assert asked(net, tuple(texts), ("forward",))["forward"].shape == (len(texts), 2) and net.calls[-1] == len(texts)
