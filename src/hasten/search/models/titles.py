"""How a step is called in reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def titled(name: str, parameters: Mapping[str, Any]) -> str:
    """A pass with its parameters: `fewer trees (share=0.5)`."""
    told = ", ".join(f"{k}={v}" for k, v in parameters.items())
    return f"{name} ({told})" if told else name
