"""Artifacts answer where nothing is installed but hasten, NumPy and the packages that their manifest names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from hasten.core.model_pass import ServingPass
from hasten.passes.model.serving.combined import CombinedMembers
from hasten.passes.model.serving.generated import GeneratedPredictor
from hasten.passes.model.serving.trees import CompiledTrees
from hasten.serve.native import compiler
from tests.models.cases import served, work_of

pytestmark = pytest.mark.filterwarnings("ignore")
X, Y = load_iris(return_X_y=True)
# everything that is neither Python's own, nor NumPy, nor hasten
ALONE = """
import sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root not in {"numpy", "hasten", "hasten_trees"} and root not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in [n for n in sys.modules if n.partition(".")[0] in ("sklearn", "scipy", "pandas")]:
    del sys.modules[name]
sys.meta_path.insert(0, Bare())
import hasten, numpy as np
made = hasten.load(sys.argv[1])
x = np.load(sys.argv[2])
np.savez(sys.argv[3], many=made.predict_proba(x), one=made.predict_proba(x[:1]), row=made.predict_proba({f"x{i}": v for i, v in enumerate(x[0])}))
"""
MODELS: dict[str, tuple[Any, ServingPass]] = {
    "generated": (make_pipeline(SplineTransformer(n_knots=4), LogisticRegression(max_iter=500)), GeneratedPredictor()),
    "trees": (RandomForestClassifier(5, random_state=0), CompiledTrees()),
    "combined": (
        VotingClassifier(
            [
                ("c", CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=2)),
                ("t", DecisionTreeClassifier(max_depth=3)),
            ],
            voting="soft",
        ),
        CombinedMembers(),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_nothing_else_is_needed(name: str, tmp_path: Path) -> None:
    model, found = MODELS[name]
    if name != "generated" and compiler() is None:
        pytest.skip("no C compiler here")
    made = served(work_of(model.fit(X, Y), X, Y), found, {}, tmp_path / "a")
    assert made.manifest.parts["part"].packages == ()
    np.save(tmp_path / "x.npy", X)
    words = [str(tmp_path / n) for n in ("a", "x.npy", "out.npz")]
    subprocess.run([sys.executable, "-c", ALONE, *words], check=True, capture_output=True, text=True)
    with np.load(tmp_path / "out.npz") as out:
        want = model.predict_proba(X)
        np.testing.assert_allclose(out["many"], want, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(out["one"], want[:1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(out["row"], want[:1], rtol=1e-9, atol=1e-12)


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    from hasten.passes.model.serving.original import AsItIs

    model = LogisticRegression(max_iter=500).fit(X, Y)
    served(work_of(model, X, Y), AsItIs(), {}, tmp_path / "a")
    np.save(tmp_path / "x.npy", X)
    words = [str(tmp_path / n) for n in ("a", "x.npy", "out.npz")]
    done = subprocess.run([sys.executable, "-c", ALONE, *words], check=False, capture_output=True, text=True)
    assert done.returncode
    assert "TargetError: this artifact needs" in done.stderr
    assert "pip install scikit-learn" in done.stderr
