"""The benchmark of trained models: its cases, its judgement of answers, its last lines."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

from benchmarks.models.cases import CASES, clients, clients_numbers, machines, messages, ready, sensor, some
from benchmarks.models.hand import HAND
from benchmarks.models.run import HASTEN, ORIGINAL, CaseResult, Measured, alike, best_rival, chosen, line, summary


def test_there_are_enough_cases_with_names_of_their_own() -> None:
    assert len({c.name for c in CASES}) == len(CASES) >= 14
    assert sum(c.hand for c in CASES) == 2 and {c.name for c in CASES if c.hand} == set(HAND)


def test_an_unknown_case() -> None:
    with pytest.raises(SystemExit, match="no such case: nonsense"):
        chosen(["nonsense"])


@pytest.mark.parametrize("data", [machines, clients, clients_numbers, messages])
def test_data_is_made_where_none_is_there(data: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HASTEN_DATA", str(tmp_path))
    made = data()  # type: ignore[operator]
    assert made.source.startswith("generated") and len(made.x) == len(made.y) > 1000
    assert len(set(np.asarray(made.y).tolist())) == 2


def test_rows_of_numbers_have_no_gaps(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HASTEN_DATA", str(tmp_path))
    for made in (clients_numbers(), sensor()):
        assert np.isfinite(made.x).all() and np.isfinite(np.asarray(made.y, float)).all()
        assert made.x.ndim == 2 and len(made.x) == len(made.y) > 1000


@pytest.mark.parametrize("name", sorted(HAND))
def test_predictors_by_hand_answer_as_the_originals(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("HASTEN_DATA", str(tmp_path))
    found = ready(next(c for c in CASES if c.name == name))
    x = some(found.test[0], list(range(50)))
    whole, row = HAND[name](found.model)
    np.testing.assert_allclose(whole(x), found.model.predict_proba(x), rtol=1e-9)
    if row is not None:
        one = x.iloc[[3]]
        np.testing.assert_allclose(row(one.to_dict("records")[0]), found.model.predict_proba(one), rtol=1e-9)


def test_answers_that_are_alike_and_those_that_are_not() -> None:
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    assert alike(p, p + 1e-7) is None
    assert alike(p, p[:, 1]) is None  # one probability tells both
    assert "scores off" in (alike(p, p + 1e-3) or "")
    assert alike(p, np.zeros((3, 2))) == "another shape"
    assert alike(np.array([1, 2]), np.array([1, 1])) == "1 of 2 labels"
    assert alike(np.array([0.5, 1.0]), np.array([[0.5], [1.0]])) is None


def test_the_best_rival_is_one_that_answers_right() -> None:
    rounds = [{ORIGINAL: 9.0, HASTEN: 1.0, "GTIL": 3.0, "oneDAL": 0.5, "by hand": 0.1}] * 3
    at = Measured(1, 1, rounds)
    result = CaseResult("a", "Model", "somewhere", unlike={"oneDAL": "scores off by 1e-03"}, measured=[at])
    assert best_rival(result, at) == "GTIL"
    assert "oneDAL! 500.00 ms" in line(result, at) and "over GTIL 3.00x" in line(result, at)
    told = summary([result])
    assert told[0].startswith("met    over the best single backend, worst: 3.00x") and "(a, 1 @ 1, GTIL)" in told[0]
    assert told[1].startswith("met    over the best single backend, geometric mean of 1: 3.00x")
    assert told[-1] == "hasten over the original at 1 row, geometric mean of 1: 9.00x [9.00, 9.00]"
