"""Text of the helper that keeps what functions ask of frames from call to call. See `emitted`."""

from __future__ import annotations

# From pandas 3 on, whoever writes into a frame whose columns somebody else holds writes into a copy. So the columns
# that are held here never change, and a frame that holds the very same arrays has not changed either.
KEPT_PARTS = """\
class {name}:
    # parts of frames that calls ask for one after another, found again as long as a frame holds the same data
    kept, seen = [], []

    @classmethod
    def of(cls, frame):
        for parts in cls.kept:
            if parts.frame is frame:
                if parts.unchanged():
                    return parts
                cls.kept.remove(parts)
                break
        parts = {frame_parts}(frame)
        if parts.known and int({pd}.__version__.split(".")[0]) >= 3:
            if any(ref() is frame for ref in cls.seen):
                cls.kept = [parts, *cls.kept[:3]]
            else:
                cls.seen = [*(ref for ref in cls.seen[-3:] if ref() is not None), {weakref}.ref(frame)]
        return parts
"""

APPLY_TO_WINDOWS = """\
def {name}(windows, function):
    # `windows.apply(function)`, whose windows are parts of an array instead of a Series each
    kinds = ({pd}.api.typing.Rolling, {pd}.api.typing.Expanding)
    if not isinstance(windows, kinds) or "bottleneck" in {sys}.modules:
        return windows.apply(function)

    def reduced(values):
        # missing and huge values are left to pandas
        if {np}.abs(values).max(initial=0.0) <= 1e140:
            return function({column_part}(values, lambda: {pd}.Series(values)))
        return function({pd}.Series(values))

    return windows.apply(reduced, raw=True)
"""
