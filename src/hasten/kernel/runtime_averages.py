"""Functions that kernels call for sums without rounding errors, and for what `statistics` works out of them."""

from __future__ import annotations

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("exact_sum", '''
def _exact_sum(values):
    """math.fsum(values), after Shewchuk: sums that do not overlap are kept; raises where it is not finite."""
    partials = np.empty(64)
    count = 0
    for value in values:
        x = float(value)
        kept = 0
        for j in range(count):
            y = partials[j]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        if not abs(x) < np.inf:
            raise OverflowError
        count = kept
        if x != 0.0:
            partials[count] = x
            count += 1
    if count == 0:
        return 0.0
    count -= 1
    total, low = partials[count], 0.0
    while count > 0:
        x = total
        count -= 1
        y = partials[count]
        total = x + y
        low = y - (total - x)
        if low != 0.0:
            break
    if count > 0 and (low < 0.0 and partials[count - 1] < 0.0 or low > 0.0 and partials[count - 1] > 0.0):
        y = low * 2.0  # half way between two floats: what is left says which
        x = total + y
        if y == x - total:
            total = x
    return total
''', ()),
    ("float_mean", '''
def _float_mean(values):
    """statistics.fmean(values)"""
    return _exact_sum(values) / len(values)
''', ("exact_sum",)),
    ("spread_of", '''
def _spread_of(values, less, root):
    """statistics.stdev (`less` 1, `root`), pstdev (0), variance and pvariance of floats."""
    n = len(values)
    if n < 1 + less:
        raise ValueError
    mean = _exact_sum(values) / n
    squares = np.empty(n)
    left = 0.0
    for i in range(n):
        d = values[i] - mean
        squares[i] = d * d
        left += d
    found = max(_exact_sum(squares) - left * left / n, 0.0) / (n - less)
    return math.sqrt(found) if root else found
''', ("exact_sum",)),
]  # fmt: skip
