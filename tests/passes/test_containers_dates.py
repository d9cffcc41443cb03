"""Times read in the standard's format."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hasten.passes.source.containers.dates import FORMATS, ISO_TIME, IsoTime
from tests.passes.test_containers_harness import changed, left_alone

READ = """
import datetime as dt
from datetime import datetime
def read(texts):
    out = []
    for text in texts:
        for reader in (
            lambda t: datetime.strptime(t, "%Y-%m-%d"), lambda t: dt.datetime.strptime(t, "%Y-%m-%d %H:%M:%S"),
            lambda t: datetime.strptime(t, "%Y-%m-%dT%H:%M"), lambda t: datetime.strptime(t, "%Y-%m-%d %H:%M").date(),
        ):
            try:
                out.append(reader(text))
            except Exception as error:
                out.append((type(error), str(error)))
    return out
class Word(str):
    pass
"""
CHANGED = {
    "usual": READ
    + "print(read(['2024-02-29', '2024-02-29 23:59:59', '2023-02-29', '2024-12-31T00:00', '2024-01-01 07:30']))",
    "odd": READ
    + "print(read(['', None, 7, b'2024-01-01', Word('2024-01-01'), '2024-1-1', ' 2024-01-01', '2024-01-01 7:30:00', '2024-W01-1',"
    "'2024-01-01 24:00:00', '2024-01-01T24:00', '2024-01-01 23:59:60', '2024-01-01 23:59:61', '0000-01-01', '2024-13-01', '2024-00-10']))",
    "unusual signs": READ
    + "print(read(['２０２４-01-01', '2024-01-01 12+01', '2024-01-01 12:30Z', '2024-01-01T12:3Z', '2024-01-01 12:34+02', '2024-01-01t12:30',"
    "'2024-01-01 12:30\\\\n', '2024-01- 1', '2024-+1-01', '2024-01-01  1:30', '2024-01-01 1 :30', '2024-01-01 12:30:5', '2024-01-01 -1:30']))",
}
ALONE = {
    "another format": "from datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%d.%m.%Y')\nprint(f('01.02.2024'))",
    "another class": """
from datetime import datetime
class Time(datetime):
    @classmethod
    def strptime(cls, text, form):
        return text
def f(t):
    return Time.strptime(t, "%Y-%m-%d")
print(f("2024-01-01"))
""",
    "a name that means two things": """
from datetime import datetime
if not datetime:
    datetime = None
def f(t):
    return datetime.strptime(t, "%Y-%m-%d")
print(f("2024-01-01"))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(IsoTime(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(IsoTime(), tmp_path, ALONE[name])


def test_any_text_is_read_as_before() -> None:
    """Texts of the right form with signs put in anywhere."""
    names: dict[str, Any] = {}
    exec(ISO_TIME, names)
    rng = random.Random(5)

    def told(read: Any, *arguments: Any) -> object:
        try:
            return read(*arguments)
        except ValueError as error:
            return str(error)

    seen: set[type] = set()
    for form, size in FORMATS.items():
        for _ in range(1500):
            at = datetime(rng.randint(1, 9999), rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23), 59, 7)
            text = at.isoformat(sep=form[8] if size > 10 else "T")[:size]
            letters = list(text)
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                letters[rng.randrange(size)] = rng.choice("0123456789 -:+.TZWtz,٣\n")
            text = "".join(letters)
            old = told(datetime.strptime, text, form)
            assert told(names["_iso_time"], datetime, text, form, size) == old, text
            seen.add(type(old))
    assert seen == {str, datetime}
