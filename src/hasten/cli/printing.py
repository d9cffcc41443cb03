"""JSON on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """A dataclass as `hasten schema` describes it, or what its own `to_json` says."""
    from hasten.core.record import encode

    data = value.to_json() if hasattr(value, "to_json") else value
    json.dump(encode(data), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")
