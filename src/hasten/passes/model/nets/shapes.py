"""Does a net that was changed still answer, in the shape and type of before?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hasten.core.model import Tensors
from hasten.serve.net import Net


def answers_alike(net: Net, made: Any, inputs: Mapping[str, Any]) -> bool:
    """Whether the module `made`, asked as it will be, answers what `net` does in shape and type, and with numbers.

    Of many rows, and of one: a width that its code holds as a number shows in one of them.
    """
    x = Tensors({n: t.numpy() for n, t in inputs.items()})
    try:
        for some in (x, x.take(slice(0, 1))):
            old, new = net.forward(some), Net(made, net.names, net.device).forward(some)
            if old.shape != new.shape or old.dtype != new.dtype or not np.isfinite(new).all():
                return False
    except Exception:  # noqa: BLE001 - whatever it raises, it does not answer
        return False
    return True
