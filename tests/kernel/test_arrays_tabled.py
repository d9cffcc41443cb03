"""Calls of NumPy that are one compiled function each, against NumPy, on ordinary and on odd input."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, interpreted, refusal

GIVEN = (
    "import numpy as np; rng = np.random.default_rng(1); v = rng.normal(size=6); w = rng.random(6); "
    "M = rng.normal(size=(6, 6)); y = np.array([3, 1, 2, 2]); mask = v > 0; i = 2; s = 0.5; {0}"
    "args = (v, w, M, y, mask, i, s)"
)
EMPTY = "v, w, M, mask, y = v[:0], w[:0], M[:0], mask[:0], y[:0]; "
LONG = "v, w, M, y = (rng.normal(size=k) for k in (203, 203, (9, 17), 40)); y = (y * 9).astype(int); "
ODD = (
    "", "i = -1; ", "i = 9; ", "i = True; ", "s = 0.0; ", "s = -0.0; ", "s = np.nan; ", "s = -np.inf; ",
    "s = 1; ", "s = np.float64(0.25); ", "v[2] = np.nan; ",
    "v[:] = np.nan; ", "v[1] = np.inf; w[0] = -np.inf; ", "v *= 1e308; w *= 1e308; M *= 1e308; ",
    "v[:] = 0.0; v[1] = -0.0; ", "w[:] = -0.0; v[:] = -1.0; ",
    EMPTY,
    "v, w, M, y = v[:1].copy(), w[:1].copy(), M[:1, :1].copy(), y[:1].copy(); ",
    "v, w, M = v[:3].copy(), w[:3].copy(), M[:3, :3].copy(); ", "w = w[:4].copy(); ",
    LONG,
    "v = np.sort(rng.normal(size=203)).round(1); w = np.sort(rng.normal(size=203)); ",
    "M = np.asfortranarray(M); ", "M = M[:, ::2]; v = v[::2]; w = w[::-1][::2]; ",
    "v = np.array([1.0, 1.0, 2.0, 2.0, 2.0, 3.0]); ", "v = np.sort(v)[::-1].copy(); ",
    "y = np.array([0, -1, 0, 2]); ", "y = np.array([0, 6]); ", "v = v.astype(np.float32); ",
    "w = v[1:]; ", "M = M @ M.T + np.eye(6); ",
)  # fmt: skip
EXACT = {
    "means": "np.average(v, weights=w), np.nansum(v), np.nanmean(v), np.nanmax(v), np.nanmin(v), np.ptp(v)",
    "moved": "np.roll(v, i), np.roll(M, i, axis=0), np.roll(M, -i, axis=-1), np.roll(mask, 1), np.tile(v, 2), np.repeat(y, 3)",
    "curves": "np.interp(s, v, w), np.interp(w, np.cumsum(np.abs(v)), w), np.interp(i, v, w), np.polyval(v, s), np.polyval(v, w)",
    "bins": "np.digitize(s, np.cumsum(np.abs(v))), np.digitize(w, np.sort(v)), np.searchsorted(np.sort(v), w, 'right')",
    "numbers": "np.clip(s, 0, 1), np.clip(s, -0.0, 0.5), np.clip(s, w[0], v[0]), np.sign(s), np.min((s, w[0])), np.max((1, 2))",
    "matrices": "np.trace(M), np.diag(v), np.cumsum(M, axis=0), np.cumsum(M, axis=1), np.diff(M), np.diff(M, axis=0)",
    "steps": "np.arange(i, 10, 2), np.arange(10, i, -3), np.arange(s, 1.0, 0.125), np.arange(0, i, 0.3)",
    "left": "np.delete(v, i), np.delete(y, -1), np.delete(M, i, axis=0), np.delete(M, i, 1), np.delete(v, np.argmin(v))",
    "others": "np.isin(y, y[:2]), np.isin(y, [1, 2, i]), np.cross(v[:3], w[:3])",
    "diagonals": "np.sqrt(np.abs(np.diag(M))), np.diag(M).sum(), np.diag(M.T) * 2.0, np.trace(M.T)",
    "medians": "np.median(M, axis=0), np.median(M, axis=1), np.median(M.T, axis=0)",
    "taken": "np.take(v, y), np.take(M, y, axis=0), np.conjugate(v)",
    "angles": "np.deg2rad(s), np.radians(v), np.degrees(s), np.rad2deg(v), np.radians(i), np.fmod(s, 0.3)",
    "ints": "np.clip(i, 0, 2), np.clip(i, 5, 2), np.minimum(i, 2), np.maximum(i, 1)",
    "gaps": "np.nanvar(v), np.nanstd(v), np.nan_to_num(v), np.diff(v, n=2), np.diff(v, prepend=s)",
    "reduced": "np.add.reduce(v), np.maximum.reduce(v), np.minimum.reduce(w), np.add.accumulate(v)",
    "so far": "np.maximum.accumulate(v), np.minimum.accumulate(v), np.multiply.accumulate(v)",
    "rows": "np.any(M > 0.5, axis=1), (M > 0).all(axis=0), np.any(M.T > 1, axis=0), np.sort(M, axis=1), np.argsort(M)",
    "remainders": "v % 0.3, (v * 10) % (2 * np.pi), v % -0.7, M % 1, v % w, s % w",
    "displays": "np.array([v, w]), np.sum([v, w], axis=0), np.mean([v, w, v], axis=0), np.vstack([v, w])",
}
CHANGES = {
    "grid": "for a, b in np.ndindex(*M.shape): M[b % len(M), 0] += a",
    "grid and break": "for a, b in np.ndindex(i, 3):\n        s += a\n        if b > 1: break",
    "items": "for (a, b), c in np.ndenumerate(M): M[len(M) - 1 - a, b] += c",
    "sorted": "u = v; v.sort(); y.sort(); s = u[0] + s",
    "diagonal first": "s = (np.diag(M) + w[:len(M)]).sum(); M[0, 0] = 3.0",
    "diagonal": "np.fill_diagonal(M, i); np.fill_diagonal(M, s)",
    "added": "u = v[1:]; np.add.at(u, y % len(u), 1.0); np.add.at(v, y % len(v), v[:len(y)])",
    "places": "v[y] += 1.0; v[y % len(v)] *= v[:len(y)]; y[y % len(y)] -= 1",
    "rows": "u = M[0]; M[[0, i]] = M[[i, 0]]; M[y % len(M)] = M[:len(y)]; s = u[0] + s",
}


def function(line: str) -> str:
    return f"def f(v, w, M, y, mask, i, s):\n    {line}\n"


@pytest.mark.parametrize("name", [*EXACT, *CHANGES])
def test_interpreted_on_odd_input(name: str) -> None:
    line = f"return {EXACT[name]}" if name in EXACT else f"{CHANGES[name]}\n    return s"
    c = interpreted(compiled_function(function(line), GIVEN.format("")))
    for odd in ODD:
        check(c, GIVEN.format(odd), fast=True if not odd else None)


def test_sums_of_products() -> None:
    calls = [f"np.convolve(v, w[:{n}], '{mode}')" for n, mode in ((6, "full"), (3, "same"), (2, "same"), (3, "valid"))]
    calls += ["np.correlate(v, w[:3])", "np.correlate(v, w[:2], 'same')", "np.correlate(v, w, mode='full')"]
    calls += ["np.linalg.cholesky(M @ M.T + np.eye(len(M)))", "np.average(M, axis=0, weights=v[:len(M)])"]
    calls += ["np.cov(M)", "np.cov(M.T)", "np.cov(M, rowvar=False)", "np.corrcoef(M.T)"]
    calls += ["np.logaddexp(s, 0.5)", "np.power(abs(s) + 1, 0.3)", "np.average(M, axis=1, weights=w)"]
    c = interpreted(compiled_function(function(f"return {', '.join(calls)}"), GIVEN.format("")))
    for odd in ODD:
        check(c, GIVEN.format(odd), fast=True if not odd else None, close=True)


def test_compiled() -> None:
    line = "return np.average(v, weights=w), np.interp(w, np.sort(v), w), v % 0.3"
    c = compiled_function(function(line), GIVEN.format(""))
    for odd in ("", "v[2] = np.nan; ", EMPTY, LONG):
        check(c, GIVEN.format(odd), fast=True if not odd else None)


def test_what_is_left_alone() -> None:
    rows = "x = 0.0\nfor i in range(3):\n    "
    given = "import numpy as np; v = np.ones(4); z = np.ones(4, np.float32); M = np.ones((4, 4))"
    assert refusal(f"{rows}x += np.roll(M, 1).sum()\n", given)  # over the rows' ends
    assert refusal(f"{rows}x += np.average(M, weights=M)\n", given)
    assert refusal(f"{rows}x += np.interp(0.5, v, v, left=0.0)\n", given)
    assert refusal(f"{rows}x += np.convolve(z, z)[0]\n", given)
    assert refusal(f"{rows}d = np.diag(M)\n    M[0, 0] = i\n    x += d[0]\n", given)  # a view
    assert refusal(f"{rows}x += max(np.diag(M), key=float)\n", given)
    assert refusal(f"{rows}x += (v // 0.3).sum()\n", given)
    assert refusal(f"{rows}x += np.add.reduce(M)[0]\n", given)  # of the first axis
    assert refusal("for a in np.ndindex(3):\n    v[0] += 1\n", given)


def test_clip_leaves_zeros_as_they_are() -> None:
    line = "return np.clip(v, 0, 1), np.clip(v, -0.0, s), v.clip(-1, 0.0), np.clip(v, s, 1), np.clip(y, 0, 2)"
    c = interpreted(compiled_function(function(line), GIVEN.format("")))
    zeros = ("v[:] = -0.0; ", "v[:] = 0.0; ", "v[:] = -0.0; s = 0.0; ", "v[:] = 0.0; s = -0.0; ")
    for odd in (*ODD, *zeros):
        check(c, GIVEN.format(odd), fast=True if odd in ("", *zeros) else None)
    c = interpreted(compiled_function(function("return np.clip(v, w, 1.0), np.clip(v, 0.0, w)"), GIVEN.format("")))
    for odd in (*ODD, "v[:] = -0.0; w[:] = 0.0; ", "v[:] = 0.0; w[:] = -0.0; ", "v[:] = 0.0; w[:] = np.nan; "):
        check(c, GIVEN.format(odd), fast=True if not odd else None)
