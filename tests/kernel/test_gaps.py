"""Dicts and sets whose keys leave gaps: against CPython's own, step by step, as plain Python and compiled."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.kernel import runtime, runtime_loose
from tests.kernel.differential import check, compiled_function

KEYS: dict[str, Callable[[int], Any]] = {
    "int": lambda i: i * 7 - 40,
    "pair": lambda i: (i % 5, i // 5),
    "float": lambda i: i / 4 - 3.0,
    "tuple_4": lambda i: (i, 0, -i, i % 3),
}


def plain(kind: str) -> dict[str, Any]:
    """The helpers for one kind of key, not compiled."""
    state: dict[str, Any] = {"np": np, "math": math, "njit": lambda **options: lambda f: f}
    names = {f"{name}".replace("{kind}", kind) for name, _, _ in runtime_loose.KEYED}
    for name in runtime.closure(names | {name for name, _, _ in runtime_loose.ANY}):
        exec(runtime.HELPERS[name].text, state)
    state[f"_hash_{kind}"] = lambda key: hash(key) % 11  # many meet
    return state


def sound(d: tuple[Any, ...]) -> None:
    """What is always true of one."""
    keys, table, counts = d[2], d[-2], d[-1]
    there = sorted(place for place in table if place >= 0)
    assert counts[0] == sum(place != -1 for place in table) < len(table)
    assert counts[1] == len(keys) - len(there)
    assert counts[2] == (there[0] if there else 0)
    assert not keys or there[-1] == len(keys) - 1
    assert len(d) == 5 or len(d[3]) == len(keys)


@pytest.mark.parametrize("kind", KEYS)
def test_dicts_as_cpython_has_them(kind: str) -> None:
    f, key = plain(kind), KEYS[kind]
    for seed in range(12):
        rng = random.Random(seed)
        span = rng.choice([2, 9, 40, 300])
        mine, real = f["_empty_dict_loose"](key(0), 0), {}
        for step in range(700):
            k, what = key(rng.randrange(span)), rng.randrange(12 if step % 200 < 150 else 20)
            if what < 5:
                f[f"_put_{kind}_loose"](mine, k, step)
                real[k] = step
            elif what == 5:
                assert f[f"_setdefault_{kind}_loose"](mine, k, step) == real.setdefault(k, step)
            elif what == 6:
                assert f[f"_get_{kind}_loose"](mine, k, -1) == real.get(k, -1)
            elif what == 7:
                assert list(zip(*f["_settled_loose"](mine)[:2], strict=True)) == list(real.items())
            elif what == 8 and rng.random() < 0.03:
                f["_clear_loose"](mine)
                real.clear()
            elif what == 9 and real:
                k = f["_first_loose"](mine)
                assert k == next(iter(real))
                f[f"_delete_{kind}_loose"](mine, k)
                del real[k]
            elif what == 10 and real:
                k, value = f["_last_loose"](mine)
                f[f"_delete_{kind}_loose"](mine, k)
                assert (k, value) == real.popitem()
            elif k in real:
                assert f[f"_has_{kind}_loose"](mine, k)
                assert f[f"_pop_{kind}_loose"](mine, k) == real.pop(k)
            else:
                assert not f[f"_has_{kind}_loose"](mine, k)
                assert f[f"_pop_or_{kind}_loose"](mine, k, -5) == -5
                with pytest.raises(ValueError):  # noqa: PT011  (helpers say no more)
                    f[f"_delete_{kind}_loose"](mine, k)
            assert f["_size_loose"](mine) == len(real)
            sound(mine)
        assert list(zip(*f["_settled_loose"](mine)[:2], strict=True)) == list(real.items())


@pytest.mark.parametrize("kind", KEYS)
def test_sets_as_cpython_has_them(kind: str) -> None:
    f, key = plain(kind), KEYS[kind]
    rng = random.Random(1)
    mine, real = f["_empty_set_loose"](key(0)), set()
    for _ in range(3000):
        k, what = key(rng.randrange(90)), rng.randrange(5)
        if what < 2:
            f[f"_add_{kind}_key_loose"](mine, k)
            real.add(k)
        elif k in real and what == 2:
            f[f"_remove_{kind}_loose"](mine, k)
            real.remove(k)
        else:
            f[f"_discard_{kind}_loose"](mine, k)
            real.discard(k)
        sound(mine)
        assert f["_size_loose"](mine) == len(real)
    other = f[f"_set_{kind}_loose"]([key(i) for i in range(0, 90, 2)])
    b = {key(i) for i in range(0, 90, 2)}
    for name, made in (("both", real & b), ("less", real - b), ("either", real | b), ("one", real ^ b)):
        assert set(f["_settled_set_loose"](f[f"_set_{name}_{kind}_loose"](mine, other))[0]) == made
    assert f[f"_common_{kind}_loose"](mine, other) == len(real & b)


LARGE = """
def f(n, steps):
    waiting, gone = {}, 0
    for i in range(n):
        waiting[i * 13 % n] = i
    for i in range(steps):
        key = i * 31 % n
        if key in waiting:
            gone += waiting.pop(key)
        if i % 5 == 0:
            waiting[-i] = i
    return gone, len(waiting), list(waiting.items())
"""


def test_a_large_dict_loses_most_of_its_keys() -> None:
    """Each removal takes as long as in a small one: minutes, otherwise."""
    c = compiled_function(LARGE, "args = (10, 20)")
    check(c, "args = (200000, 190000)", fast=True)
    check(c, "args = (1, 5)", fast=True)
