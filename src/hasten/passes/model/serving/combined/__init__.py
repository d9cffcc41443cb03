"""Members by the parts that serve each best, put together again.

What it does     a vote, a stack, a bag, a calibrated classifier, one model a class or an output, a classifier with
                 another threshold, a regressor of a transformed target: each member becomes a part of its own
                 (generated code, compiled trees), and a few lines of NumPy make one answer of theirs.
When it wins     always: members cost microseconds, and what stands around them no checks.
Exact            to rounding: sums are made in the original's order.
Else             a member that nothing serves answers as it is, where others are served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk

FINAL = "final"


@dataclass(frozen=True)
class CombinedMembers:
    code: ClassVar[str] = "HSM103"
    name: ClassVar[str] = "combined members"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.serving.combined.kinds import combination

        try:
            found = combination(work.model)
        except CannotServe:
            found = None
        if found is not None:
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.serving.combined.kinds import combination
        from hasten.passes.model.serving.combined.members import member
        from hasten.serve.backends.combining import rule
        from hasten.serve.backends.original import FILE

        found = combination(work.model)
        if found is None:
            raise CannotServe(f"{type(work.model).__name__} is no combination of models")
        absent = [m for m in work.methods if m not in found.methods]
        if absent:
            raise CannotServe(f"{type(work.model).__name__}: {', '.join(absent)} is not put together here")
        rows = found.rows(work.valid.x)
        options: dict[str, Any] = {
            **found.options,
            "how": found.how,
            "matrix": found.matrix,
            "members": len(found.members),
        }
        wants: list[set[str]] = [set() for _ in found.members]
        for method in work.methods:
            for asked, wanted in zip(wants, rule(found.how, method, options, _nothing).wants, strict=True):
                asked.add(wanted)
        parts, packages, pickles = list[dict[str, Any]](), list[str](), list[str]()
        for i, (each, asked) in enumerate(zip(found.members, wants, strict=True)):
            columns = None if found.columns is None else found.columns[i]
            some = rows if columns is None else rows[:, columns]
            made = member(ModelWorkload(each, Rows(some), methods=tuple(sorted(asked))), folder, str(i))
            pickles += [f"{i}/{FILE}"] if made.backend == "original" else []
            packages += made.packages
            parts.append({"part": asdict(made), "place": str(i), "columns": columns, "row": min(asked)})
        if len(pickles) == len(parts):
            raise CannotServe("none of its members is served in another way than it is")
        options |= {"parts": parts, "final": None}
        if found.final is not None:
            x = found.features(work.valid.x)
            made = member(ModelWorkload(found.final, Rows(x), methods=found.final_methods(work.methods)), folder, FINAL)
            packages += made.packages
            options["final"] = asdict(made)
            pickles += [f"{FINAL}/{FILE}"] if made.backend == "original" else []
        if pickles:
            options["pickle"] = ", ".join(pickles)
        return Built("combined", work.methods, options, tuple(dict.fromkeys(packages)))


def _nothing(method: str) -> Any:
    """In place of the last estimator, where only the members' questions are looked at."""
    return None
