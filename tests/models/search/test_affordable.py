"""How many rows are asked where the original is slow for the budget."""

from types import SimpleNamespace

import numpy as np
import pytest

from hasten.core.model import ModelWorkload, Rows
from hasten.observe.child import ChildFailed
from hasten.search.models.affordable import LEAST, rows_within_budget


def loop(budget_s, batch_s, valid=2000, test=1000, fails=False, spent_s=0.0):
    def ask(function, places, method, seconds, least):
        if fails:
            raise ChildFailed("raised", "no")
        return [9 * batch_s, 0.5 * batch_s, 1.5 * batch_s]

    def rows(n):
        return Rows(np.arange(n)[:, None], np.arange(n))

    left_s = None if budget_s is None else budget_s - spent_s
    session = SimpleNamespace(budget_s=budget_s, left_s=left_s, seed=3, once=lambda name, key, make: make())
    work = ModelWorkload(None, rows(valid), test=None if test is None else rows(test))
    processes = SimpleNamespace(of=lambda candidate: SimpleNamespace(ask=ask))
    inputs = SimpleNamespace(batches={1: [0, 1], 50: [2, 3]})
    return SimpleNamespace(session=session, work=work, processes=processes, inputs=inputs, timed="forward")


def test_fewer_rows_are_drawn_where_all_would_take_the_budget():
    found = rows_within_budget(loop(100, 0.5), None)  # 10 ms a row: 20 s of the 100 are 2,000 rows
    assert found is None
    found = rows_within_budget(loop(100, 1.0, test=400), None)
    assert len(found.valid) == 1000
    assert len(found.test) == 400
    np.testing.assert_array_equal(found.valid.x[:, 0], found.valid.y)
    assert 900 < found.valid.y.mean() < 1100  # of all, not the first
    assert len(np.unique(found.valid.y)) == 1000
    assert "20 ms a row" in found.notes[-1]
    assert "2,000 validation rows 1,000 are asked" in found.notes[-1]
    assert "certifying" not in found.notes[-1]
    found = rows_within_budget(loop(10, 5.0), None)
    assert (len(found.valid), len(found.test)) == (LEAST, LEAST)
    assert "1,000 certifying rows 300" in found.notes[-1]


def test_what_loading_took_is_not_there_to_ask():
    found = rows_within_budget(loop(100, 1.0, spent_s=60), None)  # 8 s of the 40 that are left, at 20 ms a row
    assert (len(found.valid), len(found.test)) == (400, 400)


@pytest.mark.parametrize(
    "given",
    [loop(None, 9.0), loop(10, 9.0, valid=LEAST, test=None), loop(10, 9.0, fails=True), loop(1e6, 1e-9, test=None)],
)
def test_all_rows_otherwise(given):
    assert rows_within_budget(given, None) is None
