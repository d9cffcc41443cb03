"""The helpers that nearest-row changes put into programs. `NP.` stands for the module's name for NumPy."""

from __future__ import annotations

KNOWN = (
    "_KNOWN_ROWS = {}  # by id: the array, a copy that tells whether it is still the same, lengths of its rows\n\n\n"
)
LENGTHS = '''\
def _squared_lengths(rows, point):
    """Squared lengths of the rows and how exact they are, kept while the rows stay the same, bit by bit.

    None at first sight, and where rows and point are not plain numbers of one kind.
    """
    if type(rows) is not NP.ndarray or type(point) is not NP.ndarray or rows.ndim != 2 or rows.size < 1000:
        return None
    if rows.dtype.char not in "df" or point.dtype != rows.dtype or not rows.flags.c_contiguous:
        return None
    if point.shape != rows.shape[1:] or not rows.dtype.isnative:
        return None
    bits = NP.int64 if rows.dtype.char == "d" else NP.int32
    known = _KNOWN_ROWS.get(id(rows))
    if known is None or known[0]() is not rows or known[1].shape != rows.shape or known[1].dtype != rows.dtype:
        known = None
    elif not NP.array_equal(known[1].view(bits), rows.view(bits)):
        known = None
    if known is None:
        if len(_KNOWN_ROWS) >= 4:
            _KNOWN_ROWS.clear()
        _KNOWN_ROWS[id(rows)] = [weakref.ref(rows), rows.copy(), None]
        return None
    most = 1e100 if rows.dtype.char == "d" else 1e12
    if known[2] is None:
        known[2] = ()
        if (abs(rows) < most).all():
            lengths = NP.einsum("ij,ij->i", rows, rows)
            known[2] = lengths, lengths.max()
    if not known[2] or not (abs(point) < most).all():
        return None
    lengths, longest = known[2]
    # sums of so many products, rounded in whatever order, and the roots that the program may take of them
    exact = NP.finfo(rows.dtype)
    return lengths, float(64 * (rows.shape[1] + 8) * (exact.eps * (longest + point @ point) + exact.tiny))


'''
NEAREST = '''\
def _nearest_rows(rows, point, count, distance, select):
    """select(distances): places among the `count` nearest rows in order; what is nearer has a lower distance.

    Gives (places, their places among the distances that were worked out, these distances). One product with the matrix
    tells which rows can be among the nearest; where equal distances leave the order open, all are worked out.
    """
    known = _squared_lengths(rows, point)
    if known is not None and type(count) is int and 0 < count and 8 * count < len(rows):
        squares = known[0] - 2 * (rows @ point)
        near = NP.flatnonzero(squares <= NP.partition(squares, count - 1)[count - 1] + known[1])
        far = distance(rows[near], point)
        order = NP.argsort(far)[: count + 1]
        if (far[order[1:]] > far[order[:-1]]).all():
            places = select(far)
            return near[places], places, far
    far = distance(rows, point)
    places = select(far)
    return places, places, far


'''
NEAREST_ONE = '''\
def _nearest_row(rows, point, distance, select):
    """select(distances), which is the place of the first nearest row; what is nearer has a lower distance.

    Gives (place, its place among the distances that were worked out, these distances). One product with the matrix
    tells which rows can be the nearest.
    """
    known = _squared_lengths(rows, point)
    if known is not None:
        squares = known[0] - 2 * (rows @ point)
        near = NP.flatnonzero(squares <= squares.min() + known[1])
        far = distance(rows[near], point)
        best = select(far)
        return near[best], best, far
    far = distance(rows, point)
    best = select(far)
    return best, best, far


'''
WITHIN = '''\
def _rows_within(rows, point, radius, power, distance, select):
    """select(distances): places of all rows whose squared distance is at most about the radius to this power.

    Gives (places, their places among the distances that were worked out, these distances). One product with the matrix
    tells which rows can be among them.
    """
    known = _squared_lengths(rows, point)
    if known is not None and isinstance(radius, (int, float)) and 0 <= radius < 1e18:
        squares = known[0] - 2 * (rows @ point)
        near = NP.flatnonzero(squares <= float(radius) ** power * (1 + 1e-5) - float(point @ point) + known[1])
        far = distance(rows[near], point)
        places = select(far)
        return near[places], places, far
    far = distance(rows, point)
    places = select(far)
    return places, places, far


'''
