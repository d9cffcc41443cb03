"""A trial that crashes, hangs or takes all memory ends alone: the process that builds is replaced, and the next is tried."""

from pathlib import Path

import cloudpickle
import pytest

torch = pytest.importorskip("torch")

from hasten.core.model_pass import Step  # noqa: E402
from hasten.observe.child import ChildFailed  # noqa: E402
from hasten.search.models.processes import Processes  # noqa: E402
from tests.models.nets import small  # noqa: E402

TRAINED = (Step("HSM320", "trained some more", {"epochs": 1}),)


@pytest.mark.slow
def test_trials_end_alone(tmp_path):
    def crashes(module, data):
        import os

        os.abort()

    def hangs(module, data):
        import time

        time.sleep(600)

    def takes_all(module, data):
        import resource

        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + 2**28, resource.RLIM_INFINITY))
        return torch.zeros(2**34)

    module = small.Stubborn()
    plain = tmp_path / "plain.pkl"
    plain.write_bytes(cloudpickle.dumps(small.work(module)))
    with Processes(tmp_path / "none.pkl", ("forward",)) as processes:
        for fit, kind, said in ((crashes, "died", "signal 6"), (takes_all, "raised", "memory"), (hangs, "late", "not")):
            file = tmp_path / f"{fit.__name__}.pkl"
            file.write_bytes(cloudpickle.dumps(small.work(module, fit=fit)))
            processes.build("net_after", str(file), (), deadline_s=120)  # torch is loaded
            given = (60.0, str(tmp_path / "checkpoint.pt"), "net_after", str(file), TRAINED)
            with pytest.raises(ChildFailed) as failed:
                processes.build("within", *given, deadline_s=3.0 if kind == "late" else 120)
            assert failed.value.kind == kind and said in failed.value.text.lower(), failed.value.text
            assert processes._builder is None  # nobody knows what it left behind
        assert processes.build("net_after", str(plain), (), deadline_s=120)["multiply_adds"] > 0
