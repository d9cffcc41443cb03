"""Times read from texts one by one.

What it finds    `datetime.strptime(text, "%d.%m.%Y")`, `pd.to_datetime(text)`, also with a format, and
                 `.apply(pd.to_datetime)`.
Why it is slow   `strptime` looks its format up, matches a regular expression and puts the parts together, in Python;
                 `to_datetime` makes arrays and guesses a format for every single text (0.1 to 0.5 ms).
Example          datetime.strptime(row["at"], "%Y-%m-%d %H:%M")   ->   _iso_time(datetime, row["at"], "%Y-%m-%d %H:%M")
                 pd.to_datetime(s, format="%d.%m.%Y")   ->   _pandas_time(pd, s, ..., format="%d.%m.%Y")
Safe when        the text has exactly the format's length, digits and signs (looked at while it runs). Any other text or
                 value, and one that names no time, is the library's, as before: its leniency, warnings and messages
                 stay. Names of months ("%b") are read while the locale of times is "C", offsets ("%z") at the end.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.columns.syntax import pandas_major
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts

# with how many characters a text has that is written so in full
FORMATS = {"%Y-%m-%d": 10} | {
    f"%Y-%m-%d{between}{time}": size for between in " T" for time, size in (("%H:%M", 16), ("%H:%M:%S", 19))
}
# parts of a time in the order in which they are given to `datetime`, and how many digits each has in full
DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}
SIGNS = frozenset(" -/.:,_T[]")
# formats that `to_datetime` guesses for such texts without a warning
GUESSED = (*FORMATS, *(f"%m/%d/%Y{time}" for time in ("", " %H:%M", " %H:%M:%S")))

ISO_TIME = '''\
def _iso_time(cls, text, form, size):
    """`cls.strptime(text, form)`, where `size` is the length of a text that is written in this format in full."""
    if type(text) is str and len(text) == size and text[4] == text[7] == "-" and cls.__module__ == "datetime":
        if size == 10 or text[10] == form[8] and text[11:13] < "24" and text[13] == ":" and text[16:17] in ("", ":"):
            try:
                found = cls.fromisoformat(text)
            except ValueError:
                found = None
            if found is not None and found.tzinfo is None:
                return found
    return cls.strptime(text, form)


'''
TIME_AS = '''\
_AS_ZEROS = str.maketrans("123456789", "000000000")


def _time_as(cls, text, form, shape, places):
    """`cls.strptime(text, form)`, with the digits of year, month, ... at `places` where all are there."""
    if type(text) is str and text.translate(_AS_ZEROS) == shape and cls.__module__ == "datetime":
        try:
            return cls(*[int(text[a:b]) for a, b in places])
        except ValueError:
            pass
    return cls.strptime(text, form)


'''
NAMED_TIME = '''\
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTHS = {name: f"{number:02d}" for number, name in enumerate(_MONTHS, 1)}
_TIME_ZEROS = str.maketrans("123456789", "000000000")


def _named_time(cls, text, form, shape, places, month):
    """`cls.strptime(text, form)`, with the name of the month at `month`, and with digits and signs as in `shape`."""
    if type(text) is str and cls.__module__ == "datetime":
        named = _MONTHS.get(text[month : month + 3])
        if named is not None and _locale.setlocale(_locale.LC_TIME) == "C":
            digits = text[:month] + named + text[month + 3 :]
            if digits.translate(_TIME_ZEROS) == shape:
                try:
                    return cls(*[int(digits[a:b]) for a, b in places])
                except ValueError:
                    pass
    return cls.strptime(text, form)


'''
ZONED_TIME = '''\
def _zoned_time(read, cls, text, form, *given):
    """`cls.strptime(text, form)` of a text that ends in an offset, which `read` reads without it."""
    zone = text[-5:] if type(text) is str and cls.__module__ == "datetime" else ""
    if len(zone) == 5 and zone[0] in "+-" and zone[1:].isascii() and zone[1:].isdigit() and zone[3] < "6":
        try:
            offset = _datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
            offset = _datetime.timezone(-offset if zone[0] == "-" else offset)
            return read(cls, text[:-5], form[:-2], *given).replace(tzinfo=offset)
        except ValueError:
            pass
    return cls.strptime(text, form)


'''
NAMED = ("import locale as _locale\n", NAMED_TIME)
ZONED = ("import datetime as _datetime\n", ZONED_TIME)
PANDAS_TIME = '''\
_ZEROS = str.maketrans("123456789", "000000000")


def _pandas_time(pd, text, shapes, **given):
    """`pd.to_datetime(text, **given)`, with year, month, ... at the places of the shape that fits."""
    places = shapes.get(text.translate(_ZEROS)) if type(text) is str else None
    if places is not None:
        try:
            return pd.Timestamp(*[int(text[a:b]) for a, b in places])
        except ValueError:
            pass
    return pd.to_datetime(text, **given)


'''


def shape_of(form: str) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """What a text of this format looks like with zeros for digits, and where year, month, day, ... are in it."""
    shape, found, at = "", {}, 0
    while at < len(form):
        if form[at] == "%":
            part = form[at + 1 : at + 2]
            if part not in DIGITS or part in found:
                return None
            found[part] = (len(shape), len(shape) + DIGITS[part])
            shape += "0" * DIGITS[part]
            at += 2
        elif form[at] in SIGNS:
            shape += form[at]
            at += 1
        else:
            return None
    if len(found) < 3 or list(DIGITS)[: len(found)] != [p for p in DIGITS if p in found]:
        return None
    return shape, tuple(found[p] for p in DIGITS if p in found)


class IsoTime(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST115"
    name: ClassVar[str] = "times read one by one"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if any(m.names & {"freezegun", "time_machine", "month_abbr"} for m in place.project.modules):
            return
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call):
                    continue
                for at, text, helpers, slow in (*_strptime(module, node), *_to_datetime(module, node)):
                    yield Parts(
                        title="times read from where their digits are",
                        first=at.lineno,
                        last=at.end_lineno or at.lineno,
                        reason=slow,
                        remedy="digits at fixed places, for texts that are written in full",
                        replace=((at, text),),
                        prelude=helpers,
                    )


def _strptime(module: Module, call: ast.Call) -> Iterator[tuple[ast.expr, str, tuple[str, ...], str]]:
    """A call of `strptime`: what is replaced, its new text, the helpers, and why it is slow."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=cls, attr="strptime"),
            args=[text, ast.Constant(value=str() as form) as given],
            keywords=[],
        ) if not isinstance(text, ast.Starred) and module.imported(cls) == "datetime.datetime":
            pass
        case _:
            return
    slow = "strptime matches a regular expression for every text"
    arguments = f"{module.text(cls)}, {module.text(text)}, {module.text(given)}"
    zoned = form.endswith("%z")
    reader = _reader(form.removesuffix("%z"))
    if reader is None:
        return
    name, rest, helpers = reader
    if zoned:
        yield call, f"_zoned_time({name}, {arguments}, {rest})", (*helpers, *ZONED), slow
    else:
        yield call, f"{name}({arguments}, {rest})", helpers, slow


def _reader(form: str) -> tuple[str, str, tuple[str, ...]] | None:
    """The helper that reads texts of this format, what it is given beside text and format, and its definition."""
    if form in FORMATS:
        return "_iso_time", str(FORMATS[form]), (ISO_TIME,)
    month = form.find("%b") if "%m" not in form else -1
    found = shape_of(form.replace("%b", "%m") if month >= 0 else form)
    if found is None:
        return None
    shape, places = found
    if month < 0:
        return "_time_as", f"{shape!r}, {places}", (TIME_AS,)
    return "_named_time", f"{shape!r}, {places}, {places[1][0]}", NAMED


def _to_datetime(module: Module, call: ast.Call) -> Iterator[tuple[ast.expr, str, tuple[str, ...], str]]:
    """A call of pandas' `to_datetime`, or one that hands it to `apply` or `map`; else as above."""
    if pandas_major() < 3:
        return  # times of another resolution
    slow = "to_datetime makes arrays for every single text"
    match call:
        case ast.Call(func=ast.Attribute(attr="apply" | "map"), args=[given], keywords=[]) if _is_reader(module, given):
            text = module.fresh("text")
            helped = f"lambda {text}: _pandas_time({_pandas(module, given)}, {text}, {_shapes(GUESSED)})"
            yield given, helped, (PANDAS_TIME,), slow
        case ast.Call(func=func, args=[given], keywords=keywords) if _is_reader(module, func):
            options = {k.arg: k.value for k in keywords}
            form, errors = options.pop("format", None), options.pop("errors", None)
            if options or isinstance(given, ast.Starred):
                return
            if errors is not None and not (isinstance(errors, ast.Constant) and errors.value in ("raise", "coerce")):
                return
            forms: tuple[str, ...] = GUESSED
            if form is not None:
                if not isinstance(form, ast.Constant) or not isinstance(form.value, str):
                    return
                forms = (form.value,)
            if all(shape_of(f) is None for f in forms):
                return
            rest = "".join(f", {module.text(k)}" for k in keywords)
            arguments = f"{_pandas(module, func)}, {module.text(given)}, {_shapes(forms)}{rest}"
            yield call, f"_pandas_time({arguments})", (PANDAS_TIME,), slow


def _is_reader(module: Module, node: ast.AST) -> bool:
    """`pd.to_datetime`, under whatever name pandas has in the file."""
    return isinstance(node, ast.Attribute) and module.imported(node) == "pandas.to_datetime"


def _pandas(module: Module, node: ast.AST) -> str:
    assert isinstance(node, ast.Attribute)
    return module.text(node.value)


def _shapes(forms: tuple[str, ...]) -> str:
    found = [s for f in forms if (s := shape_of(f)) is not None]
    return "{" + ", ".join(f"{shape!r}: {places}" for shape, places in found) + "}"
