"""A second round on what the first one wrote: helpers stay as they are, so that none calls itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.base import ContainerPass
from hasten.passes.source.estimators.cores import ForestOnAllCores
from hasten.passes.source.estimators.few_rows import FewRows
from hasten.passes.source.estimators.metrics import PlainScores
from tests.passes.test_containers_harness import changes, observe, work_of

PROGRAM = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error, r2_score, roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
rng = np.random.default_rng(0)
X, y = rng.random((40, 3)), rng.integers(0, 2, 40)
for model in (RandomForestClassifier(5, random_state=0), LinearRegression()):
    model.fit(X, y)
    print(model.predict(X[:2]).tolist(), model.predict(X).sum().round(9))
for a, b in ((y, y[::-1]), (y, X[:, 0]), ([1, 2], [1, 3]), (["a"], ["b"]), ([], []), (y, y[:3])):
    try:
        print(accuracy_score(a, b), f1_score(a, b), round(roc_auc_score(a, b), 9))
    except ValueError as error:
        print(error)
    try:
        print(round(mean_squared_error(a, b), 9), round(r2_score(a, b), 9))
    except (ValueError, TypeError) as error:
        print(error)
print(cosine_similarity([[0, 0]], [[1, 2]]), euclidean_distances(X[:2]).round(9), cosine_similarity(X[:1], X[:2]).round(9))
"""


@pytest.mark.parametrize("a_pass", [PlainScores(), ForestOnAllCores(), FewRows()], ids=lambda p: p.code)
def test_rounds(a_pass: ContainerPass, tmp_path: Path) -> None:
    work = work_of(tmp_path, PROGRAM)
    rounds = 0
    while found := changes(a_pass, work):
        work = min(found, key=lambda c: len(c.edits)).apply(work)  # one site at a time
        rounds += 1
        assert rounds < 20
    assert rounds > 0
    assert observe(work.source("script.py").text) == observe(PROGRAM)
