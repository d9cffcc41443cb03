"""A slice of `python -m benchmarks.judge models`: wrong trees, weights and options are made, and turned down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
from benchmarks import judge, judge_models
from hasten.serve.backends.machine import level
from hasten.serve.native import compiler
from hasten.verify.answers import Refusal

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler here")


@pytest.mark.parametrize("name", ["boosted", "logistic"])
def test_what_the_other_judge_sees_is_turned_down(name: str, tmp_path: Path) -> None:
    found = list(judge.judged_model(name, 14, tmp_path))
    assert len({j.kind for j in found}) >= 8 and len(found) >= 10
    assert any(j.changes == judge.RUN for j in found)
    for j in found:
        assert j.by or j.changes == judge.NONE, j
        assert j.by == "recorded" or j.changes != judge.RUN, j


@pytest.mark.parametrize("name", ["layers, ONNX", "layers, int8"])
def test_faults_in_nets_are_turned_down(name: str, tmp_path: Path) -> None:
    for package in ("torch", "onnx", "onnxruntime"):
        pytest.importorskip(package)
    if name == "layers, int8" and "VNNI" not in level():
        pytest.skip("no products of whole numbers here")
    found = list(judge.judged_model(name, 8, tmp_path))
    assert len({j.kind for j in found}) >= 5 and any(j.changes == judge.RUN for j in found)
    for j in found:
        assert j.by == "recorded" or j.changes != judge.RUN, j


def test_answers_are_compared_as_the_contract_has_them() -> None:
    usual = {"p": np.array([0.5, 2.0])}
    close, far = {"p": np.array([1.0, 1e-6])}, {"p": np.array([1.0, 3e-5])}
    assert judge_models.apart({"p": np.array([1.0, 0.0])}, close, usual) == ""
    assert "1 of 2 scores" in judge_models.apart({"p": np.array([1.0, 0.0])}, far, usual)
    assert "labels" in judge_models.apart({"p": np.array([1, 2])}, {"p": np.array([1, 3])}, usual)
    assert judge_models.apart({"p": np.array([np.nan])}, {"p": np.array([np.nan])}, usual) == ""
    assert judge_models.apart({"p": np.array([np.nan])}, {"p": np.array([0.0])}, usual)
    refused = {"p": Refusal("ValueError", "no")}
    assert judge_models.apart(refused, refused, usual) == "" != judge_models.apart(refused, close, usual)
