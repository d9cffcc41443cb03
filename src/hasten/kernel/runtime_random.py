"""Python's and NumPy's random streams as compiled helpers: the same numbers and the same state afterwards.

A stream in a kernel is a pair of arrays: 624 words and the position among them (int64), and the spare normal number
(whether there is one, and it). Sources of the algorithms: CPython's `Modules/_randommodule.c` and `Lib/random.py`,
NumPy's `legacy-distributions.c` and `distributions.c`. What is left out draws in an order that differs by version.
"""

from __future__ import annotations

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("random_word", '''
def _random_word(stream):
    """The next 32 bits of a Mersenne twister (MT19937)."""
    words = stream[0]
    at = words[624]
    if at >= 624:
        for k in range(624):
            y = (words[k] & 2147483648) | (words[(k + 1) % 624] & 2147483647)
            words[k] = words[(k + 397) % 624] ^ (y >> 1) ^ (2567483615 if y & 1 else 0)
        at = 0
    words[624] = at + 1
    y = words[at]
    y ^= y >> 11
    y ^= (y << 7) & 2636928640
    y ^= (y << 15) & 4022730752
    return y ^ (y >> 18)
''', ()),
    ("random_float", '''
def _random_float(stream):
    """A float from 0 to below 1, of 53 random bits."""
    a = _random_word(stream) >> 5
    b = _random_word(stream) >> 6
    return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0)
''', ("random_word",)),
    ("random_below", '''
def _random_below(stream, n):
    """An integer from 0 to below n, as `random.Random._randbelow` draws it; raises for n that is not 1..2**62."""
    if n <= 0 or n > 4611686018427387904:
        raise ValueError
    bits = 0
    while n >> bits:
        bits += 1
    while True:
        if bits <= 32:
            r = _random_word(stream) >> (32 - bits)
        else:
            r = _random_word(stream)
            r |= (_random_word(stream) >> (64 - bits)) << 32
        if r < n:
            return r
''', ("random_word",)),
    ("random_uniform", '''
def _random_uniform(stream, a, b):
    return a + (b - a) * _random_float(stream)
''', ("random_float",)),
    ("random_gauss", '''
def _random_gauss(stream, mu, sigma):
    """`random.gauss`: numbers come in pairs, the second is kept for the next call."""
    spare = stream[1]
    if spare[0] != 0.0:
        z = spare[1]
        spare[0] = 0.0
    else:
        x2pi = _random_float(stream) * (2.0 * math.pi)
        g2rad = math.sqrt(-2.0 * math.log(1.0 - _random_float(stream)))
        z = math.cos(x2pi) * g2rad
        spare[0] = 1.0
        spare[1] = math.sin(x2pi) * g2rad
    return mu + z * sigma
''', ("random_float",)),
    ("random_normal", '''
def _random_normal(stream, mu, sigma):
    """`random.normalvariate`: the ratio of uniforms, after Kinderman and Monahan."""
    while True:
        u1 = _random_float(stream)
        u2 = 1.0 - _random_float(stream)
        z = _NV_MAGIC * (u1 - 0.5) / u2
        if z * z / 4.0 <= -math.log(u2):
            return mu + z * sigma
''', ("random_float",)),
    ("random_exponential", '''
def _random_exponential(stream, rate):
    return -math.log(1.0 - _random_float(stream)) / rate
''', ("random_float",)),
    ("random_shuffle", '''
def _random_shuffle(stream, values):
    for i in range(len(values) - 1, 0, -1):
        j = _random_below(stream, i + 1)
        kept = values[i]
        values[i] = values[j]
        values[j] = kept
''', ("random_below",)),
    ("random_places", '''
def _random_places(stream, n, k):
    """The places that `random.sample` takes from a list of n, in its order."""
    if not 0 <= k <= n:
        raise ValueError
    places = np.empty(k, np.int64)
    most = 21
    if k > 5:
        most += 4 ** int(math.ceil(math.log(k * 3) / math.log(4.0)))
    if n <= most:
        pool = np.arange(n)
        for i in range(k):
            j = _random_below(stream, n - i)
            places[i] = pool[j]
            pool[j] = pool[n - i - 1]
        return places
    size = 64
    while size < 2 * k:
        size *= 2
    taken = np.full(size, -1)  # a hash table
    for i in range(k):
        while True:
            j = _random_below(stream, n)
            at = j % size
            while taken[at] >= 0 and taken[at] != j:
                at = (at + 1) % size
            if taken[at] < 0:
                break
        taken[at] = j
        places[i] = j
    return places
''', ("random_below",)),
    ("random_choices", '''
def _random_choices(stream, n, k):
    """The places that `random.choices` takes from a list of n, k times."""
    if n < 1:
        raise IndexError
    places = np.empty(max(k, 0), np.int64)
    for i in range(len(places)):
        places[i] = int(math.floor(_random_float(stream) * float(n)))
    return places
''', ("random_float",)),
    ("random_weighted", '''
def _random_weighted(stream, n, weights, k):
    """The places that `random.choices` takes from a list of n with weights, k times."""
    if len(weights) != n or n < 1:
        raise ValueError
    sums = np.empty(n)
    running = weights[0]
    sums[0] = running
    for i in range(1, n):
        running += weights[i]
        if not -9007199254740992.0 <= running <= 9007199254740992.0:
            raise ValueError
        sums[i] = running
    total = sums[n - 1]
    if not (total > 0.0 and -9007199254740992.0 <= sums[0] <= 9007199254740992.0):
        raise ValueError
    places = np.empty(max(k, 0), np.int64)
    for i in range(len(places)):
        x = _random_float(stream) * total
        low, high = 0, n - 1
        while low < high:
            middle = (low + high) // 2
            if x < sums[middle]:
                high = middle
            else:
                low = middle + 1
        places[i] = low
    return places
''', ("random_float",)),
    ("random_bits", '''
def _random_bits(stream, k):
    """`random.getrandbits` of up to 62 bits."""
    if k < 1 or k > 62:
        raise ValueError
    if k <= 32:
        return _random_word(stream) >> (32 - k)
    low = _random_word(stream)
    return low | (_random_word(stream) >> (64 - k)) << 32
''', ("random_word",)),
    ("random_gamma", '''
def _random_gamma(stream, alpha, beta):
    """`random.gammavariate`; raises for alpha below 1, where a power would be rounded otherwise."""
    if not (1.0 <= alpha < 1e300 and beta > 0.0):
        raise ValueError
    if alpha == 1.0:
        return -math.log(1.0 - _random_float(stream)) * beta
    ainv = math.sqrt(2.0 * alpha - 1.0)
    bbb = alpha - _LOG4
    ccc = alpha + ainv
    while True:
        u1 = _random_float(stream)
        if not 1e-7 < u1 < 0.9999999:
            continue
        u2 = 1.0 - _random_float(stream)
        v = math.log(u1 / (1.0 - u1)) / ainv
        x = alpha * math.exp(v)
        z = u1 * u1 * u2
        r = bbb + ccc * v - x
        if r + _SG_MAGIC - 4.5 * z >= 0.0 or r >= math.log(z):
            return x * beta
''', ("random_float",)),
    ("random_beta", '''
def _random_beta(stream, alpha, beta):
    """`random.betavariate`; raises where an argument is below 1."""
    y = _random_gamma(stream, alpha, 1.0)
    if y != 0.0:
        return y / (y + _random_gamma(stream, beta, 1.0))
    return 0.0
''', ("random_gamma",)),
    ("random_triangular", '''
def _random_triangular(stream, low, high, mode):
    """`random.triangular`; raises where there is nothing between the ends, or the mode is not."""
    if not low < high:
        raise ValueError
    u = _random_float(stream)
    c = (mode - low) / (high - low)
    if not 0.0 <= c <= 1.0:
        raise ValueError
    if u > c:
        return high + (low - high) * math.sqrt((1.0 - u) * (1.0 - c))
    return low + (high - low) * math.sqrt(u * c)
''', ("random_float",)),
    ("np_random_uniform", '''
def _np_random_uniform(stream, low, high):
    """`numpy.random.uniform`; raises where NumPy raises."""
    width = high - low
    if not math.isfinite(width):
        raise OverflowError
    return low + width * _random_float(stream)
''', ("random_float",)),
    ("np_random_gauss", '''
def _np_random_gauss(stream):
    """`numpy.random.standard_normal`: the polar method, whose second number is kept for the next call."""
    spare = stream[1]
    if spare[0] != 0.0:
        z = spare[1]
        spare[0] = 0.0
        spare[1] = 0.0
        return z
    while True:
        x1 = 2.0 * _random_float(stream) - 1.0
        x2 = 2.0 * _random_float(stream) - 1.0
        r2 = x1 * x1 + x2 * x2
        if r2 < 1.0 and r2 != 0.0:
            break
    f = math.sqrt(-2.0 * math.log(r2) / r2)
    spare[0] = 1.0
    spare[1] = f * x1
    return f * x2
''', ("random_float",)),
    ("np_random_normal", '''
def _np_random_normal(stream, loc, scale):
    """`numpy.random.normal`; raises for a negative scale."""
    if not math.copysign(1.0, scale) > 0.0:
        raise ValueError
    return loc + scale * _np_random_gauss(stream)
''', ("np_random_gauss",)),
    ("np_random_int", '''
def _np_random_int(stream, low, high):
    """`numpy.random.randint`: masked bits of one word until one fits; raises for spans of 32 bits and more."""
    span = high - low - 1
    if span < 0 or span >= 4294967295:
        raise ValueError
    if span == 0:
        return low
    mask = span
    mask |= mask >> 1
    mask |= mask >> 2
    mask |= mask >> 4
    mask |= mask >> 8
    mask |= mask >> 16
    while True:
        r = _random_word(stream) & mask
        if r <= span:
            return low + r
''', ("random_word",)),
    ("np_random_seed", '''
def _np_random_seed(stream, seed):
    """`numpy.random.seed`; raises for what is no number of 32 bits."""
    if seed < 0 or seed > 4294967295:
        raise ValueError
    words, spare = stream
    for k in range(624):
        words[k] = seed
        seed = (1812433253 * (seed ^ (seed >> 30)) + k + 1) & 4294967295
    words[624] = 624
    spare[0] = 0.0
    spare[1] = 0.0
''', ()),
    ("numpy_stream_of", '''
def _numpy_stream_of(seed):
    """The stream of `numpy.random.RandomState(seed)`."""
    stream = (np.zeros(625, np.int64), np.zeros(2))
    _np_random_seed(stream, seed)
    return stream
''', ("np_random_seed",)),
    ("random_seed", '''
def _random_seed(stream, seed):
    """`random.seed` of an integer."""
    if seed == -9223372036854775808:
        raise ValueError
    low = abs(seed) & 4294967295
    high = abs(seed) >> 32
    words, spare = stream
    words[0] = 19650218
    for k in range(1, 624):
        words[k] = (1812433253 * (words[k - 1] ^ (words[k - 1] >> 30)) + k) & 4294967295
    i = 1
    for k in range(624):
        j = k & 1 if high else 0
        before = words[i - 1]
        words[i] = ((words[i] ^ ((before ^ (before >> 30)) * 1664525)) + (high if j else low) + j) & 4294967295
        i += 1
        if i == 624:
            words[0] = words[623]
            i = 1
    for k in range(623):
        before = words[i - 1]
        words[i] = ((words[i] ^ ((before ^ (before >> 30)) * 1566083941)) - i) & 4294967295
        i += 1
        if i == 624:
            words[0] = words[623]
            i = 1
    words[0] = 2147483648
    words[624] = 624
    spare[0] = 0.0
    spare[1] = 0.0
''', ()),
    ("python_stream_of", '''
def _python_stream_of(seed):
    """The stream of `random.Random(seed)`."""
    stream = (np.zeros(625, np.int64), np.zeros(2))
    _random_seed(stream, seed)
    return stream
''', ("random_seed",)),
    ("np_random_exponential", '''
def _np_random_exponential(stream, scale):
    """`numpy.random.exponential`; raises for a negative scale."""
    if not math.copysign(1.0, scale) > 0.0:
        raise ValueError
    return scale * -math.log(1.0 - _random_float(stream))
''', ("random_float",)),
    ("np_random_floats", '''
def _np_random_floats(stream, shape):
    values = np.empty(shape)
    flat = values.ravel()
    for i in range(flat.size):
        flat[i] = _random_float(stream)
    return values
''', ("random_float",)),
    ("np_random_normals", '''
def _np_random_normals(stream, loc, scale, shape):
    """`numpy.random.normal` of many numbers; raises for a negative scale."""
    if not math.copysign(1.0, scale) > 0.0:
        raise ValueError
    values = np.empty(shape)
    flat = values.ravel()
    for i in range(flat.size):
        flat[i] = loc + scale * _np_random_gauss(stream)
    return values
''', ("np_random_gauss",)),
    ("np_random_uniforms", '''
def _np_random_uniforms(stream, low, high, shape):
    values = np.empty(shape)
    flat = values.ravel()
    if not math.isfinite(high - low):
        raise OverflowError
    for i in range(flat.size):
        flat[i] = low + (high - low) * _random_float(stream)
    return values
''', ("random_float",)),
    ("np_random_exponentials", '''
def _np_random_exponentials(stream, scale, shape):
    values = np.empty(shape)
    flat = values.ravel()
    for i in range(flat.size):
        flat[i] = _np_random_exponential(stream, scale)
    return values
''', ("np_random_exponential",)),
    ("np_random_ints", '''
def _np_random_ints(stream, low, high, shape):
    """`numpy.random.randint` of many numbers."""
    values = np.empty(shape, np.int64)
    flat = values.ravel()
    if high <= low:
        raise ValueError
    for i in range(flat.size):
        flat[i] = _np_random_int(stream, low, high)
    return values
''', ("np_random_int",)),
    ("np_random_shuffle", '''
def _np_random_shuffle(stream, values):
    """`numpy.random.shuffle` of an array or a list."""
    for i in range(len(values) - 1, 0, -1):
        j = _np_random_int(stream, 0, i + 1)
        kept = values[i]
        values[i] = values[j]
        values[j] = kept
''', ("np_random_int",)),
    ("np_random_shuffle_rows", '''
def _np_random_shuffle_rows(stream, values):
    """`numpy.random.shuffle` of the rows of a matrix."""
    if values.size == 0:
        raise ValueError
    for i in range(len(values) - 1, 0, -1):
        j = _np_random_int(stream, 0, i + 1)
        kept = values[i].copy()
        values[i] = values[j]
        values[j] = kept
''', ("np_random_int",)),
    ("np_random_order", '''
def _np_random_order(stream, n):
    """`numpy.random.permutation(n)`."""
    places = np.arange(n)
    _np_random_shuffle(stream, places)
    return places
''', ("np_random_shuffle",)),
    ("np_random_sample", '''
def _np_random_sample(stream, n, size):
    """`numpy.random.choice(n, size, replace=False)`."""
    if size > n:
        raise ValueError
    return _np_random_order(stream, n)[:size].copy()
''', ("np_random_order",)),
    ("np_random_weighted", '''
def _np_random_weighted(stream, n, p):
    """`numpy.random.choice(n, p=p)`."""
    total = _chances_total(n, p)
    return _chances_place(p, total, _random_float(stream))
''', ("chances_total", "chances_place", "random_float")),
    ("np_random_weighted_many", '''
def _np_random_weighted_many(stream, n, p, size):
    """`numpy.random.choice(n, size, p=p)`."""
    total = _chances_total(n, p)
    sums = np.empty(n)
    running = 0.0
    for i in range(n):
        running += p[i]
        sums[i] = running / total
    return np.searchsorted(sums, _np_random_floats(stream, size), side="right")
''', ("chances_total", "np_random_floats")),
    ("taken_grid", '''
def _taken_grid(x, places):
    """The items of a vector at these places, in their shape."""
    out = np.empty(places.shape, x.dtype)
    flat = out.ravel()
    where = places.ravel()
    for i in range(flat.size):
        flat[i] = x[where[i]]
    return out
''', ()),
]  # fmt: skip

PLAIN: list[tuple[str, str, tuple[str, ...]]] = [
    ("python_stream", '''
def _python_stream(functions):
    """The generator behind these functions and its state as arrays, or None unless they are `random`'s own, plain."""
    owner = getattr(list(functions.values())[0], "__self__", None)
    kind = type(owner)
    if (kind.__module__, kind.__qualname__) != ("random", "Random") or not set(owner.__dict__) <= {"gauss_next"}:
        return None
    if "random" in kind.__dict__ or "getrandbits" in kind.__dict__:
        return None
    for name, function in functions.items():
        if getattr(function, "__self__", None) is not owner or function.__name__ != name:
            return None
        code = getattr(function, "__func__", None)
        if code is not None and (code is not kind.__dict__.get(name) or code.__module__ != "random"):
            return None
    version, words, spare = owner.getstate()
    if version != 3 or type(spare) not in (float, type(None)):
        return None
    return owner, (np.array(words), np.array([spare is not None, spare or 0.0], np.float64))
''', ()),
    ("keep_python_stream", '''
def _keep_python_stream(owner, stream):
    words, spare = stream
    owner.setstate((3, tuple(words.tolist()), spare[1].item() if spare[0] else None))
''', ()),
    ("numpy_stream", '''
def _numpy_stream(functions):
    """The RandomState behind these functions and its state as arrays, or None unless they are NumPy's own, plain."""
    owner = getattr(list(functions.values())[0], "__self__", None)
    if type(owner) is not np.random.RandomState:
        return None
    for name, function in functions.items():
        if getattr(function, "__self__", None) is not owner or function.__name__ != name:
            return None
    state = owner.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        return None
    words = np.append(state["state"]["key"].astype(np.int64), state["state"]["pos"])
    return owner, (words, np.array([state["has_gauss"], state["gauss"]], np.float64))
''', ()),
    ("keep_numpy_stream", '''
def _keep_numpy_stream(owner, stream):
    words, spare = stream
    owner.set_state(("MT19937", words[:624].astype(np.uint32), words[624].item(), int(spare[0]), spare[1].item()))
''', ()),
]  # fmt: skip

GLOBALS = {
    "_NV_MAGIC": "_NV_MAGIC = 4 * math.exp(-0.5) / math.sqrt(2.0)",
    "_LOG4": "_LOG4 = math.log(4.0)",
    "_SG_MAGIC": "_SG_MAGIC = 1.0 + math.log(4.5)",
}
