"""Tree ensembles by our own predictor.

What it does     reads the fitted trees of scikit-learn, LightGBM, XGBoost or CatBoost into flat arrays, and answers
                 from them through one small C library: several trees at once for one row, 16 rows at once for more.
When it wins     nearly always: a call of one row costs microseconds, and small trees are answered without a walk.
Exact            comparisons and sums are made as the library makes them; probabilities agree to the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.errors import TargetError


@dataclass(frozen=True)
class CompiledTrees:
    code: ClassVar[str] = "HSM102"
    name: ClassVar[str] = "compiled trees"
    risk: ClassVar[Risk] = Risk.EXACT
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.trees import readers

        if readers(work.model) and "transform" not in work.methods:
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.trees import read
        from hasten.passes.model.trees.options import options_of
        from hasten.passes.model.trees.pack import packed
        from hasten.serve.backends.trees import save

        forest = read(work.model)
        if forest is None:
            raise CannotServe(f"{type(work.model).__name__} is no ensemble of trees that is read")
        try:
            save(packed(forest), folder)
        except TargetError as error:
            raise CannotServe(str(error)) from error
        methods = tuple(m for m in work.methods if m in forest.answers)
        return Built("trees", methods, options_of(forest, work.model))
