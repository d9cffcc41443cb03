"""In which order candidates are tried, and how many rows a quality needs to be shown."""

from dataclasses import dataclass

import numpy as np
import pytest

from hasten.core.model import Drop
from hasten.core.model_record import QualityOfModel
from hasten.search.models.candidates import proposed
from hasten.verify.metric import compared, metric


@dataclass
class Pass:
    code: str
    many: int

    def parameters(self, work):
        yield from ({"n": i} for i in range(self.many))


@pytest.mark.parametrize(("turns", "wanted"), [(False, "a0 a1 a2 c0 c1"), (True, "a0 c0 a1 c1 a2")])
def test_first_settings_of_every_pass_come_before_the_second_of_any(turns, wanted):
    found = proposed([Pass("a", 3), Pass("b", 0), Pass("c", 2)], None, turns=turns)
    assert " ".join(f"{p.code}{x['n']}" for p, x in found) == wanted


def quality(low, high, allowed, rows=100):
    return QualityOfModel("accuracy", 0.9, 0.9 + (low + high) / 2, low, high, allowed, rows)


def test_rows_that_would_show_it():
    assert quality(-0.02, 0.02, 0.01).rows_to_tell == 400  # half the width takes four times the rows
    assert quality(-0.04, 0.02, 0.02).rows_to_tell == 900
    assert quality(-0.005, 0.02, 0.01).rows_to_tell is None  # it is shown
    assert quality(-0.04, 0.01, 0.01).rows_to_tell is None  # more rows would show that it is not
    assert quality(-0.03, 0.01, 0.01).rows_to_tell is None
    assert quality(-np.inf, np.inf, 0.01).rows_to_tell is None


def test_so_many_rows_do_show_it():
    measure, drop = metric("accuracy", "classification", np.array([0, 1])), Drop(0.01, relative=False)

    def shown(times):
        """2 rows of 200 turn each way."""
        y = np.arange(200 * times) % 2
        old, new = y.copy(), y.copy()
        old[: 2 * times] ^= 1
        new[2 * times : 4 * times] ^= 1
        return compared(measure, y, {"predict": old}, {"predict": new}, drop)

    few = shown(1)
    assert not few.inside
    assert 400 < few.rows_to_tell < 1200
    assert shown(-(-few.rows_to_tell // 200) + 1).inside
