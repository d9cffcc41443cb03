"""`hasten run` on trained models: from the file to the artifact, and everything that can be wrong before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import hasten
from hasten.api.models.files import read_model, read_table, with_arrays
from hasten.api.models.run import contract_of
from hasten.api.models.target import ModelOptions, is_model_target
from hasten.cli import main
from hasten.core.model_record import ModelRunRecord
from hasten.deliver.artifact import load as load_program
from hasten.deliver.artifact import load_any
from hasten.errors import TargetError, UsageError
from hasten.serve.manifest import read_manifest
from tests.models.conftest import people, pipeline

WORDS = ("--target", "bought", "--metric", "roc_auc", "--trust")


@pytest.fixture(scope="module")
def ran(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run by the command line."""
    out = tmp_path_factory.mktemp("run") / "out"
    status = main(["run", str(saved / "model.joblib"), "--data", str(saved / "valid.csv"), *WORDS, "--out", str(out),
                   "--format", "mlflow", "--threads", "1"])  # fmt: skip
    assert status == 0
    return out


def test_the_artifact_answers_as_the_original(ran: Path, saved: Path) -> None:
    served = hasten.load(ran)
    original = joblib.load(saved / "model.joblib")
    fresh = people(50, seed=2).drop(columns="bought")
    assert (served.predict(fresh) == original.predict(fresh)).all()
    np.testing.assert_allclose(served.predict_proba(fresh), original.predict_proba(fresh), rtol=1e-9)
    assert served.predict(fresh[:0].assign()).shape == (0,) if _answers_empty(original, fresh) else True
    row = fresh.iloc[0].to_dict()
    assert served.predict(row) == original.predict(fresh[:1])
    assert served.predict(dict(reversed(row.items()))) == original.predict(fresh[:1])
    with pytest.raises(ValueError, match="'city'"):
        served.predict({k: v for k, v in row.items() if k != "city"})
    with pytest.raises(AttributeError, match="it answers predict"):
        served.transform  # noqa: B018


def _answers_empty(model: Any, x: Any) -> bool:
    try:
        model.predict(x[:0])
    except ValueError:
        return False
    return True


def test_the_record_reads_back_and_reports_in_every_format(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = load_any(ran)
    assert isinstance(record, ModelRunRecord)
    assert ModelRunRecord.from_json(json.loads(record.dumps())) == record
    assert record.artifact is not None
    assert record.original is not None
    assert {(x.rows, x.form) for x in record.artifact.latencies} == {(1, "rows"), (256, "rows"), (1, "dict")}
    assert record.certified is not None
    assert record.certified.rows == record.rows["test"] == 100
    for name in ("terminal", "html", "json", "markdown"):
        assert main(["report", str(ran), "--format", name]) == 0
        assert "certified" in capsys.readouterr().out
    with pytest.raises(UsageError, match="run of a model"):
        load_program(ran)
    assert main(["apply", str(ran)]) == 2


def test_the_manifest_carries_contract_evidence_and_hashes(ran: Path, tmp_path: Path) -> None:
    manifest = read_manifest(ran / "artifact")
    assert manifest.contract["metric"] == "roc_auc"
    assert manifest.evidence["certified"]["rows"] == 100
    assert "README.md" in manifest.files
    copy = tmp_path / "copy"
    shutil.copytree(ran / "artifact", copy)
    victim = next(copy.glob("parts/*/*"))
    victim.write_bytes(victim.read_bytes() + b" ")
    with pytest.raises(TargetError, match="changed or missing since it was certified"):
        hasten.load(copy)
    victim.unlink()
    with pytest.raises(TargetError, match="changed or missing"):
        hasten.load(copy)
    with pytest.raises(TargetError, match="no artifact of hasten"):
        hasten.load(tmp_path)


def test_mlflow_files_name_our_loader(ran: Path) -> None:
    from hasten.serve.mlflow import _load_pyfunc

    text = (ran / "artifact" / "MLmodel").read_text()
    assert "loader_module: hasten.serve.mlflow" in text
    fresh = people(5, seed=3).drop(columns="bought")
    model = _load_pyfunc(str(ran / "artifact"))
    assert model.predict(fresh).shape == (5,)
    assert model.predict(fresh, {"method": "predict_proba"}).shape == (5, 2)


def test_check_certifies_again(ran: Path, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people(300, seed=5).to_csv(tmp_path / "fresh.csv", index=False)
    assert main(["check", str(ran), "--data", str(tmp_path / "fresh.csv"), "--target", "bought"]) == 0
    assert "holds on 300 rows" in capsys.readouterr().out
    words = ["check", str(ran), "--data", str(tmp_path / "fresh.csv"), "--target", "bought"]
    assert main([*words, "--model", str(saved / "model.joblib"), "--trust", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
    bad = people(300, seed=5)
    bad["bought"] = bad["bought"].map({"no": "yes", "yes": "no"})
    bad.to_csv(tmp_path / "bad.csv", index=False)
    assert main(["check", str(ran), "--data", str(tmp_path / "bad.csv"), "--target", "bought"]) == 1
    assert "does not hold" in capsys.readouterr().out


@pytest.mark.slow
def test_objects_go_in_and_out(tmp_path: Path) -> None:
    x, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(x[:200], y[:200])
    result = hasten.run(
        model, data=(x[200:], y[200:]), max_drop="1%", metric="r2", out=tmp_path / "r", batches=[1], threads=[1]
    )
    assert isinstance(result, hasten.ModelResult)
    np.testing.assert_allclose(result.load().predict(x[:5]), model.predict(x[:5]))
    assert result.record.task == "regression"
    assert "r2" in str(result)


class Threshold(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A rule of a user's own, which has a method that it does not answer."""

    def fit(self, X: Any, y: Any) -> Threshold:
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict(self, X: Any) -> Any:
        return self.classes_[(np.asarray(X, float)[:, 0] > 0).astype(int)]

    def predict_proba(self, X: Any) -> Any:
        raise NotImplementedError("no probabilities")


@pytest.mark.slow
def test_a_method_that_fails_is_left_out_and_the_original_kept(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(120, 2))
    model = Threshold().fit(x, np.where(x[:, 0] > 0, "up", "down"))
    result = hasten.run(model, data=(x, model.predict(x)), out=tmp_path / "r", batches=[1], threads=[1])
    assert any("predict_proba fails on the validation data" in note for note in result.record.notes)
    assert result.record.methods == ("predict",)
    assert result.record.artifact is not None
    assert not result.record.artifact.kept  # nothing serves it better, and the record says so
    assert result.load().predict(x[:5]).tolist() == model.predict(x[:5]).tolist()


def test_rows_that_are_dicts_for_the_model_itself(tmp_path: Path) -> None:
    rows = [{"city": "ab"[i % 2], "t": float(i % 7)} for i in range(120)]
    y = np.array([r["t"] > 2 for r in rows])
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, y)
    result = hasten.run(model, data=(rows, y), out=tmp_path / "r", batches=[1], threads=[1])
    served = result.load()
    np.testing.assert_array_equal(served.predict_proba(rows), model.predict_proba(rows))
    np.testing.assert_array_equal(served.predict_proba(rows[3]), model.predict_proba(rows[3:4]))
    np.testing.assert_array_equal(served.predict({"t": 6.0}), model.predict([{"t": 6.0}]))


@pytest.mark.slow
def test_several_outputs_of_classes_are_compared_without_a_score(tmp_path: Path) -> None:
    x, y = load_diabetes(return_X_y=True)
    labels = np.column_stack([y > 140, np.digitize(y, [100, 200])]).astype(int)
    model = MultiOutputClassifier(DecisionTreeClassifier(max_depth=2)).fit(x, labels)
    result = hasten.run(model, data=(x, labels), out=tmp_path / "r", batches=[1], threads=[1])
    assert any("predict_proba fails" in note for note in result.record.notes)  # lists of arrays of different widths
    np.testing.assert_array_equal(result.load().predict(x), model.predict(x))


def test_a_bare_booster_takes_arrays(tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = load_diabetes(return_X_y=True)
    labels = (y > 140).astype(int)
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(x, labels), 4)
    model = with_arrays(booster)
    np.testing.assert_array_equal(model.predict(x), booster.predict(xgboost.DMatrix(x)))
    assert with_arrays(LinearRegression()).__class__ is LinearRegression


def test_rows_as_a_sparse_matrix_are_told_what_to_do(tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(UsageError, match="give the pipeline that made it"):
        hasten.run(LinearRegression().fit(x, y), data=(sparse.csr_matrix(x), y), out=tmp_path / "r")


def test_mlflow_itself_serves_the_artifact(ran: Path, saved: Path) -> None:
    pyfunc = pytest.importorskip("mlflow.pyfunc")
    original = joblib.load(saved / "model.joblib")
    fresh = people(20, seed=4).drop(columns="bought")
    model = pyfunc.load_model(str(ran / "artifact"))
    np.testing.assert_array_equal(model.predict(fresh), original.predict(fresh))
    found = model.predict(fresh, params={"method": "predict_proba"})
    np.testing.assert_allclose(found, original.predict_proba(fresh), rtol=1e-9)


@pytest.mark.slow
def test_a_file_that_makes_a_workload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work.py").write_text(
        "import hasten\n"
        "from sklearn.datasets import load_iris\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "def make():\n"
        "    x, y = load_iris(return_X_y=True)\n"
        "    return hasten.ModelWorkload(LogisticRegression(max_iter=500).fit(x[::2], y[::2]), (x[1::2], y[1::2]))\n"
    )
    monkeypatch.chdir(tmp_path)
    assert is_model_target("work.py::make")
    assert main(["run", "work.py::make", "--metric", "accuracy", "--out", "r", "--batches", "1", "--threads", "1"]) == 0
    assert hasten.load("r").predict([[5.1, 3.5, 1.4, 0.2]]) == [0]


# --- what can be wrong ---------------------------------------------------------------------------------------------


def refused(saved: Path, *words: str, model: str = "model.joblib") -> str:
    """What the command line says, and that it says so with status 2."""
    import contextlib
    import io

    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        assert main(["run", str(saved / model), *words]) == 2
    return told.getvalue()


def test_a_pickle_needs_trust(saved: Path) -> None:
    told = refused(saved, "--data", str(saved / "valid.csv"), "--target", "bought")
    assert "runs code that is in it" in told
    assert "--trust" in told


def test_names_are_checked(saved: Path) -> None:
    data = str(saved / "valid.csv")
    assert "did you mean 'bought'" in refused(saved, "--data", data, "--target", "brought", "--trust")
    assert "which column" in refused(saved, "--data", data, "--trust")
    assert "did you mean 'roc_auc'" in refused(saved, "--data", data, *WORDS[:2], "--metric", "roc_au", "--trust")
    assert "no such file" in refused(saved, "--data", str(saved / "valud.csv"), *WORDS)
    assert "no such file; did you mean 'model.joblib'" in refused(saved, "--data", data, *WORDS, model="modell.joblib")
    assert "on which data" in refused(saved, "--trust")


def test_all_mistakes_are_told_at_once(saved: Path, tmp_path: Path) -> None:
    frame = people(30).drop(columns=["city"]).rename(columns={"income": "Income"})
    frame.loc[3:5, "bought"] = None
    frame.to_csv(tmp_path / "bad.csv", index=False)
    told = refused(saved, "--data", str(tmp_path / "bad.csv"), "--target", "bought", "--metric", "r2", "--trust")
    for part in ("income, city", "3 of 30 targets are missing", "metric r2 is for numbers"):
        assert part in told
    told = refused(saved, "--max-drop", "much", "--agree", "2", "--objective", "speed", "--batches", "x", "--trust")
    for part in ("is not a drop", "is not a share", "is no objective", "are no numbers above zero"):
        assert part in told


def test_options_of_programs_and_models_are_kept_apart(saved: Path, tmp_path: Path) -> None:
    assert "go with programs" in refused(saved, "--exact", "--data", "x.csv")
    (tmp_path / "p.py").write_text("print(1)\n")
    assert "go with a trained model" in refused(tmp_path, "--metric", "accuracy", model="p.py")
    assert not is_model_target(str(tmp_path / "p.py"))


def test_models_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"no pickle")
    with pytest.raises(TargetError, match=r"cannot be read as \.pkl"):
        read_model(tmp_path / "m.pkl", trust=True)
    (tmp_path / "d.npz").write_bytes(b"no table")
    with pytest.raises(TargetError, match=r"cannot be read as \.npz"):
        read_table(tmp_path / "d.npz")
    np.savez(tmp_path / "e.npz", a=np.ones(3))
    with pytest.raises(TargetError, match="it should hold `X` and `y`"):
        read_table(tmp_path / "e.npz")
    with pytest.raises(UsageError, match="data comes as"):
        read_table(tmp_path / "t.xls")


def test_a_model_of_another_version(tmp_path: Path) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    state = model.__getstate__()

    class Old(LogisticRegression):  # type: ignore[misc]
        def __getstate__(self) -> dict[str, Any]:
            return {**state, "_sklearn_version": "0.20.1"}

    old = Old()
    old.__class__ = LogisticRegression
    from sklearn.exceptions import InconsistentVersionWarning

    (tmp_path / "m.pkl").write_bytes(_pickled_as(model, "0.20.1"))
    with pytest.raises(TargetError, match=r"made by scikit-learn 0\.20\.1") as seen:
        read_model(tmp_path / "m.pkl", trust=True)
    assert "pip install scikit-learn==0.20.1" in str(seen.value)
    assert InconsistentVersionWarning is not None


def _pickled_as(model: Any, version: str) -> bytes:
    import pickle

    import sklearn

    text = pickle.dumps(model, protocol=0)
    return text.replace(sklearn.__version__.encode(), version.encode())


@pytest.mark.parametrize(
    ("model", "x", "y", "told"),
    [
        (LogisticRegression(), np.ones((40, 2)), np.arange(40) % 2, "not trained"),
        (None, np.ones((40, 3)), np.arange(40) % 2, "3 features"),
        (None, np.ones((40, 2)), np.arange(40) % 3, "targets that are no labels of the model: 2"),
        (None, np.ones((40, 2)), np.where(np.arange(40) % 2, "b", "a"), "no labels of the model"),
        (None, np.ones((10, 2)), np.arange(10) % 2, "fewest"),
        (None, np.ones((40, 2)), np.where(np.arange(40) % 5, 1.0, np.nan), "8 of 40 targets are missing"),
        (None, np.ones((40, 2)), np.arange(39) % 2, "40 rows, and 39 targets"),
        (object(), np.ones((40, 2)), np.arange(40) % 2, "no method of a model"),
    ],
)
def test_data_that_does_not_fit(model: Any, x: Any, y: Any, told: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    if model is None:
        model = RandomForestClassifier(3, random_state=0).fit(draw.normal(size=(40, 2)), np.arange(40) % 2)
    with pytest.raises(TargetError, match=told):
        hasten.run(model, data=(x, y), out=tmp_path / "r")


def test_probabilities_that_a_metric_needs(tmp_path: Path) -> None:
    model = SVC().fit([[0.0], [1.0]] * 20, [0, 1] * 20)
    with pytest.raises(TargetError, match="needs probabilities"):
        hasten.run(model, data=([[0.0], [1.0]] * 20, [0, 1] * 20), metric="log_loss", out=tmp_path / "r")


def test_contracts_from_words() -> None:
    contract = contract_of(ModelOptions(metric="accuracy", max_drop="0.5%", agree=True, batches="1,64"), None, 2.0)
    assert (contract.max_drop, contract.agree, contract.batches, contract.require) == (
        hasten.core.model.Drop(0.005), 1.0, (1, 64), 2.0,
    )  # fmt: skip
    assert not contract.same
    assert contract_of(ModelOptions(), None, None).same
    with pytest.raises(UsageError, match="a drop of what"):
        contract_of(ModelOptions(max_drop="1%"), None, None)


def test_tables_of_every_kind(tmp_path: Path) -> None:
    frame = people(20)
    frame.to_csv(tmp_path / "t.csv", index=False)
    kinds = [".csv"]
    if _has("pyarrow"):
        frame.to_parquet(tmp_path / "t.parquet")
        frame.to_feather(tmp_path / "t.arrow")
        kinds += [".parquet", ".arrow"]
    for kind in kinds:
        pd.testing.assert_frame_equal(read_table(tmp_path / f"t{kind}").frame, frame)


def _has(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def test_the_pipeline_of_these_tests_is_one_that_judges_can_tell_apart() -> None:
    model = pipeline(people(300))
    assert 0.7 < (model.predict(people(300, seed=9)) == people(300, seed=9)["bought"]).mean() < 0.98
