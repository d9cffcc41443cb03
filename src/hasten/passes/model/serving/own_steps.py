"""The model's own first steps, and a faster part behind them.

What it does     a pipeline that begins with code of its user (a function, a class) keeps those steps as they are; what
                 comes after them is served by generated code, compiled trees or both.
When it wins     pipelines that make features themselves, then encode, scale and predict by scikit-learn.
Exact            the user's code runs as it did; what is behind answers to rounding.
Holds            a pickle of those steps, which the part needs their packages to read.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk


@dataclass(frozen=True)
class OwnFirstSteps:
    code: ClassVar[str] = "HSM104"
    name: ClassVar[str] = "its own first steps"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.serving.generated.steps import is_translated

        steps = _steps(work.model)
        own = [i for i, step in enumerate(steps[:-1]) if not is_translated(step)]
        if own:
            yield {"steps": own[-1] + 1}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import cloudpickle

        from hasten.passes.model.serving.combined.members import member
        from hasten.serve.backends.own_steps import BEHIND, STEPS
        from hasten.verify.answers import asked
        from hasten.verify.schema import schema_of
        from hasten.verify.varied_rows import varied

        number = int(parameters["steps"])
        first, rest = work.model[:number], work.model[number:]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = first.transform(work.valid.x)
            if not (hasattr(x, "iloc") or getattr(x, "ndim", 0) == 2) or hasattr(x, "toarray"):
                raise CannotServe("its own steps give neither a DataFrame nor an array")
            inner = replace(work, model=_only(rest), valid=Rows(x, work.valid.y), test=None, train=None)
            schema = schema_of(inner.valid, {n: asked(inner.model, some, work.methods) for n, some in varied(x)})
        part = member(inner, folder, BEHIND)
        if part.backend == "original":
            raise CannotServe("nothing serves what is behind its own steps")
        with (folder / STEPS).open("wb") as file:
            cloudpickle.dump(first, file)
        options = {"inner": asdict(part), "schema": asdict(schema), "pickle": STEPS}
        needs = [type(s).__module__.partition(".")[0] for s in _steps(first)]
        packages = dict.fromkeys(["sklearn", *(n for n in needs if n != "__main__"), *part.packages])
        return Built("own steps", work.methods, options, tuple(packages))


def _steps(model: Any) -> list[Any]:
    found = type(model).__name__ == "Pipeline" and type(model).__module__.startswith("sklearn.")
    return [step for _, step in model.steps] if found else []


def _only(model: Any) -> Any:
    """A pipeline of one step is that step."""
    return model.steps[0][1] if len(model.steps) == 1 else model
