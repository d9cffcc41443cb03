"""What a cell leaves behind, written as text, so that runs of it can be compared value by value.

This file is copied beside the program of a live cell; it uses the standard library only and imports nothing of hasten.
"""

from __future__ import annotations

from typing import Any

MOST = 2_000_000  # parts written; what is beyond is told by a digest


def write(values: dict[str, Any]) -> None:
    """All values, in full, into a file beside the program."""
    import hashlib

    rest = hashlib.sha256()
    with open("_live_results.txt", "w", encoding="utf-8", errors="backslashreplace") as out:
        count = 0
        for name, value in values.items():
            for part in _parts(value, {}, 0):
                count += 1
                if count <= MOST:
                    out.write(f"{name} {part}\n")
                else:
                    rest.update(part.encode("utf-8", "backslashreplace"))
        if count > MOST:
            out.write(f"rest {rest.hexdigest()}\n")


def display(*values: object, **_: object) -> None:
    for value in values:
        print(repr(value))


def _parts(value: Any, seen: dict[int, Any], depth: int) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, complex, str, bytes):
        yield f"{kind.__name__} {value!r}"
        return
    if id(value) in seen or depth > 200:
        yield f"{kind.__name__} again"
        return
    seen[id(value)] = value  # kept alive, so that its number stays its own
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind in (list, tuple):
        yield f"{name} {len(value)}"
        for item in value:
            yield from _parts(item, seen, depth + 1)
    elif kind in (set, frozenset):
        yield f"{name} {len(value)}"
        yield from sorted(" ".join(_parts(item, seen, depth + 1)) for item in value)
    elif isinstance(value, dict):
        yield f"{name} {len(value)}"
        for key, item in value.items():
            yield from _parts(key, seen, depth + 1)
            yield from _parts(item, seen, depth + 1)
    elif all(hasattr(value, part) for part in ("dtype", "tolist", "ravel")) and not hasattr(value, "to_csv"):
        yield f"{name} {value.dtype} {value.shape}"
        yield from (repr(item) for item in (value.ravel().tolist() if value.shape else [value.tolist()]))
    elif hasattr(value, "to_csv") and hasattr(value, "dtypes"):
        yield f"{name} {value.shape} {value.dtypes!r}"
        yield from value.to_csv().splitlines()
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        yield name
        for key, item in sorted(vars(value).items()):
            yield f"field {key}"
            yield from _parts(item, seen, depth + 1)
    elif callable(value) or isinstance(value, type):
        yield f"{name} {getattr(value, '__qualname__', '')}"
    else:
        yield f"{name} {value!r}"
