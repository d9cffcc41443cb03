"""Grid searches by halving: offered under a quality alone, for searches whose result means the same."""

from __future__ import annotations

from typing import Any

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.workload import ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.algorithms.grid import BY_HALVING, IMPORTS, SEARCH, HalvingSearch
from hasten.search.loop import _wanted
from hasten.testing import Example, check_pass

HEAD = "from sklearn.model_selection import GridSearchCV\n\n\n"


def searches(work: ScriptWorkload) -> Facts:
    types = {"search": (ValueFact(SEARCH),)}
    return Facts(
        regions={r.id: RegionFacts(r.id, types=types) for r in regions_of(work.source("script.py"), entry=True)}
    )


def test_the_protocol() -> None:
    found = [
        "def tune(search, X, y):\n    search.fit(X, y)\n    return search.best_params_\n",
        "def tune(search, X, y):\n    fitted = search.fit(X, y)\n    return fitted.best_score_\n",
        "def tune(model, X, y):\n    return GridSearchCV(model, {'a': [1, 2]}).fit(X, y)\n",
    ]
    left = [
        "def tune(search, X, y):\n    search.fit(X, y)\n    return search.cv_results_\n",
        "def tune(model, X, y):\n    model.fit(X, y)\n    return model\n",
        "def tune(search, X, y):\n    return search.predict(X)\n",
    ]
    changes = check_pass(
        HalvingSearch(),
        [
            *(Example(HEAD + t, facts=searches) for t in found),
            *(Example(HEAD + t, leave_alone=True, facts=searches) for t in left),
        ],
    )
    assert all(c.quality and not _wanted(c, Contract()) for c in changes)


def test_the_search_by_halving() -> None:
    pytest.importorskip("sklearn")
    import numpy as np
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    space: dict[str, Any] = {}
    exec("".join(IMPORTS) + BY_HALVING, space)
    halving = space["_by_halving"]
    model, grid = Ridge(), {"alpha": np.logspace(-3, 3, 12).tolist()}
    for kept in (
        GridSearchCV(model, {"alpha": [1, 2]}),
        GridSearchCV(model, grid, refit=False),
        GridSearchCV(model, grid, refit=lambda table: 0),
        GridSearchCV(model, grid, scoring=["r2", "max_error"], refit="r2"),
        GridSearchCV(model, grid, scoring=lambda m, X, y: 1.0),
    ):
        assert halving(kept) is kept
    made = halving(GridSearchCV(model, grid, cv=4, scoring="r2"))
    assert type(made).__name__ == "HalvingGridSearchCV"
    assert (made.cv, made.scoring, made.estimator, made.param_grid) == (4, "r2", model, grid)
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 5))
    made.fit(X, X[:, 0] + 0.01 * draw.normal(size=300))
    assert made.best_params_["alpha"] < 10
