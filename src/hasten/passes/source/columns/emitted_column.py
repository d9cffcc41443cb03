"""Text of the helper classes that stand in for columns which are only read. See `emitted_rows`."""

from __future__ import annotations

TEXT = """\
class _Column(_StandIn):
    # stands in for a Series: an array, until something asks for the Series itself
    __slots__ = ("_array", "_index", "_kind", "_name", "_place", "_size", "_table", "real")

    @classmethod
    def of(cls, series):
        # the Series itself if it is an unusual one
        if (
            series.attrs
            or series.index.nlevels > 1
            or not series.flags.allows_duplicate_labels
            or series.name is not None
            and type(series.name) not in (str, int, np.int64, pd.Timestamp)
            or "bottleneck" in sys.modules
            or int(pd.__version__.split(".")[0]) < 3
        ):
            return series
        held = series.copy(deep=False)  # whoever writes into the Series writes into a copy
        kind, array, table = _looked(held) or (None, None, None)
        index = held.index
        place, labels = _Place(lambda: index), _Once(None, series.index)
        return cls(kind, array, table, place, len(held), lambda: series, series.name, labels)

    def __init__(self, kind, array, table, place, size, make, name, index=None):
        # `make` makes the Series, if it is not one of this array and index
        self._kind, self._array, self._table, self._place, self._size = kind, array, table, place, size
        if make is None:
            index = index or _Once(lambda: place.index().view())
            make = lambda: pd.Series(array.copy(), index=index(), name=name, copy=False)
        self._name, self.real = name, _Once(make)
        real = self.real
        self._index = index or _Once(lambda: real().index)

    def _called(self, key):
        # under another name
        real, plain = self.real, self._kind in ("n", "b", "m", "d")
        make = None if plain else lambda: real().rename(key)
        return _Column(self._kind, self._array, self._table, self._place, self._size, make, key)

    def __len__(self):
        return self._size

    @property
    def size(self):
        return self._size

    @property
    def shape(self):
        return (self._size,)

    @property
    def empty(self):
        return not self._size

    @property
    def values(self):
        if self._kind not in ("n", "b", "m", "d"):
            return self.real().values
        array = self._array.view()
        array.flags.writeable = False  # as pandas shows it
        return array

    def to_numpy(self, *args, **options):
        return (
            self.values
            if self._kind in ("n", "b", "m", "d") and not args and not options
            else self.real().to_numpy(*args, **options)
        )

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array if self._kind in ("n", "b") else self.real(), dtype=dtype)

    def tolist(self):
        if self._kind == "t":
            texts = self._table[0]
            return [texts[code] for code in self._array.tolist()]
        if self._kind in ("m", "d"):
            return list(map(pd.Timestamp, self._array) if self._size < 20 else pd.DatetimeIndex(self._array))
        return self._array.tolist() if self._kind in ("n", "b") else self.real().tolist()

    to_list = tolist

    def __iter__(self):
        return iter(self.real() if self._kind in (None, "i") else self.tolist())

    def _of(self, array, make, name=None, index=True):
        # a column in the same rows, with this index or a view of it; `make` is asked for kinds that are not known here
        kind = {"f": "n", "i": "n", "b": "b"}.get(array.dtype.kind) if array.dtype.itemsize in (1, 8) else None
        if kind is None or array.dtype.itemsize == 1 and kind == "n":
            return make()
        return _Column(kind, array, None, self._place, self._size, None, name, self._index if index else None)

    def _named(self, other):
        # the name of what an operation gives
        return self._name if type(other) is not _Column or other._name == self._name else None

    def _other(self, other, kinds):
        # the other side of an operation: its array, or a plain number; None for anything else
        kind = type(other)
        if kind is _Column:
            return other._array if other._kind in kinds and self._place.same(other._place) else None
        if kind is bool or kind is np.bool_:
            return other if "b" in kinds else None
        if kind is int or kind is np.int64:
            return other if -(2**53) <= other <= 2**53 else None
        return other if kind is float or kind is np.float64 else None

    def _compare(self, compare, other):
        other, kind = _celled(other), self._kind
        if kind == "n" or kind == "b":
            given = self._other(other, ("n", "b"))
            if given is not None:
                make = lambda: compare(self.real(), _plain(other))
                return self._of(compare(self._array, given), make, self._named(other))
        elif kind == "i":
            given = self._other(other, ("n", "i"))
            if given is not None:
                make = lambda: compare(self.real(), _plain(other))
                return self._of(compare(self._array, given), make, self._named(other))
        elif kind == "t":
            if type(other) is str and (compare is operator.eq or compare is operator.ne):
                array = compare(self._array, self._table[1].get(other, -1))
                return self._of(array, None, self._name)
        elif kind == "m" or kind == "d":
            given = self._stamp(other)
            if given is not None:
                found = compare(self._array.view(np.int64), given)
                if kind == "d" and (compare is operator.lt or compare is operator.le):
                    found &= ~np.isnat(self._array)  # missing times count as the first one
                return self._of(found, None, self._named(other))
        result = compare(self.real(), _plain(other))
        same = type(result) is pd.Series and result.dtype == bool and result.index is self.real().index
        if not same:
            return result
        return _Column("b", result.to_numpy(), None, self._place, self._size, lambda: result, result.name)

    def _stamp(self, time):
        # a time as this column counts it; None if it is none, or lies between two ticks
        if type(time) is _Column:
            same = time._kind == "m" and time._place is self._place and time._array.dtype == self._array.dtype
            return time._array.view(np.int64) if same else None
        if type(time) not in (pd.Timestamp, np.datetime64, datetime.datetime, str):
            return None
        unit = np.datetime_data(self._array.dtype)[0]
        try:
            time = pd.Timestamp(time)
            whole = time.as_unit(unit) if time is not pd.NaT and time.tz is None else None
        except (ValueError, OverflowError):
            return None
        return int(whole.to_datetime64().view(np.int64)) if whole is not None and whole == time else None

    def __eq__(self, other):
        return self._compare(operator.eq, other)

    def __ne__(self, other):
        return self._compare(operator.ne, other)

    def __lt__(self, other):
        return self._compare(operator.lt, other)

    def __le__(self, other):
        return self._compare(operator.le, other)

    def __gt__(self, other):
        return self._compare(operator.gt, other)

    def __ge__(self, other):
        return self._compare(operator.ge, other)

    __hash__ = _StandIn.__hash__

    def _both(self, work, other, kind, back=False):
        # `work` of this column and another, or a number
        other = _celled(other)
        if back and type(other) is _Column:
            return other._both(work, self, kind)
        given = self._other(other, (kind,)) if self._kind == kind else None
        if given is None:
            return work(_plain(other), self.real()) if back else work(self.real(), _plain(other))
        with np.errstate(all="ignore"):
            array = work(given, self._array) if back else work(self._array, given)
        make = lambda: work(_plain(other), self.real()) if back else work(self.real(), _plain(other))
        return self._of(array, make, self._named(other))

    def __add__(self, other):
        return self._both(operator.add, other, "n")

    def __radd__(self, other):
        return self._both(operator.add, other, "n", True)

    def __sub__(self, other):
        return self._both(operator.sub, other, "n")

    def __rsub__(self, other):
        return self._both(operator.sub, other, "n", True)

    def __mul__(self, other):
        return self._both(operator.mul, other, "n")

    def __rmul__(self, other):
        return self._both(operator.mul, other, "n", True)

    def __truediv__(self, other):
        return self._both(operator.truediv, other, "n")

    def __rtruediv__(self, other):
        return self._both(operator.truediv, other, "n", True)

    def __and__(self, other):
        return self._logical(operator.and_, other)

    def __or__(self, other):
        return self._logical(operator.or_, other)

    def __xor__(self, other):
        return self._logical(operator.xor, other)

    def _logical(self, work, other):
        if self._kind == "b" and type(other) is _Column and other._kind == "b" and other._place is self._place:
            return self._of(work(self._array, other._array), None, self._named(other))
        return work(self.real(), _plain(other))

    def __invert__(self):
        return self._of(~self._array, None, self._name, False) if self._kind == "b" else ~self.real()

    def __neg__(self):
        return self._of(-self._array, None, self._name, False) if self._kind == "n" else -self.real()

    def abs(self):
        return self._of(np.abs(self._array), None, self._name, False) if self._kind == "n" else self.real().abs()

    def isin(self, values):
        if self._kind != "t" or type(values) not in (list, tuple, set) or any(type(x) is not str for x in values):
            return self.real().isin(_plain(values))
        codes = [code for text, code in self._table[1].items() if text in values]
        return self._of(np.isin(self._array, codes), None, self._name)

    def clip(self, lower=None, upper=None, **options):
        bounds = [x for x in (lower, upper) if x is not None]
        plain = all(type(x) is float and x == x or type(x) is int and -(2**53) <= x <= 2**53 for x in bounds)
        if options or not bounds or not plain or self._kind != "n" or self._array.dtype != np.float64:
            return self.real().clip(_plain(lower), _plain(upper), **options)
        if len(bounds) == 2:
            lower, upper = min(bounds), max(bounds)
        array = values = self._array
        if lower is not None:
            array = np.where(values < lower, lower, array)
        if upper is not None:
            array = np.where(values > upper, upper, array)
        return self._of(array, None, self._name, False)

    def fillna(self, value=None, **options):
        plain = type(value) is float and value == value or type(value) is int and -(2**53) <= value <= 2**53
        if options or not plain or self._kind != "n" or self._array.dtype != np.float64:
            return self.real().fillna(_plain(value), **options)
        return self._of(np.where(np.isnan(self._array), value, self._array), None, self._name, False)

    def between(self, left, right, inclusive="both"):
        if inclusive != "both":
            return self.real().between(_plain(left), _plain(right), inclusive)
        return (self >= left) & (self <= right)

    def isna(self):
        if self._kind is None:
            return self.real().isna()
        known = self._array.dtype.kind
        missing = np.zeros(self._size, dtype=bool) if known not in "fM" else np.isnan(self._array)
        return self._of(missing, None, self._name)

    def notna(self):
        return ~self.isna()

    def _extremes(self, ufunc, a, b):
        # np.maximum or np.minimum of two, of which one is a column
        first, other = (a, b) if type(a) is _Column else (b, a)
        both = type(other) is _Column  # pandas makes labels of both then
        if (
            first._kind != "n"
            or first._other(other, ("n",)) is None
            or both
            and not first._place.index().name == other._place.index().name
        ):
            return ufunc(_plain(a), _plain(b))
        array = ufunc(*(x._array if type(x) is _Column else x for x in (a, b)))
        return first._of(array, lambda: ufunc(_plain(a), _plain(b)), first._named(other), not both)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = tuple(map(_celled, inputs))
        if method == "__call__" and not options and self._kind == "n":
            if ufunc is np.maximum or ufunc is np.minimum:
                return self._extremes(ufunc, *inputs)
            if len(inputs) == 1 and ufunc.nout == 1:
                labels = ufunc is not np.absolute and ufunc is not np.negative  # which are methods to pandas
                return self._of(ufunc(self._array), lambda: ufunc(self.real()), self._name, labels)
            work = {np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul}.get(ufunc)
            if work is not None and len(inputs) == 2 and inputs[1] is self and type(inputs[0]) is np.float64:
                return self._both(work, inputs[0], "n", True)  # a number of NumPy's on the left
        return super().__array_ufunc__(ufunc, method, *inputs, **options)

    def __getitem__(self, key):
        if type(key) is _Column and key._kind == "b" and key._place is self._place:
            mask, real = key._array, self.real
            part = self._part(mask, lambda: real()[mask], self._place.masked(mask))
            if part.__class__ is _Column and part._table is None and mask.size and mask.all():
                part._index = self._index  # pandas leaves the labels as they are
                values, index, name = part._array, part._index, part._name
                part.real = _Once(lambda: pd.Series(values.copy(), index=index(), name=name, copy=False))
            return part
        if type(key) in (int, np.int64, str, pd.Timestamp):
            at = self._row(key)
            if at is not None:
                return self.iloc[at]
        return self.real()[_plain(key)]

    def _row(self, label):
        # the place of the row with that label; None where pandas is asked
        if self._kind is None:
            return None
        if type(label) is not str and self._place.numbered():
            return label if type(label) in (int, np.int64) and 0 <= label < self._size else None
        return self._place.where(label)

    def _part(self, rows, make, place=None):
        if self._kind is None:
            return make()
        array, index = self._array[rows], self._place.index
        place = _Place(lambda: index()[rows]) if place is None else place
        make = make if self._table is not None else None
        return _Column(self._kind, array, self._table, place, len(array), make, self._name)

    def __setitem__(self, key, value):
        given = self._placed(key, value) if type(key) is _Column and key._place is self._place else None
        if given is not None:
            array, index, name = self._array.copy(), self._index, self._name
            array[key._array] = given
            self._array = array
            self.real = _Once(lambda: pd.Series(array.copy(), index=index(), name=name, copy=False))
            return
        made = self.real().copy()  # what was made of the column so far keeps the old values
        made[_plain(key)] = _plain(value)
        self._kind, self._array, self._table = _looked(made, False) or (None, None, None)
        self._place, self._size, self.real = _Place(lambda: made.index), len(made), _Once(None, made)
        self._index = self._place.index

    def _placed(self, mask, value):
        # what to put where the mask is true: numbers of the column's own dtype; None for anything else
        if mask._kind != "b" or self._kind != "n" or self._array.dtype != np.float64:
            return None
        if type(value) is not _Column:
            kind = type(value)
            plain = kind is float or kind is np.float64 or kind is int and -(2**53) <= value <= 2**53
            return value if plain else None
        if value._kind != "n" or value._array.dtype != np.float64:
            return None
        if value._place is self._place:
            return value._array[mask._array]
        there = value._place
        same = there.within is self._place and np.array_equal(there.mask, mask._array)
        return value._array if same and self._place.index().is_unique else None

    @property
    def index(self):
        return self._index()

    @property
    def iloc(self):
        return _ColumnCells(self)

    @property
    def loc(self):
        return _ColumnLabels(self, "loc")

    @property
    def at(self):
        return _ColumnLabels(self, "at")

    def sample(self, n=None, frac=None, replace=False, weights=None, random_state=None, axis=None, ignore_index=False):
        if self._kind is None or weights is not None or axis not in (None, 0) or ignore_index:
            return self.real().sample(n, frac, replace, _plain(weights), random_state, axis, ignore_index)
        rows, real = _drawn(self._size, n, frac, replace, random_state), self.real
        if rows is None:
            rows = pd.Series(np.arange(self._size)).sample(n, frac, replace, None, random_state).to_numpy()
        return self._part(rows, lambda: real().take(rows))

    def _plainly(self, options):
        # whether a reduction is asked for as NumPy's functions do: `np.mean(column)` gives `axis=None, ...`
        if options and not all(key in ("axis", "dtype", "out") and value is None for key, value in options.items()):
            return False
        return self._size > 0 and self._kind in ("n", "b")

    def _finite(self, result, name, options):
        # anything else than a plain number: something overflows, and pandas says what happens
        return result if -1e300 < result < 1e300 else getattr(self.real(), name)(**options)

    def _there(self, fill):
        # the numbers with `fill` for those that are missing, where they are missing, and how many are not
        missing = np.isnan(self._array)
        return np.where(missing, fill, self._array), missing, self._size - np.count_nonzero(missing)

    def sum(self, **options):
        if not self._plainly(options):
            return self.real().sum(**options)
        with np.errstate(all="ignore"):
            result = np.add.reduce(self._array)
            if result != result:
                result = np.add.reduce(self._there(0.0)[0])
        return self._finite(result, "sum", options)

    def mean(self, **options):
        if not self._plainly(options):
            return self.real().mean(**options)
        with np.errstate(all="ignore"):
            result = np.add.reduce(self._array, dtype=np.float64) / self._size
            if result != result:
                values, _, count = self._there(0.0)
                result = np.add.reduce(values) / count if count else result
        return self._finite(result, "mean", options)

    def min(self, **options):
        return self._extreme(np.minimum, "min", options)

    def max(self, **options):
        return self._extreme(np.maximum, "max", options)

    def _extreme(self, which, name, options):
        if self._kind in ("m", "d") and self._size and not options:
            found = which.reduce(self._array)
            return pd.Timestamp(found) if found == found else getattr(self.real(), name)()
        if not self._plainly(options) or self._kind == "b":
            return getattr(self.real(), name)(**options)
        with np.errstate(all="ignore"):
            result = which.reduce(self._array)
            if result != result:
                result = which.reduce(self._there(np.inf if name == "min" else -np.inf)[0])
        return self._finite(result, name, options)

    def item(self):
        if self._size != 1 or self._kind in (None, "d"):
            return self.real().item()
        return self.iloc[0] if self._kind == "m" else self.tolist()[0]

    def idxmin(self, *args, **options):
        return self._found("idxmin", args, options)

    def idxmax(self, *args, **options):
        return self._found("idxmax", args, options)

    def _found(self, name, args, options):
        # the label of the first that is smallest or largest
        if not args and not options and self._kind == "n" and self._size:
            at = self._array.argmin() if name == "idxmin" else self._array.argmax()
            if self._array[at] == self._array[at]:
                return self.index[at]
        return getattr(self.real(), name)(*args, **options)

    def var(self, **options):
        result = self._variance(options)
        return self.real().var(**options) if result is None else result

    def std(self, **options):
        result = self._variance(options)
        return self.real().std(**options) if result is None else np.sqrt(result)

    def _variance(self, options):
        ddof = options.get("ddof", 1)
        others = {key: value for key, value in options.items() if key != "ddof"}
        if type(ddof) is not int or self._size <= max(ddof, 0) or self._kind != "n" or not self._plainly(others):
            return None
        with np.errstate(all="ignore"):
            values = self._array.astype(np.float64, copy=False)
            average = np.add.reduce(values) / self._size
            result = np.add.reduce((average - values) ** 2) / (self._size - ddof)
            if result != result:
                values, missing, count = self._there(0.0)
                if count <= max(ddof, 0):
                    return None
                squares = (np.add.reduce(values) / count - values) ** 2
                squares[missing] = 0.0
                result = np.add.reduce(squares) / (count - ddof)
        return result if result < 1e300 else None

    def median(self, **options):
        if options or self._kind != "n" or not self._size:
            return self.real().median(**options)
        values = self._array.astype(np.float64, copy=False)
        return np.median(values) if np.abs(values).max() < 1e300 else self.real().median()

    def quantile(self, q=0.5, **options):
        if options or type(q) is not float or not 0 <= q <= 1 or self._kind != "n" or not self._size:
            return self.real().quantile(_plain(q), **options)
        values = self._array.astype(np.float64, copy=False)
        return np.percentile(values, q * 100.0) if np.abs(values).max() < 1e300 else self.real().quantile(q)

    def any(self, **options):
        return self._array.any() if self._kind == "b" and not options else self.real().any(**options)

    def all(self, **options):
        return self._array.all() if self._kind == "b" and not options else self.real().all(**options)

    def nunique(self, **options):
        if options or self._kind in (None, "d") or self._kind == "n" and np.isnan(self._array).any():
            return self.real().nunique(**options)
        return len(pd.unique(self._array))

    def unique(self):
        return pd.unique(self._array) if self._kind in ("n", "b") else self.real().unique()


class _Texts:
    # a column of texts that is asked for one of its values
    __slots__ = ("_column",)

    def __init__(self, column):
        self._column = column

    @property
    def values(self):
        return self

    def __getitem__(self, key):
        column = self._column
        if type(key) is int and -column._size <= key < column._size:
            return column._table[0][column._array[key]]
        return column.real().values[key]


class _ColumnLabels(_StandIn):
    # `loc` or `at` of what stands in for a Series
    __slots__ = ("_column", "_how")

    def __init__(self, column, how):
        self._column, self._how = column, how

    def real(self):
        return getattr(self._column.real(), self._how)

    def __getitem__(self, key):
        if type(key) in (int, np.int64, str, pd.Timestamp):
            at = self._column._row(key)
            if at is not None:
                return self._column.iloc[at]
        return self.real()[_plain(key)]


class _ColumnCells(_StandIn):
    # `iloc` of what stands in for a Series
    __slots__ = ("_column",)

    def __init__(self, column):
        self._column = column

    def real(self):
        return self._column.real().iloc

    def __getitem__(self, key):
        column, real = self._column, self._column.real
        kind, size = column._kind, column._size
        if kind is not None and (type(key) is int or type(key) is np.int64) and -size <= key < size:
            cell = column._array[key]
            return cell if kind in "nbi" else column._table[0][cell] if kind == "t" else pd.Timestamp(cell)
        if type(key) is slice and key.step is None:
            if all(x is None or type(x) in (int, np.int64) for x in (key.start, key.stop)):
                return column._part(key, lambda: real().iloc[key])
        if type(key) is np.ndarray and key.ndim == 1 and key.dtype == np.int64 and len(key) and kind is not None:
            if -size <= key.min() and key.max() < size:
                key = key.copy()
                return column._part(key, lambda: real().iloc[key])
        return column.real().iloc[_plain(key)]
"""
