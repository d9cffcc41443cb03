"""Text of the helper functions that changed programs get. Each is plain pandas, with one comment on why it is there.

`{np}` and `{pd}` are the file's names for the libraries, `{name}` the helper's own.
"""

from __future__ import annotations

# What a row of a DataFrame holds, as `iterrows` and `apply(axis=1)` show it: both read `df.to_numpy()`. A Series
# made of a row of objects may change them (strings with None, dates with NaN), which needs every cell of the row to be
# of one family, so a column of numbers without NaN rules it out.
ROW_CELLS = """\
def {name}(df, names, inferred=True):
    # rows as `iterrows` shows them, without a Series for each: the wanted columns; None for an unusual frame
    if type(df) is not {pd}.DataFrame or not df.columns.is_unique or any(type(c) is not str for c in df.columns):
        return None
    if any(name not in df.columns for name in names):
        return None
    for dtype in set(df.dtypes):
        if isinstance(dtype, {np}.dtype):
            if dtype.kind not in "biufOM":
                return None
        elif not (isinstance(dtype, {pd}.StringDtype) and dtype.na_value is {np}.nan):
            return None
    if inferred and any(dtype.kind in "OM" for dtype in df.dtypes):
        numbers = [df[c] for c, dtype in df.dtypes.items() if dtype.kind in "biuf"]
        if not any(column.dtype.kind in "biu" or not column.isna().any() for column in numbers):
            # no number holds every row together: a Series of the row could turn None into NaN, or NaN into NaT
            return None
    values = df.to_numpy()
    if values.dtype.kind not in "biufO":
        return None
    return [list(values[:, df.columns.get_loc(name)]) for name in names]
"""

APPLY_CELLS = """\
def {name}(df, names, function, original):
    # `df.apply(original, axis=1)`, where `function` takes the named cells instead of a Series of the whole row
    cells = {row_cells}(df, names, inferred=False)
    if not cells or not len(df) or df.attrs or not df.flags.allows_duplicate_labels:
        return df.apply(original, axis=1)
    results = [function(*row) for row in zip(*cells)]
    if hasattr(results[0], "__iter__") and not isinstance(results[0], (str, bytes)):
        made = iter(results)  # a list or a Series of each row: pandas decides what that becomes
        return df.apply(lambda row: next(made), axis=1)
    return {pd}.Series(results, index=df.index)
"""

COLUMN_LISTS = """\
class {name}(dict):
    # the columns of a frame as lists of the cells that its rows show, each made when it is first asked for
    def __init__(self, df, series):
        self.values, self.series = df.to_numpy(copy=True), series
        self.positions = {{label: k for k, label in enumerate(df.columns)}}
        self.fields = self.positions.keys() - set(dir({pd}.Series))

    def __missing__(self, label):
        known = label in self.positions
        self[label] = cells = list(self.values[:, self.positions[label]]) if known else None
        return cells
"""

ROW_VIEW = """\
class {name}:
    # a row that reads its cells from lists; whatever is no plain label is asked of the Series that pandas would make
    __slots__ = ("_at", "_columns")

    def __init__(self, columns, at):
        self._columns, self._at = columns, at

    def __getitem__(self, label):
        cells = self._columns[label] if type(label) is str else None
        return self._columns.series(self._at)[label] if cells is None else cells[self._at]

    def __getattr__(self, name):
        known = name in self._columns.fields
        return self._columns[name][self._at] if known else getattr(self._columns.series(self._at), name)

    def __contains__(self, label):
        known = self._columns.positions if type(label) is str else self._columns.series(self._at)
        return label in known

    def get(self, label, default=None):
        if type(label) is not str:
            return self._columns.series(self._at).get(label, default)
        return self._columns[label][self._at] if label in self._columns.positions else default
"""

ITER_ROWS = """\
def {name}(df):
    # `df.iterrows()` without a Series for each row
    if not hasattr(df, "iterrows") or {row_cells}(df, ()) is None:
        yield from df.iterrows()
        return
    frame = df.copy(deep=False)
    columns = {column_lists}(frame, lambda at: next(frame.iloc[at : at + 1].iterrows())[1])
    for at, label in enumerate(frame.index):
        yield label, {row_view}(columns, at)
"""

APPLY_ROWS = """\
def {name}(df, function, args=(), **options):
    # `df.apply(function, axis=1)` without a Series for each row
    if (
        {row_cells}(df, (), inferred=False) is None or not len(df) or not len(df.columns)
        or df.attrs or not df.flags.allows_duplicate_labels
    ):
        return df.apply(function, axis=1, args=args, **options)
    frame, index = df.copy(deep=False), df.index
    taken = []

    def series(at):
        frame.iloc[at : at + 1].apply(lambda row: taken.append(row.copy()), axis=1)
        return taken.pop()

    columns = {column_lists}(frame, series)
    results = [function({row_view}(columns, at), *args, **options) for at in range(len(frame))]
    if hasattr(results[0], "__iter__") and not isinstance(results[0], (str, bytes)):
        made = iter(results)  # a list or a Series of each row: pandas decides what that becomes
        return df.apply(lambda row: next(made), axis=1)
    return {pd}.Series(results, index=index)
"""

COLUMN_PART = """\
class {name}:
    # some values of a column: the reductions of pandas without a Series in between, as long as none is missing; `real`
    # makes the Series, for everything else; texts are only compared and counted
    __slots__ = ("_codes", "_real", "_texts", "_values")
    __array_priority__ = 1000  # an array on the left leaves the work to this side

    def __init__(self, values, real, codes=None, texts=None):
        # of texts, `values` are their codes, `codes` says which text has which, and `texts` makes them
        self._values, self._real, self._codes, self._texts = values, real, codes, texts

    def __len__(self):
        return len(self._values)

    def __getattr__(self, name):
        if name in ("__array_interface__", "__array_struct__"):
            raise AttributeError(name)  # NumPy asks for these first; no Series has them
        return getattr(self._real(), name)

    def __iter__(self):
        return iter(self._values.tolist() if self._codes is None else self._texts())

    def __getitem__(self, key):
        return self._real()[key]

    @property
    def size(self):
        return len(self._values)

    @property
    def empty(self):
        return not len(self._values)

    @property
    def values(self):
        return self._values if self._codes is None else self._real().values

    def __array__(self, dtype=None, copy=None):
        return {np}.array(self._real() if self._codes is not None else self._values, dtype=dtype)

    def tolist(self):
        return self._values.tolist() if self._codes is None else self._real().tolist()

    to_list = tolist

    def unique(self):
        return {pd}.unique(self._values) if self._codes is None else self._real().unique()

    def _plain(self, options):
        # whether a reduction is asked for as NumPy's functions do: `np.mean(column)` gives `axis=None, ...`
        plain = all(key in ("axis", "dtype", "out") and value is None for key, value in options.items())
        return plain and len(self._values) > 0 and self._codes is None

    def _known(self, result, name):
        # not a number: something is missing, and pandas skips it
        return result if result == result else getattr(self._real(), name)()

    def sum(self, **options):
        if not self._plain(options):
            return self._real().sum(**options)
        return self._known({np}.add.reduce(self._values), "sum")

    def mean(self, **options):
        if not self._plain(options):
            return self._real().mean(**options)
        return self._known({np}.add.reduce(self._values, dtype={np}.float64) / len(self._values), "mean")

    def prod(self, **options):
        if not self._plain(options) or self._values.dtype.kind == "b":
            return self._real().prod(**options)
        with {np}.errstate(all="ignore"):
            result = {np}.multiply.reduce(self._values)
        return result if -1e300 < result < 1e300 else self._real().prod()

    def min(self, **options):
        if not self._plain(options) or self._values.dtype.kind == "b":
            return self._real().min(**options)
        return self._known({np}.minimum.reduce(self._values), "min")

    def max(self, **options):
        if not self._plain(options) or self._values.dtype.kind == "b":
            return self._real().max(**options)
        return self._known({np}.maximum.reduce(self._values), "max")

    def var(self, **options):
        result = self._variance(options)
        return result if result is not None else self._real().var(**options)

    def std(self, **options):
        result = self._variance(options)
        return {np}.sqrt(result) if result is not None else self._real().std(**options)

    def _variance(self, options):
        ddof, count = options.get("ddof", 1), len(self._values)
        others = {{key: value for key, value in options.items() if key != "ddof"}}
        if type(ddof) is not int or count <= max(ddof, 0) or not self._plain(others):
            return None
        values = self._values.astype({np}.float64, copy=False)
        average = {np}.add.reduce(values) / count
        result = {np}.add.reduce((average - values) ** 2) / (count - ddof)
        return result if result == result else None

    @property
    def iloc(self):
        return {positions}(self._values if self._codes is None else self._texts(), self._real)

    def _compare(self, compare, other):
        if self._codes is not None:
            if type(other) is str and compare in ({operator}.eq, {operator}.ne):
                code = self._codes.get(other, -2)
                return {name}(compare(self._values, code), lambda: compare(self._real(), other))
            return compare(self._real(), other)
        if type(other) not in {types} or type(other) is str or (type(other) is int and abs(other) > 2**53):
            return compare(self._real(), other)
        return {name}(compare(self._values, other), lambda: compare(self._real(), other))

    def _work(self, work, other, back=False):
        # numbers combined with a number, or with as many in an array
        values, kind = self._values, type(other)
        if kind is {np}.ndarray:
            known = other.shape == values.shape and other.dtype == values.dtype
        else:
            known = kind in (float, {np}.float64) or kind is int and -(2**53) <= other <= 2**53
        real = lambda: work(other, self._real()) if back else work(self._real(), other)
        if not known or values.dtype != {np}.float64:
            return real()
        with {np}.errstate(all="ignore"):
            values = work(other, values) if back else work(values, other)
        return {name}(values, real) if {np}.abs(values).max(initial=0.0) <= 1e140 else real()

    def __add__(self, other):
        return self._work({operator}.add, other)

    def __radd__(self, other):
        return self._work({operator}.add, other, True)

    def __sub__(self, other):
        return self._work({operator}.sub, other)

    def __rsub__(self, other):
        return self._work({operator}.sub, other, True)

    def __mul__(self, other):
        return self._work({operator}.mul, other)

    def __rmul__(self, other):
        return self._work({operator}.mul, other, True)

    def __truediv__(self, other):
        return self._work({operator}.truediv, other)

    def __rtruediv__(self, other):
        return self._work({operator}.truediv, other, True)

    def __pow__(self, other):
        return self._work({operator}.pow, other) if type(other) is int and 0 < other < 9 else self._real() ** other

    def __neg__(self):
        return {name}(-self._values, lambda: -self._real()) if self._values.dtype.kind == "f" else -self._real()

    def __gt__(self, other):
        return self._compare({operator}.gt, other)

    def __ge__(self, other):
        return self._compare({operator}.ge, other)

    def __lt__(self, other):
        return self._compare({operator}.lt, other)

    def __le__(self, other):
        return self._compare({operator}.le, other)

    def __eq__(self, other):
        return self._compare({operator}.eq, other)

    def __ne__(self, other):
        return self._compare({operator}.ne, other)
"""
POSITIONS = """\
class {name}:
    # cells by position
    __slots__ = ("_real", "_values")

    def __init__(self, values, real):
        self._values, self._real = values, real

    def __getitem__(self, at):
        size = len(self._values)
        return self._values[at] if type(at) is int and -size <= at < size else self._real().iloc[at]
"""

FRAME_PART = """\
class {name}:
    # some rows of a frame, given by a slice or a mask: columns of plain numbers come straight from their arrays
    __slots__ = ("_parts", "_rows", "_take", "_made", "_columns")

    def __init__(self, parts, rows, take):
        # `take` picks the rows from the frame, or from one of its columns, as pandas would
        self._parts, self._rows, self._take, self._made, self._columns = parts, rows, take, None, {{}}

    def _real(self):
        if self._made is None:
            self._made = self._take(self._parts.frame)
        return self._made

    def __len__(self):
        rows = self._rows
        if type(rows) is slice:
            return len(range(len(self._parts.frame))[rows])
        return int({np}.count_nonzero(rows)) if rows.dtype == bool else len(rows)

    @property
    def empty(self):
        return not len(self)

    @property
    def shape(self):
        return len(self), len(self._parts.frame.columns)

    def _column(self, label):
        return self._take(self._parts.frame[label]) if self._made is None else self._made[label]

    def __getitem__(self, label):
        if type(label) is not str:
            return self._real()[label]
        if label not in self._columns:
            array, codes = self._parts.array(label), None
            if array is None:
                codes, code_of = self._parts.text_codes(label)
            if array is not None:
                self._columns[label] = {column_part}(array[self._rows], lambda: self._column(label))
            elif codes is not None:
                texts = lambda: self._parts.texts[label][self._rows]
                self._columns[label] = {column_part}(codes[self._rows], lambda: self._column(label), code_of, texts)
            else:
                return self._column(label)
        return self._columns[label]

    def __getattr__(self, name):
        return self[name] if self._parts.field(name) else getattr(self._real(), name)
"""

FRAME_PARTS = """\
class {name}:
    # parts of a frame (or of a column) whose reductions need no frame in between; it must not change meanwhile
    def __init__(self, frame):
        self.frame, self.arrays, self.columns, self.codes, self.sorted = frame, {{}}, {{}}, {{}}, {{}}
        self.texts, self.orders, self.times = {{}}, {{}}, {{}}
        # what pandas computes with another library may differ in the last bit
        plain = "bottleneck" not in {sys}.modules
        self.known = plain and type(frame) is {pd}.DataFrame and frame.columns.is_unique
        self.known = self.known and all(type(c) is str for c in frame.columns)
        self.labels, self.held = frame.columns if self.known else (), {{}}
        self.values = self.numbers(frame) if plain and type(frame) is {pd}.Series else None

    def field(self, name):
        # whether `frame.name` is a column
        return name in self.labels and not hasattr({pd}.DataFrame, name)

    def column(self, label):
        # None if there is none; held, so that what writes into the frame later writes into a copy (from pandas 3 on)
        if label not in self.held:
            self.held[label] = self.frame[label] if label in self.labels else None
        return self.held[label]

    def unchanged(self):
        # whether the frame still has the columns that were looked at
        frame = self.frame
        return frame.columns.equals(self.labels) and all(
            old is None or self.same_data(frame[label], old) for label, old in self.held.items()
        )

    def same_data(self, new, old):
        if type(new) is not {pd}.Series or new.dtype != old.dtype:
            return False
        if not isinstance(new.dtype, {np}.dtype):
            return new.array is old.array
        return new.to_numpy().__array_interface__ == old.to_numpy().__array_interface__

    def numbers(self, column):
        # plain numbers that no sum of squares can overflow; others are left to pandas
        if column.dtype not in ({np}.dtype("float64"), {np}.dtype("int64")):
            return None
        array = column.to_numpy()
        return None if ({np}.abs(array) > 1e140).any() else array

    def array(self, label):
        if label not in self.arrays:
            column = self.column(label)
            self.arrays[label] = self.numbers(column) if column is not None else None
        return self.arrays[label]

    def __getitem__(self, label):
        if label not in self.columns:
            column = self.column(label)
            self.columns[label] = {name}(self.frame[label] if column is None else column)
        return self.columns[label]

    def text_codes(self, label):
        # a number for each different text of a column that holds nothing else, and where each text's number is found
        if label not in self.codes:
            column = self.column(label)
            kinds = column is not None and isinstance(column.dtype, {pd}.CategoricalDtype)
            texts = column.cat.categories if kinds else column
            text = column is not None and {pd}.api.types.infer_dtype(texts, skipna=False) == "string"
            text = text and not column.isna().any()
            codes, values = ({pd}.factorize(column) if not kinds else (column.cat.codes, texts)) if text else (None, ())
            codes = None if codes is None else {np}.asarray(codes)
            self.texts[label] = column.to_numpy(dtype=object) if text else None
            self.codes[label] = codes, {{value: code for code, value in enumerate(values)}}
        return self.codes[label]

    def rows(self, start, stop):
        rows, frame = slice(start, stop), self.frame
        if all(x is None or type(x) in (int, {np}.int64) for x in (start, stop)):
            if self.known:
                return {frame_part}(self, rows, lambda whole: whole.iloc[rows])
            if self.values is not None:
                return {column_part}(self.values[rows], lambda: frame.iloc[rows])
        return frame.iloc[rows]

    def where(self, rows):
        frame = self.frame
        if type(rows) is slice or type(rows) is {np}.ndarray:
            if self.known:
                return {frame_part}(self, rows, lambda whole: self.taken(whole, rows))
            if self.values is not None:
                return {column_part}(self.values[rows], lambda: self.taken(frame, rows))
        return self.taken(frame, rows)

    def pick(self, rows):
        return self.taken(self.frame, rows)

    def taken(self, frame, rows):
        # these rows of the frame (or of a column) as a mask gives them: all of them are a copy of it
        if type(rows) is slice:
            rows = {np}.arange(rows.start, rows.stop)
        if type(rows) is {np}.ndarray and rows.dtype != bool and len(rows) < len(frame):
            return frame.take(rows)
        return frame[self.mask(rows)]

    def mask(self, rows):
        # the result of `test` as an array: rows of a sorted column come as a slice
        if type(rows) is not slice and (type(rows) is not {np}.ndarray or rows.dtype == bool):
            return rows
        mask = {np}.zeros(len(self.frame), dtype=bool)
        mask[rows] = True
        return mask

    def both(self, one, other):
        if type(one) is slice and type(other) is slice:
            return slice(max(one.start, other.start), max(min(one.stop, other.stop), one.start, other.start))
        if type(other) is not slice and not (type(other) is {np}.ndarray and other.dtype == bool):
            one, other = other, one  # few positions, if any, come first
        if type(one) is {np}.ndarray and one.dtype != bool:
            if type(other) is slice:
                return one[one.searchsorted(other.start) : one.searchsorted(other.stop)]
            if type(other) is {np}.ndarray and other.dtype == bool:
                return one[other[one]]
            if type(other) is {np}.ndarray:
                one, other = sorted((one, other), key=len)
                found = other.searchsorted(one)
                return one[other[found.clip(max=len(other) - 1)] == one] if len(one) else one
        return self.mask(one) & self.mask(other)

    def either(self, one, other):
        return self.mask(one) | self.mask(other)

    def sorted_rows(self, label, array, compare, key):
        # rows of a sorted column as a slice, found by bisection; None if that does not apply
        if label not in self.sorted:
            self.sorted[label] = bool((array[:-1] <= array[1:]).all())
        if not self.sorted[label] or key != key or (array.dtype.kind == "i") is (type(key) in (float, {np}.float64)):
            return None
        start, stop = 0, len(array)
        if compare in ({operator}.ge, {operator}.gt, {operator}.eq):
            start = int(array.searchsorted(key, "right" if compare is {operator}.gt else "left"))
        if compare in ({operator}.le, {operator}.lt, {operator}.eq):
            stop = int(array.searchsorted(key, "left" if compare is {operator}.lt else "right"))
        return slice(start, stop) if compare is not {operator}.ne and start <= stop else None

    def equal_rows(self, label, array, key):
        # positions of the rows with this value, for all values at once when many are asked for; None before that
        asked = self.orders.get(label, 0)
        if type(asked) is int and asked < 30:
            self.orders[label] = asked + 1
            return None
        if type(asked) is int:
            order = array.argsort(kind="stable")
            self.orders[label] = order, array[order]
        order, values = self.orders[label]
        return order[values.searchsorted(key, "left") : values.searchsorted(key, "right")]

    def stamps(self, label):
        # a column of times as whole numbers, and their unit; None for any other, and where some are missing
        if label not in self.times:
            column = self.column(label)
            plain = column is not None and column.dtype.kind == "M" and isinstance(column.dtype, {np}.dtype)
            array = column.to_numpy() if plain and not column.isna().any() else None
            unit = array is not None and {np}.datetime_data(array.dtype)[0]
            self.times[label] = (None, "") if array is None else (array.view({np}.int64), unit)
        return self.times[label]

    def stamp(self, key, unit):
        # a time as a whole number of units, as `==` and `<` of pandas see it; None if it is none, or not a whole one
        if type(key) not in (str, {pd}.Timestamp, {np}.datetime64, {datetime}.datetime):
            return None
        try:
            time = {pd}.Timestamp(key)
            if time is {pd}.NaT or time.tz is not None or time.as_unit(unit) != time:
                return None
            return int(time.as_unit(unit).to_datetime64().view({np}.int64))
        except (ValueError, OverflowError):
            return None  # a text that says no time, or one that is too far away

    def test(self, label, compare, key, dotted=False):
        # `compare(frame[label], key)`: rows as a mask or slice where both are plain, else a Series
        plain = type(key) in {types} and not (type(key) is int and abs(key) > 2**53)
        array = self.array(label) if plain and type(key) is not str else None
        if array is not None:
            rows = self.sorted_rows(label, array, compare, key) if len(array) > 1 else None
            exact = array.dtype.kind == "f" or type(key) in (int, {np}.int64)
            if rows is None and exact and compare is {operator}.eq and key == key and abs(key) <= 2**53:
                rows = self.equal_rows(label, array, key)
            return compare(array, key) if rows is None else rows
        times, unit = self.stamps(label)
        value = self.stamp(key, unit) if times is not None else None
        if value is not None:
            rows = self.sorted_rows(label, times, compare, value) if len(times) > 1 else None
            if rows is None and compare is {operator}.eq:
                rows = self.equal_rows(label, times, value)
            return compare(times, value) if rows is None else rows
        if plain and type(key) is str and compare is {operator}.eq:
            codes, code_of = self.text_codes(label)
            if codes is not None:
                code = code_of.get(key, -2)
                rows = self.equal_rows(label, codes, code)
                return codes == code if rows is None else rows
        return compare(getattr(self.frame, label) if dotted else self.frame[label], key)
"""

ITER_GROUPS = """\
def {name}(df, by, **options):
    # `df.groupby(by, **options)` as a loop walks over it, with parts of the frame instead of a frame for each group
    found = {group_rows}(df, by, options)
    if found is None:
        yield from df.groupby(by, **options)
        return
    parts = {frame_parts}(df)
    for key, rows in found:
        yield key, {frame_part}(parts, rows, lambda whole, rows=rows: whole.take(rows))
"""

APPLY_GROUPS = """\
def {name}(df, by, function, **options):
    # `df.groupby(by, **options).apply(function)` with parts of the frame instead of a frame for each group
    groups, found = df.groupby(by, **options), {group_rows}(df, by, options)
    if found is None or int({pd}.__version__.split(".")[0]) < 3:
        return groups.apply(function)
    rest = df.drop(columns=by)
    parts = {frame_parts}(rest)
    values = [function({frame_part}(parts, rows, lambda whole, rows=rows: whole.take(rows))) for _, rows in found]
    if options.get("as_index", True) and all(type(value) in {types} for value in values):
        return {pd}.Series(values, index=groups.size().index)
    made = iter(values)  # pandas decides what they become together
    return groups.apply(lambda group: next(made))
"""

APPLY_GROUP_DICTS = """\
def {name}(df, by, function, original, **options):
    # `df.groupby(by, **options).apply(original)`, where `function` gives the dict of which `original` makes a Series
    groups, found = df.groupby(by, **options), {group_rows}(df, by, options)
    if found is None or int({pd}.__version__.split(".")[0]) < 3:
        return groups.apply(original)
    rest = df.drop(columns=by)
    parts = {frame_parts}(rest)
    dicts = [function({frame_part}(parts, rows, lambda whole, rows=rows: whole.take(rows))) for _, rows in found]
    alike = options.get("as_index", True) and all(type(d) is dict and d and list(d) == list(dicts[0]) for d in dicts)
    if alike and all(type(label) is str for label in dicts[0]):
        table = [list(d.values()) for d in dicts]
        kinds = {{type(value) for row in table for value in row}}
        index = groups.size().index
        if kinds <= {types} - {{str}} and all(-(2**53) <= x <= 2**53 for row in table for x in row if type(x) is int):
            # a Series of numbers has one dtype
            return {pd}.DataFrame({np}.array(table), index=index, columns=list(dicts[0]))
        if kinds <= {types} | {{bool, {np}.bool_}} and all(str in map(type, row) for row in table):
            return {pd}.DataFrame(table, index=index, columns=list(dicts[0]))
    made = iter([{pd}.Series(d) for d in dicts])
    return groups.apply(lambda group: next(made))
"""

GROUP_ROWS = """\
def {name}(df, by, options):
    # the key and the positions of the rows of every group, in order; None for unusual frames and keys
    names = by if type(by) is list else [by]
    if type(df) is not {pd}.DataFrame or not len(df) or not df.columns.is_unique or df.attrs:
        return None
    if not names or any(type(c) is not str for c in [*names, *df.columns]) or any(c not in df.columns for c in names):
        return None
    if len(set(names)) < len(names) or not df.flags.allows_duplicate_labels or set(names) & set(df.index.names):
        return None
    if len(names) > 1 and int({pd}.__version__.split(".")[0]) < 3:
        return None  # there a loop over the groups shows keys of other types than the index does
    for column in (df[c] for c in names):
        if column.dtype not in ({np}.dtype("int64"), {np}.dtype("float64")):
            if {pd}.api.types.infer_dtype(column, skipna=False) != "string":
                return None
            if isinstance(column.dtype, {pd}.CategoricalDtype):
                return None
        if column.isna().any():
            return None
    groups = df.groupby(by, **options)
    numbers = groups.ngroup().to_numpy()
    order, sizes = numbers.argsort(kind="stable"), {np}.bincount(numbers)
    keys = list(df.groupby(by, **{{**options, "as_index": True}}).size().index)
    if len(keys) != len(sizes):
        return None
    if type(by) is list and len(by) == 1:
        keys = [(key,) for key in keys]
    return zip(keys, {np}.split(order, sizes.cumsum()[:-1]))
"""

APPLY_COLUMNS = """\
def {name}(df, kinds, boxed, limit, function, original, *others):
    # `df.apply(original, axis=1)`, where `function` computes all rows at once from whole columns of the given kinds;
    # `others` are further kinds, with what computes those
    for kinds, limit, function in ((kinds, limit, function), *others):
        columns = {row_arrays}(df, kinds, boxed, limit)
        if columns is None or df.attrs or not df.flags.allows_duplicate_labels:
            continue
        try:
            with {np}.errstate(all="raise", under="ignore"):
                values = function(*columns)
        except (FloatingPointError, NameError):
            break  # no answer, or a name that is not bound: the original says what happens then, and in which row
        return {pd}.Series(values.tolist() if values.dtype.kind in "OU" else values, index=df.index)
    return df.apply(original, axis=1)
"""

ROW_ARRAYS = """\
def {name}(df, kinds, boxed, limit):
    # columns as arrays if a row of this frame shows cells of these kinds (mixed rows show Python objects: `boxed`)
    if type(df) is not {pd}.DataFrame or not len(df) or not df.columns.is_unique:
        return None
    if any(type(c) is not str for c in df.columns):
        return None
    if any(type(name) is not str or name not in df.columns for name, _ in kinds):
        return None
    dtypes = list(df.dtypes)
    if any(dtype.kind not in "biufOM" for dtype in dtypes) or any(
        not isinstance(dtype, ({np}.dtype, {pd}.StringDtype)) for dtype in dtypes
    ):
        return None
    plain = all(dtype.kind in "iuf" for dtype in dtypes) or all(dtype.kind == "b" for dtype in dtypes)
    if plain is boxed or all(dtype.kind == "M" for dtype in dtypes):
        return None
    arrays = []
    for name, kind in kinds:
        column = df[name]
        dtype = {np}.result_type(*dtypes) if plain else column.dtype
        array = {checked}(column, dtype, kind, limit)
        if array is None:
            return None
        arrays.append(array)
    return arrays
"""

CHECKED = """\
def {name}(column, dtype, kind, limit):
    # the column as an array of float64, int64 (no value beyond +-limit), bool, strings or times; None if it is another
    if kind == "str":
        if isinstance(dtype, {pd}.StringDtype) and dtype.na_value is {np}.nan:
            return column.to_numpy(dtype=object)
        if dtype == object and {pd}.api.types.infer_dtype(column, skipna=False) == "string":
            return column.to_numpy()
        return None
    if kind == "time":
        plain = isinstance(dtype, {np}.dtype) and dtype.kind == "M" and not column.isna().any()
        return column.to_numpy() if plain else None
    if dtype != kind:
        return None
    array = column.to_numpy()
    if array.dtype.kind in "iu" and limit and len(array) and not (-limit <= array.min() and array.max() <= limit):
        return None
    return array.astype(kind, copy=False)
"""

MAP_COLUMN = """\
def {name}(series, kind, limit, function, method, original):
    # `series.apply(original)` (or `map`), where `function` computes all elements at once if they are of the given kind
    if type(series) is {pd}.Series and len(series) and not series.attrs and series.flags.allows_duplicate_labels:
        array = {checked}(series, series.dtype, kind, limit)
        if array is not None:
            try:
                with {np}.errstate(all="raise", under="ignore"):
                    values = function(array)
            except (FloatingPointError, NameError):
                pass  # no answer, or a name that is not bound: the original says what happens, and where
            else:
                values = values.tolist() if values.dtype.kind in "OU" else values
                return {pd}.Series(values, index=series.index, name=series.name)
    return getattr(series, method)(original)
"""

KEYED_ROWS = """\
class {name}:
    # rows of a frame by the value of one column, each value's in their order; without any for an unusual frame
    def __init__(self, df, column, labelled, rows):
        self.places, self.rows = {{}}, ()
        if type(df) is not {pd}.DataFrame or not df.columns.is_unique or column not in df.columns:
            return
        if labelled and not (type(df.index) is {pd}.RangeIndex and df.index.start == 0 and df.index.step == 1):
            return
        values = df[column]
        if values.dtype in ({np}.dtype("int64"), {np}.dtype("float64")):
            if (values.abs() > 2**53).any():
                return  # as floats they could be equal
        elif not (isinstance(values.dtype, {pd}.StringDtype) and values.dtype.na_value is {np}.nan):
            return
        for place, value in enumerate(values.tolist()):
            self.places.setdefault(value, []).append(place)
        self.rows = list(rows())

    def __bool__(self):
        return bool(self.rows)

    def where(self, key):
        if type(key) not in {types} or (type(key) is not str and not abs(key) <= 2**53):
            return self.rows
        return [self.rows[place] for place in self.places.get(key, ())]
"""

ROWS_BEHIND = """\
class {name}:
    # `df.loc[len(df)] = row` for many rows at once: rows whose cells suit the dtypes wait until `flush`
    def __init__(self, df):
        self.df = df
        self.look()

    def look(self):
        df, self.rows, self.kinds, self.size = self.df, [], None, len(self.df)
        if type(df) is not {pd}.DataFrame or df.empty or df.attrs or not df.flags.allows_duplicate_labels:
            return
        numbered = type(df.index) in ({pd}.RangeIndex, {pd}.Index) and df.index.dtype == {np}.int64
        labels = df.columns.is_unique and all(type(label) is str for label in df.columns)
        if not (numbered and labels and df.index.equals({pd}.RangeIndex(len(df)))):
            return
        whole = df.select_dtypes({np}.int64)
        if len(whole.columns) and whole.abs().max().max() > 2**53:
            return  # pandas turns them into floats and back
        known = {{"int64": (int, {np}.int64), "float64": (float, {np}.float64, int), "str": (str,)}}
        kinds = [known.get(str(dtype)) for dtype in df.dtypes]
        self.labels, self.kinds = list(df.columns), None if None in kinds else kinds

    def __len__(self):
        return self.size

    def put(self, label, row):
        kinds = self.kinds
        if kinds is not None and type(label) is int and label == self.size and type(row) in (list, dict):
            cells = tuple(row)
            if type(row) is dict:
                cells = tuple([row[name] for name in self.labels]) if row.keys() == set(self.labels) else ()
            if len(cells) == len(kinds) and all([type(cell) in kind for cell, kind in zip(cells, kinds)]):
                if all([-(2**53) <= cell <= 2**53 for cell in cells if type(cell) in (int, {np}.int64)]):
                    self.rows.append(cells)
                    self.size += 1
                    return
        self.flush()
        self.df.loc[label] = row
        self.look()

    def flush(self):
        if not self.rows:
            return
        df, columns = self.df, zip(*self.rows)
        made = {{label: {pd}.Series(list(c), dtype=df[label].dtype) for label, c in zip(self.labels, columns)}}
        rest = {pd}.DataFrame(made).set_axis(df.columns, axis=1)
        frame = {pd}.concat([df, rest], ignore_index=True)
        if type(df.index) is not {pd}.RangeIndex:
            frame.index = {pd}.Index(frame.index.to_numpy())
        frame.index.name = df.index.name
        df.__init__(frame)  # the frame itself gets the rows, as it did
        self.look()
"""

BY_DISTINCT = """\
def {name}(series, function):
    # `function(series)`, which works value by value, on each different value once
    if type(series) is not {pd}.Series or series.attrs or not series.flags.allows_duplicate_labels:
        return function(series)
    kind = series.dtype
    if isinstance(kind, {pd}.StringDtype):
        plain = kind.na_value is {np}.nan
    elif kind == object:
        plain = set(map(type, series.to_numpy())) == {{str}}
    else:
        plain = isinstance(kind, {np}.dtype) and (kind == {np}.int64 or kind.kind == "M")
    codes, values = {pd}.factorize(series, use_na_sentinel=False) if plain else ((), ())
    if not plain or 2 * len(values) >= len(series):
        return function(series)
    firsts = {pd}.Series(values, name=series.name)
    results = function(firsts) if firsts.dtype == kind else None
    if type(results) is {pd}.Series:
        made = results.to_numpy() if results.dtype == object else ()
    elif type(results) is {pd}.DataFrame:
        made = [cell for _, column in results.items() if column.dtype == object for cell in column]
    else:
        return function(series)
    if not {{str, int, float, bool, type(None)}}.issuperset(map(type, made)):
        return function(series)  # what can be changed must not be shared
    return results.take(codes).set_axis(series.index)
"""

HAS_FIELDS = """\
def {name}(df, names):
    # whether `itertuples` shows these columns under their own names
    return (
        type(df) is {pd}.DataFrame
        and df.columns.is_unique
        and all(type(c) is str for c in df.columns)
        and "Index" not in df.columns
        and all(name in df.columns for name in names)
    )
"""

KEY_TYPES = "{name} = frozenset({{int, float, str, {np}.int64, {np}.float64}})  # keys that compare as they hash\n"

ROWS_BY_KEY = """\
def {name}(df, key):
    # positions of the rows by their value of column `key`, found once instead of by a scan for every value
    if type(df) is not {pd}.DataFrame or not df.columns.is_unique or key not in df.columns:
        return {{}}
    column = df[key]
    plain = column.dtype.kind in "iuf" and isinstance(column.dtype, {np}.dtype)
    if plain and column.dtype.kind in "iu" and len(df) and not (-(2**53) <= column.min() and column.max() <= 2**53):
        return {{}}  # too large to compare with a float as `==` does
    if not plain and {pd}.api.types.infer_dtype(column, skipna=False) != "string":
        return {{}}
    rows = column.groupby(column.to_numpy(), sort=False).indices
    return {{value: found for value, found in rows.items() if len(found) < len(df)}}
"""

FIRST_BY_KEY = """\
def {name}(df, key, name):
    # the cell of column `name` in the first row with each value of column `key`; empty for columns of another kind
    rows = {rows_by_key}(df, key)
    if not rows or name not in df.columns or df[name].dtype.kind not in "biufO":
        return {{}}
    dtype = df[name].dtype
    if not isinstance(dtype, {np}.dtype) and not (isinstance(dtype, {pd}.StringDtype) and dtype.na_value is {np}.nan):
        return {{}}
    cells = df[name].to_numpy()
    return {{value: cells[found[0]] for value, found in rows.items()}}
"""

CELL_LISTS = """\
def {name}(df, columns, row_columns, labelled):
    # what `df.iloc[i]`, `df.at[i, column]` and the like give for i in range(count): count, a list for each of
    # `columns`, and for each of `row_columns` (read through a Series of the whole row); count is 0 for an unusual frame
    nothing = [0] + [[] for _ in (*columns, *row_columns)]
    if type(df) is not {pd}.DataFrame or not df.columns.is_unique or any(type(c) is not str for c in df.columns):
        return nothing
    if labelled and not (type(df.index) is {pd}.RangeIndex and df.index.start == 0 and df.index.step == 1):
        return nothing
    if any(c not in df.columns for c in (*columns, *row_columns)):
        return nothing
    looked_at = list(df.dtypes) if row_columns else [df[c].dtype for c in columns]
    for dtype in looked_at:
        if isinstance(dtype, {np}.dtype):
            if dtype.kind not in "biufOM":
                return nothing
        elif not (isinstance(dtype, {pd}.StringDtype) and dtype.na_value is {np}.nan):
            return nothing
    if row_columns and all(t.kind == "M" for t in df.dtypes):
        return nothing  # such a row has one dtype, and may count time in another unit
    # a row of numbers only is cast to one dtype; any other row shows each cell as it is
    cast = {np}.result_type(*df.dtypes) if row_columns and all(t.kind in "iuf" for t in df.dtypes) else None
    lists = [df[c] if df[c].dtype.kind == "M" else df[c].to_numpy() for c in (*columns, *row_columns)]
    if cast is not None:
        lists[len(columns) :] = [a.astype(cast) for a in lists[len(columns) :]]
    return [len(df), *map(list, lists)]
"""

CELL_TABLE = """\
class {name}:
    # cells of a frame that does not change, by computed labels, from lists of its columns
    def __init__(self, df):
        self.df, self.lists = df, {{}}

    def find(self, i, label, row, labelled):
        # (cell,) when it is known to be what pandas would give
        if type(i) is not int or type(label) is not str:
            return None
        at = label, row, labelled
        if at not in self.lists:
            wanted = ((), (label,)) if row else ((label,), ())
            self.lists[at] = {cell_lists}(self.df, *wanted, labelled)
        count, cells = self.lists[at]
        return (cells[i],) if 0 <= i < count else None

    def loc(self, i, label):
        found = self.find(i, label, False, True)
        return self.df.loc[i, label] if found is None else found[0]

    def at(self, i, label):
        found = self.find(i, label, False, True)
        return self.df.at[i, label] if found is None else found[0]

    def loc_row(self, i, label):
        found = self.find(i, label, True, True)
        return self.df.loc[i][label] if found is None else found[0]

    def iloc_row(self, i, label):
        found = self.find(i, label, True, False)
        return self.df.iloc[i][label] if found is None else found[0]

    def column_iloc(self, i, label):
        found = self.find(i, label, False, False)
        return self.df[label].iloc[i] if found is None else found[0]

    def column_loc(self, i, label):
        found = self.find(i, label, False, True)
        return self.df[label].loc[i] if found is None else found[0]
"""

REDUCE_GROUPS = """\
def {name}(df, keys, column, options, method, kind, limit, reductions, function, original):
    # `df.groupby(keys, **options)[column].<method>(original)`, with `function` of reductions of all groups
    groups = df.groupby(keys, **options)[column]
    names = [keys] if isinstance(keys, str) else keys
    if (
        type(df) is not {pd}.DataFrame or not len(df) or len(df) > 2**20 or not df.columns.is_unique or df.attrs
        or df.columns.nlevels > 1 or any(k not in df.columns for k in names)  # a level of the index
        or any(df[k].dtype.kind not in "iufbO" or isinstance(df[k].dtype, {pd}.CategoricalDtype) for k in names)
        or df[names].isna().any(axis=None) or len(set(names)) < len(names) or not df.flags.allows_duplicate_labels
        or {checked}(df[column], df[column].dtype, kind, limit) is None or df[column].abs().max() > 1e100
        or any(name == "median" for name, _ in reductions) and not groups.count().all()  # pandas 2 warns of empty ones
    ):
        return getattr(groups, method)(original)
    if method == "transform":
        parts = [df[column] if name == "self" else groups.transform(name, **how) for name, how in reductions]
        index = df.index.view()  # an object of its own, as pandas gives
    else:
        parts = [getattr(groups, name)(**how) for name, how in reductions]
        index = parts[0].index
    try:
        with {np}.errstate(all="raise", under="ignore"):
            values = function(*(part.to_numpy() for part in parts))
    except FloatingPointError:
        return getattr(groups, method)(original)  # a division by zero or an overflow: as before
    return {pd}.Series(values.tolist() if values.dtype.kind in "OU" else values, index=index, name=column)
"""

JOIN_FRAMES = """\
def {name}(parts, options):
    # `df = pd.concat([df, part])` for all parts at once where they agree in columns and dtypes, else one by one
    if len(parts) > 2 and all(type(p) is {pd}.DataFrame and len(p) and not p.attrs for p in parts[1:]):
        frame = {pd}.concat(parts[:2], **options)
        columns, dtypes, index = frame.columns, list(frame.dtypes), frame.index
        if type(frame) is {pd}.DataFrame and not frame.attrs and len(frame) and all(
            p.columns.equals(columns) and p.index.dtype == index.dtype and p.index.names == index.names
            and list(p.dtypes) == dtypes
            for p in parts[2:]
        ):
            return {pd}.concat([frame, *parts[2:]], **options)
    frame = parts[0]
    for part in parts[1:]:
        frame = {pd}.concat([frame, part], **options)
    return frame
"""

ROW_PART = """\
def {name}(data):
    # `pd.DataFrame(data)`, or only its cells when that is one row of plain values
    row = data[0] if type(data) is list and len(data) == 1 else data
    if type(row) is dict and row and all(type(label) is str for label in row):
        if row is not data:
            cells = dict(row)
        elif all(type(column) is list and len(column) == 1 for column in row.values()):
            cells = {{label: column[0] for label, column in row.items()}}
        else:
            return {pd}.DataFrame(data)
        if all(type(cell) in {types} for cell in cells.values()):
            return cells
    return {pd}.DataFrame(data)
"""

JOIN_ROWS = """\
def {name}(parts, options):
    # `df = pd.concat([df, row])`, where rows of plain values come as dicts: one frame of all that agree in their types
    frames = [part if type(part) is not dict else {pd}.DataFrame([part]) for part in parts[:2]]
    kind = lambda cell: float if isinstance(cell, float) else str if isinstance(cell, str) else int
    kinds = [{{label: kind(cell) for label, cell in part.items()}} for part in parts[1:] if type(part) is dict]
    if 3 < len(parts) == len(kinds) + 1 and all(list(k.items()) == list(kinds[0].items()) for k in kinds):
        rest = {pd}.DataFrame({{label: [part[label] for part in parts[2:]] for label in kinds[0]}})
        frame = {pd}.concat(frames, **options)
        alike = type(frame) is {pd}.DataFrame and not frame.attrs and frame.columns.equals(rest.columns)
        if alike and list(frame.dtypes) == list(rest.dtypes) == list(frames[1].dtypes):
            return {pd}.concat([frame, rest], **options)
    frames += [part if type(part) is not dict else {pd}.DataFrame([part]) for part in parts[2:]]
    return {join_frames}(frames, options)
"""

CELL_WRITER = """\
class {name}:
    # `df.at[i, column] = value` into lists that are put back by `flush`, where the label is one of the index and the
    # value suits the dtype; any other write goes to the frame at once, as before
    def __init__(self, df):
        self.df, self.cells, self.index, self.kind = df, {{}}, None, str
        self.rows = len(df) if type(df) is {pd}.DataFrame and self.plain() else 0
        self.credit, self.prices = 0, {{}}  # what a list costs and a cell saves, in some 20 ns
        if self.rows:
            self.index, self.places = df.index, self.numbers(df.index)

    def plain(self):
        columns = self.df.columns
        self.kind = int if len(columns) and type(columns[0]) is not str else str
        return columns.is_unique and all(type(c) is self.kind for c in columns)

    def numbers(self, index):
        # the row of each label, and the types of labels that are looked up; None for 0, 1, 2, ...
        if type(index) is {pd}.RangeIndex and index.start == 0 and index.step == 1:
            return None
        labels = list(index) if index.nlevels == 1 and index.is_unique else []
        for kinds in ((str,), (int,), ({pd}.Timestamp,)):
            if labels and all(type(label) in kinds for label in labels):
                return {{label: row for row, label in enumerate(labels)}}, kinds[0]
        return {{}}, None

    def row(self, i):
        if type(i) is {np}.int64:
            i = int(i)
        if self.places is None:
            return i if type(i) is int and 0 <= i < self.rows else None
        return self.places[0].get(i) if type(i) is self.places[1] else None

    def load(self, column):
        # the column as (list, kinds of value that keep its dtype, what a value becomes in it)
        if self.df.index is not self.index or not self.plain() or len(self.df) != self.rows:
            self.rows = 0
            return
        if column not in self.df.columns:
            return
        self.prices[column] = {np}.inf  # unless it becomes a list
        dtype = self.df[column].dtype
        kinds = {{"float64": (float, {np}.float64, int), "int64": (int, {np}.int64), "bool": (bool, {np}.bool_)}}
        suits = kinds.get(str(dtype))
        if suits is not None:
            self.cells[column] = [list(self.df[column].to_numpy()), suits, dtype.type, False]
        elif isinstance(dtype, {pd}.StringDtype) and dtype.na_value is {np}.nan:
            self.cells[column] = [list(self.df[column].to_numpy()), (str,), str, False]
        elif isinstance(dtype, {np}.dtype) and dtype.kind in "biufM":
            cells = self.df[column]  # only read
            self.cells[column] = [list(cells if dtype.kind == "M" else cells.to_numpy()), (), None, False]
        if column in self.cells:
            self.prices[column] = price = (80 if dtype.kind == "M" else 2) * self.rows
            self.credit -= price

    def entry(self, column):
        if type(column) is not self.kind:
            return None
        if column not in self.cells and self.rows:
            if column not in self.prices or self.prices[column] <= self.credit:  # again only when it was worth it
                self.load(column)
        self.credit += 500 if column in self.cells else 0
        return self.cells.get(column)

    def put(self, value, row, column):
        # whether the value is in the list now
        entry = None if row is None or not self.rows else self.entry(column)
        if entry is None or type(value) not in entry[1]:
            if entry is not None and not entry[1]:
                self.prices[column] = {np}.inf  # no list is written to
            return False
        if type(value) is int and not -(2**53) <= value <= 2**53:
            return False
        entry[0][row], entry[3] = entry[2](value), True
        return True

    def label(self, value, i, column, how):
        if not self.put(value, self.row(i) if self.rows else None, column):
            getattr(self.now(), how)[i, column] = value

    def position(self, value, i, j, how):
        known = type(i) is int and 0 <= i < self.rows and type(j) is int and 0 <= j < len(self.df.columns)
        if not (known and self.put(value, i, self.df.columns[j])):
            getattr(self.now(), how)[i, j] = value

    def at(self, value, i, column):
        self.label(value, i, column, "at")

    def loc(self, value, i, column):
        self.label(value, i, column, "loc")

    def iat(self, value, i, j):
        self.position(value, i, j, "iat")

    def iloc(self, value, i, j):
        self.position(value, i, j, "iloc")

    def add(self, work, i, column, value, how):
        # `df.loc[i, column] += value`, whatever `work` does in place of adding
        self.label(work(self.read(i, column, how), value), i, column, how)

    def read(self, i, column, how):
        # a cell, with all that was written so far; of a column that has no list, nothing is pending
        if type(column) is not self.kind:
            self.flush()  # it may mean a column that has a list
        entry = self.cells.get(column) if type(column) is self.kind else None
        if entry is not None and self.places is None and type(i) is int and 0 <= i < self.rows:
            self.credit += 500
            return entry[0][i]
        entry = self.entry(column)
        if entry is not None:
            by_place = how in ("column_iloc", "column_iat")
            row = i if by_place and type(i) is int and 0 <= i < self.rows else None if by_place else self.row(i)
            if row is not None:
                return entry[0][row]
            self.flush()
        if how == "loc" or how == "at":
            return getattr(self.df, how)[i, column]
        cells = self.df[column]
        return cells[i] if how == "column" else getattr(cells, how.removeprefix("column_"))[i]

    def now(self):
        # the frame, with all that was written so far
        self.flush()
        return self.df

    def flush(self):
        for column, (cells, _, kind, changed) in self.cells.items():
            if changed and kind is str:
                self.df[column] = {pd}.Series(cells, index=self.df.index, dtype=self.df[column].dtype)
            elif changed:
                self.df.loc[:, column] = {np}.array(cells, dtype=kind)
        self.cells = {{}}
"""

NONZERO = """\
def {name}(divisor):
    # Python refuses every division by zero; arrays let nan / 0 and inf / 0 pass unnoticed
    if not {np}.all(divisor):
        raise FloatingPointError("division by zero")
    return divisor
"""

CERTAIN = """\
def {name}(mask, values):
    # `values`, when every row found its key; the original raises for the first that did not
    if not {np}.all(mask):
        raise FloatingPointError("a key that is not there")
    return values
"""

PLAIN_TABLE = """\
def {name}(table):
    # the table, if what it answers follows from the key alone: nobody's own class, and keys that compare as they hash
    plain = {{int, float, str, bool, type(None), {np}.int64, {np}.float64, {np}.bool_, {pd}.Timestamp}}
    if type(table) in ({pd}.Series, {pd}.DataFrame):
        levels = [table.index] if table.index.nlevels == 1 else table.index.levels
        if not any(x.dtype == object and {pd}.api.types.infer_dtype(x, skipna=True) != "string" for x in levels):
            return table
    elif type(table) in (dict, set, frozenset):
        kinds = set(map(type, table))
        parts = {{type(part) for key in table if type(key) is tuple for part in key}}
        if parts <= plain and kinds <= plain | {{tuple}}:
            return table
    raise FloatingPointError("another table")
"""

BY_KEY = """\
def {name}(ask, kind, limit, reached, scalars, *keys):
    # what `ask` answers for the keys of each row (of `reached`), called once for each different one; rows show NumPy's
    # scalars, or Python's numbers
    size = len(keys[0])
    if reached is not None:
        keys = [key[reached] for key in keys]
    codes, count = {np}.zeros(len(keys[0]), dtype={np}.int64), 1
    for key in keys:
        own, values = {pd}.factorize(key, use_na_sentinel=False)
        codes, found = {pd}.factorize(codes * len(values) + own)
        count = len(found)
    first = {np}.zeros(count, dtype={np}.int64)
    first[codes[::-1]] = {np}.arange(len(codes))[::-1]
    try:
        each = [key[first] for key in keys]
        each = [key if scalars or key.dtype.kind == "M" else key.tolist() for key in each]
        each = [key if type(key) is list or key.dtype.kind != "M" else map({pd}.Timestamp, key) for key in each]
        answers = [ask(*given) for given in zip(*each)]
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise FloatingPointError("no answer for some key") from None
    whole = (int, {np}.int64)
    known = {{"int": whole, "bool": (bool, {np}.bool_), "str": (str,), "time": ({pd}.Timestamp,)}}
    known = known.get(kind, (float, {np}.float64))
    known = (*known, *whole) if kind == "mixed" else known
    if any(type(x) not in known or type(x) in whole and abs(x) > limit for x in answers):
        raise FloatingPointError("another kind of answer")
    if kind == "time":
        if not answers or any(x.tz is not None or x.unit != answers[0].unit for x in answers):
            raise FloatingPointError("times of several kinds")
        values = {pd}.DatetimeIndex(answers).to_numpy()[codes]
    else:
        dtype = {{"int": {np}.int64, "bool": bool, "str": object}}.get(kind, {np}.float64)
        values = {np}.array(answers, dtype=dtype)[codes]
    if reached is None:
        return values
    every = {np}.full(size, "" if kind == "str" else 0, dtype=values.dtype)
    every[reached] = values
    return every
"""

TIMES = """\
def {name}(times):
    # times as pandas counts them; a single one as it is
    return times if type(times) is {pd}.Timestamp else {pd}.DatetimeIndex(times)
"""

BETWEEN = """\
def {name}(later, earlier):
    try:
        return later - earlier
    except (OverflowError, ValueError):
        raise FloatingPointError("too long a time") from None
"""
