"""The helpers that nearest-row changes put into programs. `NP.` stands for the module's name for NumPy."""

from __future__ import annotations

SQUARES = '''\
def _about_squared(rows, point):
    """About the squared distances between rows and point, less the squared length of the point, and how exact they are.

    None where rows and point are not plain numbers of one kind, or too few to be worth it.
    """
    if type(rows) is not NP.ndarray or type(point) is not NP.ndarray or rows.ndim != 2 or rows.size < 4000:
        return None
    if rows.dtype.char not in "df" or point.dtype != rows.dtype or not rows.flags.c_contiguous:
        return None
    if point.shape != rows.shape[1:] or not rows.dtype.isnative:
        return None
    with NP.errstate(all="ignore"):
        lengths = NP.einsum("ij,ij->i", rows, rows)
        longest = lengths.max() + point @ point
        # numbers whose squares are out of range, and NaN, are for the original expression
        if not longest < (1e200 if rows.dtype.char == "d" else 1e24):
            return None
        # a large product would wait for threads
        squares = rows @ point if rows.size < 100_000 else NP.einsum("ij,j->i", rows, point)
        squares *= -2
        squares += lengths
    # sums of so many products, rounded in whatever order, and the roots that the program may take of them
    kind = NP.finfo(rows.dtype)
    return squares, float(64 * (rows.shape[1] + 8) * (kind.eps * longest + kind.tiny))


'''
NEAREST = '''\
def _nearest_rows(rows, point, count, distance, select):
    """select(distances): places among the `count` nearest rows in order; what is nearer has a lower distance.

    Gives (places, their places among the distances that were worked out, these distances). One product with the matrix
    tells which rows can be among the nearest; where equal distances leave the order open, all are worked out.
    """
    known = _about_squared(rows, point)
    if known is not None and type(count) is int and 0 < count and 8 * count < len(rows):
        squares, margin = known
        near = NP.flatnonzero(squares <= NP.partition(squares, count - 1)[count - 1] + margin)
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
    known = _about_squared(rows, point)
    if known is not None:
        squares, margin = known
        near = NP.flatnonzero(squares <= squares.min() + margin)
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
    known = _about_squared(rows, point)
    if known is not None and isinstance(radius, (int, float)) and 0 <= radius < 1e18:
        squares, margin = known
        near = NP.flatnonzero(squares <= float(radius) ** power * (1 + 1e-5) - float(point @ point) + margin)
        far = distance(rows[near], point)
        places = select(far)
        return near[places], places, far
    far = distance(rows, point)
    places = select(far)
    return places, places, far


'''
