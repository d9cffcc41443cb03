"""Times read from texts one by one."""

from __future__ import annotations

import random
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hasten.passes.source.containers.dates import FORMATS, GUESSED, ISO_TIME, PANDAS_TIME, TIME_AS, IsoTime, shape_of
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
CHANGED |= {
    "other formats": """
from datetime import datetime
def read(t):
    out = []
    for form in (1, 2):
        try:
            out.append(datetime.strptime(t, "%d.%m.%Y %H:%M") if form == 1 else datetime.strptime(t, "%Y%m%d"))
        except Exception as error:
            out.append((type(error), str(error)))
    return out
for t in ("01.02.2024 10:30", "1.2.2024 10:30", "31.02.2024 10:30", "01.02.2024 24:00", "20240131", "20241301", "2024131", None, 3, b"20240131"):
    print(read(t))
""",
    "names of months": """
import locale
from datetime import datetime
class Word(str):
    pass
def read(t):
    out = []
    for reader in (lambda v: datetime.strptime(v, "%d/%b/%Y:%H:%M:%S"), lambda v: datetime.strptime(v, "[%b %d %Y]"),
                   lambda v: datetime.strptime(v, "%d-%b-%Y")):
        try:
            out.append(reader(t))
        except Exception as error:
            out.append((type(error), str(error)))
    return out
TEXTS = ("29/Feb/2024:10:30:59", "29/Feb/2023:10:30:59", "29/FEB/2024:10:30:59", "1/Jan/2024:10:30:59", "[Sep 09 2021]", "[sep 9 2021]",
         "30-May-1999", "3O-May-1999", "30-Mai-1999", "30-Mai-2０1０", "00-Dec-2020", "31-Apr-2020", "31-Jan-0000", "", None, 4, b"30-May-1999",
         Word("30-May-1999"), "30-May-1999 ", "30-MayMay", "30-05-1999", "30-0505-1999")
for t in TEXTS:
    print(read(t))
for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "POSIX", "C"):
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        continue
    print(name, [read(t) for t in TEXTS[:8]])
""",
    "offsets": """
from datetime import datetime
def read(t):
    out = []
    for reader in (lambda v: datetime.strptime(v, "%d/%b/%Y:%H:%M:%S %z"), lambda v: datetime.strptime(v, "%Y-%m-%d %H:%M:%S%z"),
                   lambda v: datetime.strptime(v, "%d.%m.%Y%z")):
        try:
            found = reader(t)
            out.append((repr(found), found.utcoffset(), found.fold))
        except Exception as error:
            out.append((type(error), str(error)))
    return out
for zone in ("+0000", "-0000", "+0130", "-0930", "+2359", "+2400", "-9959", "+0160", "Z", "z", "+01:30", "+013015", "-010000", "0100", "+01 00", "++100", "+01０0", ""):
    for t in ("10/Oct/2000:13:55:36 ", "10/oct/2000:13:55:36 ", "10/Oct/2000:13:55:36", "2024-02-29 10:30:59", "2024-2-29 10:30:9", "2023-02-29 10:30:59", "31.12.2024", "1.1.2024", ""):
        print(zone, read(t + zone))
print(read(None), read(7))
""",
    "frames": """
import numpy as np
import pandas as pd
import warnings
warnings.simplefilter("ignore")
class Word(str):
    pass
def age(t):
    d = pd.to_datetime(t, format="%d.%m.%Y", errors="coerce")
    return (pd.Timestamp("2024-01-01") - d).days
def show(v):
    print(repr(v), getattr(v, "unit", None), getattr(v, "dtype", None))
def read(texts):
    for t in texts:
        for reader in (pd.to_datetime, lambda v: pd.to_datetime(v), lambda v: pd.to_datetime(v, format="%Y-%m-%d %H:%M"), age):
            try:
                show(reader(t))
            except Exception as error:
                print(type(error), error)
read(["2024-02-30", "2024-02-29", "2024-02-29 10:30", "02.03.2020", "12/31/2024", "31/12/2024", "", None, np.nan, 7, 7.5, Word("2024-01-01"),
      np.str_("2024-01-01"), ["2024-01-01", "2024-01-02"], pd.Series(["01.02.2024"]), pd.NaT, pd.Timestamp("2024-01-01 01:00"), "now"[:0]])
s = pd.Series(["2024-02-29", "2024-03-01 10:00", "2024/03/02", None])
show(s.apply(pd.to_datetime))
show(s.map(pd.to_datetime))
show(pd.DataFrame({"a": s[:1], "b": s[:1]}).apply(pd.to_datetime).dtypes)
show(pd.DataFrame({"at": [pd.to_datetime(t) for t in s[:2]]})["at"])
""",
}
ALONE = {
    "whole names of months": "from datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%d-%B-%Y')\nprint(f('01-May-2024'))",
    "names of days": "from datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%a %d-%b-%Y')\nprint(f('Mon 01-Jan-2024'))",
    "the table of names": "import calendar\nfrom datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%d-%b-%Y')\ncalendar.month_abbr = []\nprint(f)",
    "no day": "from datetime import datetime\ndef f(t):\n    return datetime.strptime(t, '%H:%M')\nprint(f('01:02'))",
    "other ways to read": """
import pandas as pd
def f(t):
    return pd.to_datetime(t, dayfirst=True), pd.to_datetime(t, format="%d.%m.%Y", utc=True), pd.to_datetime(t, format=FORM)
FORM = "%d.%m.%Y"
print(f("01.02.2024"))
""",
    "other functions": """
import pandas as pd
def f(t):
    return t.apply(pd.to_datetime, errors="coerce"), t.agg(pd.to_datetime)
print(f(pd.Series(["2024-01-02"])))
""",
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


def test_any_text_is_read_as_before_by_pandas() -> None:
    """As above, for `to_datetime` with formats and without, and for `strptime` with formats of other orders."""
    pd = pytest.importorskip("pandas", minversion="3")
    names: dict[str, Any] = {}
    exec(PANDAS_TIME + TIME_AS, names)
    rng = random.Random(7)

    def told(read: Any, *arguments: Any, **given: Any) -> object:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                found = read(*arguments, **given)
            except ValueError as error:
                return type(error), str(error)
        return found, type(found), getattr(found, "unit", None), [str(w.message) for w in warned]

    orders = (
        "%d.%m.%Y",
        "%Y%m%d",
        "%Y%m%d%H",
        "%d/%m/%Y %H:%M",
        "%H:%M %d.%m.%Y",
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y%m%d_%H%M%S",
    )
    shapes = {s[0]: s[1] for f in GUESSED if (s := shape_of(f)) is not None}
    same = 0
    for form in (*orders, *GUESSED):
        shape, places = shape_of(form) or ("", ())
        for _ in range(60):
            at = datetime(
                rng.randint(1, 9999),
                rng.randint(1, 12),
                rng.randint(1, 28),
                rng.randint(0, 23),
                59,
                7,
                rng.randint(0, 10**6 - 1),
            )
            letters = list(at.strftime(form.replace("%Y", f"{at.year:04}")))
            for _ in range(rng.choice((0, 0, 1, 2))):
                letters[rng.randrange(len(letters))] = rng.choice("0123456789 -:+.TZ/,٣\n")
            text = "".join(letters)
            old = told(pd.to_datetime, text, format=form)
            assert told(names["_pandas_time"], pd, text, {shape: places}, format=form) == old, (text, form)
            assert told(names["_time_as"], datetime, text, form, shape, places) == told(
                datetime.strptime, text, form
            ), text
            same += isinstance(old, tuple) and len(old) == 4
            if form in GUESSED:
                assert told(names["_pandas_time"], pd, text, shapes) == told(pd.to_datetime, text), text
    assert same > 300
