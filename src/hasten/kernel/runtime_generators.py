"""What Numba lacks of NumPy's `Generator`, as compiled helpers that draw by Numba's methods of it.

Source of the algorithms: NumPy's `_generator.pyx`. Each looks at its arguments before it draws.
"""

from __future__ import annotations

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("checked_not_negative", '''
def _checked_not_negative(x):
    """x, which NumPy takes as a scale; raises for -0.0, which it refuses, and for what is not finite."""
    if not (math.copysign(1.0, x) > 0.0 and x < math.inf):
        raise ValueError
    return x
''', ()),
    ("checked_positive", '''
def _checked_positive(x):
    if not (0.0 < x < math.inf):
        raise ValueError
    return x
''', ()),
    ("checked_at_least_a_tenth", '''
def _checked_at_least_a_tenth(x):
    """x, which is not so small that powers of it vanish."""
    if not (0.1 <= x < math.inf):
        raise ValueError
    return x
''', ()),
    ("checked_share", '''
def _checked_share(x):
    if not (0.0 <= x <= 1.0):
        raise ValueError
    return x
''', ()),
    ("checked_chance", '''
def _checked_chance(x):
    if not (1e-6 <= x <= 1.0):
        raise ValueError
    return x
''', ()),
    ("checked_mean_of_counts", '''
def _checked_mean_of_counts(x):
    if not (0.0 <= x <= 1e9):
        raise ValueError
    return x
''', ()),
    ("generator_uniform", '''
def _generator_uniform(rng, low, high):
    if not (math.copysign(1.0, high - low) > 0.0 and high - low < math.inf):
        raise ValueError
    return rng.uniform(low, high)
''', ()),
    ("generator_uniforms", '''
def _generator_uniforms(rng, low, high, size):
    if not (math.copysign(1.0, high - low) > 0.0 and high - low < math.inf):
        raise ValueError
    return rng.uniform(low, high, size)
''', ()),
    ("chances_total", '''
def _chances_total(n, p):
    """The sum of probabilities, added up in order; raises for what NumPy refuses, and near it."""
    total = 0.0
    if len(p) != n:
        raise ValueError
    for x in p:
        if not x >= 0.0:
            raise ValueError
        total += x
    if not abs(total - 1.0) < 1e-9:
        raise ValueError
    return total
''', ()),
    ("chances_place", '''
def _chances_place(p, total, drawn):
    """Where a number from 0 to below 1 falls among running sums of probabilities."""
    running = 0.0
    for i in range(len(p)):
        running += p[i]
        if running / total > drawn:
            return i
    raise ValueError
''', ()),
    ("generator_weighted", '''
def _generator_weighted(rng, n, p):
    """`rng.choice(n, p=p)`."""
    total = _chances_total(n, p)
    return _chances_place(p, total, rng.random())
''', ("chances_total", "chances_place")),
    ("generator_weighted_many", '''
def _generator_weighted_many(rng, n, p, size):
    """`rng.choice(n, size, p=p)`."""
    total = _chances_total(n, p)
    sums = np.empty(n)
    running = 0.0
    for i in range(n):
        running += p[i]
        sums[i] = running / total
    return np.searchsorted(sums, rng.random(size), side="right")
''', ("chances_total",)),
    ("generator_sample", '''
def _generator_sample(rng, n, size):
    """`rng.choice(n, size, replace=False)`: after Floyd, or the tail of a shuffle where that takes less."""
    if size > n:
        raise ValueError
    if n > 10000 and size > n // 50:
        places = np.arange(n)
        for i in range(n - 1, max(n - size, 1) - 1, -1):
            j = rng.integers(0, i + 1)
            kept = places[j]
            places[j] = places[i]
            places[i] = kept
        return places[n - size:].copy()
    chosen = np.empty(size, np.int64)
    mask = int(1.2 * size)
    for shift in (1, 2, 4, 8, 16, 32):
        mask |= mask >> shift
    seen = np.full(mask + 1, -1)
    for j in range(n - size, n):
        value = rng.integers(0, j + 1)
        at = value & mask
        while seen[at] != -1 and seen[at] != value:
            at = (at + 1) & mask
        if seen[at] != -1:
            value = j
            at = j & mask
            while seen[at] != -1:
                at = (at + 1) & mask
        seen[at] = value
        chosen[j - n + size] = value
    for i in range(size - 1, 0, -1):
        j = rng.integers(0, i + 1)
        kept = chosen[j]
        chosen[j] = chosen[i]
        chosen[i] = kept
    return chosen
''', ()),
    ("generator_shuffle", '''
def _generator_shuffle(rng, values):
    """`rng.shuffle(values)` of an array or a list: from the end, each item changes places with one not after it."""
    last = len(values) - 1
    mask = 1
    while mask < last:
        mask = 2 * mask + 1
    while last > 0:
        for drawn in rng.integers(0, 4294967296, last):  # each of the places that are left takes one or more of these
            if mask >> 1 >= last:
                mask >>= 1
            j = drawn & mask
            if j <= last:
                kept = values[j]
                values[j] = values[last]
                values[last] = kept
                last -= 1
''', ()),
    ("generator_permuted", '''
def _generator_permuted(rng, values):
    """`rng.permutation(values)`"""
    out = values.copy()
    _generator_shuffle(rng, out)
    return out
''', ("generator_shuffle",)),
    ("generator_dirichlet", '''
def _generator_dirichlet(rng, alpha):
    """`rng.dirichlet(alpha)`; raises for parameters below 0.1, for which NumPy draws otherwise."""
    drawn = np.empty(len(alpha))
    for x in alpha:
        if not (0.1 <= x < math.inf):
            raise ValueError
    total = 0.0
    for i in range(len(alpha)):
        drawn[i] = rng.standard_gamma(alpha[i])
        total += drawn[i]
    share = 1.0 / total
    for i in range(len(alpha)):
        drawn[i] *= share
    return drawn
''', ()),
]  # fmt: skip
