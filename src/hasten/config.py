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
    """`None` means "not said". Durations in s; `require` and `fail_under` are old/new. What each is: `OPTIONS`."""

    out: str | None = None
    budget: float | None = None
    rtol: float | None = None
    exact: bool | None = None
    require: float | None = None
    seed: int | None = None
    timeout: float | None = None
    compiled: bool | None = None
    quality: tuple[Quality, ...] | None = None
    target: tuple[str, ...] | None = None
    fail_under: float | None = None
    bring: tuple[str, ...] | None = None
    build: str | None = None

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


def _names(value: object) -> tuple[str, ...]:
    said = [value] if isinstance(value, str) else value
    if not isinstance(said, (list, tuple)) or not all(isinstance(v, str) and v.strip() for v in said):
        raise ValueError(f"{value!r} is neither a name nor a list of names")
    return tuple(said)


def _command(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a shell command")
    return value


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
    "target": _names,
    "fail_under": gain,
    "bring": _names,
    "build": _command,
}


@dataclass(frozen=True)
class Option:
    """One setting of [tool.hasten]: what it means, what holds without it, and an example as TOML."""

    name: str
    meaning: str
    default: str
    example: str


OPTIONS: tuple[Option, ...] = (
    Option("out", "the folder that results go to; every run replaces the last one", "a new folder in .hasten/runs",
           '"hasten-result"'),
    Option("budget", "longest time for a search or a measurement; it ends with the best so far",
           "10 times the program's own time, and 60 s", '"10m"'),
    Option("timeout", "longest time for a single run of the program, in `hasten profile` and `hasten compare`",
           "10 minutes to profile; to compare, by how long the program takes", '"10m"'),
    Option("rtol", "floats of the results may differ by this relative tolerance; all else is exact", "1e-9", "1e-9"),
    Option("exact", "floats must keep the same bits", "false", "true"),
    Option("compiled", "whether the result may use Numba and extension modules; else plain Python, NumPy, pandas",
           "true", "false"),
    Option("quality", "the result of a search may be another one, if this is at least as good: NAME:min, NAME:max, "
           "with a slack after it; a list for several", "no result may change", '"best_score:min:0.5%"'),
    Option("require", "`hasten run` ends with status 1 unless the gain (old time / new time) is at least this",
           "any gain will do", '"1.5x"'),
    Option("seed", "the seed of hasten's own choices", "0", "0"),
    Option("target", "what `hasten compare REVISION REVISION` and `hasten watch` run; a list for several",
           "it must be named", '"script.py"'),
    Option("fail_under", "`hasten compare` ends with status 1 when the old revision's time / the new one's is shown to "
           "be below this", "only results count", "0.95"),
    Option("bring", "what git does not track and `hasten compare` puts into the work trees of both revisions",
           "nothing", '["data"]'),
    Option("build", "a shell command that `hasten compare` runs in each work tree first", "nothing",
           '"make"'),
)  # fmt: skip


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
