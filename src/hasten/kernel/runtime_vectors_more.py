"""More functions that kernels call for short vectors and matrices: of numbers, of rows, one after another."""

from __future__ import annotations

Text = tuple[str, str, tuple[str, ...]]  # name, text, helpers that it calls


def _so_far(name: str, function: str, beats: str) -> Text:
    return (f"{name}_so_far", f'''
def _{name}_so_far(x):
    """np.{function}.accumulate(x) of a vector; raises where zeros of two signs are to choose from"""
    out = x.copy()
    for i in range(1, x.size):
        if x[i] == 0.0 and out[i - 1] == 0.0 and math.copysign(1.0, x[i]) != math.copysign(1.0, out[i - 1]):
            raise ValueError
        if not x[i] {beats} out[i - 1] and x[i] == x[i] or out[i - 1] != out[i - 1]:
            out[i] = out[i - 1]
    return out
''', ())  # fmt: skip


def _of_each(name: str) -> Text:
    return (f"{name}_of_each", f'''
def _{name}_of_each(x):
    """np.{name}(x) of a vector"""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = _{name}_of(x[i])
    return out
''', (f"{name}_of",))  # fmt: skip


def _of_rows(word: str) -> Text:
    return (f"{word}_of_rows", f'''
def _{word}_of_rows(mask):
    """mask.{word}(axis=1)"""
    out = np.empty(mask.shape[0], np.bool_)
    for i in range(mask.shape[0]):
        out[i] = _{word}_true(mask[i])
    return out
''', (f"{word}_true",))  # fmt: skip


COMPILED: list[Text] = [
    _so_far("largest", "maximum", ">"),
    _so_far("smallest", "minimum", "<"),
    _of_rows("any"),
    _of_rows("all"),
    ("weighted_rows", '''
def _weighted_rows(x, w):
    """np.average(x, axis=0, weights=w) of a matrix"""
    if x.shape[0] != w.size:
        raise ValueError
    total = _np_sum(w)
    if total == 0.0:
        raise ZeroDivisionError
    out = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j] * w[i]
    for j in range(x.shape[1]):
        out[j] = _finite(out[j] / total)
    return out
''', ("np_sum", "finite")),
    ("weighted_columns", '''
def _weighted_columns(x, w):
    """np.average(x, axis=1, weights=w) of a matrix"""
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = _weighted_mean(x[i], w)
    if x.shape[1] != w.size or _np_sum(w) == 0.0:
        raise ValueError
    return out
''', ("weighted_mean", "np_sum")),
    ("clipped_int", '''
def _clipped_int(x, low, high):
    """np.clip(x, low, high) of ints"""
    return min(max(x, low), high)
''', ()),
    ("lesser_int", '''
def _lesser_int(x, y):
    """np.minimum(x, y) of ints"""
    return min(x, y)
''', ()),
    ("greater_int", '''
def _greater_int(x, y):
    """np.maximum(x, y) of ints"""
    return max(x, y)
''', ()),
    ("fmod_of", '''
def _fmod_of(x, y):
    """np.fmod(x, y) of numbers"""
    if not abs(x) < np.inf or not 0.0 < abs(y) < np.inf:
        raise FloatingPointError
    return np.fmod(x, y)
''', ()),
    ("float_remainder", '''
def _float_remainder(x, y):
    """np.remainder(x, y) of numbers"""
    if not abs(x) < np.inf or not 0.0 < abs(y) < np.inf:
        raise FloatingPointError
    rest = np.fmod(x, y)
    if rest == 0.0:
        return math.copysign(0.0, y)
    if (y < 0.0) != (rest < 0.0):
        rest += y
    return rest
''', ()),
    ("log_of_sum", '''
def _log_of_sum(x, y):
    """np.logaddexp(x, y) of numbers"""
    if not abs(x) < np.inf or not abs(y) < np.inf:
        raise FloatingPointError
    return max(x, y) + math.log1p(math.exp(-abs(x - y)))
''', ()),
    ("power_of", '''
def _power_of(x, y):
    """np.power(x, y) of a number that is not below zero"""
    if not 0.0 < x < np.inf or not abs(y) < np.inf:
        raise FloatingPointError
    return _finite(x**y)
''', ("finite",)),
    ("radians_of", '''
def _radians_of(x):
    """np.radians(x) of a number"""
    return x * (math.pi / 180.0)
''', ()),
    ("degrees_of", '''
def _degrees_of(x):
    """np.degrees(x) of a number"""
    return _finite(x * (180.0 / math.pi))
''', ("finite",)),
    _of_each("radians"),
    _of_each("degrees"),
    ("second_differences", '''
def _second_differences(x):
    """np.diff(x, n=2) of a vector"""
    out = np.empty(max(x.size - 2, 0))
    for i in range(out.size):
        out[i] = _finite((x[i + 2] - x[i + 1]) - (x[i + 1] - x[i]))
    if x.size == 2:
        _finite(x[1] - x[0])
    return out
''', ("finite",)),
    ("differences_after", '''
def _differences_after(x, first):
    """np.diff(x, prepend=first) of a vector"""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = _finite(x[i] - (x[i - 1] if i > 0 else first))
    return out
''', ("finite",)),
    ("nan_var", '''
def _nan_var(x):
    """np.nanvar(x) of a vector"""
    count = 0
    for value in x:
        count += 1 if value == value else 0
    if count == 0:
        raise ZeroDivisionError
    mean = _nan_sum(x) / count
    squares = np.empty(x.size)
    for i in range(x.size):
        squares[i] = (x[i] - mean) * (x[i] - mean) if x[i] == x[i] else 0.0
    return _np_sum(squares) / count
''', ("nan_sum", "np_sum")),
    ("nan_std", '''
def _nan_std(x):
    """np.nanstd(x) of a vector"""
    return math.sqrt(_nan_var(x))
''', ("nan_var",)),
    ("without_nan", '''
def _without_nan(x):
    """np.nan_to_num(x) of a vector"""
    largest = 1.7976931348623157e308
    out = np.empty(x.size)
    for i in range(x.size):
        value = x[i]
        out[i] = 0.0 if value != value else min(max(value, -largest), largest) if abs(value) == np.inf else value
    return out
''', ()),
    ("diagonal_of", '''
def _diagonal_of(x):
    """np.diag(x) of a matrix, in memory of its own"""
    out = np.empty(min(x.shape[0], x.shape[1]))
    for i in range(out.size):
        out[i] = x[i, i]
    return out
''', ()),
    ("middles_of_rows", '''
def _middles_of_rows(x):
    """np.median(x, axis=1) of a matrix"""
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = _middle(x[i].copy())
    return out
''', ("middle",)),
    ("middles_of_columns", '''
def _middles_of_columns(x):
    """np.median(x, axis=0) of a matrix"""
    return _middles_of_rows(x.T)
''', ("middles_of_rows",)),
    ("covariance_of_rows", '''
def _covariance_of_rows(x):
    """np.cov(x) of a matrix of several rows"""
    rows, n = x.shape
    if rows < 2 or n < 2:
        raise ValueError
    rest = np.empty((rows, n))
    for i in range(rows):
        mean = 0.0
        for j in range(n):
            mean += x[i, j]
        mean /= n
        for j in range(n):
            rest[i, j] = x[i, j] - mean
    out = np.empty((rows, rows))
    for i in range(rows):
        for k in range(i + 1):
            total = 0.0
            for j in range(n):
                total += rest[i, j] * rest[k, j]
            out[i, k] = out[k, i] = total / (n - 1)
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("covariance_of_columns", '''
def _covariance_of_columns(x):
    """np.cov(x, rowvar=False) of a matrix"""
    return _covariance_of_rows(x.T)
''', ("covariance_of_rows",)),
    ("correlation_of_rows", '''
def _correlation_of_rows(x):
    """np.corrcoef(x) of a matrix of several rows; raises where one does not vary"""
    out = _covariance_of_rows(x)
    sizes = np.empty(out.shape[0])
    for i in range(sizes.size):
        sizes[i] = math.sqrt(out[i, i])
        if sizes[i] == 0.0:
            raise ZeroDivisionError
    for i in range(sizes.size):
        for k in range(sizes.size):
            out[i, k] = min(max(out[i, k] / sizes[i] / sizes[k], -1.0), 1.0)
    return out
''', ("covariance_of_rows",)),
    ("correlation_of_columns", '''
def _correlation_of_columns(x):
    """np.corrcoef(x, rowvar=False) of a matrix"""
    return _correlation_of_rows(x.T)
''', ("correlation_of_rows",)),
    ("items_taken", '''
def _items_taken(x, places):
    """np.take(x, places) of a vector"""
    out = np.empty(places.size, x.dtype)
    for i in range(places.size):
        out[i] = x[_place(places[i], x.size)]
    return out
''', ("place",)),
    ("rows_taken", '''
def _rows_taken(x, places):
    """np.take(x, places, axis=0) of a matrix"""
    out = np.empty((places.size, x.shape[1]), x.dtype)
    for i in range(places.size):
        out[i] = x[_place(places[i], x.shape[0])]
    return out
''', ("place",)),
    ("sorted_rows", '''
def _sorted_rows(x):
    """np.sort(x, axis=1) of a matrix"""
    out = np.empty(x.shape, x.dtype)
    for i in range(x.shape[0]):
        out[i] = _sorted_copy(x[i])
    return out
''', ("sorted_copy",)),
    ("orders_of_rows", '''
def _orders_of_rows(x):
    """np.argsort(x, axis=1) of a matrix; raises where equal items leave the order open"""
    out = np.empty(x.shape, np.int64)
    for i in range(x.shape[0]):
        out[i] = _order(x[i])
    return out
''', ("order",)),
    ("grid_by_rows", '''
def _grid_by_rows(a, b):
    """np.meshgrid(a, b, indexing="ij") of two vectors"""
    first, second = np.empty((a.size, b.size), a.dtype), np.empty((a.size, b.size), b.dtype)
    for i in range(a.size):
        for j in range(b.size):
            first[i, j] = a[i]
            second[i, j] = b[j]
    return first, second
''', ()),
    ("grid_by_columns", '''
def _grid_by_columns(a, b):
    """np.meshgrid(a, b) of two vectors"""
    second, first = _grid_by_rows(b, a)
    return first, second
''', ("grid_by_rows",)),
    ("bin_between", '''
def _bin_between(value, edges):
    """The bin of a value, as np.searchsorted finds it in the edges; -1 for one outside of them, and for NaN"""
    bins = edges.size - 1
    low, high = edges[0], edges[bins]
    if not low <= value <= high:
        return -1
    k = min(int((value - low) / (high - low) * bins), bins - 1)
    while value < edges[k]:
        k -= 1
    while k < bins - 1 and value >= edges[k + 1]:
        k += 1
    return k
''', ()),
    ("histogram_of_pairs", '''
def _histogram_of_pairs(x, y, bins_x, bins_y, low_x, high_x, low_y, high_y):
    """np.histogram2d(x, y, (bins_x, bins_y), ((low_x, high_x), (low_y, high_y))) of vectors"""
    if x.size != y.size or bins_x < 1 or bins_y < 1:
        raise ValueError
    edges_x, edges_y = _evenly(low_x, high_x, bins_x + 1), _evenly(low_y, high_y, bins_y + 1)
    if not _rises(edges_x) or not _rises(edges_y):
        raise ValueError
    counts = np.zeros((bins_x, bins_y))
    for k in range(x.size):
        i = _bin_between(float(x[k]), edges_x)
        j = _bin_between(float(y[k]), edges_y)
        if i >= 0 and j >= 0:
            counts[i, j] += 1.0
    return counts, edges_x, edges_y
''', ("evenly", "rises", "bin_between")),
    ("rises", '''
def _rises(x):
    """Is each number larger than the one before, and all of them finite?"""
    for i in range(x.size):
        if not abs(x[i]) < np.inf or i > 0 and not x[i - 1] < x[i]:
            return False
    return True
''', ()),
    ("places_of_grid", '''
def _places_of_grid(height, width):
    """np.ndindex(height, width)"""
    if height < 0 or width < 0:
        raise ValueError
    for i in range(height):
        for j in range(width):
            yield i, j
''', ()),
    ("places_and_items", '''
def _places_and_items(x):
    """np.ndenumerate(x) of a matrix"""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            yield (i, j), x[i, j]
''', ()),
]  # fmt: skip
