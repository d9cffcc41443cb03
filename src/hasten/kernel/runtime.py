"""The small functions that kernels call, as the text that goes into a patched file.

Every compiled one either gives exactly what CPython or NumPy gives, or raises: then the original statements run.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Helper:
    """A function of the patched file. `uses` are names of other helpers that it calls."""

    name: str
    text: str
    uses: tuple[str, ...] = ()
    compiled: bool = True


def _njit(name: str, body: str, *uses: str) -> Helper:
    before = "_COMPENSATED = sys.version_info >= (3, 12)\n\n\n" if "_COMPENSATED" in body else ""
    return Helper(name, f'{before}@njit(cache=True, error_model="python")\n{body.strip()}\n', uses)


def _plain(name: str, body: str, *uses: str) -> Helper:
    return Helper(name, body.strip() + "\n", uses, compiled=False)


_ALL = [
    _njit("add_int", '''
def _add_int(a, b):
    """a + b; Python's integers do not wrap, so one that leaves 64 bits raises."""
    c = a + b
    if ((a ^ c) & (b ^ c)) < 0:
        raise OverflowError
    return c
'''),
    _njit("sub_int", '''
def _sub_int(a, b):
    """a - b; raises when it leaves 64 bits."""
    c = a - b
    if ((a ^ b) & (a ^ c)) < 0:
        raise OverflowError
    return c
'''),
    _njit("mul_int", '''
def _mul_int(a, b):
    """a * b; raises when it leaves 64 bits."""
    if -2147483648 <= a <= 2147483647 and -2147483648 <= b <= 2147483647:
        return a * b
    if abs(float(a) * float(b)) >= 9.2e18:
        raise OverflowError
    return a * b
'''),
    _njit("div_int", '''
def _div_int(a, b):
    """a / b; raises where a float64 no longer holds both integers exactly."""
    if not (-9007199254740992 <= a <= 9007199254740992 and -9007199254740992 <= b <= 9007199254740992):
        raise OverflowError
    return a / b
'''),
    _njit("floordiv_int", '''
def _floordiv_int(a, b):
    """a // b; raises for a zero divisor and for the one quotient that leaves 64 bits."""
    if b == 0 or (b == -1 and a == -9223372036854775808):
        raise ZeroDivisionError
    return a // b
'''),
    _njit("mod_int", '''
def _mod_int(a, b):
    """a % b; raises for a zero divisor, and for -1 where the machine division would trap."""
    if b == 0 or (b == -1 and a == -9223372036854775808):
        raise ZeroDivisionError
    return a % b
'''),
    _njit("pow_int", '''
def _pow_int(a, b):
    """a ** b for b >= 0; raises when it leaves 64 bits, or b is negative."""
    if b < 0:
        raise OverflowError
    result = 1
    while b > 0:
        if b & 1:
            result = _mul_int(result, a)
        b >>= 1
        if b > 0:
            a = _mul_int(a, a)
    return result
''', "mul_int"),
    _njit("lshift_int", '''
def _lshift_int(a, b):
    """a << b; raises when it leaves 64 bits, or b is negative."""
    if b < 0 or b > 62:
        raise OverflowError
    c = a << b
    if c >> b != a:
        raise OverflowError
    return c
'''),
    _njit("rshift_int", '''
def _rshift_int(a, b):
    """a >> b; raises for shifts that the machine does not do."""
    if b < 0 or b > 63:
        raise OverflowError
    return a >> b
'''),
    _njit("neg_int", '''
def _neg_int(a):
    """-a; raises for the one integer whose negative leaves 64 bits."""
    if a == -9223372036854775808:
        raise OverflowError
    return -a
'''),
    _njit("abs_int", '''
def _abs_int(a):
    """abs(a); raises for the one integer whose negative leaves 64 bits."""
    if a == -9223372036854775808:
        raise OverflowError
    return -a if a < 0 else a
'''),
    _njit("in_range", '''
def _in_range(a, low, high):
    """a, which must lie in low..high (the range of its type, or of integers that a float64 holds)."""
    if a < low or a > high:
        raise OverflowError
    return a
'''),
    _njit("finite", '''
def _finite(x):
    """x; a result that is not finite raises, because NumPy would have warned on the way to it."""
    if not math.isfinite(x):
        raise FloatingPointError
    return x
'''),
    _njit("add_float", '''
def _add_float(a, b):
    """a + b; raises where NumPy would warn (overflow, inf - inf)."""
    c = a + b
    if math.isnan(c):
        if not (math.isnan(a) or math.isnan(b)):
            raise FloatingPointError
    elif math.isinf(c) and math.isfinite(a) and math.isfinite(b):
        raise FloatingPointError
    return c
'''),
    _njit("sub_float", '''
def _sub_float(a, b):
    """a - b; raises where NumPy would warn (overflow, inf - inf)."""
    c = a - b
    if math.isnan(c):
        if not (math.isnan(a) or math.isnan(b)):
            raise FloatingPointError
    elif math.isinf(c) and math.isfinite(a) and math.isfinite(b):
        raise FloatingPointError
    return c
'''),
    _njit("mul_float", '''
def _mul_float(a, b):
    """a * b; raises where NumPy would warn (overflow, 0 * inf)."""
    c = a * b
    if math.isnan(c):
        if not (math.isnan(a) or math.isnan(b)):
            raise FloatingPointError
    elif math.isinf(c) and math.isfinite(a) and math.isfinite(b):
        raise FloatingPointError
    return c
'''),
    _njit("floordiv_float", '''
def _floordiv_float(a, b):
    """a // b as CPython does it: from the remainder, not from the quotient."""
    if b == 0.0:
        raise ZeroDivisionError
    mod = np.fmod(a, b)
    div = (a - mod) / b
    if mod != 0.0 and (b < 0.0) != (mod < 0.0):
        div -= 1.0
    if div == 0.0:
        return math.copysign(0.0, a / b)
    floor = np.floor(div)
    return floor + 1.0 if div - floor > 0.5 else floor
'''),
    _njit("mod_float", '''
def _mod_float(a, b):
    """a % b as CPython does it: the sign of b, zero signed likewise."""
    if b == 0.0:
        raise ZeroDivisionError
    mod = np.fmod(a, b)
    if mod == 0.0:
        return math.copysign(0.0, b)
    return mod + b if (b < 0.0) != (mod < 0.0) else mod
'''),
    _njit("pow_float", '''
def _pow_float(a, b):
    """a ** b; raises where Python raises or leaves the real numbers."""
    if (a == 0.0 and b < 0.0) or (a < 0.0 and b != np.floor(b)):
        raise ZeroDivisionError
    c = math.pow(a, b)
    if not math.isfinite(c) and math.isfinite(a) and math.isfinite(b):
        raise OverflowError
    return c
'''),
    _njit("square", '''
def _square(x):
    """x ** 2; raises where it overflows (a multiplication rounds it better than the C library's pow does)."""
    y = x * x
    if not math.isfinite(y) and math.isfinite(x):
        raise OverflowError
    return y
'''),
    _njit("min_of", '''
def _min_of(a, b):
    """min(a, b): the first of equals, and whichever comes first when one is NaN, as Python has it."""
    return b if b < a else a
'''),
    _njit("max_of", '''
def _max_of(a, b):
    """max(a, b): the first of equals, and whichever comes first when one is NaN, as Python has it."""
    return b if b > a else a
'''),
    _njit("to_int", '''
def _to_int(x):
    """int(x); raises for NaN, infinities and what leaves 64 bits."""
    if not -9.2e18 < x < 9.2e18:
        raise OverflowError
    return int(x)
'''),
    _njit("round_half_even", '''
def _round_half_even(x):
    """round(x) to an int, halves to even; raises for NaN, infinities and what leaves 64 bits."""
    if not -4.5e15 < x < 4.5e15:
        raise OverflowError
    low = math.floor(x)
    rest = x - low
    if rest > 0.5 or (rest == 0.5 and low % 2 == 1):
        return int(low) + 1
    return int(low)
'''),
    _njit("math_value", '''
def _math_value(y, x):
    """y = f(x); raises where `math` raises: a NaN or infinity that the argument does not explain."""
    if not math.isfinite(y) and math.isfinite(x):
        raise ValueError
    if math.isnan(y) and not math.isnan(x):
        raise ValueError
    return y
'''),
    _njit("same_kind", '''
def _same_kind(x, kind, wanted):
    """x; raises unless the original would hold the wanted type here (0 bool, 1 int, 2 float, 4 int64, 5 float64)."""
    if kind != wanted:
        raise ValueError
    return x
'''),
    _njit("sum_ints", '''
def _sum_ints(values):
    """sum(values); raises when it leaves 64 bits."""
    total = 0
    for value in values:
        total = _add_int(total, value)
    return total
''', "add_int"),
    _njit("sum_floats", '''
def _sum_floats(values):
    """sum(values) of at least one float; from Python 3.12 on, `sum` carries the rounding errors along."""
    if len(values) == 0:
        raise ValueError
    total = 0.0
    lost = 0.0
    for value in values:
        new = total + value
        if _COMPENSATED:
            lost += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
        total = new
    if _COMPENSATED and lost != 0.0 and math.isfinite(lost):
        return total + lost
    return total
'''),
    _njit("sum_np", '''
def _sum_np(values):
    """sum(values) of at least one np.float64; raises where NumPy would warn."""
    if len(values) == 0:
        raise ValueError
    total = 0.0
    for value in values:
        total = _add_float(total, value)
    return total
''', "add_float"),
    _njit("as_array", '''
def _as_array(values):
    return np.array(values)
'''),
    _njit("any_of", '''
def _any_of(values):
    for value in values:
        if value:
            return True
    return False
'''),
    _njit("all_of", '''
def _all_of(values):
    for value in values:
        if not value:
            return False
    return True
'''),
    _njit("min_list", '''
def _min_list(values):
    """min(values): the first of equals; NaN is passed over or kept, as Python has it."""
    if len(values) == 0:
        raise ValueError
    best = values[0]
    for value in values:
        if value < best:
            best = value
    return best
'''),
    _njit("max_list", '''
def _max_list(values):
    """max(values): the first of equals; NaN is passed over or kept, as Python has it."""
    if len(values) == 0:
        raise ValueError
    best = values[0]
    for value in values:
        if value > best:
            best = value
    return best
'''),
    _njit("sorted_list", '''
def _sorted_list(values):
    """sorted(values), stable; raises for NaN, whose order Python leaves to chance."""
    for value in values:
        if value != value:
            raise ValueError
    return values[np.argsort(values, kind="mergesort")]
'''),
    _njit("pairwise_block", '''
def _pairwise_block(x, first, n):
    """Sum of up to 128 float64 from x[first], in NumPy's order: eight sums side by side, then the rest."""
    if n < 8:
        total = -0.0
        for i in range(first, first + n):
            total += x[i]
        return total
    a, b, c, d = x[first], x[first + 1], x[first + 2], x[first + 3]
    e, f, g, h = x[first + 4], x[first + 5], x[first + 6], x[first + 7]
    last = first + n
    at = first + 8
    while at + 8 <= last:
        a += x[at]
        b += x[at + 1]
        c += x[at + 2]
        d += x[at + 3]
        e += x[at + 4]
        f += x[at + 5]
        g += x[at + 6]
        h += x[at + 7]
        at += 8
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(at, last):
        total += x[i]
    return total
'''),
    _njit("pairwise_sum", '''
def _pairwise_sum(x):
    """Sum of a 1-d float64 array in the order of NumPy's own pairwise summation."""
    if x.size <= 128:
        return _pairwise_block(x, 0, x.size)
    # halves are summed depth first; the recursion is spelt out, because Numba cannot cache recursive functions
    starts = np.zeros(64, np.int64)
    sizes = np.zeros(64, np.int64)
    stages = np.zeros(64, np.int64)
    lefts = np.zeros(64)
    sizes[0] = x.size
    depth = 0
    total = 0.0
    while depth >= 0:
        size = sizes[depth]
        half = size // 2 - size // 2 % 8
        if size <= 128:
            total = _pairwise_block(x, starts[depth], size)
            depth -= 1
        elif stages[depth] == 0:
            stages[depth] = 1
            starts[depth + 1] = starts[depth]
            sizes[depth + 1] = half
            stages[depth + 1] = 0
            depth += 1
        elif stages[depth] == 1:
            stages[depth] = 2
            lefts[depth] = total
            starts[depth + 1] = starts[depth] + half
            sizes[depth + 1] = size - half
            stages[depth + 1] = 0
            depth += 1
        else:
            total = lefts[depth] + total
            depth -= 1
    return total
''', "pairwise_block"),
    _njit("np_sum", '''
def _np_sum(x):
    """np.sum of a 1-d float64 array, to the bit; raises where NumPy might warn."""
    if x.size == 0:
        return 0.0
    return _finite(0.0 + _pairwise_sum(x))
''', "pairwise_sum", "finite"),
    _njit("np_mean", '''
def _np_mean(x):
    """np.mean of a 1-d float64 array, to the bit; raises where NumPy might warn."""
    return _np_sum(x) / x.size
''', "np_sum"),
    _njit("np_var", '''
def _np_var(x):
    """np.var of a 1-d float64 array, to the bit; raises where NumPy might warn."""
    rest = x - _np_mean(x)
    return _np_sum(rest * rest) / x.size
''', "np_mean"),
    _njit("np_std", '''
def _np_std(x):
    """np.std of a 1-d float64 array, to the bit; raises where NumPy might warn."""
    return math.sqrt(_np_var(x))
''', "np_var"),
    _plain("typed_list", '''
def _typed_list(values, kind, dtype):
    """The list as an array, or None unless it is a list with elements of exactly this type that fit."""
    if type(values) is not list or not values or set(map(type, values)) != {kind}:
        return None
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:
        return None
'''),
    _plain("typed_rows", '''
def _typed_rows(rows, kind, dtype):
    """The list of equally long lists as an array, or None unless its elements are exactly of this type."""
    if type(rows) is not list or not rows or set(map(type, rows)) != {list}:
        return None
    if len(set(map(len, rows))) != 1 or not rows[0]:
        return None
    for row in rows:
        if set(map(type, row)) != {kind}:
            return None
    try:
        return np.array(rows, dtype=dtype)
    except OverflowError:
        return None
'''),
    _plain("distinct", '''
def _distinct(*lists):
    """Are these all different objects?"""
    return len(set(map(id, lists))) == len(lists)
'''),
    _plain("plain_array", '''
def _plain_array(x, dtype, ndim):
    """Is x exactly an ndarray of this type and rank, in C order?"""
    return type(x) is np.ndarray and x.dtype == dtype and x.ndim == ndim and x.flags.c_contiguous
'''),
]  # fmt: skip

HELPERS = {h.name: h for h in _ALL}


def closure(names: set[str]) -> list[str]:
    """`names` and every helper they use, in the order of definition."""
    todo, found = list(names), set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(HELPERS[name].uses)
    return [h for h in HELPERS if h in found]
