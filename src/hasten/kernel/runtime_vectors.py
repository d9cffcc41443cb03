"""Functions that kernels call for short vectors and matrices: what `arrays_tabled` has a table of.

Each does what NumPy does, in its order of operations; it raises where NumPy would warn or raise.
"""

from __future__ import annotations

Text = tuple[str, str, tuple[str, ...]]  # name, text, helpers that it calls


def _slid(name: str, left: str, right: str, at: str, what: str) -> Text:
    """Sums of products of a short vector with a longer one, at each place where it may lie."""
    return (name, f'''
def _{name}(a, v):
    """{what}, of a vector that is not the shorter one"""
    n, m = a.size, v.size
    if m == 0 or n < m:
        raise ValueError
    left, right = {left}, {right}
    out = np.zeros(n - m + 1 + left + right)
    for i in range(out.size):
        start = i - left
        total = 0.0
        for k in range(max(0, -start), min(m, n - start)):
            total += a[start + k] * v[{at}]
        out[i] = total
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",))  # fmt: skip


def _modes(name: str, at: str, function: str) -> list[Text]:
    return [
        _slid(f"{name}_full", "m - 1", "m - 1", at, f"np.{function}(a, v, 'full')"),
        _slid(f"{name}_same", "m // 2", "m - 1 - m // 2", at, f"np.{function}(a, v, 'same')"),
        _slid(f"{name}_valid", "0", "0", at, f"np.{function}(a, v, 'valid')"),
    ]


def _extreme(name: str, beats: str) -> Text:
    return (f"nan_{name}", f'''
def _nan_{name}(x):
    """np.nanmax or np.nanmin of a vector; raises where all are NaN, or zeros of two signs are to choose from"""
    best, found = 0.0, False
    for value in x:
        if value != value:
            continue
        if not found or value {beats} best:
            best, found = value, True
        elif value == 0.0 and best == 0.0 and math.copysign(1.0, value) != math.copysign(1.0, best):
            raise ValueError
    if not found:
        raise ValueError
    return best
''', ())  # fmt: skip


COMPILED: list[Text] = [
    ("weighted_mean", '''
def _weighted_mean(x, w):
    """np.average(x, weights=w) of two vectors"""
    if x.size != w.size:
        raise ValueError
    total = _np_sum(w)
    if total == 0.0:
        raise ZeroDivisionError
    products = np.empty(x.size)
    for i in range(x.size):
        products[i] = x[i] * w[i]
    return _finite(_np_sum(products) / total)
''', ("np_sum", "finite")),
    ("rolled", '''
def _rolled(x, shift):
    """np.roll(x, shift) of a vector"""
    out = np.empty(x.size, x.dtype)
    for i in range(x.size):
        out[(i + shift) % x.size] = x[i]
    return out
''', ()),
    ("rolled_rows", '''
def _rolled_rows(x, shift):
    """np.roll(x, shift, axis=0) of a matrix"""
    out = np.empty(x.shape, x.dtype)
    for i in range(x.shape[0]):
        out[(i + shift) % x.shape[0]] = x[i]
    return out
''', ()),
    ("rolled_columns", '''
def _rolled_columns(x, shift):
    """np.roll(x, shift, axis=1) of a matrix"""
    out = np.empty(x.shape, x.dtype)
    for j in range(x.shape[1]):
        at = (j + shift) % x.shape[1]
        for i in range(x.shape[0]):
            out[i, at] = x[i, j]
    return out
''', ()),
    ("guessed_place", '''
def _guessed_place(x, xp, guess):
    """Between which points a number lies, by the steps of np.interp: -1 below them, their number above."""
    size = xp.size
    if x > xp[size - 1]:
        return size
    if x < xp[0]:
        return -1
    if size <= 4:
        i = 1
        while i < size and x >= xp[i]:
            i += 1
        return i - 1
    low, high = 0, size
    guess = max(min(guess, size - 3), 1)
    if x < xp[guess]:
        if x >= xp[guess - 1]:
            return guess - 1
        high = guess - 1
        if guess > 8 and x >= xp[guess - 8]:
            low = guess - 8
    else:
        if x < xp[guess + 1]:
            return guess
        if x < xp[guess + 2]:
            return guess + 1
        low = guess + 2
        if guess < size - 9 and x < xp[guess + 8]:
            high = guess + 8
    while low < high:
        middle = low + ((high - low) >> 1)
        if x >= xp[middle]:
            low = middle + 1
        else:
            high = middle
    return low - 1
''', ()),
    ("interpolated_at", '''
def _interpolated_at(x, xp, fp, j):
    """np.interp of a number at its place"""
    if x != x:
        return x
    if xp.size == 1:
        return fp[0]
    if j == -1:
        return fp[0]
    if j >= xp.size - 1:
        return fp[xp.size - 1]
    if xp[j] == x:
        return fp[j]
    slope = (fp[j + 1] - fp[j]) / (xp[j + 1] - xp[j])
    y = slope * (x - xp[j]) + fp[j]
    if y != y:
        y = slope * (x - xp[j + 1]) + fp[j + 1]
        if y != y and fp[j] == fp[j + 1]:
            y = fp[j]
    return y
''', ()),
    ("interpolated", '''
def _interpolated(x, xp, fp):
    """np.interp(x, xp, fp) of a number"""
    if xp.size == 0 or xp.size != fp.size:
        raise ValueError
    return _interpolated_at(x, xp, fp, _guessed_place(x, xp, 0) if x == x else 0)
''', ("guessed_place", "interpolated_at")),
    ("interpolated_each", '''
def _interpolated_each(x, xp, fp):
    """np.interp(x, xp, fp) of a vector"""
    if xp.size == 0 or xp.size != fp.size:
        raise ValueError
    out = np.empty(x.size)
    j = 0
    for i in range(x.size):
        if x[i] == x[i]:
            j = _guessed_place(x[i], xp, j)
        out[i] = _interpolated_at(x[i], xp, fp, j)
    return out
''', ("guessed_place", "interpolated_at")),
    ("ascending", '''
def _ascending(x):
    """Raises where a vector is not in order, or has a NaN in it."""
    for i in range(x.size):
        if not x[i] == x[i] or i > 0 and not x[i - 1] <= x[i]:
            raise ValueError
''', ()),
    ("bin_above", '''
def _bin_above(x, bins):
    """np.digitize(x, bins) of a number, of bins in rising order"""
    _ascending(bins)
    return _place_after(bins, x)
''', ("ascending", "place_after")),
    ("bins_above", '''
def _bins_above(x, bins):
    """np.digitize(x, bins) of a vector, of bins in rising order"""
    return _places_after(bins, x)
''', ("places_after",)),
    ("places_before", '''
def _places_before(x, keys):
    """np.searchsorted(x, keys) of two vectors, x in order"""
    _ascending(x)
    out = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        out[i] = _place_before(x, keys[i])
    return out
''', ("ascending", "place_before")),
    ("places_after", '''
def _places_after(x, keys):
    """np.searchsorted(x, keys, "right") of two vectors, x in order"""
    _ascending(x)
    out = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        out[i] = _place_after(x, keys[i])
    return out
''', ("ascending", "place_after")),
    *_modes("folded", "m - 1 - k", "convolve"),
    *_modes("slid", "k", "correlate"),
    ("trace", '''
def _trace(x):
    """np.trace(x) of a matrix"""
    return _np_sum(_diagonal_of(x))
''', ("np_sum", "diagonal_of")),
    ("diagonal_matrix", '''
def _diagonal_matrix(x):
    """np.diag(x) of a vector"""
    out = np.zeros((x.size, x.size))
    for i in range(x.size):
        out[i, i] = x[i]
    return out
''', ()),
    ("side", '''
def _side(bound, x):
    """The sign of a bound that is a zero; that of x for any other."""
    return math.copysign(1.0, bound if bound == 0.0 else x)
''', ()),
    ("clipped", '''
def _clipped(x, low, high):
    """np.clip(x, low, high) of a number"""
    if x == 0.0 and (low == 0.0 or high == 0.0) and not math.copysign(1.0, x) == _side(low, x) == _side(high, x):
        raise ValueError  # which of two zeros is left to NumPy
    if x == x and not x > low:
        x = low
    if x == x and not x < high:
        x = high
    return x
''', ("side",)),
    ("sign_of", '''
def _sign_of(x):
    """np.sign(x) of a number"""
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x == 0.0 else x
''', ()),
    ("running_rows", '''
def _running_rows(x):
    """np.cumsum(x, axis=0) of a matrix"""
    out = x.copy()
    for i in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = out[i - 1, j] + x[i, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("running_columns", '''
def _running_columns(x):
    """np.cumsum(x, axis=1) of a matrix"""
    out = x.copy()
    for i in range(x.shape[0]):
        for j in range(1, x.shape[1]):
            out[i, j] = out[i, j - 1] + x[i, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("steps_of_rows", '''
def _steps_of_rows(x):
    """np.diff(x, axis=0) of a matrix"""
    out = np.empty((max(x.shape[0] - 1, 0), x.shape[1]))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = x[i + 1, j] - x[i, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("steps_of_columns", '''
def _steps_of_columns(x):
    """np.diff(x) of a matrix"""
    out = np.empty((x.shape[0], max(x.shape[1] - 1, 0)))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = x[i, j + 1] - x[i, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("int_steps", '''
def _int_steps(start, stop, step):
    """np.arange(start, stop, step) of ints"""
    if step == 0 or max(abs(start), abs(stop), abs(step)) > 2**40:
        raise ZeroDivisionError
    count = max((stop - start + step - (1 if step > 0 else -1)) // step, 0)
    out = np.empty(count, np.int64)
    for i in range(count):
        out[i] = start + i * step
    return out
''', ()),
    ("float_steps", '''
def _float_steps(start, stop, step):
    """np.arange(start, stop, step) of floats: the second one tells how far apart they are"""
    length = (stop - start) / step
    if not abs(length) < 2.0**40 or length == 0.0 and start != stop:
        raise OverflowError
    out = np.empty(max(int(math.ceil(length)), 0))
    apart = (start + step) - start
    for i in range(out.size):
        out[i] = start if i == 0 else start + step if i == 1 else start + i * apart
    return out
''', ()),
    ("tiled", '''
def _tiled(x, times):
    """np.tile(x, times) of a vector"""
    if times < 0:
        raise ValueError
    out = np.empty(x.size * times, x.dtype)
    for i in range(times):
        out[i * x.size : (i + 1) * x.size] = x
    return out
''', ()),
    ("each_repeated", '''
def _each_repeated(x, times):
    """np.repeat(x, times) of a vector"""
    if times < 0:
        raise ValueError
    out = np.empty(x.size * times, x.dtype)
    for i in range(x.size):
        for k in range(times):
            out[i * times + k] = x[i]
    return out
''', ()),
    ("without_item", '''
def _without_item(x, i):
    """np.delete(x, i) of a vector"""
    i = _place(i, x.size)
    out = np.empty(x.size - 1, x.dtype)
    out[:i] = x[:i]
    out[i:] = x[i + 1 :]
    return out
''', ("place",)),
    ("without_row", '''
def _without_row(x, i):
    """np.delete(x, i, axis=0) of a matrix"""
    i = _place(i, x.shape[0])
    out = np.empty((x.shape[0] - 1, x.shape[1]), x.dtype)
    out[:i] = x[:i]
    out[i:] = x[i + 1 :]
    return out
''', ("place",)),
    ("without_column", '''
def _without_column(x, j):
    """np.delete(x, j, axis=1) of a matrix"""
    j = _place(j, x.shape[1])
    out = np.empty((x.shape[0], x.shape[1] - 1), x.dtype)
    out[:, :j] = x[:, :j]
    out[:, j:] = x[:, j + 1 :]
    return out
''', ("place",)),
    ("is_among", '''
def _is_among(x, items):
    """np.isin(x, items) of two vectors of ints"""
    known = items.copy()
    known.sort()
    out = np.zeros(x.size, np.bool_)
    for i in range(x.size):
        at = _place_before(known, x[i])
        out[i] = at < known.size and known[at] == x[i]
    return out
''', ("place_before",)),
    ("nan_sum", '''
def _nan_sum(x):
    """np.nansum(x) of a vector"""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = x[i] if x[i] == x[i] else 0.0
    return _np_sum(out)
''', ("np_sum",)),
    ("nan_mean", '''
def _nan_mean(x):
    """np.nanmean(x) of a vector"""
    count = 0
    for value in x:
        count += 1 if value == value else 0
    if count == 0:
        raise ZeroDivisionError
    return _nan_sum(x) / count
''', ("nan_sum",)),
    _extreme("largest", ">"),
    _extreme("smallest", "<"),
    ("spread_between", '''
def _spread_between(x):
    """np.ptp(x) of a vector"""
    if x.size == 0 or not _all_finite(x):
        raise ValueError
    low, high = x[0], x[0]
    for value in x:
        low, high = min(low, value), max(high, value)
    return _finite(high - low)
''', ("all_finite", "finite")),
    ("cross_product", '''
def _cross_product(a, b):
    """np.cross(a, b) of two vectors of three"""
    if a.size != 3 or b.size != 3:
        raise ValueError
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("polynomial", '''
def _polynomial(p, x):
    """np.polyval(p, x) of a number"""
    if p.size == 0:
        raise ValueError
    y = 0.0
    for i in range(p.size):
        y = y * x + p[i]
    return _finite(y)
''', ("finite",)),
    ("polynomial_each", '''
def _polynomial_each(p, x):
    """np.polyval(p, x) of a vector"""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = _polynomial(p, x[i])
    return out
''', ("polynomial",)),
    ("cholesky_factor", '''
def _cholesky_factor(a):
    """np.linalg.cholesky(a), of what lies below the diagonal"""
    n = a.shape[0]
    if a.shape[1] != n:
        raise ValueError
    out = np.zeros((n, n))
    for j in range(n):
        for i in range(j, n):
            total = a[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            if i == j:
                if not 0.0 < total < np.inf:
                    raise ZeroDivisionError
                out[j, j] = math.sqrt(total)
            else:
                out[i, j] = total / out[j, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("sorted_in_place", '''
def _sorted_in_place(x):
    """x.sort() of a vector"""
    _plain(x)
    x.sort()
''', ("plain",)),
    ("diagonal_filled", '''
def _diagonal_filled(x, value):
    """np.fill_diagonal(x, value) of a matrix"""
    for i in range(min(x.shape[0], x.shape[1])):
        x[i, i] = value
''', ()),
    ("added_at", '''
def _added_at(x, places, value):
    """np.add.at(x, places, value) of a vector and a number"""
    for i in range(places.size):
        at = _place(places[i], x.size)
        x[at] = _finite(x[at] + value)
''', ("place", "finite")),
    ("each_added_at", '''
def _each_added_at(x, places, values):
    """np.add.at(x, places, values) of vectors"""
    if places.size != values.size:
        raise ValueError
    for i in range(places.size):
        at = _place(places[i], x.size)
        x[at] = _finite(x[at] + values[i])
''', ("place", "finite")),
    ("rows_set", '''
def _rows_set(x, values, places):
    """x[places] = values of a matrix, row by row"""
    if values.shape[0] != places.size or values.shape[1] != x.shape[1]:
        raise ValueError
    for i in range(places.size):
        x[_place(places[i], x.shape[0])] = values[i]
''', ("place",)),
]  # fmt: skip
