"""A sentence encoder: a transformer, and one vector for all of its tokens."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional as f

MEAN, FIRST, LARGEST = "mean", "first", "largest"


class Pooled(nn.Module):
    """The mean of the tokens' vectors where the mask says so, that of the first token, or their largest values; as a
    vector of length 1 where `unit`."""

    def __init__(self, encoder: nn.Module, how: str = MEAN, unit: bool = False) -> None:
        super().__init__()
        self.encoder, self.how, self.unit = encoder, how, unit
        self.config = getattr(encoder, "config", None)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
        given = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **given)[0]
        if self.how == FIRST:
            out = hidden[:, 0]
        elif self.how == LARGEST:
            out = hidden.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e9).amax(1)
        else:
            kept = attention_mask.unsqueeze(-1).to(hidden.dtype)
            out = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
        return f.normalize(out) if self.unit else out
