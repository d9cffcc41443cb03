"""Settings: `[tool.hasten]` of the target's pyproject.toml, under what the command line or the call says.

Every mistake found is reported at once, each with what was given, what is expected, and the nearest right name.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from hasten.core.contract import Quality
from hasten.errors import UsageError

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Settings:
    """`None` means "not said". Durations in s; `require` is old/new."""

    out: str | None = None
    budget: float | None = None
    rtol: float | None = None
    exact: bool | None = None
    require: float | None = None
    seed: int | None = None
    timeout: float | None = None
    compiled: bool | None = None
    quality: tuple[Quality, ...] | None = None

    def over(self, other: Settings) -> Settings:
        """These settings, with `other`'s where these say nothing."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        return replace(other, **said)


def duration(value: object) -> float:
    """`10m`, `90s`, `1h30m`, `250ms` or a number of seconds, as seconds. Raises `ValueError`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    else:
        text = str(value).strip().lower().replace(" ", "")
        if re.fullmatch(r"\d+(\.\d+)?", text):
            seconds = float(text)
        elif re.fullmatch(r"(\d+(\.\d+)?(ms|min|s|m|h))+", text):
            seconds = sum(float(n) * _UNITS[u] for n, _, u in re.findall(r"(\d+(\.\d+)?)(ms|min|s|m|h)", text))
        else:
            raise ValueError(f"{value!r} is not a duration; write 10m, 90s or 1h30m")
    if not (0 < seconds < math.inf):
        raise ValueError(f"{value!r} is not a duration above zero")
    return seconds


def gain(value: object) -> float:
    """`2x`, `1.5x` or `2`, as old/new. Raises `ValueError`."""
    text = str(value).strip().lower().removesuffix("x")
    try:
        number = math.nan if isinstance(value, bool) else float(text)
    except ValueError:
        number = math.nan
    if not (0 < number < math.inf):
        raise ValueError(f"{value!r} is not a gain; write 2x or 1.5x (old time / new time)")
    return number


def tolerance(value: object) -> float:
    """A relative tolerance, 0 to below 1. Raises `ValueError`."""
    try:
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = math.nan
    if not (0 <= number < 1):
        raise ValueError(f"{value!r} is not a relative tolerance; write a number from 0 to below 1, such as 1e-9")
    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def seed(value: object) -> int:
    """A whole number from 0 to 2**32 - 1 (what every random generator takes). Raises `ValueError`."""
    try:
        number = -1 if isinstance(value, (bool, float)) else int(str(value))
    except ValueError:
        number = -1
    if not (0 <= number < 2**32):
        raise ValueError(f"{value!r} is not a seed; write a whole number from 0 to 4294967295")
    return number


def _folder(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not the name of a folder")
    return value


def qualities(value: object) -> tuple[Quality, ...]:
    """`best_score:min`, `accuracy:max:0.5%`, or a list of such. Raises `ValueError`."""
    said = [value] if isinstance(value, (str, Quality)) else value
    if not isinstance(said, (list, tuple)):
        raise ValueError(f"{value!r} is not a quality; write NAME:min or NAME:max")
    return tuple(q if isinstance(q, Quality) else Quality.parse(str(q)) for q in said)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "out": _folder,
    "budget": duration,
    "rtol": tolerance,
    "exact": _flag,
    "require": gain,
    "seed": seed,
    "timeout": duration,
    "compiled": _flag,
    "quality": qualities,
}


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'budget'?`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def settings(values: Mapping[str, object], where: str) -> Settings:
    """`values` as settings. Raises one `UsageError` that lists every mistake."""
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name, value in values.items():
        if name not in _READERS:
            bad.append(f"{name}: no such setting{nearest(name, _READERS) or '; known: ' + ', '.join(_READERS)}")
            continue
        if value is None:
            continue
        try:
            good[name] = _READERS[name](value)
        except ValueError as error:
            bad.append(f"{name}: {error}")
    if bad:
        raise UsageError(f"{where}: " + "\n  ".join(["", *bad] if len(bad) > 1 else bad))
    return Settings(**good)


def project_settings(start: Path) -> Settings:
    """`[tool.hasten]` of the nearest pyproject.toml at or above `start`; empty when there is none.

    Raises `UsageError` for a file that is not TOML, and for wrong settings.
    """
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not TOML: {error}") from None
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None
        tool = data.get("tool", {})
        table = tool.get("hasten", {}) if isinstance(tool, dict) else {}
        if not isinstance(table, dict):
            raise UsageError(f"{file}: [tool.hasten] is not a table")
        return settings(table, f"{file} [tool.hasten]")
    return Settings()
