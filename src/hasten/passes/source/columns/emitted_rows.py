"""Text of the helper classes that stand in for frames which are only read. See `emitted` and `stand_in`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from hasten.core.source import Edit, SourceFile
from hasten.kernel.regions import PUT_THERE, put_there
from hasten.passes.source.columns.emitted_column import TEXT as COLUMN
from hasten.passes.source.columns.syntax import helper_edits, identifiers, module_alias
from hasten.passes.source.columns.trimmed import trimmed

MODULES = (("numpy", "np"), ("pandas", "pd"), ("operator", "operator"), ("sys", "sys"), ("types", "types"))
CLASSES = (
    *(
        "_plain",
        "_taken",
        "_celled",
        "_by_cells",
        "_beside",
        "_valued",
        "_Texts",
        "_asked",
        "_through",
        "_StandIn",
        "_drawn",
        "_Once",
        "_Place",
        "_labelled",
        "_Lazy",
        "_Columns",
        "_cell",
        "_called",
        "_looked",
        "_apart",
        "_others",
    ),
    *("_Rows", "_Row", "_WalkedRow", "_Cells", "_Column", "_ColumnCells", "_ColumnLabels", "_Groups"),
)


def helpers(source: SourceFile, wanted: Iterable[str] = ()) -> tuple[list[Edit], dict[str, str]]:
    """Insertions of `_Rows`, of the definitions in `wanted`, of what they need and of imports, and the names that they
    have in the file. Of methods there are those that the file calls: all changes to one file put the same class there.
    """
    edits: list[Edit] = []
    names: dict[str, str] = {}
    for module, usual in (*MODULES, ("datetime", "datetime")):
        names[usual], found = module_alias(source, module, usual)
        edits += found
    taken, called = identifiers(source), _calls(source)
    for suffix in ("", *(f"_{n}" for n in range(2, 100))):
        known = {**names, **{name: name + suffix for name in CLASSES}}
        PUT_THERE.add(_named(TEXT, known))
        texts = [_named(text, known) for text in _texts(wanted, called)]
        # what an earlier change has put there may have other methods, and asks pandas for those that it lacks
        texts = [text for text in texts if not _is_there(source, _head(text))]
        if not any(taken & set(_defined(text)) for text in texts):
            break
    return [*edits, *helper_edits(source, texts)], known


def _texts(wanted: Iterable[str], called: frozenset[str]) -> list[str]:
    core = trimmed(TEXT, ["_Rows"], called)
    whole = trimmed(TEXT, ["_Rows", *wanted], called)
    more = [name for name in _defined(whole) if name not in _defined(core)]
    return [core, *(trimmed(TEXT, [name], called, alone=True) for name in more)]


def _defined(text: str) -> list[str]:
    return re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE)


def _head(text: str) -> str:
    """The name that tells whether a text is there."""
    return next((name for name in _defined(text) if name.startswith("_Rows")), _defined(text)[0])


def _is_there(source: SourceFile, name: str) -> bool:
    return any(getattr(n, "name", "") == name and put_there(source, n) for n in source.tree.body)


def _calls(source: SourceFile) -> frozenset[str]:
    """Attributes that the file names, but for what passes have put there; and the ways to make a stand-in."""
    user = [n for n in source.tree.body if not put_there(source, n)]
    return frozenset(
        {"of", "of_each"} | {n.attr for top in user for n in ast.walk(top) if isinstance(n, ast.Attribute)}
    )


def _named(text: str, names: dict[str, str]) -> str:
    changed = {old: new for old, new in names.items() if old != new}
    if not changed:
        return text
    return re.sub(r"(?<![\w.])(" + "|".join(map(re.escape, changed)) + r")\b", lambda m: changed[m[1]], text)


TEXT = """\
def _plain(value):
    # the frame or Series that something stands in for; any other value as it is
    return value.real() if isinstance(value, _StandIn) else value


def _taken(value):
    # what stands in for a Series; any other value as it is
    return _Column.of(value) if type(value) is pd.Series else value


def _celled(value):
    # a row of numbers of one kind, or a Series, as what stands in for a Series; any other value as it is
    if type(value) is pd.Series:
        return _Column.of(value)
    cells = value._vector() if isinstance(value, _Row) else None
    return value if cells is None else cells


def _by_cells(name):
    # an operation of a row, done with its cells where they are numbers of one kind
    otherwise = _through(name)

    def done(self, *others):
        cells = self._vector()
        return otherwise(self, *others) if cells is None else getattr(cells, name)(*others)

    return done


def _valued(column):
    # what `column.values[i]` asks one text of
    return _Texts(column) if type(column) is _Column and column._kind == "t" else column


def _beside(column, value):
    # what goes into a column: the real thing if that is one
    return value if isinstance(column, _StandIn) else _plain(value)


def _asked(real, name):
    # an attribute of the real thing; its methods take what stands in for frames as well
    found = getattr(real, name)
    if type(found) is not types.MethodType:
        return found
    return lambda *args, **options: found(*map(_plain, args), **{k: _plain(v) for k, v in options.items()})


def _through(name):
    # an operation of the real thing; where that stands on the right, what is on the left of it gives the labels
    turned = getattr(operator, "__" + name[3:], None) if name.startswith("__r") else None
    if turned is not None:
        return lambda self, other: turned(_plain(other), self.real())
    return lambda self, *others: getattr(self.real(), name)(*map(_plain, others))


class _StandIn:
    # what is only read may stand in for a frame, a row, a column or groups; `real` makes the thing itself
    __slots__ = ()
    __pandas_priority__ = 5000  # whatever pandas does with both is asked of this side
    __add__, __radd__, __sub__, __rsub__ = map(_through, ("__add__", "__radd__", "__sub__", "__rsub__"))
    __mul__, __rmul__, __pow__, __rpow__ = map(_through, ("__mul__", "__rmul__", "__pow__", "__rpow__"))
    __truediv__, __rtruediv__, __mod__, __rmod__ = map(_through, ("__truediv__", "__rtruediv__", "__mod__", "__rmod__"))
    __floordiv__, __rfloordiv__, __matmul__ = map(_through, ("__floordiv__", "__rfloordiv__", "__matmul__"))
    __rmatmul__, __and__, __rand__, __or__ = map(_through, ("__rmatmul__", "__and__", "__rand__", "__or__"))
    __ror__, __xor__, __rxor__, __invert__ = map(_through, ("__ror__", "__xor__", "__rxor__", "__invert__"))
    __neg__, __pos__, __abs__, __hash__ = map(_through, ("__neg__", "__pos__", "__abs__", "__hash__"))
    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = map(
        _through, ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
    )
    __len__, __iter__, __contains__ = map(_through, ("__len__", "__iter__", "__contains__"))
    __getitem__, __setitem__ = map(_through, ("__getitem__", "__setitem__"))

    def __call__(self, asking):
        # pandas calls a key that can be called: a frame that nothing stands in for gets the real thing
        if not isinstance(asking, (pd.DataFrame, pd.Series)):
            raise TypeError(f"{type(asking).__name__} cannot be asked for by a frame")
        return self.real()

    def __bool__(self):
        return bool(self.real())

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _asked(self.real(), name)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.real(), dtype=dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return getattr(ufunc, method)(*map(_plain, inputs), **{k: _plain(v) for k, v in options.items()})


def _drawn(size, n, frac, replace, random_state):
    # the places that `sample` draws, by the call that pandas makes; None where pandas is asked
    if type(random_state) not in (np.random.Generator, np.random.RandomState) or type(replace) is not bool:
        return None
    count = n if frac is None else None
    if n is None and type(frac) in (int, float) and 0 < frac <= 1:
        count = round(frac * size)
    if not size or type(count) is not int or count < 0 or count > size and not replace:
        return None
    return random_state.choice(size, size=count, replace=replace).astype(np.intp, copy=False)


class _Once:
    # makes something when it is asked for first
    __slots__ = ("_made", "_make")

    def __init__(self, make, made=None):
        self._make, self._made = make, made

    def __call__(self):
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made


class _Place:
    # the rows that columns have in common; `within` others, where a mask tells which
    __slots__ = ("_alike", "_labels", "_numbered", "index", "mask", "within")

    def __init__(self, index, within=None, mask=None):
        self.index, self.within, self.mask, self._numbered, self._labels = _Once(index), within, mask, None, None
        self._alike = {}

    def same(self, other):
        # whether another place has the same labels in the same order
        if self is other:
            return True
        known = self._alike.get(id(other))
        if known is None or known[0] is not other:
            if len(self._alike) == 100:
                self._alike.clear()
            known = self._alike[id(other)] = other, self.index().equals(other.index())
        return known[1]

    def numbered(self):
        # whether the labels are 0, 1, 2, ...
        if self._numbered is None:
            index = self.index()
            self._numbered = type(index) is pd.RangeIndex and index.start == 0 and index.step == 1
        return self._numbered

    def masked(self, mask):
        return _Place(lambda: self.index()[mask], self, mask)

    def where(self, label):
        # the row of a label, where each is there once; None where pandas is asked
        if self._labels is None:
            self._labels = _labelled(self.index())
        kinds, places = self._labels
        return places.get(label) if type(label) in kinds and (type(label) is not pd.Timestamp or not label.tz) else None


def _labelled(index):
    # the types of an index's labels, and the row of each; none of an unusual index, or of one that repeats labels
    kinds = ()
    if index.nlevels == 1 and index.is_unique:
        if type(index) is pd.RangeIndex or type(index) is pd.Index and index.dtype == np.int64:
            kinds = (int, np.int64)
        elif type(index) is pd.Index and index.dtype.kind == "O" and all(type(label) is str for label in index):
            kinds = (str,)
        elif type(index) is pd.DatetimeIndex and index.tz is None and not index.hasnans:
            kinds = (pd.Timestamp,)
    return kinds, {label: place for place, label in enumerate(index)} if kinds else {}


class _Lazy:
    # a frame that is made when it is asked for, or only some of its columns
    __slots__ = ("_made", "_make")

    def __init__(self, make, frame=None):
        self._make, self._made = make, {} if frame is None else {None: frame}

    def get(self, labels=None):
        made = self._made
        if labels not in made:
            made[labels] = made[None][list(labels)] if None in made else self._make(labels)
        return made[labels]

    def column(self, label):
        return (self._made[None] if None in self._made else self.get((label,)))[label]


def _called(ordered, labels, key, start, stop):
    # rows of a frame, which have their group's key for a name if they are all of it
    part = ordered.get(labels).iloc[start:stop]
    if labels is None:
        object.__setattr__(part, "name", key)
    return part


def _looked(column, texts=True):
    # the kind of a Series, its array, and the texts that numbers stand for; None for any other Series
    dtype, array = column.dtype, None
    if isinstance(dtype, np.dtype) and dtype.kind in "fibM":
        kind = {"f": "n", "i": "n", "b": "b", "M": "m"}[dtype.kind]
        array = column.to_numpy() if dtype.kind == "M" or dtype in (np.float64, np.int64, np.bool_) else None
        kind = "d" if kind == "m" and np.isnat(array).any() else kind
        if dtype == np.int32:
            kind, array = "i", column.to_numpy()
        return None if array is None else (kind, array, None)
    if not texts:
        return None
    if pd.api.types.infer_dtype(column, skipna=False) != "string" or column.isna().any():
        return None
    if not isinstance(dtype, np.dtype) and not (isinstance(dtype, pd.StringDtype) and dtype.na_value is np.nan):
        return None
    codes, found = pd.factorize(column, sort=True)
    found = list(found)
    return "t", codes, (found, {text: code for code, text in enumerate(found)})


def _apart(frame, numbered, written=None):
    # whether cells of the frame can be written by its own labels (or by 0, 1, 2, ...) while its rows stay as they are,
    # and hold objects without the `written` columns too, where these are named
    if type(frame) is not pd.DataFrame or frame.index.nlevels > 1 or not frame.columns.is_unique:
        return False
    if written is not None:
        kept = [dtype for label, dtype in frame.dtypes.items() if label not in written]
        kinds = {dtype.kind for dtype in kept if isinstance(dtype, np.dtype)}
        mixed = len(kinds) > 1 and kinds & set("Mb")
        if not mixed and "O" not in kinds and not any(isinstance(dtype, pd.StringDtype) for dtype in kept):
            return False
    index = frame.index
    plain = isinstance(index.dtype, np.dtype) and index.dtype.kind in "iuM" and not index.hasnans
    if not plain and not all(type(label) is str for label in index):
        return False
    return not numbered or index.equals(pd.RangeIndex(len(frame)))


def _others(written, frames):
    # whether what is written into is none of the frames
    kinds = (pd.DataFrame, pd.Series, dict, list)
    return all(type(x) in kinds and all(x is not frame for frame in frames) for x in written)


class _Columns:
    # columns as arrays of numbers ("n"), whole ones that are only compared ("i"), bools ("b"), times ("m", or "d" where
    # some are missing) or of numbers that stand for texts ("t")
    __slots__ = ("_cells", "_coded", "_known", "_matrix", "_names", "_rows", "_walked", "labels", "look", "of", "size")

    def __init__(self, size, labels, look, of, known=()):
        self.size, self.labels, self.look, self.of = size, labels, look, of
        self._known, self._cells, self._coded, self._rows = dict(known), {}, {}, None
        self._walked, self._names, self._matrix = None, None, None

    @classmethod
    def read(cls, frame, known=(), texts=True):
        # of a frame that nobody else holds, so that whoever writes into the columns writes into a copy
        return cls(len(frame), frame.columns, lambda label: _looked(frame[label], texts), frame, known)

    def column(self, label):
        # its kind, array and table of texts; None for columns of any other kind
        if label not in self._known:
            self._known[label] = self.look(label) if label in self.labels else None
        return self._known[label]

    def kept(self):
        return self._known

    def coded(self, label):
        # a number for each different text or whole number, in their order, and the keys; None for other columns
        if label not in self._coded:
            known, found = self.column(label) if self.of is not None else None, None
            if known is not None and known[0] == "t":
                found = known[1], pd.Index(known[2][0], dtype=self.of[label].dtype, name=label)
            elif known is not None and known[0] == "n" and known[1].dtype == np.int64:
                codes, keys = pd.factorize(known[1], sort=True)
                found = codes, pd.Index(keys, name=label)
            self._coded[label] = None if found is None or label in self.of.index.names else found
        return self._coded[label]

    def whole(self, label):
        # the largest of whole numbers, whose sums are exact; inf if there are others
        if (label, "whole") not in self._coded:
            known = self.column(label)
            found = np.inf
            if known is not None and known[0] == "n" and self.size:
                with np.errstate(all="ignore"):
                    if (np.rint(known[1]) == known[1]).all():
                        found = float(np.abs(known[1].astype(np.float64)).max())
            self._coded[label, "whole"] = found
        return self._coded[label, "whole"]

    def field(self, name):
        # whether `frame.name` is a column
        return name in self.labels and not hasattr(pd.DataFrame, name)

    def cells(self, label):
        # what `frame.loc[i, label]` gives, for `_cell`
        if label not in self._cells:
            known = self.column(label) if self.of is not None else None
            found = None
            if known is not None:
                found = known[1] if known[0] in ("m", "d") else list(known[1] if known[0] != "t" else self.of[label])
            self._cells[label] = found
        return self._cells[label]

    def row_cells(self, label):
        # what `frame.iloc[i][label]` gives, for `_cell`: a row of numbers only is cast to one dtype
        if self._rows is None:
            self._rows = {}
            dtypes = [] if self.of is None else list(self.of.dtypes)
            texts = [t for t in dtypes if isinstance(t, pd.StringDtype) and t.na_value is np.nan]
            plain = all(t in texts or isinstance(t, np.dtype) and t.kind in "biufOM" for t in dtypes)
            if plain and not all(t.kind == "M" for t in dtypes):
                numbers = all(isinstance(t, np.dtype) and t.kind in "iuf" for t in dtypes)
                self._rows[None] = np.result_type(*dtypes) if numbers else None
        if label not in self._rows:
            found = None
            if None in self._rows and label in self.labels:
                array, cast = self.of[label].to_numpy(), self._rows[None]
                found = array if array.dtype.kind == "M" else list(array if cast is None else array.astype(cast))
            self._rows[label] = found
        return self._rows[label]


    def walked_cells(self, label):
        # what a row of `frame.iterrows()` gives: cells of one dtype, which all columns have a say in
        if self._walked is None:
            self._walked, known = {}, self.of is not None
            dtypes = list(self.of.dtypes) if known else []
            texts = [t for t in dtypes if isinstance(t, pd.StringDtype) and t.na_value is np.nan]
            if known and all(t in texts or isinstance(t, np.dtype) and t.kind in "biufOM" for t in dtypes):
                dtype = self.of.iloc[:0].to_numpy().dtype
                if dtype.kind in "biufO":
                    self._walked[None] = dtype
        if label not in self._walked:
            found, dtype = None, self._walked.get(None)
            if dtype is not None and label in self.labels:
                column = self.of[label]
                found = list(column.astype(object)) if dtype == object else list(column.to_numpy().astype(dtype))
            self._walked[label] = found
        return self._walked[label]

    def matrix(self):
        # the cells, where all columns are of one dtype of numbers, and the place of a row's cells; else None
        if self._matrix is None:
            dtypes, self._matrix = set() if self.of is None else set(self.of.dtypes), (None, None)
            if dtypes == {np.dtype(np.float64)} or dtypes == {np.dtype(np.int64)}:
                labels = self.labels
                self._matrix = np.ascontiguousarray(self.of.to_numpy()), _Place(lambda: labels)
        return self._matrix

    def names(self):
        # the labels of the rows
        if self._names is None:
            self._names = list(self.of.index)
        return self._names


def _cell(cells, place):
    cell = cells[place]
    return pd.Timestamp(cell) if type(cell) is np.datetime64 else cell


class _Rows(_StandIn):
    # stands in for a frame: its rows are places in arrays of the columns, until something asks for the frame itself
    __slots__ = ("_at", "_cells", "_columns", "_frame", "_lazy", "_numbered", "_numbers", "_own", "_place", "_size")

    @classmethod
    def of(cls, frame, own=False):
        # the frame (or Series) itself if it is an unusual one; `own` ones are held by nobody else
        if type(frame) is pd.Series and not own:
            return _Column.of(frame)
        if (
            type(frame) is not pd.DataFrame
            or not frame.columns.is_unique
            or frame.columns.nlevels > 1
            or any(type(label) is not str for label in frame.columns)
            or frame.attrs
            or frame.index.nlevels > 1
            or not frame.flags.allows_duplicate_labels
            or "bottleneck" in sys.modules
            or int(pd.__version__.split(".")[0]) < 3
        ):
            return frame
        rows = cls()
        rows._start(frame if own else frame.copy(deep=False), None if own else frame, texts=not own)
        return rows

    @classmethod
    def of_each(cls, *frames):
        # two names of one frame would not see what is written to the other
        return [cls.of(frame) for frame in frames] if len(set(map(id, frames))) == len(frames) else frames

    def _start(self, frame, written, known=(), texts=True):
        # `frame` is held by nobody else; what is written goes to `written` as well
        if written is not None:
            frame.columns = written.columns  # rows have the very labels of the frame
        self._columns, self._at, self._size = _Columns.read(frame, known, texts), None, len(frame)
        self._lazy = _Lazy(None, frame)
        index = frame.index
        self._frame, self._place, self._cells, self._numbers = written, _Place(lambda: index), {}, None
        self._numbered = type(index) is pd.RangeIndex and index.start == 0 and index.step == 1
        self._own = True

    def _part(self, rows, how, mask=None):
        # some of the rows, by a slice or by positions; `how` takes them from the frame
        at, lazy, part = self._at, self._lazy, _Rows()
        if at is None:
            part._at = rows
        elif type(at) is slice:
            part._at = slice(at.start + rows.start, at.start + rows.stop) if type(rows) is slice else rows + at.start
        else:
            part._at = at[rows]
        part._size = rows.stop - rows.start if type(rows) is slice else len(rows)
        part._lazy = whole = how if type(how) is _Lazy else _Lazy(lambda labels: how(lazy.get(labels)))
        part._place = _Place(lambda: whole.get(()).index, None if mask is None else self._place, mask)
        part._columns, part._frame, part._cells = self._columns, None, {}
        part._numbered, part._numbers, part._own = False, None, self._own
        return part

    def _where(self, mask):
        mask = mask.copy()
        return self._part(mask.nonzero()[0], lambda frame: frame[mask], mask)

    def real(self):
        return self._lazy.get() if self._frame is None else self._frame

    def __len__(self):
        return self._size

    @property
    def index(self):
        if self._frame is not None:
            return self._frame.index
        if None not in self._cells:
            self._cells[None] = self._place.index().view()
        return self._cells[None]

    @property
    def empty(self):
        return not self._size or not len(self._columns.labels)

    @property
    def shape(self):
        return self._size, len(self._columns.labels)

    def __getitem__(self, key):
        if type(key) is str:
            return self._column(key)
        if type(key) is _Column:
            if key._kind == "b" and key._place is self._place:
                return self._where(key._array)
            key = key.real()
        elif type(key) is np.ndarray:
            if key.dtype == bool and key.shape == (self._size,):
                return self._where(key)
        elif type(key) is list and all(type(label) is str and label in self._columns.labels for label in key):
            return self._lazy.get(tuple(key)).copy(deep=False)
        if type(key) is pd.Series and key.dtype == bool and key.index.equals(self._place.index()):
            return self._where(key.to_numpy())
        return self._lazy.get()[_plain(key)]

    def _column(self, label):
        found, lazy = self._cells.get(label), self._lazy
        if found is None:
            if label not in self._columns.labels:
                return lazy.get()[label]
            kind, array, table = self._columns.column(label) or (None, None, None)
            array = array if self._at is None or kind is None else array[self._at]
            found = self._cells[label] = kind, array, table
        kind, array, table = found
        make = None if kind in ("n", "b", "m", "d") and self._frame is None else lambda: lazy.column(label)
        return _Column(kind, array, table, self._place, self._size, make, label)

    def __getattr__(self, name):
        return self[name] if self._columns.field(name) else super().__getattr__(name)

    def __setitem__(self, key, value):
        if self._frame is not None:
            frame, size, columns = self._frame, self._size, self._columns
            frame[_plain(key)] = _plain(value)
            place, known = self._place, {}
            still = size and len(frame) == size and type(key) is str and frame.columns.is_unique
            if still:
                known = {label: found for label, found in columns.kept().items() if label != key}
            self._start(frame.copy(deep=False), frame, known)
            self._place = place if still else self._place
            return
        given = self._given(value) if type(key) is str and self._size else None
        if given is None:
            frame = self._lazy.get().copy(deep=False)
            frame[_plain(key)] = _plain(value)
            self._start(frame, None, texts=False)
            return
        known, real = given
        old, at, before, labels = self._columns, self._at, self._lazy, self._columns.labels

        def make(wanted):
            if wanted is not None and key not in wanted:
                return before.get(wanted)
            frame = before.get(wanted and tuple(x for x in wanted if x != key)).copy(deep=False)
            frame[key] = real()
            return frame if wanted is None else frame[list(wanted)]

        def look(label):
            found = old.column(label)
            return found if found is None or at is None else (found[0], found[1][at], found[2])

        labels = labels if key in labels else labels.append(pd.Index([key]))
        self._columns = _Columns(self._size, labels, look, None, {key: known})
        self._at, self._lazy, self._cells = None, _Lazy(make), {}

    def _given(self, value):
        # what a column of this value looks like, and what makes it; None if that is left to pandas
        if type(value) is _Column and value._place is self._place and value._kind is not None:
            return (value._kind, value._array, value._table), value.real
        if (
            type(value) is np.ndarray
            and value.shape == (self._size,)
            and value.dtype in (np.float64, np.int64, np.bool_)
        ):
            value = value.copy()
            return ("b" if value.dtype == bool else "n", value, None), lambda: value
        if type(value) is pd.Series and value.dtype in (np.float64, np.int64, np.bool_):
            value = value.copy(deep=False)
            if value.index.equals(self._place.index()):
                return ("b" if value.dtype == bool else "n", value.to_numpy(), None), lambda: value
        if type(value) in (float, bool) or type(value) is int and abs(value) < 2**53:
            return ("b" if type(value) is bool else "n", np.full(self._size, value), None), lambda: value
        return None

    def __delitem__(self, key):
        frame = self._frame if self._frame is not None else self._lazy.get().copy(deep=False)
        del frame[key]
        self._start(frame.copy(deep=False), self._frame)

    @property
    def loc(self):
        return _Cells(self, "loc")

    @property
    def iloc(self):
        return _Cells(self, "iloc")

    @property
    def at(self):
        return _Cells(self, "at")

    @property
    def iat(self):
        return _Cells(self, "iat")

    def _same(self, how):
        # the same rows of another frame, which `how` makes of this one
        lazy, other = self._lazy, _Rows()
        other._columns, other._at, other._size, other._frame = self._columns, self._at, self._size, None
        other._lazy, other._place, other._cells = _Lazy(lambda labels: how(lazy.get(labels))), self._place, {}
        other._numbered, other._numbers, other._own = self._numbered, None, self._own
        return other

    def copy(self, deep=True):
        return self._same(lambda frame: frame.copy())

    def sample(self, n=None, frac=None, replace=False, weights=None, random_state=None, axis=None, ignore_index=False):
        if weights is not None or axis not in (None, 0) or ignore_index:
            return self._made("sample", n, frac, replace, weights, random_state, axis, ignore_index)
        rows = _drawn(self._size, n, frac, replace, random_state)
        if rows is None:
            if self._numbers is None:
                self._numbers = pd.Series(np.arange(self._size))
            rows = self._numbers.sample(n, frac, replace, None, random_state).to_numpy()
        return self._part(rows, lambda frame: frame.take(rows))

    def head(self, n=5):
        if type(n) is not int or n < 0:
            return self._made("head", n)
        return self._part(slice(0, min(n, self._size)), lambda frame: frame.head(n))

    def tail(self, n=5):
        if type(n) is not int or n < 1:
            return self._made("tail", n)
        return self._part(slice(max(self._size - n, 0), self._size), lambda frame: frame.tail(n))

    def _made(self, name, *args, **options):
        # a new frame that a method makes of this one
        return _Rows.of(_asked(self._lazy.get(), name)(*args, **options), own=True)

    def sort_values(self, by, **options):
        column = self._column(by) if type(by) is str and by in self._columns.labels and not options else None
        if (
            type(column) is not _Column
            or column._kind not in ("n", "m")
            or by in (self.index if self._columns.of is None else self._columns.of.index).names
            or column._array.dtype.kind == "f"
            and (np.isnan(column._array).any())
        ):
            return self._made("sort_values", by, **options)
        rows = column._array.argsort(kind="quicksort")  # as pandas sorts, ties too
        if (rows[1:] > rows[:-1]).all():
            return self.copy()
        return self._part(rows, lambda frame: frame.take(rows))

    def reset_index(self, *args, **options):
        if args or options != {"drop": True}:
            return self._made("reset_index", *args, **options)
        other = self._same(lambda frame: frame.reset_index(drop=True))
        size = self._size
        other._place, other._numbered, other._own = _Place(lambda: pd.RangeIndex(size)), True, False
        return other

    def _keyed(self, keys, order, ends, label):
        # the rows (or a column) of each key, which is their name, as pandas gives them to a function
        lazy, start = self._lazy, 0
        ordered = _Lazy(lambda labels: lazy.get(labels).take(order))
        for key, stop in zip(keys, ends):
            taken = _Lazy(lambda labels, key=key, start=start, stop=stop: _called(ordered, labels, key, start, stop))
            part = self._part(order[start:stop], taken)
            yield part if label is None else part._column(label)._called(key)
            start = stop

    def merge(self, *args, **options):
        return self._made("merge", *args, **options)

    def dropna(self, *args, **options):
        return self._made("dropna", *args, **options)

    def groupby(self, by=None, **options):
        return _Groups(self, by, options, None)

    def iterrows(self):
        columns, lazy, at = self._columns, self._lazy, self._at
        if columns.of is None:
            yield from lazy.get().iterrows()
            return
        places = range(self._size) if at is None else range(at.start, at.stop) if type(at) is slice else at.tolist()
        names, values = columns.names() if self._own else None, _Once(lambda: lazy.get().values)
        labels = list(self._place.index()) if names is None else [names[place] for place in places]
        index = _Once(lambda: lazy.get().columns) if self._frame is None else _Once(None, self._frame.columns)
        for number, (label, place) in enumerate(zip(labels, places)):
            make = lambda number=number: pd.Series(values()[number], index=lazy.get().columns)
            yield label, _WalkedRow(columns, place, make, lambda label=label: label, index)

    def _row(self, place):
        # one row, by its place
        if place < 0:
            place += self._size
        lazy, index = self._lazy, self._place.index
        return _Row(
            self._columns, self._whole(place), lambda: lazy.get().iloc[place], lambda: index()[place]
        )

    def _named(self, label):
        # the place of the row with that label; None where pandas is asked
        if self._numbered and type(label) is not str:
            return label if type(label) in (int, np.int64) and 0 <= label < self._size else None
        return self._place.where(label)

    def _whole(self, place):
        at = self._at
        return place if at is None else at.start + place if type(at) is slice else int(at[place])


class _Row(_StandIn):
    # stands in for a row of a frame
    __slots__ = ("_columns", "_index", "_label", "_made", "_make", "_whole")
    __add__, __radd__, __sub__, __rsub__ = map(_by_cells, ("__add__", "__radd__", "__sub__", "__rsub__"))
    __mul__, __rmul__, __neg__ = map(_by_cells, ("__mul__", "__rmul__", "__neg__"))
    __truediv__, __rtruediv__ = map(_by_cells, ("__truediv__", "__rtruediv__"))
    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = map(
        _by_cells, ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
    )
    __hash__ = _StandIn.__hash__
    of_cells = frozenset(
        ("abs", "sum", "mean", "min", "max", "std", "var", "median", "idxmin", "idxmax", "clip", "fillna", "isna")
        + ("notna", "tolist", "values", "to_numpy", "quantile")
    )

    def __init__(self, columns, whole, make, label, index=None):
        self._columns, self._whole, self._make, self._label, self._made = columns, whole, make, _Once(label), None
        self._index = _Once(lambda: self.real().index) if index is None else index

    @property
    def name(self):
        return self._label()

    def _vector(self):
        # the cells under the labels of the columns; None where they are not all numbers of one kind
        cells, place = (None, None) if self._made is not None else self._columns.matrix()
        if cells is None:
            return None
        return _Column("n", cells[self._whole], None, place, cells.shape[1], self.real, self._label(), self._index)

    def real(self):
        if self._made is None:
            self._made = self._make()
            self._made.name = self._label()
        return self._made

    def __getitem__(self, label):
        if type(label) is str and self._made is None:
            cells = self._columns.row_cells(label)
            if cells is not None:
                return _cell(cells, self._whole)
        return self.real()[_plain(label)]

    def __getattr__(self, name):
        if name in self.of_cells:
            cells = self._vector()
            return super().__getattr__(name) if cells is None else getattr(cells, name)
        cell = self._columns.field(name) and not hasattr(pd.Series, name)
        return self[name] if cell else super().__getattr__(name)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        cells = self._vector()
        if cells is None:
            return super().__array_ufunc__(ufunc, method, *inputs, **options)
        return cells.__array_ufunc__(ufunc, method, *(cells if x is self else x for x in inputs), **options)

    def __setitem__(self, label, value):
        self.real()[label] = _plain(value)

    def get(self, label, default=None):
        return self[label] if type(label) is str and label in self._columns.labels else self.real().get(label, default)

    def __len__(self):
        return len(self._columns.labels) if self._made is None else len(self._made)


class _WalkedRow(_Row):
    # stands in for a row that `iterrows` gives
    __slots__ = ()

    def __getitem__(self, label):
        if type(label) is str and self._made is None:
            cells = self._columns.walked_cells(label)
            if cells is not None:
                return cells[self._whole]
        return self.real()[_plain(label)]


class _Cells(_StandIn):
    # `loc`, `iloc`, `at`, `iat` of what stands in for a frame
    __slots__ = ("_how", "_rows")

    def __init__(self, rows, how):
        self._rows, self._how = rows, how

    def real(self):
        return getattr(self._rows.real(), self._how)

    def __getitem__(self, key):
        rows, how = self._rows, self._how
        kind, size = type(key), rows._size
        if kind is tuple and len(key) == 2 and type(key[1]) is str and how in ("loc", "at"):
            place, label = key
            if type(place) in (int, np.int64, str, pd.Timestamp):
                cells = rows._columns.cells(label)
                if cells is not None:
                    at = rows._named(place)
                    if at is not None:
                        return _cell(cells, rows._whole(at))
            elif type(place) is slice and how == "loc" and rows._numbered and place.step is None:
                start, stop = place.start, place.stop
                if type(start) is int and type(stop) is int and 0 <= start <= stop and label in rows._columns.labels:
                    part = slice(min(start, size), min(stop + 1, size))
                    return rows._part(part, lambda frame: frame.loc[place])[label]
            elif how == "loc" and type(place) is _Column and place._kind == "b" and place._place is rows._place:
                if label in rows._columns.labels:
                    return rows._where(place._array)[label]
        elif how == "loc" and kind in (int, np.int64, str, pd.Timestamp):
            at = rows._named(key)
            if at is not None:
                return rows._row(at)
        elif how == "loc" and kind is _Column and key._kind == "b" and key._place is rows._place:
            mask = key._array.copy()
            return rows._part(mask.nonzero()[0], lambda frame: frame.loc[mask], mask)
        elif how == "iloc":
            if kind is int or kind is np.int64:
                if -size <= key < size:
                    return rows._row(int(key))
            elif kind is slice:
                if key.step is None and all(x is None or type(x) in (int, np.int64) for x in (key.start, key.stop)):
                    start, stop, _ = key.indices(size)
                    return rows._part(slice(start, max(start, stop)), lambda frame: frame.iloc[key])
            elif kind is np.ndarray and key.ndim == 1 and key.dtype == np.int64 and len(key):
                if -size <= key.min() and key.max() < size:
                    key = key.copy()
                    return rows._part(np.where(key < 0, key + size, key), lambda frame: frame.iloc[key])
        key = tuple(map(_plain, key)) if kind is tuple else _plain(key)
        return getattr(rows._lazy.get(), how)[key]

    def __setitem__(self, key, value):
        rows, how = self._rows, self._how
        key = tuple(map(_plain, key)) if type(key) is tuple else _plain(key)
        frame = rows._frame if rows._frame is not None else rows._lazy.get().copy(deep=False)
        getattr(frame, how)[key] = _plain(value)
        rows._start(frame.copy(deep=False), rows._frame)


@COLUMN


class _Groups(_StandIn):
    # stands in for `frame.groupby(by, **options)`, or for one column of it
    __slots__ = ("_by", "_label", "_options", "_rows")

    def __init__(self, rows, by, options, label):
        self._rows, self._by, self._options, self._label = rows, by, options, label

    def real(self):
        rows, by, label = self._rows, self._by, self._label
        wanted = [by] if type(by) is str else by if type(by) is list else None
        frame = None
        if label is not None and wanted is not None:
            wanted = tuple(dict.fromkeys([*wanted, label]))
            if all(type(x) is str and x in rows._columns.labels for x in wanted):
                frame = rows._lazy.get(wanted)  # no other column has a say
        groups = (rows._lazy.get() if frame is None else frame).groupby(_plain(by), **self._options)
        return groups if label is None else groups[label]

    def __getitem__(self, label):
        if type(label) is str and self._label is None:
            return _Groups(self._rows, self._by, self._options, label)
        return self.real()[label]

    def _coded(self):
        # the number of each row's group, and the keys by number; None for unusual keys
        rows, by = self._rows, self._by
        if type(by) is not str or self._options or not rows._size or by not in rows._columns.labels:
            return None
        known = rows._columns.coded(by)
        if known is None:
            return None
        return (known[0] if rows._at is None else known[0][rows._at]), known[1]

    def __iter__(self):
        coded = (self._coded() or self._numbered()) if self._label is None else None
        if coded is None:
            return ((key, _Rows.of(group, own=True) if self._label is None else group) for key, group in self.real())
        return self._walk(*coded)

    def _numbered(self):
        # as `_coded`, from the numbers that pandas gives to groups of several keys, or of any objects
        rows, by, options = self._rows, self._by, self._options
        names, labels = by if type(by) is list else [by], rows._columns.labels
        if not rows._size or not names or any(type(x) is not str or x not in labels for x in names):
            return None
        frame = rows.real()
        plain = all(isinstance(frame[x].dtype, (np.dtype, pd.StringDtype)) for x in names)
        once = len(set(names)) == len(names) and not set(names) & set(frame.index.names)
        if not plain or not once or options.keys() - {"sort"}:
            return None
        groups = frame.groupby(by, **options)
        numbers, keys = groups.ngroup().to_numpy(), groups.size().index
        if numbers.dtype != np.int64 or numbers.min() < 0 or numbers.max() != len(keys) - 1:
            return None
        return numbers, [(key,) for key in keys] if type(by) is list and len(by) == 1 else keys

    def _walk(self, codes, keys):
        order, counts = codes.argsort(kind="stable"), np.bincount(codes, minlength=len(keys))
        ends, rows = counts.cumsum(), self._rows._same(lambda frame: frame)  # a loop may write columns meanwhile
        lazy = rows._lazy
        ordered = _Lazy(lambda labels: lazy.get(labels).take(order))
        for key, start, stop in zip(keys, (ends - counts).tolist(), ends.tolist()):
            if start < stop:
                taken = _Lazy(lambda labels, start=start, stop=stop: ordered.get(labels).iloc[start:stop])
                yield key, rows._part(order[start:stop], taken)

    def _keyed(self):
        # key, part and its name for every group, as `apply` goes through them; None for unusual frames and keys
        rows, by, label, options = self._rows, self._by, self._label, self._options
        names, labels = by if type(by) is list else [by], rows._columns.labels
        if not rows._size or not names or any(type(x) is not str or x not in labels for x in names):
            return None
        if len(set(names)) < len(names) or label in names or label is not None and label not in labels:
            return None
        if "name" in labels or options.keys() - {"sort", "group_keys", "observed", "dropna"}:
            return None
        for column in (rows._column(x) for x in names):
            if column._kind in (None, "d") or column._kind == "n" and np.isnan(column._array).any():
                return None
        frame = rows.real()
        if frame.index.nlevels > 1 or set(names) & set(frame.index.names):
            return None
        groups = frame.groupby(by, **options)
        numbers, keys = groups.ngroup().to_numpy(), groups.size().index
        counts = np.bincount(numbers, minlength=len(keys))
        if numbers.min() < 0 or not counts.all() or len(counts) != len(keys):
            return None
        rest, order = _Rows(), numbers.argsort(kind="stable")
        rest._start(frame.drop(columns=names) if label is None else frame[[label]], None)
        return keys, rest._keyed(keys, order, counts.cumsum().tolist(), label)

    def apply(self, function, *args, **options):
        plain = lambda part: _plain(function(part))
        plain.__name__ = getattr(function, "__name__", "function")
        groups, args = self.real(), tuple(map(_plain, args))
        usual = not args and options in ({}, {"include_groups": False}) and callable(function)
        keyed = self._keyed() if usual else None
        if keyed is None:
            return groups.apply(plain if callable(function) else function, *args, **options)
        keys, parts = keyed
        values = [plain(part) for part in parts]
        if all(type(value) in (int, float, str, np.int64, np.float64) for value in values):
            return pd.Series(values, index=keys, name=self._label)
        made = iter(values)  # pandas decides what they become together
        return groups.apply(lambda group: next(made))

    def _reduced(self, name):
        # a reduction of one column: the numbers of the groups stand for their keys
        coded = self._coded() if self._label not in (None, self._by) else None
        column = self._rows[self._label] if coded is not None else None
        if type(column) is not _Column or column._kind != "n":
            return getattr(self.real(), name)()
        codes, keys = coded
        values = column._array
        if name in ("sum", "mean") and self._rows._columns.whole(self._label) * len(values) < 2**53:
            counts = np.bincount(codes, minlength=len(keys))
            found = np.bincount(codes, weights=values, minlength=len(keys))
            there = counts.nonzero()[0]
            found = (found[there] / counts[there]) if name == "mean" else found[there].astype(values.dtype)
        else:
            found = getattr(pd.Series(values, copy=False).groupby(codes), name)()
            there, found = found.index, found.to_numpy()
        return pd.Series(found, index=keys.take(there), name=self._label, copy=False)

    def mean(self, *args, **options):
        return self._asked("mean", args, options)

    def sum(self, *args, **options):
        return self._asked("sum", args, options)

    def min(self, *args, **options):
        return self._asked("min", args, options)

    def max(self, *args, **options):
        return self._asked("max", args, options)

    def std(self, *args, **options):
        return self._asked("std", args, options)

    def median(self, *args, **options):
        return self._asked("median", args, options)

    def count(self, *args, **options):
        return self._asked("count", args, options)

    def _asked(self, name, args, options):
        return getattr(self.real(), name)(*args, **options) if args or options else self._reduced(name)
"""
TEXT = TEXT.replace("@COLUMN\n", COLUMN)
PUT_THERE.add(TEXT)
