"""Records with something in every part of a page."""

from __future__ import annotations

from dataclasses import replace

from hasten.core.measurement import Speedup
from hasten.core.model import Drop, ModelContract
from hasten.core.model_pass import Step
from hasten.core.model_record import (
    AgreementRecord,
    CandidateRecord,
    CurveRecord,
    EpochRecord,
    ExplanationRecord,
    LatencyRecord,
    ModelRunRecord,
    QualityOfModel,
)
from hasten.core.record import (
    CheckRecord,
    ContributionRecord,
    Excerpt,
    OriginRecord,
    ProfileRecord,
    RunRecord,
)
from tests.deliver.records import full_record

NASTY = "</script><script>alert(1)</script><!--\u2028\x1b[31m\u202eevil|`*_ ünï \udcff ' \" </pre></style>"

PATCH = """\
diff --git a/script.py b/script.py
--- a/script.py
+++ b/script.py
@@ -1,3 +1,3 @@
-x = [1]
+x = {1}
 y = 2
 %s
"""


def rich_record(text: str = "script.py") -> RunRecord:
    """With checks, origins, contributions, source and stacks of both profiles."""
    record = full_record(text)
    frames = ("script.py:<module>:1", f"script.py:{text.replace(chr(10), ' ')}:4", "script.py:run:7")
    profile = replace(record.profile, frames=frames, stacks=((0, 1, 300), (0, 2, 100), (80,)))
    after = ProfileRecord(40, 0.01, 2.0, 90.0, 0.0, "py-spy", (), (), frames[:2], ((0, 1, 40),))
    return replace(
        record,
        profile=profile,
        after=after,
        checks=(CheckRecord("exit status", "0", "0"), CheckRecord("stdout", text, text, "floats 1e-09 relative")),
        origins=(OriginRecord("script.py", "old", 1, 1, 0), OriginRecord("script.py", "new", 1, 1, 0)),
        excerpts=(Excerpt("script.py", 3, ("def run():", f"    return {text!r}  # {text}".replace("\n", " "))),),
        contributions=(
            ContributionRecord("HST101", (0,), 2.5, Speedup(1.8, 1.7, 1.9, 2, decided="faster")),
            ContributionRecord("HST602", (), 0.1, None, text),
        ),
        trials=tuple(replace(t, place=0 if t.kept else None, why=text) for t in record.trials),
    )


def patch_of(text: str = "z = 3") -> str:
    return PATCH % text.replace("\n", " ")


def model_record(text: str = "pipeline.joblib") -> ModelRunRecord:
    """Four candidates and the original, trained and explained."""

    def candidate(n: int, verdict: str = "accepted", **more: object) -> CandidateRecord:
        gain = Speedup(2.0 * n, 1.9 * n, 2.1 * n, 9, decided="faster")
        sizes = tuple(LatencyRecord(rows, 1, 1e-3 * rows / n, 2e-3 * rows / n, 90, speedup=gain) for rows in (1, 256))
        steps = (Step(f"HSM10{n}", f"{text} {n}", {}),)
        quality = QualityOfModel("accuracy", 0.9, 0.9 - 0.004 * n, -0.008 * n, 0.001, 0.01, 400)
        return CandidateRecord(
            steps, verdict, text, AgreementRecord(400, 400, n, 0.01 * n, 0.02), quality, sizes,
            size_mb=4.0 / n, memory_mb=90.0 + n, load_s=0.1 * n, build_s=2.0 * n, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    curve = CurveRecord(tuple(EpochRecord(i, 1.0 / (i + 1), 1.2 / (i + 1)) for i in range(6)), 4)
    other = ExplanationRecord(0.91, 0.7, 0.8, 5, 60, 12)
    kept = candidate(
        4, kept=True, multiply_adds=20.3e6, front=True, told=(f"trained 5 epochs: {text}",), curves=(curve,)
    )
    return ModelRunRecord(
        text, "sklearn.Pipeline", "classification", ModelContract("accuracy", Drop(0.01, True)),
        methods=("predict",), rows={"valid": 400, "test": 300, "train": 900},
        candidates=(candidate(1), candidate(2, front=True, explained=other), candidate(3, "rejected"), kept),
        routes=(("any number of rows", text),), original=candidate(1, multiply_adds=40.6e6), artifact=kept,
        certified=QualityOfModel("accuracy", 0.9, 0.897, -0.006, 0.001, 0.01, 300),
        certified_agreement=AgreementRecord(300, 300, 3, 0.01, 0.02),
        explained=ExplanationRecord(0.97, 0.8, 0.9, 5, 60, 12), gradients=ExplanationRecord(0.44, 0.1, 0.5, 5, 60, 12),
        gradients_control=ExplanationRecord(0.89, 0.6, 0.8, 5, 60, 12), varied=20, machine={"cpu": text, "cores": 2},
        versions={"python": "3.11.7"}, own_s=60.0, command=f"hasten run {text}", notes=(text,),
    )  # fmt: skip
