"""Attention with fewer heads, and with layers in it that are no longer plain ones.

Source  Michel, Levy, Neubig, "Are Sixteen Heads Really Better than One?", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any


def attentions(module: Any) -> Iterator[tuple[str, Any]]:
    """Every `nn.MultiheadAttention` (no subclass, which may do anything) by its name, once."""
    from torch import nn

    for name, m in module.named_modules():
        if type(m) is nn.MultiheadAttention and m.bias_k is None and not m.add_zero_attn and m.num_heads > 1:
            yield name, m


def projections(attention: Any) -> tuple[Any, Any, Any]:
    """The weights of queries, keys and values."""
    if attention.in_proj_weight is not None:
        q, k, v = attention.in_proj_weight.chunk(3)
        return q, k, v
    return attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight


def with_heads(attention: Any, kept: Sequence[int]) -> Any:
    """`attention` with these heads only."""
    import torch

    size = attention.head_dim
    rows = torch.cat([torch.arange(h * size, (h + 1) * size) for h in kept])
    made = _fewer_heads()(len(kept), size, attention.batch_first, attention.dropout)
    with torch.no_grad():
        weights = [w[rows].clone() for w in projections(attention)]
        biases: Sequence[Any] = (None, None, None)
        if attention.in_proj_bias is not None:
            biases = [b[rows].clone() for b in attention.in_proj_bias.chunk(3)]
        for name, w, b in zip("qkv", weights, biases, strict=True):
            setattr(made, name, _linear(w, b))
        out = attention.out_proj
        made.out = _linear(out.weight[:, rows].clone(), None if out.bias is None else out.bias.clone())
    return made.train(attention.training)


def _linear(weight: Any, bias: Any) -> Any:
    from torch import nn

    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    made.weight = nn.Parameter(weight)
    if bias is not None:
        made.bias = nn.Parameter(bias)
    return made


@cache
def _fewer_heads() -> Any:
    import torch
    from torch import nn
    from torch.nn import functional as f

    class FewerHeads(nn.Module):
        """`nn.MultiheadAttention`, whose heads need not fill the width of the embedding."""

        # what nn.TransformerEncoderLayer reads when it decides whether its own compiled way will do: it will not
        in_proj_weight = None
        in_proj_bias = None
        _qkv_same_embed_dim = False

        def __init__(self, heads: int, size: int, batch_first: bool, dropout: float) -> None:
            super().__init__()
            self.num_heads, self.size, self.batch_first, self.dropout = heads, size, batch_first, dropout
            self.q: Any
            self.k: Any
            self.v: Any
            self.out: Any

        def forward(
            self, query: Any, key: Any, value: Any, key_padding_mask: Any = None, need_weights: bool = True,
            attn_mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
        ) -> Any:  # fmt: skip
            single = query.dim() == 2
            if single:
                query, key, value = (t.unsqueeze(0 if self.batch_first else 1) for t in (query, key, value))
                if key_padding_mask is not None:
                    key_padding_mask = key_padding_mask.unsqueeze(0)
            if not self.batch_first:
                query, key, value = (t.transpose(0, 1) for t in (query, key, value))
            q, k, v = (self._split(w(t)) for w, t in ((self.q, query), (self.k, key), (self.v, value)))
            mask = self._mask(q, attn_mask, key_padding_mask)
            if need_weights:
                weights = q @ k.transpose(-2, -1) / self.size**0.5
                weights = (weights if mask is None else weights + mask).softmax(-1)
                answer = f.dropout(weights, self.dropout, self.training) @ v
            else:
                weights = None
                answer = f.scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0)
            answer = self.out(answer.transpose(1, 2).flatten(2))
            if weights is not None and average_attn_weights:
                weights = weights.mean(1)
            if not self.batch_first:
                answer = answer.transpose(0, 1)
            if single:
                answer = answer.squeeze(0 if self.batch_first else 1)
                weights = weights if weights is None else weights.squeeze(0)
            return answer, weights

        def _split(self, t: Any) -> Any:
            return t.unflatten(-1, (self.num_heads, self.size)).transpose(1, 2)

        def _mask(self, q: Any, attn_mask: Any, padding: Any) -> Any:
            """Both masks as one that is added to the weights; None without any."""
            found = None
            if attn_mask is not None:
                if attn_mask.dtype == torch.bool:
                    attn_mask = torch.zeros_like(attn_mask, dtype=q.dtype).masked_fill(attn_mask, float("-inf"))
                if attn_mask.dim() == 3:  # of each row and head; heads that are gone have theirs no more
                    raise TypeError("a mask for each head does not fit attention with fewer heads")
                found = attn_mask
            if padding is not None:
                if padding.dtype == torch.bool:
                    padding = torch.zeros_like(padding, dtype=q.dtype).masked_fill(padding, float("-inf"))
                padding = padding[:, None, None, :]
                found = padding if found is None else found + padding
            return found

    FewerHeads.__module__, FewerHeads.__qualname__ = __name__, "FewerHeads"
    return FewerHeads


def __getattr__(name: str) -> Any:
    """`FewerHeads`, made when it is first asked for: a pickled net names it, and torch is loaded late."""
    if name == "FewerHeads":
        return _fewer_heads()
    raise AttributeError(name)


def leave_fast_path(module: Any) -> None:
    """Encoder layers of torch that hold other layers than they were made with go through these.

    Otherwise they read weights by name and call none of them.
    """
    from torch import nn

    changed = set()
    for m in module.modules():
        if isinstance(m, nn.TransformerEncoderLayer):
            plain = type(m.self_attn) is nn.MultiheadAttention and all(
                isinstance(getattr(m, n), nn.Linear) for n in ("linear1", "linear2")
            )
            if not plain:
                m.activation_relu_or_gelu = 0
                changed.add(m)
    for m in module.modules():
        if isinstance(m, nn.TransformerEncoder) and changed.intersection(m.modules()):
            m.use_nested_tensor = False
