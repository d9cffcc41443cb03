"""Functions that kernels call for the order, the places and the number of a vector's items."""

from __future__ import annotations

Text = tuple[str, str, tuple[str, ...]]  # name, text, helpers that it calls


def _extreme(word: str, function: str, beats: str) -> tuple[Text, Text]:
    return (f"place_of_{word}", f'''
def _place_of_{word}(x):
    """np.{function}(x)"""
    if x.size == 0:
        raise ValueError
    at = 0
    for i in range(x.size):
        if x[i] != x[i]:
            return i
        if x[i] {beats} x[at]:
            at = i
    return at
''', ()), (f"place_of_{word}s", f'''
def _place_of_{word}s(x):
    """np.{function}(x, axis=1)"""
    out = np.empty(x.shape[0], np.int64)
    for i in range(x.shape[0]):
        out[i] = _place_of_{word}(x[i])
    if x.shape[1] == 0:
        raise ValueError
    return out
''', (f"place_of_{word}",))  # fmt: skip


def _bisected(word: str, side: str, lower: str) -> Text:
    return (f"place_{word}", f'''
def _place_{word}(x, key):
    """np.searchsorted(x, key{side}), by the same steps, for what is not in order"""
    low = 0
    high = x.size
    while low < high:
        middle = low + ((high - low) >> 1)
        if {lower}:
            low = middle + 1
        else:
            high = middle
    return low
''', ("sorts_before",))  # fmt: skip


COMPILED: list[Text] = [
    *_extreme("largest", "argmax", ">"),
    *_extreme("smallest", "argmin", "<"),
    ("any_true", '''
def _any_true(mask):
    """mask.any()"""
    for value in mask.flat:
        if value:
            return True
    return False
''', ()),
    ("all_true", '''
def _all_true(mask):
    """mask.all()"""
    for value in mask.flat:
        if not value:
            return False
    return True
''', ()),
    ("places_true", '''
def _places_true(mask):
    """np.flatnonzero(mask) of a vector"""
    out = np.empty(mask.size, np.int64)
    count = 0
    for i in range(mask.size):
        out[count] = i
        count += 1 if mask[i] else 0
    return out[:count].copy()
''', ()),
    ("plain", '''
def _plain(x):
    """Raises where there is a NaN or a zero with a minus: what sorts as equal must be the same."""
    for value in x:
        if value != value or value == 0 and math.copysign(1.0, value) < 0:
            raise ValueError
''', ()),
    ("sorted_copy", '''
def _sorted_copy(x):
    """np.sort(x)"""
    _plain(x)
    out = x.copy()
    out.sort()
    return out
''', ("plain",)),
    ("order", '''
def _order(x):
    """np.argsort(x); raises where equal items leave the order open."""
    _plain(x)
    order = np.argsort(x)
    for i in range(1, x.size):
        if not x[order[i - 1]] < x[order[i]]:
            raise ValueError
    return order
''', ("plain",)),
    ("order_stable", '''
def _order_stable(x):
    """np.argsort(x, kind="stable")"""
    for value in x:
        if value != value:
            raise ValueError
    return np.argsort(x, kind="mergesort")
''', ()),
    ("unique_items", '''
def _unique_items(x):
    """np.unique(x) of a vector"""
    items = _sorted_copy(x)
    count = min(items.size, 1)
    for i in range(1, items.size):
        if items[i] != items[count - 1]:
            items[count] = items[i]
            count += 1
    return items[:count].copy()
''', ("sorted_copy",)),
    ("unique_counts", '''
def _unique_counts(x):
    """np.unique(x, return_counts=True) of a vector"""
    items = _sorted_copy(x)
    counts = np.ones(items.size, np.int64)
    count = min(items.size, 1)
    for i in range(1, items.size):
        if items[i] != items[count - 1]:
            items[count] = items[i]
            count += 1
        else:
            counts[count - 1] += 1
    return items[:count].copy(), counts[:count].copy()
''', ("sorted_copy",)),
    ("bins_of", '''
def _bins_of(x, least):
    """How many bins np.bincount(x, minlength=least) has."""
    bins = least
    for value in x:
        if value < 0 or value >= 2**31:
            raise ValueError
        bins = max(bins, value + 1)
    if least < 0:
        raise ValueError
    return bins
''', ()),
    ("bin_counts", '''
def _bin_counts(x, least):
    """np.bincount(x, minlength=least)"""
    counts = np.zeros(_bins_of(x, least), np.int64)
    for value in x:
        counts[value] += 1
    return counts
''', ("bins_of",)),
    ("bin_sums", '''
def _bin_sums(x, weights, least):
    """np.bincount(x, weights, least)"""
    if x.size != weights.size or x.size == 0:
        raise ValueError
    sums = np.zeros(_bins_of(x, least))
    for i in range(x.size):
        sums[x[i]] += weights[i]
    if not _all_finite(sums):
        raise FloatingPointError
    return sums
''', ("bins_of", "all_finite")),
    ("running_sums", '''
def _running_sums(x):
    """np.cumsum(x) of float64"""
    out = x.copy()
    for i in range(1, x.size):
        out[i] = out[i - 1] + x[i]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("running_sums_int", '''
def _running_sums_int(x):
    """np.cumsum(x) of int64, which wraps around as NumPy's does"""
    out = x.copy()
    for i in range(1, x.size):
        out[i] = out[i - 1] + x[i]
    return out
''', ()),
    ("differences", '''
def _differences(x):
    """np.diff(x) of float64"""
    out = x[1:] - x[:-1] if x.size > 0 else x.copy()
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("differences_int", '''
def _differences_int(x):
    """np.diff(x) of int64, which wraps around as NumPy's does"""
    return x[1:] - x[:-1] if x.size > 0 else x.copy()
''', ()),
    ("ranked", '''
def _ranked(x, k):
    """The item of a vector that sorts to place k, found by parting what may hold it again and again."""
    items, parted = x.copy(), x.copy()
    low, high = 0, items.size
    for _ in range(60):
        if high - low < 9:
            break
        a, pivot, c = items[low], items[(low + high) // 2], items[high - 1]
        pivot = max(min(a, pivot), min(max(a, pivot), c))
        at, end = low, high - 1
        for i in range(low, high):  # without branches: what is neither less nor greater is written over
            value = items[i]
            parted[at] = value
            at += 1 if value < pivot else 0
            parted[end] = value
            end -= 1 if value > pivot else 0
        if k < at:
            high = at
        elif k > end:
            low = end + 1
        else:
            return pivot
        items, parted = parted, items
    items[low:high].sort()
    return items[k]
''', ()),
    ("middle_value", '''
def _middle_value(x):
    """np.median(x) of a vector, but for the sign of a zero."""
    for value in x:
        if value != value:
            raise ValueError
    if x.size == 0:
        raise ValueError
    half = x.size // 2
    upper = _ranked(x, half)
    found = float(upper)
    if x.size % 2 == 0:
        before, lower = 0, min(x)
        for value in x:
            before += 1 if value < upper else 0
            lower = value if lower < value < upper else lower
        found = (float(lower if before == half else upper) + found) / 2
    if not abs(found) < np.inf:
        raise FloatingPointError
    return found
''', ("ranked",)),
    ("middle", '''
def _middle(x):
    """np.median(x) of a vector; raises where it is a zero, and which one depends on their order."""
    found = _middle_value(x)
    if found == 0:
        _plain(x)
    return found
''', ("plain", "middle_value")),
    ("less_middle", '''
def _less_middle(a, x):
    """a - np.median(x): the sign of a zero matters only beside another."""
    found = _middle_value(x)
    if a == 0 and found == 0:
        _plain(x)
    return _sub_float(a, found)
''', ("plain", "middle_value", "sub_float")),
    ("quantile_of", '''
def _quantile_of(x, q):
    """np.quantile(x, q) of a vector, as NumPy's default method has it."""
    _plain(x)
    if x.size == 0 or not 0.0 <= q <= 1.0:
        raise ValueError
    place = q * (x.size - 1)
    low = int(math.floor(place))
    share = place - low
    a = b = _ranked(x, low)
    upto, next_one = 0, max(x)
    for value in x:
        upto += 1 if value <= a else 0
        next_one = value if a < value < next_one else next_one
    if upto == low + 1 and low + 1 < x.size:
        b = next_one
    if not abs(b - a) < np.inf:
        raise ValueError
    if share >= 0.5:
        return b - (b - a) * (1.0 - share)
    return a + (b - a) * share
''', ("plain", "ranked")),
    ("quantile", '''
def _quantile(items, q):
    """The quantile q of sorted items, as NumPy's default method has it."""
    if items.size == 0 or not 0.0 <= q <= 1.0:
        raise ValueError
    place = q * (items.size - 1)
    low = int(math.floor(place))
    share = place - low
    a = items[low]
    b = items[min(low + 1, items.size - 1)]
    if not abs(b - a) < np.inf:
        raise ValueError
    if share >= 0.5:
        return b - (b - a) * (1.0 - share)
    return a + (b - a) * share
''', ()),
    ("quantiles", '''
def _quantiles(x, qs, whole):
    """np.quantile(x, qs) of vectors; np.percentile for a whole of 100"""
    items = _sorted_copy(x)
    out = np.empty(qs.size)
    for i in range(qs.size):
        out[i] = _quantile(items, qs[i] / whole)
    return out
''', ("sorted_copy", "quantile")),
    ("product", '''
def _product(x):
    """np.prod(x) of float64; raises where NumPy might warn"""
    total = 1.0
    for i in range(x.size):
        total *= x[i]
    if not abs(total) < np.inf:
        raise FloatingPointError
    return total
''', ()),
    ("running_products", '''
def _running_products(x):
    """np.cumprod(x) of float64; raises where NumPy might warn"""
    out = x.copy()
    for i in range(1, x.size):
        out[i] = out[i - 1] * x[i]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",)),
    ("sorts_before", '''
def _sorts_before(a, b):
    """Whether NumPy sorts a before b: NaN comes last."""
    return a < b or (b != b and a == a)
''', ()),
    _bisected("before", "", "_sorts_before(x[middle], key)"),
    _bisected("after", ', side="right"', "not _sorts_before(key, x[middle])"),
]  # fmt: skip
