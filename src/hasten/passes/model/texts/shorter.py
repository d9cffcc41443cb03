"""Texts cut to fewer tokens.

What changes     the tokeniser keeps the first tokens of a text only. Recurrent nets take time for each token, filled up
                 or not; attention takes more than that for each.
When it wins     where texts are long and their beginnings say enough, and where short ones are filled up to one length.
Risk             quality: the judge decides by the budget. Where a net refuses texts for their length, none is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload, Tokenised
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.texts.behind import behind, shortened

SHARES = (0.75, 0.5, 0.35, 0.2)  # of the longest text's tokens that are left
FEWEST = 4  # tokens


@dataclass(frozen=True)
class ShorterTexts:
    code: ClassVar[str] = "HSM325"
    name: ClassVar[str] = "texts cut short"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        held, x = work.held, work.valid.x
        if held is None or held.most is not None or not isinstance(x, Tokenised):
            return
        longest = max((a.shape[1] for a in x.arrays.values() if a.ndim == 2), default=0)
        for tokens in dict.fromkeys(int(np.ceil(longest * share)) for share in SHARES):
            if FEWEST <= tokens < longest:
                yield {"tokens": tokens}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        assert work.held is not None
        return behind(work, shortened(work.held, parameters["tokens"]))
