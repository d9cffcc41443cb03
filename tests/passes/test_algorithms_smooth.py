"""Global searches by gradients: found by syntax, offered under a quality alone, judged by whole runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hasten.core.contract import Contract, Quality
from hasten.core.recipe import Risk
from hasten.core.record import RunRecord
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.session import session
from hasten.passes.source.algorithms.smooth import AROUND, BY_GRADIENTS, BySmoothness
from hasten.search.loop import _wanted, optimise
from hasten.testing import Example, check_pass

HEAD = "import numpy as np\nfrom scipy import optimize\nfrom scipy.optimize import differential_evolution as de, minimize\n\n\n"
FIT = "def cost(p, *a):\n    return float(((p - 1.5) ** 2).sum())\n\n\nbounds = [(-2, 3)] * 3\n"
FOUND = [
    "res = de(cost, bounds, seed=1, maxiter=40)\nprint(res.fun)\n",
    "res = optimize.dual_annealing(cost, bounds=bounds, args=(1,), seed=1)\nprint(res.fun)\n",
    "print(optimize.differential_evolution(func=cost, bounds=bounds, workers=-1).x)\n",
]
LEFT = [
    "res = de(cost, bounds, callback=print)\nprint(res.fun)\n",
    "res = de(cost, bounds, disp=True)\nprint(res.fun)\n",
    "res = de(cost, bounds, integrality=[1, 0, 0])\nprint(res.fun)\n",
    "res = de(cost, bounds, constraints=())\nprint(res.fun)\n",
    "res = de(cost, *[bounds])\nprint(res.fun)\n",
    "res = de(cost, bounds, **{})\nprint(res.fun)\n",
    "res = minimize(cost, np.zeros(3))\nprint(res.fun)\n",
    "def de(f, b):\n    return f(np.zeros(3))\n\n\nprint(de(cost, bounds))\n",
]


def test_the_protocol() -> None:
    good = [Example(HEAD + FIT + text) for text in FOUND]
    changes = check_pass(BySmoothness(), [*good, *(Example(HEAD + FIT + t, leave_alone=True) for t in LEFT)])
    assert all(c.quality for c in changes)
    assert {c.risk for c in changes} == {Risk.QUALITY}
    # without a quality no result may change
    assert not any(_wanted(c, Contract()) for c in changes)
    assert not any(_wanted(c, Contract(exact=True)) for c in changes)


@pytest.fixture(scope="module")
def helpers() -> dict[str, Any]:
    from scipy.optimize import Bounds, minimize

    space: dict[str, Any] = {"minimize": minimize, "Bounds": Bounds}
    exec("import numpy as np\n" + (AROUND + BY_GRADIENTS).replace("NP.", "np."), space)
    return space


def test_a_smooth_valley_is_found_with_few_calls(helpers: dict[str, Any]) -> None:
    def f(x: Any, shift: float) -> float:
        return float(((x - shift) ** 2).sum()) + 2.0

    for bounds in ([(-5, 5)] * 6, helpers["Bounds"]([-5] * 6, [5] * 6)):
        out = helpers["_by_gradients"](None, f, bounds, args=(1.25,), seed=3, maxiter=10)
        assert out.success and out.fun == pytest.approx(2.0, abs=1e-14)
        assert np.allclose(out.x, 1.25, atol=1e-6)
        assert out.nfev < 1000
        assert np.all((out.x >= -5) & (out.x <= 5))


def test_several_valleys_and_an_edge(helpers: dict[str, Any]) -> None:
    def f(x: Any) -> float:
        return float((x[0] ** 2 - 4) ** 2 + 0.3 * x[0] + x[1])

    out = helpers["_by_gradients"](None, f, [(-4, 4), (-1, 1)])
    assert out.x[0] < -1.9 and out.x[1] == -1.0


@pytest.mark.parametrize("bounds", [[(-np.inf, 3)], [(2, 2)], [(3, 1)], [(0, float("nan"))], []])
def test_the_search_itself_where_bounds_are_no_box(bounds: Any, helpers: dict[str, Any]) -> None:
    given: list[Any] = []

    def search(*words: Any, **options: Any) -> str:
        given.append((words, options))
        return "searched"

    assert helpers["_by_gradients"](search, len, bounds, seed=4) == "searched"
    assert given == [((len, bounds), {"args": (), "seed": 4})]


def test_an_objective_that_is_nowhere_finite(helpers: dict[str, Any]) -> None:
    with np.errstate(all="ignore"):
        assert helpers["_by_gradients"](lambda *_, **__: 7, lambda x: float("nan"), [(0, 1)]) == 7


PROGRAM = """\
import math
from scipy.optimize import differential_evolution

TIMES = [i * 0.25 for i in range(30)]
DATA = [4.0 * math.exp(-0.7 * t) + 0.3 + 0.05 * math.sin(37 * t) for t in TIMES]


def loss(p):
    return sum((p[0] * math.exp(-p[1] * t) + p[2] - y) ** 2 for t, y in zip(TIMES, DATA))


result = differential_evolution(loss, [(0, 10), (0.1, 2), (-1, 1)], seed=3, popsize=8)
print("points", len(DATA))
print("loss", result.fun)
print("rate", result.x[1])
"""


@pytest.mark.slow  # the loop: tests/search/test_quality.py; the change itself: above
def test_a_whole_run(tmp_path: Path) -> None:
    """The loop with this pass alone: what it keeps is as good, on other seeds too, and says what differs."""
    (tmp_path / "fit.py").write_text(PROGRAM)
    work = ScriptWorkload(tmp_path, Entry("script", "fit.py"), "fit.py")
    contract = Contract(qualities=(Quality.parse("result.fun:min"),))
    with session() as current:
        out = optimise(current, work, contract, [BySmoothness()], speed=False)
    (trial,) = out.record.trials
    assert trial.kept, trial.reason
    (quality,) = out.record.qualities
    assert quality.shown == "name"
    assert quality.seeds == len(quality.new) - 2 == 3
    assert all(b <= a * (1 + 1e-9) for a, b in zip(quality.old[1:], quality.new[2:], strict=True))
    assert not any("points" in d for d in out.record.differs)
    assert RunRecord.loads(out.record.dumps()) == out.record
    assert "_by_gradients(" in out.kept.source("fit.py").text
