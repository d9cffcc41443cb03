"""Snapshots keep sharing, functions, streams and random states."""

from __future__ import annotations

import functools
import pickle
import random
import sys
import threading
from typing import Any

import numpy as np
import pytest

from hasten.observe import snapshot


def there_and_back(value: Any) -> Any:
    return pickle.loads(snapshot.dumps(value))


def top(x: int) -> int:
    return x


def test_sharing_survives() -> None:
    row = [1]
    found = there_and_back({"a": row, "b": [row], "c": np.zeros(2)})
    assert found["a"] is found["b"][0]


def test_functions_by_name_and_by_code() -> None:
    assert there_and_back(top) is top
    step = 2

    def nested(n: int, extra: int = 5) -> int:
        return step + extra if n == 0 else nested(n - 1)

    found = there_and_back(nested)
    assert found is not nested
    assert found(3) == 7
    assert there_and_back(functools.partial(lambda a, b: a * b, 3))(4) == 12


def test_modules_streams_and_free_locks() -> None:
    assert there_and_back(sys.stdout) is sys.stdout
    assert there_and_back(random) is random
    lock = threading.Lock()
    assert there_and_back(lock).acquire(blocking=False)
    with lock, pytest.raises(snapshot.NotPicklable, match="held"):
        snapshot.dumps(lock)


def test_limits_and_culprits() -> None:
    with pytest.raises(snapshot.TooBig):
        snapshot.dumps(np.zeros(10_000), 1000)
    with pytest.raises(snapshot.TooSlow):
        snapshot.dumps(np.zeros(10_000), patience_s=-1.0)
    with pytest.raises(snapshot.NotPicklable):
        snapshot.dumps(i for i in range(3))
    assert snapshot.culprit({"fine": 1, "bad": iter_forever()}, 1000).startswith("bad: ")


def iter_forever() -> Any:
    yield 1


def test_random_states_go_back() -> None:
    np.random.seed(3)  # numpy loads its random module when it is first used
    states = snapshot.random_states()
    first = random.random(), np.random.rand()
    again = pickle.loads(snapshot.dumps(states))
    snapshot.set_random_states(again)
    assert (random.random(), np.random.rand()) == first


class Counter:
    total = 0
    table = {"a": 1}  # noqa: RUF012 - shared on purpose

    def method(self) -> None: ...

    @property
    def size(self) -> int:
        return 0


def test_class_data_leaves_methods_out() -> None:
    assert snapshot.class_data(Counter) == {"total": 0, "table": {"a": 1}}


class Placed:
    """Cannot be made without its arguments."""

    def __new__(cls, name: str, *, size: int) -> Placed:
        return object.__new__(cls)

    def __init__(self, name: str, *, size: int) -> None:
        self.name, self.size, self.me = name, size, self


class Numbered(int):
    def __new__(cls, value: int, label: str) -> Numbered:
        return int.__new__(cls, value)


def test_objects_whose_class_wants_arguments() -> None:
    kept = pickle.loads(snapshot.dumps({"a": Placed("x", size=3)}))["a"]
    assert (type(kept), kept.name, kept.size) == (Placed, "x", 3)
    assert kept.me is kept
    assert pickle.loads(snapshot.dumps(Placed)) is Placed


def test_numbers_of_such_a_class_are_not_made_bare() -> None:
    with pytest.raises(TypeError):
        pickle.loads(snapshot.dumps(Numbered(3, "three")))
