"""Varied inputs: a recorded state, changed one value at a time into what the program did not show.

Empty and one-element containers, zeros, negatives, huge integers, NaN and infinities, `None`, other dtypes, a
late element of another type, read-only and non-contiguous arrays, duplicated and shuffled indexes, missing keys
and columns, two names for one object, subclasses that override `__getitem__`. A recorded state that is big is
cut down first, all equal lengths alike, so that many cases fit into a second. Runs in the replay child:
standard library only; NumPy and pandas when loaded.
"""

from __future__ import annotations

import itertools
import pickle
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hasten.observe import snapshot
from hasten.verify.lengths import Slot, cut_state, get, relaid, set_, shared_lengths, slots_of

HUGE = 2**63
LONG = 80  # elements of the longest inputs, unless recorded ones are longer: more than buffers begin with

Variant = tuple[str, Any]


class OddList(list):  # type: ignore[type-arg]
    """A list whose elements look different through `[]`: code that reads the storage directly gets it wrong."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found + 1 if type(found) in (int, float) else found


class OddDict(dict):  # type: ignore[type-arg]
    """A dict that answers for keys it does not have."""

    def __missing__(self, key: Any) -> Any:
        return 0


class Lookalike:
    """Equal to a number, with a hash of its own, and greater than nothing: what sets and sorting get wrong."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return bool(self.number == (other.number if isinstance(other, Lookalike) else other))

    def __hash__(self) -> int:
        return 7

    def __lt__(self, other: object) -> bool:
        return True


class Via:
    """A value that pickling cannot express, as the call that makes it when the state is unpickled."""

    def __init__(self, maker: Callable[[Any], Any], value: Any) -> None:
        self.maker = maker
        self.value = value

    def __reduce__(self) -> Any:
        return self.maker, (self.value,)


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def strided(array: Any) -> Any:
    """The same values, every other element of a buffer twice as long."""
    numpy: Any = sys.modules["numpy"]
    wide = numpy.repeat(array, 2, axis=0) if array.ndim else array
    return wide[::2] if array.ndim else wide


def backwards(array: Any) -> Any:
    """The same values with a negative stride."""
    numpy: Any = sys.modules["numpy"]
    return numpy.ascontiguousarray(array[::-1])[::-1]


def fortran(array: Any) -> Any:
    numpy: Any = sys.modules["numpy"]
    return numpy.asfortranarray(array)


def odd_array(array: Any) -> Any:
    """An ndarray of a subclass whose `[]` answers differently."""
    numpy: Any = sys.modules["numpy"]

    class OddArray(numpy.ndarray):  # type: ignore[misc]
        def __getitem__(self, index: Any) -> Any:
            found = super().__getitem__(index)
            return found + 1 if isinstance(found, (numpy.integer, numpy.floating)) else found

        def __reduce__(self) -> Any:
            return odd_array, (numpy.array(self),)

    OddArray.__module__, OddArray.__qualname__ = __name__, "OddArray"
    return array.view(OddArray)


# -- what a value may become


def variants(value: Any, rng: random.Random, depth: int = 0) -> list[Variant]:
    """Other values in place of this one, the most telling first."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if isinstance(value, pandas.DataFrame):
            return _lazily(_frames(value, rng))
        if isinstance(value, pandas.Series):
            return _lazily(_series(value, rng))
    if numpy is not None and hasattr(numpy, "ndarray"):
        if isinstance(value, numpy.ndarray):
            return _lazily(_arrays(value, rng))
        if isinstance(value, numpy.generic):
            return _scalars(value)
    kind = type(value)
    if kind is bool:
        return [("negated", not value), ("None", None), ("int", int(value)), ("empty str", ""), ("2", 2)]
    if kind is int:
        return _mixed(_ints(value), [*_named(value), ("list", [1]), ("lookalike", Lookalike(value))])
    if kind is float:
        return _mixed(_floats(value), [*_named(value), ("list", [1.0])])
    if kind is str:
        found: list[Variant] = [
            ("empty", ""), ("unicode", "é日本\u0301İß"), ("doubled", value * 2), ("None", None), ("one letter", "a"),
            ("upper", value.upper()), ("spaces", f"  {value}\n"), ("bytes", value.encode("utf-8", "replace")),
            ("nul", "\0"), ("digits", "12"), ("list", ["a"]),
        ]  # fmt: skip
        return _mixed(found, _named(value))
    if value is None:
        return [("0", 0), ("empty list", []), ("empty str", ""), ("1.5", 1.5)]
    if isinstance(value, (list, tuple)) and kind in (list, tuple):
        return _sequences(value, rng, depth)
    if isinstance(value, dict):
        return _dicts(value, rng, depth)
    if kind in (set, frozenset):
        return _sets(value)
    return []


def _mixed(a: list[Variant], b: list[Variant]) -> list[Variant]:
    """Both in turn: neither must wait for the other's end."""
    return [v for pair in itertools.zip_longest(a, b) for v in pair if v is not None]


def _lazily(makers: Iterator[tuple[str, Callable[[], Any]]]) -> list[Variant]:
    """The variants that can be made of this value; a cast or an index that its dtype does not allow is left out."""
    found = []
    for name, make in makers:
        try:
            found.append((name, make()))
        except Exception:  # noqa: BLE001 - pandas and NumPy raise many kinds for what does not fit
            continue
    return found


# -- values that the code itself names


CONSTANTS: list[Any] = []  # of the code at hand: the two sides of every border that it draws


def learn(constants: Sequence[Any]) -> None:
    """From now on, values of a constant's type may become it, and whole numbers what is beside it."""
    CONSTANTS[:] = constants


def _named(value: Any) -> list[Variant]:
    kind = type(value)
    if kind is str:
        pieces = [c for c in CONSTANTS if type(c) is str]
        pieces += [part for c in pieces for part in re.findall(r"\w+", c)]
        return [(f"named {c!r}"[:40], c) for c in dict.fromkeys(pieces)][:8]
    if kind in (int, float):
        numbers = [c for c in CONSTANTS if type(c) in (int, float)]
        if kind is int:
            whole = [int(c) for c in numbers if c == c and abs(c) < HUGE]
            return [(f"named {n}", n) for n in dict.fromkeys(m for c in whole for m in (c, c + 1, c - 1))][:10]
        return [(f"named {float(c)}", float(c)) for c in dict.fromkeys(numbers) if abs(c) < HUGE][:6]
    return []


def _ints(value: int) -> list[Variant]:
    found: list[Variant] = [
        ("0", 0), ("-1", -1), ("float", float(value) if abs(value) < 1e300 else 1e300), ("1", 1), ("None", None),
        ("True", True), ("plus one", value + 1), ("negative", -value), ("huge", HUGE), ("str", str(value)[:9]),
        ("2**31", 2**31), ("huge negative", -HUGE - 1), ("half", value + 0.5 if abs(value) < 1e300 else 0.5),
    ]  # fmt: skip
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "int64") and abs(value) < HUGE:
        found.insert(6, ("int64", numpy.int64(value)))
        if -128 <= value < 128:
            found.append(("int8", numpy.int8(value)))
    return found


def _floats(value: float) -> list[Variant]:
    found: list[Variant] = [
        ("nan", float("nan")), ("0.0", 0.0), ("int", int(value) if value == value and abs(value) < 1e15 else 3),
        ("inf", float("inf")), ("-0.0", -0.0), ("None", None), ("negative", -value), ("huge", 1e308),
        ("-inf", float("-inf")), ("tiny", 5e-324), ("True", True), ("huge int", 10**30), ("str", "1.5"),
    ]  # fmt: skip
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "float64"):
        found.insert(4, ("float64", numpy.float64(value)))
        found.append(("float32", numpy.float32(value)))
    return found


def _scalars(value: Any) -> list[Variant]:
    numpy: Any = sys.modules["numpy"]
    kind = value.dtype.kind
    if kind == "f":
        return [
            ("nan", type(value)("nan")), ("0", type(value)(0)), ("float", float(value)), ("inf", type(value)("inf")),
            ("None", None), ("int", 3), ("float32", numpy.float32(value)), ("-0.0", type(value)(-0.0)),
        ]  # fmt: skip
    if kind in "iu":
        return [
            ("0", type(value)(0)), ("int", int(value)), ("float64", numpy.float64(value)), ("None", None),
            ("most", numpy.iinfo(value.dtype).max), ("int8", numpy.int8(int(value) % 100)), ("-1", -1),
        ]  # fmt: skip
    return [("None", None)]


def _replaced(value: Any, at: int, item: Any) -> Any:
    items = list(value)
    items[at] = item
    return type(value)(items) if type(value) in (list, tuple) else items


def _sequences(value: Any, rng: random.Random, depth: int) -> list[Variant]:
    kind = type(value)
    found: list[Variant] = [("empty", kind())]
    if not value:
        return [*found, ("one int", kind([1])), ("one float", kind([1.5])), ("None", None), ("one str", kind(["a"]))]
    last = value[-1]
    late: list[Variant] = []
    if depth < 3:
        late = [(f"last {n}", _replaced(value, -1, v)) for n, v in variants(last, rng, depth + 1)[:9]]
    numbers = all(type(v) in (int, float) for v in value)
    found.append(("one element", kind(value[:1])))
    found.append(("long", kind([*value] * -(-LONG // len(value)))))
    if numbers:
        found += [
            ("late str", _replaced(value, -1, "x")),
            ("late None", _replaced(value, -1, None)),
            ("late nan", _replaced(value, -1, float("nan"))),
            ("late huge int", _replaced(value, -1, 10**30)),
            ("late 2**63", _replaced(value, -1, HUGE)),  # among others, NumPy makes floats of it
            ("late other number", _replaced(value, -1, 2.5 if type(last) is int else 7)),
            ("late bool", _replaced(value, -1, True)),
            ("zeros", kind(type(v)(0) for v in value)),
            ("negative", kind(-v for v in value)),
            ("first nan", _replaced(value, 0, float("nan"))),
            ("floats", kind(float(v) if abs(v) < 1e300 else 1.0 for v in value)),
            ("ints", kind(int(v) if v == v and abs(v) < 1e300 else 0 for v in value)),
            ("minus zero", _replaced(value, -1, -0.0)),
            ("late inf", _replaced(value, -1, float("inf"))),
            ("near 2**63", _replaced(value, 0, HUGE - 1)),
        ]
    found += [("reversed", kind(reversed(value))), ("all the same", kind([value[0]] * len(value)))]
    found += [("late list", _replaced(value, -1, [1])), ("late lookalike", _replaced(value, -1, Lookalike(1)))]
    found += [(f"late {n}", _replaced(value, -1, v)) for n, v in _named(value[0])]
    found += late
    found += [("late None", _replaced(value, -1, None)), ("late other type", _replaced(value, -1, object_like(last)))]
    found += [
        ("shorter", kind(value[:-1])),
        ("twice", kind([*value, *value])),
        ("six times", kind([*value] * 6)),
        ("None", None),
    ]
    if all(type(v) is list for v in value):
        found += [
            ("ragged", _replaced(value, -1, list(last)[:-1])),
            ("empty rows", kind([] for _ in value)),
            ("tuple rows", kind(tuple(v) for v in value)),
            ("one row many times", kind([value[0]] * len(value))),
        ]
    shuffled = list(value)
    rng.shuffle(shuffled)
    found.append(("shuffled", kind(shuffled)))
    found += [(n, kind(items)) for n, items in OTHER_ITEMS if type(items[0]) is not type(value[0])]
    if kind is list:
        found += [("tuple", tuple(value)), ("odd list", OddList(value))]
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "asarray") and numbers and all(abs(v) < HUGE for v in value):
            found.append(("array", numpy.asarray(value)))
    else:
        found.append(("list", list(value)))
    return list({n: (n, v) for n, v in reversed(found)}.values())[::-1]


# lists of what the recording did not hold
OTHER_ITEMS: tuple[tuple[str, list[Any]], ...] = (
    ("ints instead", [3, 1, 2, 1]), ("words instead", ["b", "a", "b"]), ("pairs instead", [(3, 2), (1, 2), (2, 2)]),
    ("lists instead", [[1], [2], [1]]), ("floats instead", [1.5, float("nan"), -0.0]),
)  # fmt: skip


FEW: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("few whole numbers", (3, 1)), ("few words", ("a", "b")), ("few numbers", (0.5, float("nan"))),
)  # fmt: skip


def object_like(value: Any) -> Any:
    """A value of another type than this one."""
    return 3 if isinstance(value, (str, bytes, list, dict, tuple)) or value is None else "x"


def _dicts(value: Any, rng: random.Random, depth: int) -> list[Variant]:
    def rebuilt(items: Sequence[tuple[Any, Any]]) -> Any:
        copy = pickle.loads(snapshot.dumps(value))
        copy.clear()
        for k, v in items:
            dict.__setitem__(copy, k, v)
        return copy

    items = list(dict.items(value))
    found: list[Variant] = [("empty", rebuilt([]))]
    if items:
        found.append(("without a key", rebuilt(items[:-1])))
        found.append(("other order", rebuilt(items[::-1])))
        if depth < 3:
            key, last = items[-1]
            found += [(f"last {n}", rebuilt([*items[:-1], (key, v)])) for n, v in variants(last, rng, depth + 1)[:6]]
        found.append(("None value", rebuilt([*items[:-1], (items[-1][0], None)])))
        found.append(("without the first key", rebuilt(items[1:])))
    found.append(("extra str key", rebuilt([*items, ("an extra key", items[0][1] if items else 1)])))
    found.append(("extra int key", rebuilt([*items, (-1, items[0][1] if items else 1)])))
    found.append(("None", None))
    if type(value) is dict:
        found.append(("odd dict", OddDict(value)))
    return found


def _sets(value: Any) -> list[Variant]:
    kind = type(value)
    return [
        ("empty", kind()), ("with another type", kind([*value, ("other", 1)])), ("one element", kind(list(value)[:1])),
        ("with None", kind([*value, None])), ("list", list(value)), ("None", None),
        ("with nan", kind([*value, float("nan")])),
    ]  # fmt: skip


def _arrays(value: Any, rng: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    numpy: Any = sys.modules["numpy"]
    kind = value.dtype.kind

    def put(at: int, item: Any) -> Any:
        copy = numpy.array(value)
        copy.reshape(-1)[at] = item
        return copy

    if value.ndim:
        yield "empty", lambda: value[:0].copy()
        yield "one element", lambda: value[:1].copy()
        yield "longer", lambda: numpy.concatenate([value, value[::-1]])
        if 0 < len(value) < LONG:
            yield "long", lambda: numpy.concatenate([value] * -(-LONG // len(value)))
    if kind == "f" and value.size:
        yield "late nan", lambda: put(-1, numpy.nan)
        yield "first nan", lambda: put(0, numpy.nan)
        yield "inf", lambda: put(-1, numpy.inf)
        yield "-inf", lambda: put(0, -numpy.inf)
        yield "minus zero", lambda: numpy.zeros_like(value) * -1.0
        yield "huge", lambda: numpy.full_like(value, 1e308 if value.dtype.itemsize >= 8 else 3e38)
    if kind in "iu" and value.size:
        most = numpy.iinfo(value.dtype).max
        yield "largest", lambda: put(-1, most)
        yield "smallest", lambda: put(0, numpy.iinfo(value.dtype).min)
        yield "all largest", lambda: numpy.full_like(value, most)
        yield "small ints", lambda: value.astype(numpy.int8)
        yield "unsigned", lambda: value.astype(numpy.uint8)
    if kind in "iufc":
        yield "zeros", lambda: numpy.zeros_like(value)
        yield "negative", lambda: -value
        for dtype in ("float32", "int32", "float64", "int64", "object", "complex128"):
            if value.dtype != numpy.dtype(dtype):
                yield dtype, lambda dtype=dtype: _cast(value, dtype)  # type: ignore[misc]
    if value.ndim:
        yield "not contiguous", lambda: Via(strided, numpy.array(value))
        yield "negative stride", lambda: Via(backwards, numpy.array(value))
    yield "read only", lambda: Via(read_only, numpy.array(value))
    if value.ndim > 1:
        yield "fortran order", lambda: Via(fortran, numpy.array(value))
        yield "one dimension less", lambda: value[0].copy()
        yield "transposed", lambda: numpy.array(value.T)
    yield "None", lambda: None
    if value.size:
        yield "all the same", lambda: numpy.full_like(value, value.reshape(-1)[0])
        yield "0-d", lambda: numpy.array(value.reshape(-1)[0])
        yield "reversed", lambda: numpy.array(value[::-1])
    if kind in "iufb":
        yield "list", lambda: value.tolist()
        yield "other byte order", lambda: value.astype(value.dtype.newbyteorder())
        yield "bool", lambda: value.astype(bool)
        yield "one dimension more", lambda: value[..., None].copy()
        yield "odd subclass", lambda: odd_array(numpy.array(value))
        yield (
            "masked",
            lambda: numpy.ma.masked_array(value.copy(), mask=numpy.arange(value.size).reshape(value.shape) % 3 == 0),
        )
    if kind == "O" and value.size:
        yield "late None", lambda: put(-1, None)
        yield "late str", lambda: put(-1, "x")
        yield "late nan", lambda: put(-1, float("nan"))
    if kind in "US" and value.size:
        yield "late empty", lambda: put(-1, "")
        yield "object", lambda: value.astype(object)
    if kind in "mM" and value.size:
        yield "late NaT", lambda: put(-1, "NaT")


def _cast(value: Any, dtype: str) -> Any:
    numpy: Any = sys.modules["numpy"]
    with numpy.errstate(all="ignore"):
        if dtype.startswith("int"):
            return numpy.nan_to_num(value.real, nan=0, posinf=1, neginf=-1).astype(dtype)
        return value.astype(dtype)


def _two_levels(rows: int) -> Any:
    pandas: Any = sys.modules["pandas"]
    return pandas.MultiIndex.from_arrays([range(rows), [i % 2 for i in range(rows)]])


def _series(value: Any, rng: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    numpy: Any = sys.modules["numpy"]
    pandas: Any = sys.modules["pandas"]
    dtype = value.dtype
    kind = dtype.kind if isinstance(dtype, numpy.dtype) else ""

    def put(at: int, item: Any, cast: Any = None) -> Any:
        copy = value.astype(cast) if cast is not None else value.copy()
        copy.iloc[at] = item
        return copy

    yield "empty", lambda: value.iloc[:0].copy()
    yield "one row", lambda: value.iloc[:1].copy()
    yield "duplicate index", lambda: value.set_axis([0, *range(len(value) - 1)] if len(value) else [])
    yield "shuffled index", lambda: value.sample(frac=1.0, random_state=rng.randrange(1000))
    yield "index of two levels", lambda: value.set_axis(_two_levels(len(value)))
    if kind in "iuf" and kind:
        yield "nan", lambda: put(-1, numpy.nan, "float64")
        yield "first nan", lambda: put(0, numpy.nan, "float64")
        yield "object", lambda: value.astype(object)
        yield "None among objects", lambda: put(-1, None, object)
        yield "zeros", lambda: value * 0
        yield "negative", lambda: -value
        yield "inf", lambda: put(-1, numpy.inf, "float64")
        yield "float32", lambda: value.astype("float32")
        yield "int8", lambda: value.fillna(0).astype("int64").astype("int8")
        yield "nullable", lambda: value.astype("Float64" if kind == "f" else "Int64")
        yield "largest", lambda: put(-1, 2**63 - 1, "int64")
        yield (
            "int" if kind == "f" else "float",
            lambda: value.fillna(0).round().astype("int64") if kind == "f" else value.astype("float64"),
        )
        yield "bool", lambda: value.astype(bool)
    else:
        yield "None", lambda: put(-1, None)
        yield "nan", lambda: put(-1, numpy.nan, object)
        yield "late number", lambda: put(-1, 3, object)
        yield "object", lambda: value.astype(object)
        yield "empty string", lambda: put(-1, "")
        yield "time zone", lambda: value.dt.tz_localize("Europe/Berlin", nonexistent="shift_forward", ambiguous="NaT")
    yield "category", lambda: value.astype("category")
    yield "six times", lambda: pandas.concat([value] * 6, ignore_index=True)
    for name, items in FEW:

        def repeated(items: tuple[Any, ...] = items) -> Any:
            return pandas.Series([items[i % len(items)] for i in range(6 * len(value))], name=value.name)

        yield f"{name}, six times", repeated
    yield (
        "all the same",
        lambda: pandas.Series([value.iloc[0]] * len(value), index=value.index, name=value.name, dtype=dtype),
    )
    yield "reversed", lambda: value.iloc[::-1]
    yield "string index", lambda: value.set_axis([f"r{i}" for i in range(len(value))])
    yield "other name", lambda: value.rename("another")
    yield "filtered", lambda: value.iloc[1::2]
    yield "array", lambda: value.to_numpy()
    yield "no value", lambda: None


def _frames(value: Any, rng: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    numpy: Any = sys.modules["numpy"]
    pandas: Any = sys.modules["pandas"]

    def with_column(at: int, make: Callable[[Any], list[Variant]], name: str) -> Any:
        column = value.iloc[:, at]
        new = dict(make(column))[name]
        parts = {i: value.iloc[:, i] for i in range(value.shape[1])}
        parts[at] = new
        frame = pandas.DataFrame({i: p.to_numpy() if i == at and len(p) != len(value) else p for i, p in parts.items()})
        frame.columns = value.columns
        frame.index = value.index
        return frame

    yield "empty", lambda: value.iloc[:0].copy()
    yield "one row", lambda: value.iloc[:1].copy()
    yield "duplicate index", lambda: value.set_axis([0, *range(len(value) - 1)] if len(value) else [], axis=0)
    yield "shuffled", lambda: value.sample(frac=1.0, random_state=rng.randrange(1000))
    yield "index of two levels", lambda: value.set_axis(_two_levels(len(value)), axis=0)
    yield "filtered", lambda: value.iloc[1::2]
    for at in range(1, min(value.shape[1], 7) - 1):  # the first and the last one are left out below
        yield f"without column {value.columns[at]}", lambda at=at: value.drop(columns=[value.columns[at]])  # type: ignore[misc]
    # what repeats goes another way than what does not
    yield "six times", lambda: pandas.concat([value] * 6, ignore_index=True)
    for at in range(min(value.shape[1], 6)):
        for name, items in FEW:

            def repeated(at: int = at, items: tuple[Any, ...] = items) -> Any:
                long = pandas.concat([value] * 6, ignore_index=True)
                parts = [long.iloc[:, i] for i in range(long.shape[1])]
                parts[at] = pandas.Series([items[i % len(items)] for i in range(len(long))], index=long.index)
                return pandas.concat(parts, axis=1, keys=list(value.columns)).set_axis(value.columns, axis=1)

            yield f"column {value.columns[at]}: {name}, six times", repeated
    # one value of each column, in the ways that matter for its dtype
    wanted: tuple[str, ...] = (
        "nan",
        "None",
        "None among objects",
        "int",
        "float",
        "object",
        "negative",
        "zeros",
        "first nan",
    )
    wanted += ("late number", "category", "nullable", "inf", "largest", "int8", "bool", "time zone", "empty string")
    columns = list(range(value.shape[1]))
    rng.shuffle(columns)
    for name in wanted:
        for at in columns[:6]:

            def make(at: int = at, name: str = name) -> Any:
                return with_column(at, lambda c: _lazily(_series(c, rng)), name)

            yield f"column {value.columns[at]}: {name}", make
    yield "reversed", lambda: value.iloc[::-1]
    yield "string index", lambda: value.set_axis([f"r{i}" for i in range(len(value))], axis=0)
    yield "duplicate column", lambda: pandas.concat([value, value.iloc[:, :1]], axis=1)
    yield "without the last column", lambda: value.iloc[:, :-1].copy()
    yield "without the first column", lambda: value.iloc[:, 1:].copy()
    yield "columns reversed", lambda: value.iloc[:, ::-1].copy()
    yield "extra column", lambda: value.assign(an_extra_column=numpy.arange(len(value)) * 0.5)
    yield "all object", lambda: value.astype(object)
    yield "rows twice", lambda: pandas.concat([value, value])
    yield "None", lambda: None


# -- whole states


def variations(live_in: Mapping[str, Any], seed: int, most: int = 60) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named changed copies of a mapping of values: each case an independent copy, at most `most` of them.

    The first case is the (cut) state itself. Same values and seed, same cases. Values must be picklable.
    """
    kept = {"state": {"names": dict(live_in), "globals": {}}}
    data = snapshot.dumps(kept)
    for name, case in state_variations(lambda: pickle.loads(data), [], seed, most):
        yield name, pickle.loads(snapshot.dumps(case))["state"]["names"]


def state_variations(
    load: Callable[[], dict[str, Any]], parameters: Sequence[str], seed: int, most: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named changed copies of a recorded state (see `observe.snapshot.entry_state`); `load` makes a fresh one."""
    rng = random.Random(seed)
    base = load()
    cut = cut_state(base["state"])
    data = snapshot.dumps(base)
    slots = slots_of(base["state"], parameters)
    yield ("cut to size" if cut else "as recorded"), base
    count = 1
    queues = []
    for slot in slots:
        fresh = pickle.loads(data)
        value = get(fresh["state"], slot)
        weight = 1 if slot[0] != "globals" else 2
        queues.append((slot, iter(variants(value, rng)), weight))
    lists = [s for s in slots if type(get(base["state"], s)) is list]
    for name, items in OTHER_ITEMS if len(lists) > 1 else ():  # what must fit together is changed together
        fresh = pickle.loads(data)
        for slot in lists:
            set_(fresh["state"], slot, list(items))
        yield f"all lists: {name}", fresh
        count += 1
    for length in shared_lengths(base["state"]):
        for name, places in (("longer", [*range(length), *reversed(range(length))]), ("one", [0]), ("none", [])):
            fresh = pickle.loads(data)
            if relaid(fresh["state"], length, places):
                yield f"all of length {length}: {name}", fresh
                count += 1
    pairs = _alias_pairs(base["state"], slots)
    cases = _round_robin(queues)
    for slot, (name, new) in cases:
        if count >= most - len(pairs):
            break
        fresh = pickle.loads(data)
        set_(fresh["state"], slot, new)
        yield f"{_title(slot, parameters)} {name}", fresh
        count += 1
    for a, b in pairs:
        if count >= most:
            break
        fresh = pickle.loads(data)
        set_(fresh["state"], b, get(fresh["state"], a))
        yield f"{_title(a, parameters)} is {_title(b, parameters)}", fresh
        count += 1


def _title(slot: Slot, parameters: Sequence[str]) -> str:
    part, key, attribute = slot
    name = str(key)
    if part == "args":
        name = parameters[key] if key < len(parameters) else f"argument {key}"
    return f"{name}.{attribute}:" if attribute else f"{name}:"


def _round_robin(queues: list[tuple[Slot, Iterator[Variant], int]]) -> Iterator[tuple[Slot, Variant]]:
    """One case of each variable in turn; those of weight 2 only every other round."""
    live = list(queues)
    for round_number in itertools.count():
        if not live:
            return
        for entry in list(live):
            slot, cases, weight = entry
            if round_number % weight:
                continue
            case = next(cases, None)
            if case is None:
                live.remove(entry)
            else:
                yield slot, case


def _alias_pairs(state: dict[str, Any], slots: list[Slot]) -> list[tuple[Slot, Slot]]:
    """Up to four pairs of variables of one mutable type, which one object could stand for."""
    found: list[tuple[Slot, Slot]] = []
    for a, b in itertools.combinations(slots, 2):
        x, y = get(state, a), get(state, b)
        mutable = isinstance(x, (list, dict, set)) or type(x).__module__.partition(".")[0] in ("numpy", "pandas")
        if type(x) is type(y) and x is not y and mutable and hasattr(x, "__len__"):
            found.append((a, b))
            if len(found) == 4:
                break
    return found
