"""A run over a net of texts, whole: one way to serve it, judged, certified, measured, loaded again."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hasten.api.models.fit import Complaints  # noqa: E402
from hasten.api.models.nets import net_workload  # noqa: E402
from hasten.core.model import ModelContract, ModelWorkload, Rows  # noqa: E402
from hasten.deliver.models import deliver_model  # noqa: E402
from hasten.observe.session import session  # noqa: E402
from hasten.passes.model.nets.run import TorchScript  # noqa: E402
from hasten.search.models.loop import optimise_model  # noqa: E402
from hasten.serve.served import load  # noqa: E402
from tests.models.texts.test_served import Means  # noqa: E402
from tests.models.texts.users import GOOD, TEXTS  # noqa: E402


def test_texts_go_in_and_certified_answers_come_out(tmp_path):
    torch.manual_seed(0)
    y = np.arange(len(TEXTS)) % 2
    work = ModelWorkload(Means().eval(), Rows(TEXTS, y), Rows(TEXTS[::-1], y), tokeniser=GOOD["an instance"])
    work = net_workload(work, Complaints("net"))
    with session(seed=0) as current:
        out = optimise_model(current, work, ModelContract(batches=(1, 8), threads=(1,)), (TorchScript(),))
        record = out.record
        (tried,) = record.candidates
        assert tried.accepted and record.varied > 30 and record.status == "finished"
        assert record.artifact is not None and record.artifact.at(8, 1) is not None
        delivery = deliver_model(record, out.artifact, tmp_path / "run")
    made = load(tmp_path / "run")
    np.testing.assert_allclose(made(TEXTS), work.model.forward(TEXTS), atol=1e-6)
    assert made.manifest.inputs.form == "texts" and not made.manifest.inputs.empty
    with pytest.raises(ValueError, match="no texts"):
        made([])
    assert "one text" in (delivery.artifact / "README.md").read_text()
