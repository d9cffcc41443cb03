"""The small functions that kernels call, as the text that goes into a patched file.

Every compiled one either gives exactly what CPython or NumPy gives, or raises: then the original statements run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hasten.kernel import (
    runtime_arrays,
    runtime_averages,
    runtime_generators,
    runtime_heaps,
    runtime_knots,
    runtime_lists,
    runtime_loose,
    runtime_orders,
    runtime_random,
    runtime_sets,
    runtime_spectra,
    runtime_tables,
    runtime_vectors,
    runtime_vectors_more,
    runtime_views,
)


@dataclass(frozen=True)
class Helper:
    """A function of the patched file. `uses` are names of other helpers that it calls."""

    name: str
    text: str
    uses: tuple[str, ...] = ()
    compiled: bool = True


# what helpers need at module level, by name
CONSTANTS = {
    "_COMPENSATED": "_COMPENSATED = sys.version_info >= (3, 12)", **runtime_random.GLOBALS, **runtime_sets.GLOBALS,
}  # fmt: skip


# what is asked of dicts and sets again and again: a call counts references to every list it is given (20 ns and more),
# which costs more than the look-up itself
KEYED = r"(int|float|pair|triple|tuples?(_\d)+)"
INLINED = re.compile(
    rf"(hash|find|at|has|get|put)_{KEYED}(_rows)?(_parts)?|add_{KEYED}_key|(slot|at|has|get|put)_{KEYED}_loose"
)


def _njit(name: str, body: str, *uses: str, more: str = "") -> Helper:
    before = "".join(f"{text}\n\n\n" for constant, text in CONSTANTS.items() if constant in body)
    # only Python and compiled code call it: without an entry for C (which Numba makes for callbacks) it compiles sooner
    options = 'cache=True, error_model="python", '
    options += 'inline="always"' if INLINED.fullmatch(name) else "no_cfunc_wrapper=True"
    options += f", {more}" if more else ""
    return Helper(name, f"{before}@njit({options})\n{body.strip()}\n", uses)


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
    _njit("ones_in", '''
def _ones_in(x):
    """How many ones the binary digits of x have, its sign left out."""
    if x < 0:
        x = -x
        if x < 0:  # -2**63
            return 1
    count = 0
    while x != 0:
        x &= x - 1
        count += 1
    return count
'''),
    _njit("bits_of", '''
def _bits_of(x):
    """How many binary digits x has, its sign left out."""
    if x < 0:
        x = -x
        if x < 0:  # -2**63
            return 64
    count = 0
    while x != 0:
        x >>= 1
        count += 1
    return count
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
    _njit("round_digits", '''
def _round_digits(x, scale):
    """round(x, n), scale = 10.0 ** n: the nearest decimal to the exact x, halves to even.

    x * scale is known exactly as the sum of two floats (Dekker); dividing the integer by the power of ten rounds
    as reading the decimal does. Raises outside the range in which all of this is exact.
    """
    a = abs(x)
    if a == 0.0 or not a < 4503599627370496.0:
        return x
    product = a * scale
    if not (1e-200 < a and product < 4.5e15):
        raise OverflowError
    split = 134217729.0 * a
    a_high = split - (split - a)
    a_low = a - a_high
    split = 134217729.0 * scale
    s_high = split - (split - scale)
    s_low = scale - s_high
    rest = a_low * s_low - (((product - a_high * s_high) - a_low * s_high) - a_high * s_low)
    low = np.floor(product)
    part = product - low
    if part > 0.5 or (part == 0.5 and (rest > 0.0 or (rest == 0.0 and low % 2.0 == 1.0))):
        low += 1.0
    return math.copysign(low / scale, x)
'''),
    _njit("np_round", '''
def _np_round(x, scale):
    """np.round(x, n), scale = 10.0 ** n; raises where NumPy might warn."""
    y = np.rint(x * scale) / scale
    if not math.isfinite(y):
        raise FloatingPointError
    return y
'''),
    _njit("hypot_float", '''
def _hypot_float(a, b):
    """math.hypot(a, b); raises unless the result is finite."""
    c = math.hypot(a, b)
    if not math.isfinite(c):
        raise OverflowError
    return c
'''),
    _njit("fmod_float", '''
def _fmod_float(a, b):
    """math.fmod(a, b); raises for a zero divisor and where a is not finite."""
    if b == 0.0 or not math.isfinite(a):
        raise ValueError
    return np.fmod(a, b)
'''),
    _njit("gcd", '''
def _gcd(a, b):
    """math.gcd(a, b); raises for the one integer that has no positive counterpart in 64 bits."""
    if a == -9223372036854775808 or b == -9223372036854775808:
        raise OverflowError
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a % b
    return a
'''),
    _njit("isqrt", '''
def _isqrt(n):
    """math.isqrt(n); raises outside 0..2**52, where the float square root is right or one too large."""
    if n < 0 or n > 4503599627370496:
        raise ValueError
    root = int(math.sqrt(float(n)))
    while root * root > n:
        root -= 1
    while (root + 1) * (root + 1) <= n:
        root += 1
    return root
'''),
    _njit("pow_mod", '''
def _pow_mod(a, b, m):
    """pow(a, b, m) for b >= 0 and m from 1 to 2**31; raises otherwise."""
    if b < 0 or m < 1 or m > 2147483648:
        raise ValueError
    result = 1 % m
    a %= m
    while b > 0:
        if b & 1:
            result = result * a % m
        a = a * a % m
        b >>= 1
    return result
'''),
    _njit("np_maximum", '''
def _np_maximum(a, b):
    """np.maximum(a, b); raises for NaN and for zeros of both signs."""
    if math.isnan(a) or math.isnan(b) or (a == b and math.copysign(1.0, a) != math.copysign(1.0, b)):
        raise ValueError
    return a if a > b else b
'''),
    _njit("np_minimum", '''
def _np_minimum(a, b):
    """np.minimum(a, b); raises for NaN and for zeros of both signs."""
    if math.isnan(a) or math.isnan(b) or (a == b and math.copysign(1.0, a) != math.copysign(1.0, b)):
        raise ValueError
    return a if a < b else b
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
    _njit("sqrt_of", '''
def _sqrt_of(x):
    """math.sqrt(x); raises where `math` raises."""
    return _math_value(math.sqrt(x), x)
''', "math_value"),
    _njit("exp_of", '''
def _exp_of(x):
    """math.exp(x); raises where `math` raises."""
    return _math_value(math.exp(x), x)
''', "math_value"),
    _njit("log_of", '''
def _log_of(x):
    """math.log(x); raises where `math` raises."""
    return _math_value(math.log(x), x)
''', "math_value"),
    *(
        _njit(f"{name}_of", f'''
def _{name}_of(x):
    """math.{name}(x); raises where `math` raises."""
    return _math_value(math.{name}(x), x)
''', "math_value")
        for name in (
            "expm1 log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc".split()
        )
    ),
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
    _njit("sum_either", '''
def _sum_either(values):
    """sum(values) of at least one float, NumPy's among them; raises where NumPy would warn, or where rounding counts.

    From Python 3.12 on, `sum` carries the rounding errors of its own floats along.
    """
    if len(values) == 0:
        raise ValueError
    total = 0.0
    for value in values:
        new = _add_float(total, value)
        if _COMPENSATED and ((total - new) + value if abs(total) >= abs(value) else (value - new) + total) != 0.0:
            raise ValueError
        total = new
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
    _njit("np_mean_int", '''
def _np_mean_int(x):
    """Mean of an array of integers; raises where a float64 would be rounded on the way, in whichever order."""
    if x.size == 0:
        raise ValueError
    total = 0
    size = 0
    for value in x.flat:
        number = np.int64(value)
        if not -9007199254740992 <= number <= 9007199254740992:
            raise OverflowError
        total += number
        size += abs(number)
        if size > 9007199254740992:
            raise OverflowError
    return float(total) / float(x.size)
'''),
    _njit("count_true", '''
def _count_true(mask):
    """How many are true."""
    count = 0
    for value in mask.flat:
        count += 1 if value else 0
    return count
'''),
    _njit("np_mean_bool", '''
def _np_mean_bool(mask):
    """np.mean of truth values."""
    if mask.size == 0:
        raise ValueError
    return float(_count_true(mask)) / float(mask.size)
''', "count_true"),
    _njit("np_sum_int", '''
def _np_sum_int(x):
    """Sum of an array of integers; raises where it would leave 64 bits."""
    total = 0
    for value in x.flat:
        total = _add_int(total, np.int64(value))
    return total
''', "add_int"),
    _njit("np_min", '''
def _np_min(x):
    """Least element; raises for none, for NaN, and where it could be either zero."""
    least = x.flat[0] if x.size > 0 else _nothing(x)
    signs = False
    for value in x.flat:
        if value != value:
            raise ValueError
        if value == 0 and math.copysign(1.0, float(value)) < 0.0:
            signs = True
        if value < least:
            least = value
    if least == 0 and signs:
        raise ValueError
    return least
''', "nothing"),
    _njit("np_max", '''
def _np_max(x):
    """Largest element; raises for none, for NaN, and where it could be either zero."""
    most = x.flat[0] if x.size > 0 else _nothing(x)
    signs = False
    for value in x.flat:
        if value != value:
            raise ValueError
        if value == 0 and math.copysign(1.0, float(value)) < 0.0:
            signs = True
        if value > most:
            most = value
    if most == 0 and signs:
        raise ValueError
    return most
''', "nothing"),
    _njit("nothing", '''
def _nothing(x):
    """Never gives an element: raises."""
    if x.size == 0:
        raise ValueError
    return x.flat[0]
'''),
    _njit("pairwise_block", '''
def _pairwise_block(x):
    """Sum of up to 128 float64, in NumPy's order: eight sums side by side, then the rest."""
    n = x.size
    if n < 8:
        total = -0.0
        for value in x:
            total += value
        return total
    a, b, c, d, e, f, g, h = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    for eight in range(1, n // 8):
        at = 8 * eight
        a += x[at]
        b += x[at + 1]
        c += x[at + 2]
        d += x[at + 3]
        e += x[at + 4]
        f += x[at + 5]
        g += x[at + 6]
        h += x[at + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for at in range(n - n % 8, n):
        total += x[at]
    return total
'''),
    _njit("pairwise_sum", '''
def _pairwise_sum(x):
    """Sum of a 1-d float64 array in the order of NumPy's own pairwise summation."""
    if x.size <= 128:
        return _pairwise_block(x)
    # halves are summed depth first; the recursion is spelt out, because Numba cannot cache recursive functions
    starts = np.empty(64, np.int64)
    sizes = np.empty(64, np.int64)
    stages = np.empty(64, np.int64)
    lefts = np.empty(64)
    starts[0], sizes[0], stages[0] = 0, x.size, 0
    depth = 0
    total = 0.0
    while depth >= 0:
        size = sizes[depth]
        half = size // 2 - size // 2 % 8
        if size <= 128:
            first = starts[depth]
            total = _pairwise_block(x[first : first + size])
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
    _njit("np_var_of_sample", '''
def _np_var_of_sample(x, ddof):
    """np.var(x, ddof=ddof) of a vector; raises where NumPy might warn."""
    if x.size <= ddof:
        raise ValueError
    rest = x - _np_mean(x)
    return _np_sum(rest * rest) / (x.size - ddof)
''', "np_mean"),
    _njit("np_std_of_sample", '''
def _np_std_of_sample(x, ddof):
    return math.sqrt(_np_var_of_sample(x, ddof))
''', "np_var_of_sample"),
    _njit("np_var_int", '''
def _np_var_int(x):
    """np.var of a vector of integers; raises where a float64 would be rounded before the deviations are taken."""
    rest = x - _np_mean_int(x)
    return _np_sum(rest * rest) / x.size
''', "np_mean_int", "np_sum"),
    _njit("np_std_int", '''
def _np_std_int(x):
    return math.sqrt(_np_var_int(x))
''', "np_var_int"),
    _njit("merge_order", '''
def _merge_order(keys, reverse):
    """Positions of the keys in sorted order, equals in the order they came (merge sort); raises for NaN."""
    n = len(keys)
    for i in range(n):
        if keys[i] != keys[i]:
            raise ValueError
    order = np.arange(n)
    other = np.empty(n, np.int64)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            mid = min(low + width, n)
            high = min(low + 2 * width, n)
            a = low
            b = mid
            for at in range(low, high):
                if b == high or (
                    a < mid
                    and not (
                        keys[order[a]] < keys[order[b]] if reverse else keys[order[b]] < keys[order[a]]
                    )
                ):
                    other[at] = order[a]
                    a += 1
                else:
                    other[at] = order[b]
                    b += 1
        order, other = other, order
        width *= 2
    return order
'''),
    _njit("sort_by", '''
def _sort_by(values, keys, reverse):
    """Puts a list in the order of its keys, stable, as `list.sort`; raises for NaN."""
    order = _merge_order(keys, reverse)
    old = values.copy()
    for i in range(len(order)):
        values[i] = old[order[i]]
''', "merge_order"),
    _njit("sorted_by", '''
def _sorted_by(values, keys, reverse):
    """A new list in the order of the keys, stable, as `sorted`; raises for NaN."""
    return [values[i] for i in _merge_order(keys, reverse)]
''', "merge_order"),
    _njit("min_by", '''
def _min_by(values, keys):
    """The first value with the least key; raises for NaN, and when there is none."""
    if len(values) == 0:
        raise ValueError
    best = 0
    for i in range(len(values)):
        if keys[i] != keys[i]:
            raise ValueError
        if keys[i] < keys[best]:
            best = i
    return values[best]
'''),
    _njit("max_by", '''
def _max_by(values, keys):
    """The first value with the greatest key; raises for NaN, and when there is none."""
    if len(values) == 0:
        raise ValueError
    best = 0
    for i in range(len(values)):
        if keys[i] != keys[i]:
            raise ValueError
        if keys[i] > keys[best]:
            best = i
    return values[best]
'''),
    _njit("not_nan", '''
def _not_nan(x):
    """x; a NaN (anywhere in a tuple) raises, because Python would ask whether two are the same object."""
    if x != x:
        raise ValueError
    return x
'''),
    _njit("place_of", '''
def _place_of(values, x):
    """The first place of x in a list, or -1; raises for NaN."""
    if x != x:
        raise ValueError
    for i in range(len(values)):
        if values[i] == x:
            return i
    return -1
'''),
    _njit("index_of", '''
def _index_of(values, x):
    """values.index(x); raises when x is not there."""
    i = _place_of(values, x)
    if i < 0:
        raise ValueError
    return i
''', "place_of"),
    _njit("count_of", '''
def _count_of(values, x):
    """values.count(x); raises for NaN."""
    if x != x:
        raise ValueError
    count = 0
    for value in values:
        if value == x:
            count += 1
    return count
'''),
    _njit("same_list", '''
def _same_list(a, b):
    """a == b for lists; raises where two NaN meet (Python would ask whether they are the same object)."""
    if len(a) != len(b):
        return False
    for i in range(len(a)):
        if a[i] != b[i]:
            if a[i] != a[i] and b[i] != b[i]:
                raise ValueError
            return False
    return True
'''),
    _njit("as_list", '''
def _as_list(values):
    return [value for value in values]
'''),
    _njit("extend", '''
def _extend(values, more):
    """values.extend(more), also for a list and itself."""
    for i in range(len(more)):
        values.append(more[i])
'''),
    _njit("joined", '''
def _joined(a, b):
    """a + b for lists."""
    both = [value for value in a]
    for value in b:
        both.append(value)
    return both
'''),
    _njit("repeated", '''
def _repeated(values, n):
    """values * n for lists."""
    return [value for _ in range(n) for value in values]
'''),
    _njit("hash_int", '''
def _hash_int(key):
    """Bits of an integer, well mixed."""
    key = np.int64(key) * np.int64(-7046029254386353131)
    return key ^ (key >> 29)
'''),
    _njit("hash_pair", '''
def _hash_pair(key):
    """Bits of a tuple of two integers, well mixed."""
    return _hash_int(_hash_int(key[0]) + key[1])
''', "hash_int"),
    _njit("hash_triple", '''
def _hash_triple(key):
    """Bits of a tuple of three integers, well mixed."""
    return _hash_int(_hash_int(_hash_int(key[0]) + key[1]) + key[2])
''', "hash_int"),
    *(_njit(name, body, *uses) for name, body, uses in runtime_tables.DICTS),
    _njit("empty_list", '''
def _empty_list(item):
    """A list for items like this."""
    values = [item]
    values.clear()
    return values
'''),
    _njit("held", '''
def _held(x, missing):
    """x, unless it is still None."""
    if missing:
        raise ValueError
    return x
'''),
    _njit("picked", '''
def _picked(x, known, gives):
    """What stands at the place of x."""
    for i in range(len(known)):
        if known[i] == x:
            return gives[i]
    raise ValueError
'''),
    _njit("push", '''
def _push(items, limit, x):
    """append of a deque that holds no more than `limit` items (-1: any number)."""
    if limit >= 0 and len(items) >= limit:
        if limit == 0:
            return
        items.pop(0)
    items.append(x)
'''),
    _njit("object_place", '''
def _object_place(i, size):
    """The place that an index of a list of this size stands for."""
    if i < 0:
        i += size
    if i < 0 or i >= size:
        raise IndexError
    return i
'''),
    _njit("held_pair", '''
def _held_pair(pair):
    """The second of a pair, unless the first says that it is None."""
    if pair[0]:
        raise ValueError
    return pair[1]
'''),
    _njit("first_key", '''
def _first_key(d):
    """next(iter(d)); raises when there is none."""
    if len(d[0]) == 0:
        raise ValueError
    return d[0][0]
'''),
    _njit("empty_dict", '''
def _empty_dict(key, value):
    """A dict for keys and values like these."""
    d = ([key], [value], [-1] * 8)
    d[0].clear()
    d[1].clear()
    return d
'''),
    _njit("empty_set", '''
def _empty_set(key):
    """A set for keys like this."""
    s = ([key], [-1] * 8)
    s[0].clear()
    return s
'''),
    _plain("typed_tuples", '''
def _typed_tuples(rows, size):
    """The list of tuples as an array, or None unless each has this many elements, exactly of type int."""
    if set(map(type, rows)) != {tuple} or set(map(len, rows)) != {size}:
        return None
    if set(map(type, itertools.chain.from_iterable(rows))) != {int}:
        return None
    try:
        return np.array(rows, dtype=np.int64)
    except OverflowError:
        return None
'''),
    _plain("typed_ends", '''
def _typed_ends(rows, kind, dtype):
    """Where each of the lists ends, and their elements one after another; None unless all are of this type."""
    if set(map(type, rows)) != {list}:
        return None
    numbers = [*itertools.chain.from_iterable(rows)]
    if set(map(type, numbers)) != {kind}:
        return None
    try:
        return np.cumsum([*map(len, rows)], dtype=np.int64), np.array(numbers, dtype=dtype)
    except OverflowError:
        return None
'''),
    _plain("distinct", '''
def _distinct(*lists):
    """Are these all different objects?"""
    return len(set(map(id, lists))) == len(lists)
'''),
    _njit("ascii_isdigit", '''
def _ascii_isdigit(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 48 <= c <= 57
'''),
    _njit("ascii_isalpha", '''
def _ascii_isalpha(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 65 <= c <= 90 or 97 <= c <= 122
'''),
    _njit("ascii_isalnum", '''
def _ascii_isalnum(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122
'''),
    _njit("ascii_isspace", '''
def _ascii_isspace(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 9 <= c <= 13 or 28 <= c <= 32
'''),
    _njit("ascii_isupper", '''
def _ascii_isupper(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 65 <= c <= 90
'''),
    _njit("ascii_islower", '''
def _ascii_islower(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return 97 <= c <= 122
'''),
    _njit("ascii_lower", '''
def _ascii_lower(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return c + 32 if 65 <= c <= 90 else c
'''),
    _njit("ascii_upper", '''
def _ascii_upper(c):
    """Of the character with code c; raises beyond ASCII."""
    if c > 127:
        raise ValueError
    return c - 32 if 97 <= c <= 122 else c
'''),
    _njit("same_codes", '''
def _same_codes(a, b):
    """Are two strings equal?"""
    if len(a) != len(b):
        return False
    for i in range(len(a)):
        if a[i] != b[i]:
            return False
    return True
'''),
    _njit("has_code", '''
def _has_code(c, text):
    """Is the character in the string?"""
    for other in text:
        if other == c:
            return True
    return False
'''),
    _plain("text_codes", '''
def _text_codes(text):
    """The code points of a string."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
'''),
    _plain("shallow", '''
def _shallow(calls):
    """Is there room for so many more nested calls below the recursion limit?"""
    try:
        sys._getframe(max(sys.getrecursionlimit() - calls, 0))
    except ValueError:
        return True
    return False
'''),
    _plain("as_written", '''
def _as_written(kind, methods):
    """Are these methods of a class, and how it reads and sets attributes, what it (or a base) was defined with?"""
    if not isinstance(kind, type):
        return False
    for name in ("__getattribute__", "__setattr__", *methods):
        for base in kind.__mro__:
            if name in base.__dict__:
                found = base.__dict__[name]
                written = f"{base.__qualname__}.{name}"
                if getattr(getattr(found, "fget", found), "__qualname__", written) != written:
                    return False
                break
    return True
'''),
    _plain("plain_object", '''
def _plain_object(x, kind, attributes, methods):
    """Is x exactly of this class, its attributes its own, its methods those of the class?"""
    if type(x) is not kind or type(kind) is not type:
        return False
    own = getattr(x, "__dict__", {})
    for name in methods:
        if name in own:
            return False
    for name in attributes:
        if name not in own or hasattr(type(kind.__dict__.get(name)), "__set__"):
            return False
    return True
'''),
    _plain("plain_attributes", '''
def _plain_attributes(x, names):
    """Does reading these attributes of x give what x (or its class) holds, and run nothing?"""
    kind = type(x)
    if kind.__getattribute__ is not object.__getattribute__:
        return False
    own = getattr(x, "__dict__", {})
    for name in names:
        shared = [base.__dict__[name] for base in kind.__mro__ if name in base.__dict__][:1]
        if name in own:
            if shared and hasattr(type(shared[0]), "__set__"):
                return False
        elif not shared or (hasattr(type(shared[0]), "__get__") and type(shared[0]).__name__ != "member_descriptor"):
            return False
        elif not hasattr(x, name):
            return False
    return True
'''),
    _plain("plain_objects", '''
def _plain_objects(values, kind, attributes, methods):
    """Is it a list of objects exactly of this class, their attributes their own, their methods those of the class?"""
    if type(values) is not list or set(map(type, values)) - {kind} or type(kind) is not type:
        return False
    if kind.__getattribute__ is not object.__getattribute__:
        return False
    for name in attributes:
        if hasattr(type(kind.__dict__.get(name)), "__set__"):
            return False
    for x in values:
        own = getattr(x, "__dict__", {})
        for name in attributes:
            if name not in own:
                return False
        for name in methods:
            if name in own:
                return False
    return True
'''),
    _plain("plain_heirs", '''
def _plain_heirs(values, line, attributes, methods):
    """Is it a list of objects of exactly one class, which stands at the head of this line of classes (and abc.ABC),
    their attributes their own, their methods those of the classes?"""
    kind = line[0]
    if type(values) is not list or set(map(type, values)) - {kind} or list(kind.__mro__[: len(line)]) != line:
        return False
    above = [f"{c.__module__}.{c.__qualname__}" for c in kind.__mro__[len(line) : -1]]
    if above not in ([], ["abc.ABC"]) or f"{type(kind).__module__}.{type(kind).__name__}" not in (
        "builtins.type",
        "abc.ABCMeta",
    ):
        return False
    if kind.__getattribute__ is not object.__getattribute__:
        return False
    for name in attributes:
        if any(hasattr(type(c.__dict__.get(name)), "__set__") for c in line):
            return False
    for x in values:
        own = getattr(x, "__dict__", {})
        if not all(name in own for name in attributes) or any(name in own for name in methods):
            return False
    return True
'''),
    _njit("held_place", '''
def _held_place(i):
    """The place of an object, unless it is None."""
    if i < 0:
        raise ValueError
    return i
'''),
    _njit("is_there", '''
def _is_there(x):
    """True; what x is part of was looked at on the way."""
    return True
'''),
    _njit("place_or_none", '''
def _place_or_none(pair):
    """The second of a pair, -1 where the first says that it is None."""
    return -1 if pair[0] else pair[1]
'''),
    _plain("linked_objects", '''
def _linked_objects(first, links):
    """These objects, in their order, and all that they lead to by the attributes of their classes; None where one is
    of another."""
    found = {id(x): x for x in first if x is not None}
    todo = [*found.values()]
    while todo:
        x = todo.pop()
        names = links.get(type(x))
        if names is None:
            return None
        for held in (getattr(x, name, None) for name in names):
            if held is not None and id(held) not in found:
                found[id(held)] = held
                todo.append(held)
    return list(found.values())
'''),
    _plain("unshared", '''
def _unshared(changed, others):
    """Are the lists that change all different objects, and none of them among the others?"""
    once = set(map(id, changed))
    return len(once) == len(changed) and once.isdisjoint(map(id, others))
'''),
    _plain("distinct_objects", '''
def _distinct_objects(objects):
    """Is none of these None, and none there twice?"""
    return len(set(map(id, objects))) == len(objects) and not any(x is None for x in objects)
'''),
    _plain("gathered_objects", '''
def _gathered_objects(lists):
    """All objects of these lists, each once; None unless these are lists."""
    if set(map(type, lists)) - {list}:
        return None
    return [*{id(x): x for values in lists for x in values}.values()]
'''),
    _plain("places_of", '''
def _places_of(values, objects, optional):
    """The place of each value among the objects, -1 for None where that may be; None where one is not there."""
    places = {id(x): i for i, x in enumerate(objects)}
    if optional:
        places[id(None)] = -1
    found = [places.get(id(x)) for x in values]
    return None if None in found else np.array(found, np.int64)
'''),
    _plain("made_values", '''
def _made_values(values, codes, kinds):
    """Numbers of the types that their codes tell; None where a code is negative."""
    return [None if code < 0 else kinds[code](x) for x, code in zip(values, codes)]
'''),
    _plain("numbers_of_classes", '''
def _numbers_of_classes(objects, kinds):
    """Which of these classes each object is of, as an array; None when one is of another."""
    number = {kind: i for i, kind in enumerate(kinds)}
    which = [number.get(kind) for kind in map(type, objects)]
    return None if None in which else np.array(which, np.int64)
'''),
    _plain("set_attributes", '''
def _set_attributes(objects, name, values):
    """Gives each object its value of an attribute."""
    for x, value in zip(objects, values):
        setattr(x, name, value)
'''),
    _plain("set_fields", '''
def _set_fields(objects, name, values):
    """Gives each object of a frozen dataclass its value of an attribute, as its own `__init__` does."""
    for x, value in zip(objects, values):
        object.__setattr__(x, name, value)
'''),
    _plain("plain_slots", '''
def _plain_slots(objects, kind, attributes):
    """Is it a list of objects exactly of this class, with these attributes in slots and set?"""
    if type(objects) is not list or set(map(type, objects)) - {kind} or type(kind) is not type:
        return False
    if kind.__getattribute__ is not object.__getattribute__:
        return False
    for name in attributes:
        if type(kind.__dict__.get(name)).__name__ != "member_descriptor":
            return False
        if not all(hasattr(x, name) for x in objects):
            return False
    return not any(hasattr(x, "__dict__") for x in objects[:1])
'''),
    _plain("number_cells", '''
def _number_cells(values, kinds, dtype, low, high):
    """The numbers (or None) and the codes of their types, as arrays; None when one is of another type."""
    codes = [kinds.get(type(x)) for x in values]
    if None in codes or not all(low <= x <= high for x in values if type(x) is int):
        return None
    return np.array([0 if x is None else x for x in values], dtype), np.array(codes, np.int64)
'''),
    _plain("cell_values", '''
def _cell_values(cells, kinds):
    """What cells hold now, as the types that their codes tell."""
    values, codes = cells
    return [None if code < 0 else kinds[code](x) for x, code in zip(values, codes.tolist())]
'''),
    _plain("typed_items", '''
def _typed_items(values, kind, dtype):
    """The list as an array, or None unless it is a list, maybe empty, with elements of exactly this type that fit."""
    if type(values) is not list or not set(map(type, values)) <= {kind}:
        return None
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:
        return None
'''),
    _plain("plain_array", '''
def _plain_array(x, dtype, ndim):
    """Is x exactly an ndarray of this type and rank, in C order?"""
    return type(x) is np.ndarray and x.dtype == dtype and x.ndim == ndim and x.flags.c_contiguous
'''),
    _plain("part_of_array", '''
def _part_of_array(x, dtype, ndim):
    """Is x exactly an ndarray of this type and rank, and (part of) one in C order?"""
    if type(x) is not np.ndarray or x.dtype != dtype or x.ndim != ndim:
        return False
    steps = x.strides
    return x.flags.c_contiguous or steps[-1] > 0 and all(a >= b for a, b in zip(steps, steps[1:]))
'''),
]  # fmt: skip

_ALL += [_njit(name, body, *uses) for name, body, uses in runtime_lists.COMPILED]
_ALL += [_plain(name, body, *uses) for name, body, uses in runtime_lists.PLAIN]
_ALL += [
    _njit(name, body, *uses)
    for name, body, uses in (
        *runtime_random.COMPILED,
        *runtime_generators.COMPILED,
        *runtime_averages.COMPILED,
        *runtime_sets.COMPILED,
        *runtime_orders.COMPILED,
        *runtime_vectors.COMPILED,
        *runtime_vectors_more.COMPILED,
        *runtime_tables.DICTS_OF_FLOATS,
        *runtime_loose.ANY,
        *(text for kind in ("int", "float", "pair", "triple") for text in runtime_loose.of(kind)),
    )
]
_ALL += [_plain(name, body, *uses) for name, body, uses in runtime_random.PLAIN]
_ALL += [_njit(name, body, *uses) for name, body, uses in (*runtime_views.COMPILED, *runtime_knots.COMPILED)]
_ALL += [_plain(name, body, *uses) for name, body, uses in runtime_knots.PLAIN]
_ALL += [_njit(name, body, *uses) for name, body, uses in runtime_heaps.COMPILED]
_ALL += [_plain(name, body, *uses) for name, body, uses in runtime_views.PLAIN]
_ALL += [
    _njit(name, body, *uses, more=more)
    for name, body, uses, more in (*runtime_arrays.COMPILED, *runtime_spectra.COMPILED)
]
OF_TUPLES = re.compile(r"(?:\w+_)?(tuples?(?:_\d)+)(?:_\w+)?")


class _Helpers(dict[str, Helper]):
    """All helpers by their names. Those for keys that are longer or nested tuples are made when asked for."""

    def __missing__(self, name: str) -> Helper:
        found = OF_TUPLES.fullmatch(name)
        if found is None or name.startswith("tuples_"):
            raise KeyError(name)
        for one, body, uses in (
            *runtime_tables.of_tuples(found[1]),
            *runtime_views.on_parts(found[1]),
            *runtime_loose.of(found[1]),
        ):
            self.setdefault(one, _njit(one, body, *uses))
        if name not in self:
            raise KeyError(name)
        return self[name]

    def known(self, name: str) -> Helper | None:
        """The helper of that name, if there is one."""
        try:
            return self[name]
        except KeyError:
            return None


HELPERS = _Helpers((h.name, h) for h in _ALL)
assert len(HELPERS) == len(_ALL), "two helpers of one name"
_STATIC = {name: at for at, name in enumerate(HELPERS)}


def closure(names: set[str]) -> list[str]:
    """`names` and every helper they use, in the order of definition."""
    todo, found = list(names), set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(HELPERS[name].uses)
    return sorted(found, key=_order)


def _order(name: str) -> tuple[int, str, int]:
    """What comes first in a file: whatever is always there, then what was made for one kind of keys after another."""
    if name in _STATIC:
        return _STATIC[name], "", 0
    kind = OF_TUPLES.fullmatch(name)
    assert kind is not None
    own = [n for n in HELPERS if n not in _STATIC and (m := OF_TUPLES.fullmatch(n)) is not None and m[1] == kind[1]]
    return len(_STATIC), kind[1], own.index(name)
