"""The variables of a recorded state, and changing how long they are: all of one length together.

Runs in the replay child: standard library only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

CUT_ABOVE = 400  # elements a single value may have before states are cut
CUT_TO = 24

Slot = tuple[
    str, Any, str
]  # which part of the state, key or position in it, attribute of the object there ("" for itself)


def slots_of(state: dict[str, Any], parameters: Sequence[str]) -> list[Slot]:
    found: list[Slot] = [("args", i, "") for i in range(len(state.get("args", ())))]
    for part in ("kwargs", "names", "cells", "globals"):
        found += [(part, key, "") for key in state.get(part, {})]
    attributes: list[Slot] = []
    for part, key, _ in found:
        value = state[part][key]
        own = getattr(value, "__dict__", None)
        if type(value).__flags__ & (1 << 9) and type(own) is dict and not isinstance(value, type):
            module = type(value).__module__.partition(".")[0]
            if module not in ("numpy", "pandas", "builtins", "sklearn", "torch", "scipy"):
                attributes += [(part, key, name) for name in itertools.islice(own, 12)]
    return found + attributes


def get(state: dict[str, Any], slot: Slot) -> Any:
    part, key, attribute = slot
    value = state[part][key]
    return vars(value)[attribute] if attribute else value


def set_(state: dict[str, Any], slot: Slot, new: Any) -> None:
    part, key, attribute = slot
    if attribute:
        vars(state[part][key])[attribute] = new
    elif part == "args":
        args = list(state["args"])
        args[key] = new
        state["args"] = tuple(args)
    else:
        state[part][key] = new


# -- cutting


def cut_state(state: dict[str, Any]) -> bool:
    """Cut big containers in place of the originals, all dimensions of one length alike. True when anything was cut."""
    lengths: set[int] = set()
    slots = [s for s in slots_of(state, []) if s[0] != "cells"]
    values = [get(state, s) for s in slots]
    for value in values:
        lengths |= _dimensions(value)
    long = {n: CUT_TO + i for i, n in enumerate(sorted(n for n in lengths if n > CUT_ABOVE))}
    # a product of moderate dimensions is big too
    for value in values:
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape) and len(shape) > 1:
            size = math.prod(long[n] if n in long else n for n in shape)  # noqa: SIM401 - typed
            if size > CUT_ABOVE * 50:
                long.update({n: min(n, CUT_TO + i) for i, n in enumerate(sorted(set(shape))) if n > CUT_TO})
    if not long:
        return False
    seen: dict[int, Any] = {}
    for slot, value in zip(slots, values, strict=True):
        new = _cut(value, long, seen)
        if new is not value:
            set_(state, slot, new)
    return True


def shared_lengths(state: dict[str, Any]) -> list[int]:
    """Up to two lengths that several values have: rows of one thing, which must become more or fewer together."""
    lengths: list[int] = []
    for slot in slots_of(state, []):
        value = get(state, slot)
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple) and shape and slot[0] != "cells":
            lengths.append(shape[0])
        elif type(value) in (list, tuple) and slot[0] != "cells":
            lengths.append(len(value))
    found = sorted({n for n in lengths if 0 < n <= CUT_ABOVE and lengths.count(n) > 1}, key=lambda n: -lengths.count(n))
    return found[:2]


def relaid(state: dict[str, Any], length: int, places: list[int]) -> bool:
    """Every list, array and table of so many rows gets the rows at `places`; whether there was any."""
    memo: dict[int, tuple[Any, Any]] = {}  # with what was there, so that no other object gets its number
    for slot in slots_of(state, []):
        value = get(state, slot)
        module = type(value).__module__.partition(".")[0]
        if slot[0] == "cells":
            continue
        if id(value) in memo:
            new = memo[id(value)][1]
        elif type(value) in (list, tuple) and len(value) == length:
            new = type(value)(value[i] for i in places)
        elif module == "numpy" and len(getattr(value, "shape", "")) and value.shape[0] == length:
            new = value.take(places, axis=0)
        elif module == "pandas" and hasattr(value, "iloc") and len(value) == length:
            new = value.iloc[places]
        else:
            continue
        memo[id(value)] = value, new
        set_(state, slot, new)
    return bool(memo)


def _dimensions(value: Any) -> set[int]:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return {n for n in shape if isinstance(n, int)}
    if type(value) in (list, tuple, dict, set, str):
        found = {len(value)}
        if type(value) in (list, tuple) and value and type(value[0]) in (list, tuple):
            found.add(len(value[0]))
        return found
    return set()


def _cut(value: Any, long: dict[int, int], memo: dict[int, Any]) -> Any:
    """A shorter copy (the same one for the same object), or the value itself."""
    if id(value) in memo:
        return memo[id(value)][1]
    new = value
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    if kind is int:
        new = long.get(value, value)
    elif kind in (list, tuple):
        items = value[: long[len(value)]] if len(value) in long else value
        if any(type(v) in (list, tuple) and len(v) in long for v in items):
            items = kind(_cut(v, long, memo) for v in items)
        new = items
    elif kind is dict and len(value) in long:
        new = dict(itertools.islice(value.items(), long[len(value)]))
    elif kind is set and len(value) in long:
        new = set(itertools.islice(value, long[len(value)]))
    elif module == "numpy" and hasattr(value, "ndim"):
        if any(n in long for n in value.shape):
            new = value[tuple(slice(long.get(n)) for n in value.shape)].copy()
    elif module == "pandas" and hasattr(value, "iloc") and len(value) in long:
        new = value.iloc[: long[len(value)]].copy()
    memo[id(value)] = (value, new)
    return new
