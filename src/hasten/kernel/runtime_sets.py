"""Sets in kernels: floats as keys, and the order in which CPython goes over a set.

A set in a kernel is a list of its keys as they came and a hash table of their places (see `runtime`). The order that a
program sees is another one: that of CPython's own table, which `_set_order` fills just as `Objects/setobject.c` does
(3.11 to 3.13: ten linear probes, then jumps; four times as large when three fifths are full) from CPython's hashes.
"""

from __future__ import annotations

from hasten.kernel.runtime_tables import SETS_OF_FLOATS

GLOBALS = {"_SET_ORDER_KNOWN": "_SET_ORDER_KNOWN = (3, 8) <= sys.version_info < (3, 14)"}

# the end of `firsts_*`: places of keys that a hash table of those before them has not
_FIRST_MET = """    size = 8
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1)
    for i in range(n):
        at = _hash_{kind}(keys[i]) & (size - 1)
        while table[at] >= 0 and keys[table[at]] != keys[i]:
            at = (at + 1) & (size - 1)
        if table[at] < 0:
            table[at] = i
            places[count] = i
            count += 1
    return places[:count]
"""

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("hash_float", '''
def _hash_float(key):
    """Bits of a float, well mixed, the same for both zeros; raises for NaN, which equals nothing."""
    if key != key:
        raise ValueError
    return _hash_int(np.float64(key + 0.0).view(np.int64))
''', ("hash_int",)),
    ("firsts_int", '''
def _firsts_int(keys):
    """The places of integers that are not among those before them."""
    n = len(keys)
    places = np.empty(n, np.int64)
    if n == 0:
        return places
    count = 0
    low = high = np.int64(keys[0])
    for key in keys:
        low = min(low, np.int64(key))
        high = max(high, np.int64(key))
    if -1000000000000 < low and high < 1000000000000 and high - low < 4 * n + 64:
        seen = np.zeros(high - low + 1, np.bool_)
        for i in range(n):
            if not seen[np.int64(keys[i]) - low]:
                seen[np.int64(keys[i]) - low] = True
                places[count] = i
                count += 1
        return places[:count]
''' + _FIRST_MET.replace("{kind}", "int"), ("hash_int",)),
    ("firsts_float", '''
def _firsts_float(keys):
    """The places of floats that are not among those before them; raises for NaN."""
    n = len(keys)
    places = np.empty(n, np.int64)
    count = 0
''' + _FIRST_MET.replace("{kind}", "float"), ("hash_float",)),
    ("python_hash_int", '''
def _python_hash_int(key):
    """hash(key) of an integer; raises where CPython would reduce it."""
    if not -2305843009213693951 < key < 2305843009213693951:
        raise OverflowError
    return -2 if key == -1 else np.int64(key)
''', ()),
    ("python_hash_float", '''
def _python_hash_float(key):
    """hash(key) of a float: the fraction that it is, modulo the prime 2**61 - 1; raises for NaN."""
    if key != key:
        raise ValueError
    if math.isinf(key):
        return 314159 if key > 0.0 else -314159
    rest, e = math.frexp(abs(key))
    x = 0
    while rest != 0.0:
        x = ((x << 28) & 2305843009213693951) | (x >> 33)
        rest *= 268435456.0
        e -= 28
        whole = int(rest)
        rest -= whole
        x += whole
        if x >= 2305843009213693951:
            x -= 2305843009213693951
    e %= 61
    x = ((x << e) & 2305843009213693951) | (x >> (61 - e))
    if key < 0.0:
        x = -x
    return -2 if x == -1 else x
''', ()),
    ("set_slot", '''
def _set_slot(table, key_hash):
    """The free slot of CPython's set table that a new key with this hash takes."""
    mask = len(table) - 1
    perturb = key_hash
    at = key_hash & mask
    while True:
        for probe in range(10 if at + 9 <= mask else 1):
            if table[at + probe] < 0:
                return at + probe
        perturb = (perturb >> 5) & 576460752303423487
        at = (at * 5 + 1 + perturb) & mask
''', ()),
    ("set_table", '''
def _set_table(hashes):
    """Places of keys in the order of CPython's set table, for different keys that were added one by one."""
    if not _SET_ORDER_KNOWN:
        raise ValueError
    table = np.full(8, -1)
    for i in range(len(hashes)):
        table[_set_slot(table, hashes[i])] = i
        if 5 * (i + 1) >= 3 * (len(table) - 1):
            size = 8
            while size <= (i + 1) * (2 if i + 1 > 50000 else 4):
                size *= 2
            old = table
            table = np.full(size, -1)
            for place in old:
                if place >= 0:
                    table[_set_slot(table, hashes[place])] = place
    return table[table >= 0]
''', ("set_slot",)),
    ("set_order_int", '''
def _set_order_int(s):
    """The elements of a set as a loop over it goes."""
    hashes = np.array([_python_hash_int(key) for key in s[0]])
    return [s[0][place] for place in _set_table(hashes)]
''', ("python_hash_int", "set_table")),
    ("set_order_float", '''
def _set_order_float(s):
    """The elements of a set as a loop over it goes."""
    hashes = np.array([_python_hash_float(key) for key in s[0]])
    return [s[0][place] for place in _set_table(hashes)]
''', ("python_hash_float", "set_table")),
    ("distinct_int", '''
def _distinct_int(keys):
    """The different integers among the keys, as a loop over set(keys) goes."""
    if not _SET_ORDER_KNOWN:
        raise ValueError
    every = small = 0
    for key in keys:
        every |= key
        small |= 1 << (key & 7)
    if every & -8 == 0:  # of 0 to 7 each has a slot of its own in every table
        kept = np.empty(8, np.int64)
        count = 0
        for key in range(8):
            if small >> key & 1:
                kept[count] = key
                count += 1
        return kept[:count]
    places = _firsts_int(keys)
    hashes = np.empty(len(places), np.int64)
    for i in range(len(places)):
        hashes[i] = _python_hash_int(keys[places[i]])
    order = _set_table(hashes)
    kept = np.empty(len(order), np.int64)
    for i in range(len(order)):
        kept[i] = keys[places[order[i]]]
    return kept
''', ("firsts_int", "python_hash_int", "set_table")),
    ("distinct_float", '''
def _distinct_float(keys):
    """The different floats among the keys, as a loop over set(keys) goes; raises for NaN."""
    places = _firsts_float(keys)
    hashes = np.empty(len(places), np.int64)
    for i in range(len(places)):
        hashes[i] = _python_hash_float(keys[places[i]])
    order = _set_table(hashes)
    kept = np.empty(len(order), np.float64)
    for i in range(len(order)):
        kept[i] = keys[places[order[i]]]
    return kept
''', ("firsts_float", "python_hash_float", "set_table")),
    ("sorted_set", '''
def _sorted_set(values):
    """sorted(set(values)): of equal values the one that came first; raises for NaN."""
    for value in values:
        if value != value:
            raise ValueError
    ordered = values[np.argsort(values, kind="mergesort")]
    kept = 0
    for i in range(len(ordered)):
        if i == 0 or ordered[i] != ordered[kept - 1]:
            ordered[kept] = ordered[i]
            kept += 1
    return ordered[:kept].copy()
''', ()),
    ("sum_bools", '''
def _sum_bools(values):
    """sum(values) of bools."""
    total = 0
    for value in values:
        if value:
            total += 1
    return total
''', ()),
    *SETS_OF_FLOATS,
]  # fmt: skip
