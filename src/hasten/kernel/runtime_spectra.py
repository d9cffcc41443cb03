"""Functions that kernels call for signals and small systems: Fourier transforms, windows, correlations, inverses."""

from __future__ import annotations

# name, text, helpers that it calls, further options of the compiler
COMPILED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("unit_roots", '''
def _unit_roots(n):
    """exp(-2 pi i k / n) for k below n, from the angles of one eighth of the circle where n allows."""
    roots = np.empty(n, np.complex128)
    if n % 8 != 0:
        for k in range(n):
            angle = 2.0 * math.pi * k / n
            roots[k] = complex(math.cos(angle), -math.sin(angle))
        return roots
    eighth = n // 8
    for k in range(eighth + 1):
        angle = 2.0 * math.pi * k / n
        c, s = math.cos(angle), math.sin(angle)
        for x, y, place in ((c, s, k), (s, c, 2 * eighth - k)):
            roots[place] = complex(x, -y)
            roots[place + 2 * eighth] = complex(-y, -x)
            roots[place + 4 * eighth] = complex(-x, y)
            roots[(place + 6 * eighth) % n] = complex(y, x)
    return roots
''', (), ""),
    ("fourier", '''
def _fourier(x):
    """np.fft.fft(x) of a complex vector, whose length has small factors only."""
    n = x.size
    if n == 0:
        raise ValueError
    roots = _unit_roots(n)
    a, b = x.copy(), np.empty(n, np.complex128)
    left, done = n, 1  # what is left of the length to be split, and what was
    while left > 1:
        p = 2
        while p <= 61 and left % p != 0:
            p += 1
        if p > 61:
            raise ValueError
        q = left // p
        turn = n // left
        for j in range(q):
            for k in range(done):
                if p == 2:
                    u, v = a[k + done * j], a[k + done * (j + q)]
                    b[k + done * 2 * j] = u + v
                    b[k + done * (2 * j + 1)] = (u - v) * roots[j * turn]
                else:
                    for t in range(p):
                        total = a[k + done * j]
                        for r in range(1, p):
                            total += a[k + done * (j + q * r)] * roots[(r * t % p) * (n // p)]
                        b[k + done * (p * j + t)] = total * roots[j * t * turn % n]
        a, b = b, a
        left = q
        done *= p
    for value in a:
        if not abs(value.real) + abs(value.imag) < np.inf:
            raise FloatingPointError
    return a
''', ("unit_roots",), ""),
    ("real_fourier", '''
def _real_fourier(x):
    """np.fft.rfft(x) of a float64 vector: two halves of it are transformed as one complex vector."""
    n = x.size
    if n % 2 != 0 or n == 0:
        whole = np.empty(n, np.complex128)
        for i in range(n):
            whole[i] = x[i]
        return _fourier(whole)[: n // 2 + 1].copy()
    half = n // 2
    z = np.empty(half, np.complex128)
    for i in range(half):
        z[i] = complex(x[2 * i], x[2 * i + 1])
    z = _fourier(z)
    roots = _unit_roots(n)
    out = np.empty(half + 1, np.complex128)
    out[0] = complex(z[0].real + z[0].imag, 0.0)
    out[half] = complex(z[0].real - z[0].imag, 0.0)
    for k in range(1, half):
        mirrored = complex(z[half - k].real, -z[half - k].imag)
        even, odd = 0.5 * (z[k] + mirrored), 0.5 * (z[k] - mirrored)
        out[k] = even + roots[k] * complex(odd.imag, -odd.real)
    return out
''', ("fourier", "unit_roots"), ""),
    ("as_complex", '''
def _as_complex(x):
    """A float64 vector as complex numbers."""
    out = np.empty(x.size, np.complex128)
    for i in range(x.size):
        out[i] = x[i]
    return out
''', (), ""),
    ("frequencies", '''
def _frequencies(n, step, both):
    """np.fft.rfftfreq(n, step); with `both`, np.fft.fftfreq(n, step)."""
    if n < 1 or n * step == 0.0:
        raise ValueError
    unit = 1.0 / (n * step)
    if not both:
        out = np.empty(n // 2 + 1)
        for k in range(n // 2 + 1):
            out[k] = k * unit
        return out
    out = np.empty(n)
    ahead = (n - 1) // 2 + 1
    for k in range(n):
        out[k] = (k if k < ahead else k - n) * unit
    return out
''', (), ""),
    ("cosine_window", '''
def _cosine_window(n, a, b, c):
    """np.hanning(n) and its like: a + b cos(x) + c cos(2 x)."""
    if n < 2:
        raise ValueError
    out = np.empty(n)
    for i in range(n):
        place = 1 - n + 2 * i
        out[i] = a + b * math.cos(math.pi * place / (n - 1))
        if c != 0.0:
            out[i] += c * math.cos(2.0 * math.pi * place / (n - 1))
    return out
''', (), ""),
    ("covariances", '''
def _covariances(x, y):
    """np.cov(x, y) of two vectors."""
    n = x.size
    if n != y.size or n < 2:
        raise ValueError
    mean_x, mean_y = _np_mean(x), _np_mean(y)
    xx = xy = yy = 0.0
    for i in range(n):
        a, b = x[i] - mean_x, y[i] - mean_y
        xx += a * a
        xy += a * b
        yy += b * b
    out = np.empty((2, 2))
    scale = 1.0 / (n - 1)
    out[0, 0] = xx * scale
    out[0, 1] = out[1, 0] = xy * scale
    out[1, 1] = yy * scale
    if not abs(out[0, 0]) + abs(out[0, 1]) + abs(out[1, 1]) < np.inf:
        raise FloatingPointError
    return out
''', ("np_mean",), ""),
    ("correlations", '''
def _correlations(x, y):
    """np.corrcoef(x, y) of two vectors; raises where one of them does not vary."""
    out = _covariances(x, y)
    a, b = math.sqrt(out[0, 0]), math.sqrt(out[1, 1])
    if a == 0.0 or b == 0.0:
        raise FloatingPointError
    for i in range(2):
        for j in range(2):
            value = out[i, j] / (a if i == 0 else b) / (a if j == 0 else b)
            out[i, j] = min(max(value, -1.0), 1.0)
    return out
''', ("covariances",), ""),
    ("eliminated", '''
def _eliminated(a, b):
    """Solves a @ x = b in the place of b, by elimination with pivots; the determinant. Raises for a singular matrix."""
    n = a.shape[0]
    if a.shape[1] != n or b.shape[0] != n:
        raise ValueError
    rows = a.copy()
    determinant = 1.0
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(rows[i, k]) > abs(rows[best, k]):
                best = i
        pivot = rows[best, k]
        if not abs(pivot) > 0.0:
            raise ZeroDivisionError
        if best != k:
            determinant = -determinant
            for j in range(n):
                rows[k, j], rows[best, j] = rows[best, j], rows[k, j]
            for j in range(b.shape[1]):
                b[k, j], b[best, j] = b[best, j], b[k, j]
        determinant *= pivot
        for i in range(k + 1, n):
            factor = rows[i, k] / pivot
            if factor != 0.0:
                for j in range(k + 1, n):
                    rows[i, j] -= factor * rows[k, j]
                for j in range(b.shape[1]):
                    b[i, j] -= factor * b[k, j]
    for k in range(n - 1, -1, -1):
        for j in range(b.shape[1]):
            value = b[k, j]
            for i in range(k + 1, n):
                value -= rows[k, i] * b[i, j]
            b[k, j] = value / rows[k, k]
            if not abs(b[k, j]) < np.inf:
                raise FloatingPointError
    if not abs(determinant) < np.inf:
        raise FloatingPointError
    return determinant
''', (), ""),
    ("inverse", '''
def _inverse(a):
    """np.linalg.inv(a) of a matrix"""
    out = np.eye(a.shape[0])
    _eliminated(a, out)
    return out
''', ("eliminated",), ""),
    ("solved", '''
def _solved(a, b):
    """np.linalg.solve(a, b) of a matrix and a vector"""
    out = b.copy().reshape((b.size, 1))
    _eliminated(a, out)
    return out.reshape(b.size)
''', ("eliminated",), ""),
    ("solved_rows", '''
def _solved_rows(a, b):
    """np.linalg.solve(a, b) of two matrices"""
    out = b.copy()
    _eliminated(a, out)
    return out
''', ("eliminated",), ""),
    ("determinant", '''
def _determinant(a):
    """np.linalg.det(a) of a matrix"""
    return _eliminated(a, np.empty((a.shape[0], 0)))
''', ("eliminated",), ""),
    ("densities", '''
def _densities(counted):
    """What np.histogram gives with density=True, of what it gives without."""
    counts, edges = counted
    total = counts.sum()
    if total == 0:
        raise ZeroDivisionError
    out = np.empty(counts.size)
    for i in range(counts.size):
        out[i] = counts[i] / (edges[i + 1] - edges[i]) / total
    return out, edges
''', (), ""),
    ("histogram_between", '''
def _histogram_between(x, bins, low, high):
    """np.histogram(x, bins, range=(low, high)) of a vector; what lies outside is not counted."""
    if bins < 1 or not low < high or not high - low < np.inf:
        raise ValueError
    edges = _evenly(low, high, bins + 1)
    counts = np.zeros(bins, np.int64)
    width = high - low
    for item in x.flat:
        value = float(item)
        if low <= value <= high:
            counts[_bin_of(value, edges, width, bins)] += 1
    return counts, edges
''', ("evenly", "bin_of"), ""),
)  # fmt: skip
