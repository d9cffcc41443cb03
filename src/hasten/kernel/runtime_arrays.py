"""Functions that kernels call for whole arrays: places and slices, products, sums along an axis, selected elements."""

from __future__ import annotations

# name, text, helpers that it calls, further options of the compiler
COMPILED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("place", '''
def _place(i, size):
    """The place that index i stands for in an axis of this size."""
    if i < 0:
        i += size
    if i < 0 or i >= size:
        raise IndexError
    return i
''', (), ""),
    ("edge", '''
def _edge(i, size):
    """Where a slice begins or ends, in an axis of this size."""
    if i < 0:
        i = max(i + size, 0)
    return min(i, size)
''', (), ""),
    ("all_finite", '''
def _all_finite(x):
    """Is there neither an infinity nor a NaN in it?"""
    bad = 0
    for value in x.flat:
        bad += 0 if abs(value) < np.inf else 1
    return bad == 0
''', (), ""),
    ("dot", '''
def _dot(x, y):
    """The product of two vectors; raises where it is not finite, because NumPy might warn."""
    if x.size != y.size:
        raise ValueError
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    if not abs(total) < np.inf:
        raise FloatingPointError
    return total
''', (), 'fastmath={"reassoc", "contract"}'),
    ("vector_norm", '''
def _vector_norm(x):
    """np.linalg.norm(x) of a vector."""
    return math.sqrt(_dot(x, x))
''', ("dot",), ""),
    ("matrix_vector", '''
def _matrix_vector(a, x):
    """a @ x; raises where an element is not finite."""
    if a.shape[1] != x.size:
        raise ValueError
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(x.size):
            total += a[i, j] * x[j]
        out[i] = total
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",), 'fastmath={"reassoc", "contract"}'),
    ("vector_matrix", '''
def _vector_matrix(x, a, start, stop):
    """x @ a[:, start:stop], four rows at a time; raises where an element is not finite."""
    if x.size != a.shape[0]:
        raise ValueError
    low = _edge(start, a.shape[1])
    count = max(_edge(stop, a.shape[1]) - low, 0)
    out = np.zeros(count)
    fours = x.size // 4 * 4
    for i in range(0, fours, 4):
        p, q, r, s = x[i], x[i + 1], x[i + 2], x[i + 3]
        first, second = a[i, low : low + count], a[i + 1, low : low + count]
        third, fourth = a[i + 2, low : low + count], a[i + 3, low : low + count]
        for j in range(count):
            out[j] += p * first[j] + q * second[j] + r * third[j] + s * fourth[j]
    for i in range(fours, x.size):
        p = x[i]
        row = a[i, low : low + count]
        for j in range(count):
            out[j] += p * row[j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite", "edge"), 'fastmath={"reassoc", "contract"}'),
    ("small_product", '''
def _small_product(a, b):
    """a @ b of not too many terms, or of few a sum; raises for others, which a library multiplies much faster."""
    if a.shape[1] != b.shape[0]:
        raise ValueError
    if a.shape[1] > 8 and a.shape[0] * a.shape[1] * b.shape[1] > 262144:
        raise OverflowError
    out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            factor = a[i, k]
            for j in range(b.shape[1]):
                out[i, j] += factor * b[k, j]
    if not _all_finite(out):
        raise FloatingPointError
    return out
''', ("all_finite",), 'fastmath={"reassoc", "contract"}'),
    ("sum_along", '''
def _sum_along(x):
    """Sum of each row of a 2-d float64 array, to the bit; raises where NumPy might warn."""
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = _np_sum(x[i])
    return out
''', ("np_sum",), ""),
    ("sum_along_last", '''
def _sum_along_last(x):
    """Sums along the last axis of a float64 array of three or more, to the bit; raises where NumPy might warn."""
    out = np.empty(x.shape[:-1])
    rows = x.reshape(-1, x.shape[-1])
    sums = out.reshape(-1)
    for i in range(sums.size):
        sums[i] = _np_sum(rows[i])
    return out
''', ("np_sum",), ""),
    ("beside", '''
def _beside(z, limit):
    """-1.0, 0.0 or 1.0: abs(z) is below, at or above a limit. By squares, without a root, where they tell for sure."""
    squares = z.real * z.real + z.imag * z.imag
    border = limit * limit
    if limit > 0.0 and 1e-200 < border and border < 1e200 and squares < 1e200:
        if squares < border * (1.0 - 1e-13):
            return -1.0
        if squares > border * (1.0 + 1e-13):
            return 1.0
    size = abs(z)
    if not size < np.inf or limit != limit:
        raise FloatingPointError
    return -1.0 if size < limit else 1.0 if size > limit else 0.0
''', (), ""),
    ("sum_all", '''
def _sum_all(x):
    """Sum of all elements of a float64 array in the order of its memory, to the bit; raises where NumPy might warn."""
    return _np_sum(x.ravel())
''', ("np_sum",), ""),
    ("max_all", '''
def _max_all(x):
    """Largest element of a float64 array; raises for none, NaN and a zero with a minus."""
    if x.size == 0:
        raise ValueError
    values = x.ravel()
    most = -np.inf
    bad = 0
    for i in range(values.size):
        value = values[i]
        bad += 1 if value != value or (value == 0.0 and np.copysign(1.0, value) < 0.0) else 0
        most = value if value > most else most
    if bad > 0:
        raise ValueError
    return most
''', (), ""),
    ("selected", '''
def _selected(x, mask):
    """The elements of an array where the mask says so, one after another."""
    if x.shape != mask.shape:
        raise IndexError
    values = x.ravel()
    chosen = mask.ravel()
    count = 0
    for i in range(chosen.size):
        count += 1 if chosen[i] else 0
    out = np.empty(count + 1, x.dtype)  # one more: each value is written, and stays where it is chosen
    at = 0
    eights = chosen.size // 8  # where few are chosen, most of these are zero
    words = chosen[: 8 * eights].view(np.uint64)
    for k in range(eights):
        if words[k] != 0:
            for i in range(8 * k, 8 * k + 8):
                out[at] = values[i]
                at += 1 if chosen[i] else 0
    for i in range(8 * eights, chosen.size):
        out[at] = values[i]
        at += 1 if chosen[i] else 0
    return out[:count]
''', (), ""),
    ("bin_edges", '''
def _bin_edges(x, bins):
    """The edges of np.histogram(x, bins); raises where NumPy has something to say, or a zero may have a minus."""
    if x.size == 0 or bins < 1 or bins > 2**31:
        raise ValueError
    low = np.inf
    high = -np.inf
    bad = 0
    for i in range(x.size):
        value = x[i]
        bad += 0 if abs(value) < np.inf else 1
        low = value if value < low else low
        high = value if value > high else high
    if bad > 0 or high == 0.0 or low == high or not high - low < np.inf:
        raise ValueError
    edges = _evenly(low, high, bins + 1)
    for i in range(bins):
        if edges[i] >= edges[i + 1]:
            raise ValueError
    return edges
''', ("evenly",), ""),
    ("bin_of", '''
def _bin_of(value, edges, width, bins):
    """The bin that a value within the edges falls into."""
    k = int((value - edges[0]) / width * bins)
    if k == bins:
        k -= 1
    if value < edges[k]:
        k -= 1
    if value >= edges[k + 1] and k != bins - 1:
        k += 1
    return k
''', (), ""),
    ("histogram", '''
def _histogram(x, bins):
    """np.histogram(x, bins) of a float64 vector."""
    edges = _bin_edges(x, bins)
    counts = np.zeros(bins, np.int64)
    width = edges[bins] - edges[0]
    for i in range(x.size):
        counts[_bin_of(x[i], edges, width, bins)] += 1
    return counts, edges
''', ("bin_edges", "bin_of"), ""),
    ("weighted_histogram", '''
def _weighted_histogram(x, bins, weights):
    """np.histogram(x, bins, weights=weights) of float64 vectors, added up in blocks as NumPy does."""
    if x.size != weights.size:
        raise ValueError
    edges = _bin_edges(x, bins)
    sums = np.zeros(bins)
    width = edges[bins] - edges[0]
    for begin in range(0, x.size, 65536):
        block = np.zeros(bins)
        for i in range(begin, min(begin + 65536, x.size)):
            block[_bin_of(x[i], edges, width, bins)] += weights[i]
        sums += block
    if not _all_finite(sums):
        raise FloatingPointError
    return sums, edges
''', ("bin_edges", "bin_of", "all_finite"), ""),
    ("upper", '''
def _upper(x, k):
    """np.triu(x, k)"""
    out = np.zeros(x.shape, x.dtype)
    for i in range(x.shape[0]):
        for j in range(max(i + k, 0), x.shape[1]):
            out[i, j] = x[i, j]
    return out
''', (), ""),
    ("lower", '''
def _lower(x, k):
    """np.tril(x, k)"""
    out = np.zeros(x.shape, x.dtype)
    for i in range(x.shape[0]):
        for j in range(min(i + k + 1, x.shape[1])):
            out[i, j] = x[i, j]
    return out
''', (), ""),
    ("taken", '''
def _taken(x, places):
    """The elements of a vector at these places."""
    out = np.empty(len(places), x.dtype)
    for i in range(len(places)):
        out[i] = x[_place(places[i], x.size)]
    return out
''', ("place",), ""),
    ("not_empty", '''
def _not_empty(x):
    """The array, which has elements."""
    if x.size == 0:
        raise ValueError
    return x
''', (), ""),
    ("vector_of", '''
def _vector_of(values, dtype):
    """The array of a list of numbers."""
    out = np.empty(len(values), dtype)
    for i in range(len(values)):
        out[i] = values[i]
    return out
''', (), ""),
    ("some_of", '''
def _some_of(values, dtype):
    """The array of a list of numbers, which is not empty: NumPy would make floats of none."""
    if len(values) == 0:
        raise ValueError
    return _vector_of(values, dtype)
''', ("vector_of",), ""),
    ("step", '''
def _step(n):
    """The step of a slice, which is not 0."""
    if n == 0:
        raise ValueError
    return n
''', (), ""),
    ("truncated", '''
def _truncated(x):
    """x.astype(int) of float64; raises for what is no int64."""
    out = np.empty(x.shape, np.int64)
    flat = out.ravel()
    at = 0
    for value in x.flat:
        if not -9.2e18 < value < 9.2e18:
            raise OverflowError
        flat[at] = int(value)
        at += 1
    return out
''', (), ""),
    ("zeros_and_ones", '''
def _zeros_and_ones(mask):
    """mask.astype(int)"""
    out = np.zeros(mask.shape, np.int64)
    flat = out.ravel()
    at = 0
    for value in mask.flat:
        if value:
            flat[at] = 1
        at += 1
    return out
''', (), ""),
    ("items_at", '''
def _items_at(x, rows, columns):
    """x[rows, columns], place by place"""
    if rows.size != columns.size:
        raise ValueError
    out = np.empty(rows.size, x.dtype)
    for i in range(rows.size):
        out[i] = x[_place(rows[i], x.shape[0]), _place(columns[i], x.shape[1])]
    return out
''', ("place",), ""),
    ("items_at_filled", '''
def _items_at_filled(x, value, rows, columns):
    """x[rows, columns] = value, for a number"""
    if rows.size != columns.size:
        raise ValueError
    for i in range(rows.size):
        x[_place(rows[i], x.shape[0]), _place(columns[i], x.shape[1])] = value
''', ("place",), ""),
    ("items_at_put", '''
def _items_at_put(x, values, rows, columns):
    """x[rows, columns] = values, of as many"""
    if rows.size != columns.size or values.size != rows.size:
        raise ValueError
    for i in range(rows.size):
        x[_place(rows[i], x.shape[0]), _place(columns[i], x.shape[1])] = values[i]
''', ("place",), ""),
    ("selected_put", '''
def _selected_put(x, values, mask):
    """x[mask] = values, for a mask of all items and as many values"""
    if x.shape != mask.shape:
        raise IndexError
    count = 0
    for chosen in mask.flat:
        count += 1 if chosen else 0
    if count != values.size:
        raise ValueError
    flat = x.reshape(-1)
    where = mask.reshape(-1)
    at = 0
    for i in range(where.size):
        if where[i]:
            flat[i] = values[at]
            at += 1
''', (), ""),
    ("flattened", '''
def _flattened(x):
    """x.flatten()"""
    out = np.empty(x.size, x.dtype)
    at = 0
    for value in x.flat:
        out[at] = value
        at += 1
    return out
''', (), ""),
    ("end_to_end", '''
def _end_to_end(values):
    """np.concatenate of a list of vectors."""
    if len(values) == 0:
        raise ValueError
    size = 0
    for x in values:
        size += x.size
    out = np.empty(size, values[0].dtype)
    at = 0
    for x in values:
        out[at : at + x.size] = x
        at += x.size
    return out
''', (), ""),
    ("rows_end_to_end", '''
def _rows_end_to_end(values):
    """np.concatenate of a list of matrices."""
    if len(values) == 0:
        raise ValueError
    size = 0
    for x in values:
        size += x.shape[0]
        if x.shape[1] != values[0].shape[1]:
            raise ValueError
    out = np.empty((size, values[0].shape[1]), values[0].dtype)
    at = 0
    for x in values:
        out[at : at + x.shape[0]] = x
        at += x.shape[0]
    return out
''', (), ""),
    ("both_ends", '''
def _both_ends(x, y):
    """np.append(x, y) of vectors."""
    out = np.empty(x.size + y.size, x.dtype)
    out[: x.size] = x
    out[x.size :] = y
    return out
''', (), ""),
    ("one_more", '''
def _one_more(x, value):
    """np.append(x, value) of a vector and a number."""
    out = np.empty(x.size + 1, x.dtype)
    out[: x.size] = x
    out[x.size] = value
    return out
''', (), ""),
    ("same_array", '''
def _same_array(x, y):
    """np.array_equal(x, y)"""
    if x.shape != y.shape:
        return False
    for a, b in zip(x.flat, y.flat):
        if a != b:
            return False
    return True
''', (), ""),
    ("all_close", '''
def _all_close(x, y, rtol, atol):
    """np.allclose(x, y, rtol, atol) of finite float64 arrays of one shape; raises for others."""
    if x.shape != y.shape:
        raise ValueError
    close = True
    for a, b in zip(x.flat, y.flat):
        room = atol + rtol * abs(b)
        if not (abs(a - b) < np.inf and room < np.inf):
            raise ValueError
        if not abs(a - b) <= room and a != b:
            close = False
    return close
''', (), ""),
    ("mask_of", '''
def _mask_of(places, size):
    """A mask that is true at these places."""
    mask = np.zeros(size, np.bool_)
    for i in range(places.size):
        mask[_place(places[i], size)] = True
    return mask
''', ("place",), ""),
    ("rows_filled", '''
def _rows_filled(x, value, mask):
    """x[mask] = value, for a number and a mask of rows"""
    if x.shape[0] != mask.size:
        raise IndexError
    for i in range(mask.size):
        if mask[i]:
            for j in range(x.shape[1]):
                x[i, j] = value
''', (), ""),
    ("rows_put", '''
def _rows_put(x, row, mask):
    """x[mask] = row, for a mask of rows"""
    if x.shape[0] != mask.size:
        raise IndexError
    if x.shape[1] != row.size:
        raise ValueError
    for i in range(mask.size):
        if mask[i]:
            for j in range(x.shape[1]):
                x[i, j] = row[j]
''', (), ""),
    ("items_filled", '''
def _items_filled(x, value, places):
    """x[places] = value, for a number"""
    for i in range(places.size):
        x[_place(places[i], x.size)] = value
''', ("place",), ""),
    ("items_put", '''
def _items_put(x, values, places):
    """x[places] = values, of as many"""
    if values.size != places.size:
        raise ValueError
    for i in range(places.size):
        x[_place(places[i], x.size)] = values[i]
''', ("place",), ""),
    ("stacked", '''
def _stacked(values):
    """The array of a list of arrays of one shape."""
    if len(values) == 0:
        raise ValueError
    shape = values[0].shape
    out = np.empty((len(values),) + shape, values[0].dtype)
    for i in range(len(values)):
        if values[i].shape != shape:
            raise ValueError
        out[i] = values[i]
    return out
''', (), ""),
    ("mixed_vector", '''
def _mixed_vector(mixed, told):
    """The array of ints and floats that come with the codes of their types; with `told`, raises where all are ints."""
    numbers, kinds = mixed
    if numbers.size == 0 or told and (kinds == 1).all():
        raise ValueError
    return numbers.copy()
''', (), ""),
    ("stacked_mixed", '''
def _stacked_mixed(rows, told):
    """The matrix of rows of ints and floats; with `told`, raises where all are ints, of which NumPy would make ints."""
    if len(rows) == 0:
        raise ValueError
    out = np.empty((len(rows), rows[0][0].size))
    whole = told
    for i in range(len(rows)):
        numbers, kinds = rows[i]
        if numbers.size != out.shape[1] or numbers.size == 0:
            raise ValueError
        whole = whole and (kinds == 1).all()
        out[i] = numbers
    if whole:
        raise ValueError
    return out
''', (), ""),
    ("floats_among", '''
def _floats_among(values, dtype):
    """The array of a list of ints and floats; raises where all may be ints, of which NumPy would make an array."""
    out = _vector_of(values, dtype)
    if out.size == 0:
        return out
    for i in range(out.size):
        if out[i] != math.floor(out[i]):
            return out
    raise ValueError
''', ("vector_of",), ""),
    ("matrix_of_lists", '''
def _matrix_of_lists(values, dtype):
    """The array of a list of lists of numbers, of one length."""
    if len(values) == 0 or len(values[0]) == 0:
        raise ValueError
    out = np.empty((len(values), len(values[0])), dtype)
    for i in range(len(values)):
        if len(values[i]) != len(values[0]):
            raise ValueError
        for j in range(len(values[0])):
            out[i, j] = values[i][j]
    return out
''', (), ""),
    ("matrix_of", '''
def _matrix_of(values, width, dtype):
    """The array of a list of tuples of numbers of one type."""
    if len(values) == 0:
        raise ValueError
    out = np.empty((len(values), width), dtype)
    for i in range(len(values)):
        for j in range(width):
            out[i, j] = values[i][j]
    return out
''', (), ""),
    ("rows_where", '''
def _rows_where(x, mask):
    """The rows of a matrix where the mask says so."""
    if x.shape[0] != mask.size:
        raise IndexError
    count = 0
    for i in range(mask.size):
        count += 1 if mask[i] else 0
    out = np.empty((count, x.shape[1]), x.dtype)
    at = 0
    for i in range(mask.size):
        if mask[i]:
            for j in range(x.shape[1]):
                out[at, j] = x[i, j]
            at += 1
    return out
''', (), ""),
    ("columns_at", '''
def _columns_at(x, places):
    """The columns of a matrix at these places."""
    out = np.empty((x.shape[0], len(places)), x.dtype)
    for j in range(len(places)):
        k = _place(places[j], x.shape[1])
        for i in range(x.shape[0]):
            out[i, j] = x[i, k]
    return out
''', ("place",), ""),
    ("columns_where", '''
def _columns_where(x, mask):
    """The columns of a matrix where the mask says so."""
    if x.shape[1] != mask.size:
        raise IndexError
    return _columns_at(x, np.flatnonzero(mask))
''', ("columns_at",), ""),
    ("rows_at", '''
def _rows_at(x, places):
    """The rows of a matrix at these places."""
    out = np.empty((len(places), x.shape[1]), x.dtype)
    for i in range(len(places)):
        k = _place(places[i], x.shape[0])
        for j in range(x.shape[1]):
            out[i, j] = x[k, j]
    return out
''', ("place",), ""),
    ("evenly", '''
def _evenly(start, stop, count):
    """np.linspace(start, stop, count) for at least two places, to the bit."""
    if count < 2:
        raise ValueError
    step = (stop - start) / (count - 1)
    if step == 0.0 or not abs(step) < np.inf:
        raise ValueError
    out = np.empty(count)
    for i in range(count):
        out[i] = i * step + start
    out[count - 1] = stop
    return out
''', (), ""),
)  # fmt: skip
