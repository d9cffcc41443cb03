"""Hash tables of kernels: one text for every kind of key.

A dict is (keys, values, table), a set (keys, table): keys in the order of insertion, and a table of their places. What
differs from kind to kind is the hash, and how a place is looked for; `{kind}` stands for it in the names.
"""

from __future__ import annotations

Text = tuple[str, str, tuple[str, ...]]  # name, body, and the helpers that it calls

FIND = ("find_{kind}", '''
def _find_{kind}(keys, table, key):
    """The place of a key among `keys`, or -1 less the free place in the hash table that it would take."""
    at = _hash_{kind}(key) & (len(table) - 1)
    while table[at] >= 0:
        if keys[table[at]] == key:
            return table[at]
        at = (at + 1) & (len(table) - 1)
    return -1 - at
''', ("hash_{kind}",))  # fmt: skip

FIND_INT = ("find_int", '''
def _find_int(keys, table, key):
    """The place of a key among `keys`, or -1 less the free place in the hash table that it would take.

    Probed as CPython's dicts are: keys that follow one another never meet, and all bits of others count in the end.
    """
    rest = np.int64(key) & 9223372036854775807
    at = rest & (len(table) - 1)
    while table[at] >= 0:
        if keys[table[at]] == key:
            return table[at]
        rest >>= 5
        at = (5 * at + rest + 1) & (len(table) - 1)
    return -1 - at
''', ())  # fmt: skip

KEY = ("key_{kind}", '''
def _key_{kind}(keys, table, key):
    """The place of a key, which is added when it is new."""
    at = _find_{kind}(keys, table, key)
    if at >= 0:
        return at
    table[-1 - at] = len(keys)
    keys.append(key)
    if 2 * len(keys) >= len(table):
        for i in range(len(table)):
            table[i] = -1
            table.append(-1)
        for i in range(len(keys)):
            table[-1 - _find_{kind}(keys, table, keys[i])] = i
    return len(keys) - 1
''', ("find_{kind}",))  # fmt: skip

HAS = ("has_{kind}", '''
def _has_{kind}(d, key):
    """Is the key in the dict or set?"""
    return _find_{kind}(d[0], d[-1], key) >= 0
''', ("find_{kind}",))  # fmt: skip

ADD = ("add_{kind}_key", '''
def _add_{kind}_key(s, key):
    """s.add(key)"""
    _key_{kind}(s[0], s[1], key)
''', ("key_{kind}",))  # fmt: skip

AT = ("at_{kind}", '''
def _at_{kind}(d, key):
    """The place of a key that is in the dict; raises when it is not."""
    at = _find_{kind}(d[0], d[2], key)
    if at < 0:
        raise ValueError
    return at
''', ("find_{kind}",))  # fmt: skip

READ_AND_WRITTEN = (
    ("get_{kind}", '''
def _get_{kind}(d, key, default):
    """d.get(key, default)"""
    at = _find_{kind}(d[0], d[2], key)
    return d[1][at] if at >= 0 else default
''', ("find_{kind}",)),
    ("put_{kind}", '''
def _put_{kind}(d, key, value):
    """d[key] = value"""
    at = _find_{kind}(d[0], d[2], key)
    if at >= 0:
        d[1][at] = value
    else:
        _key_{kind}(d[0], d[2], key)
        d[1].append(value)
''', ("find_{kind}", "key_{kind}")),
    ("setdefault_{kind}", '''
def _setdefault_{kind}(d, key, value):
    """d.setdefault(key, value)"""
    at = _key_{kind}(d[0], d[2], key)
    if at == len(d[1]):
        d[1].append(value)
    return d[1][at]
''', ("key_{kind}",)),
)  # fmt: skip

MADE = (
    ("dict_{kind}", '''
def _dict_{kind}(keys, values):
    """dict(zip(keys, values)): keys and values in order, and a hash table of their places."""
    size = 8
    while size <= 2 * len(keys):
        size *= 2
    table = [-1] * size
    kept = [key for key in keys]
    held = [value for value in values]
    kept.clear()
    held.clear()
    for i in range(len(keys)):
        at = _find_{kind}(kept, table, keys[i])
        if at >= 0:
            held[at] = values[i]
        else:
            table[-1 - at] = len(kept)
            kept.append(keys[i])
            held.append(values[i])
    return kept, held, table
''', ("find_{kind}",)),
    ("dict_rows_{kind}", '''
def _dict_rows_{kind}(keys, ends, numbers):
    """A dict of lists, whose numbers lie one after another and end where `ends` tells."""
    values = [numbers[0:0] for _ in range(len(keys))]
    for i in range(len(keys)):
        values[i] = numbers[ends[i - 1] if i > 0 else 0 : ends[i]]
    return _dict_{kind}(keys, values)
''', ("dict_{kind}",)),
)  # fmt: skip

SET = ("set_{kind}", '''
def _set_{kind}(keys):
    """set(keys): the keys in the order they came, and a hash table of their places."""
    s = ([key for key in keys], [-1] * 8)
    s[0].clear()
    for key in keys:
        _key_{kind}(s[0], s[1], key)
    return s
''', ("key_{kind}",))  # fmt: skip

SETS = (
    ("common_{kind}", '''
def _common_{kind}(a, b):
    """len(a & b)"""
    count = 0
    if len(a[0]) <= len(b[0]):
        for key in a[0]:
            if _find_{kind}(b[0], b[-1], key) >= 0:
                count += 1
    else:
        for key in b[0]:
            if _find_{kind}(a[0], a[-1], key) >= 0:
                count += 1
    return count
''', ("find_{kind}",)),
    ("set_both_{kind}", '''
def _set_both_{kind}(a, b):
    """a & b"""
    return _set_{kind}([key for key in a[0] if _find_{kind}(b[0], b[-1], key) >= 0])
''', ("find_{kind}", "set_{kind}")),
    ("set_either_{kind}", '''
def _set_either_{kind}(a, b):
    """a | b"""
    keys = [key for key in a[0]]
    for key in b[0]:
        keys.append(key)
    return _set_{kind}(keys)
''', ("set_{kind}",)),
    ("set_less_{kind}", '''
def _set_less_{kind}(a, b):
    """a - b"""
    return _set_{kind}([key for key in a[0] if _find_{kind}(b[0], b[-1], key) < 0])
''', ("find_{kind}", "set_{kind}")),
    ("set_one_{kind}", '''
def _set_one_{kind}(a, b):
    """a ^ b"""
    keys = [key for key in a[0] if _find_{kind}(b[0], b[-1], key) < 0]
    for key in b[0]:
        if _find_{kind}(a[0], a[-1], key) < 0:
            keys.append(key)
    return _set_{kind}(keys)
''', ("find_{kind}", "set_{kind}")),
    ("set_update_{kind}", '''
def _set_update_{kind}(s, keys):
    """s.update(keys)"""
    for i in range(len(keys)):
        _key_{kind}(s[0], s[1], keys[i])
''', ("key_{kind}",)),
)  # fmt: skip

# numbers: the different ones are found without a growing list
SET_OF_NUMBERS = ("set_{kind}", '''
def _set_{kind}(keys):
    """set(keys): the keys in the order they came, and a hash table of their places."""
    found = [keys[i] for i in _firsts_{kind}(keys)]
    table = [-1] * 8
    kept = found.copy()
    kept.clear()
    for key in found:
        _key_{kind}(kept, table, key)
    return kept, table
''', ("key_{kind}", "firsts_{kind}"))  # fmt: skip


def of(kind: str, *texts: Text) -> list[Text]:
    """The texts for one kind of key."""

    def spelt(text: str) -> str:
        return text.replace("{kind}", kind)

    return [(spelt(name), spelt(body), tuple(map(spelt, uses))) for name, body, uses in texts]


def dicts(kind: str, find: Text = FIND, made_set: Text = SET) -> list[Text]:
    """Everything that dicts and sets of this kind of key need."""
    return of(kind, find, KEY, AT, HAS, *READ_AND_WRITTEN, ADD, *MADE, made_set, *SETS)


DICTS = [*dicts("int", FIND_INT, SET_OF_NUMBERS), *dicts("pair"), *dicts("triple")]
SETS_OF_FLOATS = of("float", FIND, KEY, HAS, ADD, SET_OF_NUMBERS)
# (what sets of floats need of these is there already)
DICTS_OF_FLOATS = of("float", AT, *READ_AND_WRITTEN, *MADE)


def hash_of(sizes: tuple[int, ...], kind: str) -> Text:
    """The hash of a tuple whose elements are numbers (of size 1) or tuples of as many."""
    parts = [
        part
        for i, size in enumerate(sizes)
        for part in ([f"key[{i}]"] if size == 1 else [f"key[{i}][{j}]" for j in range(size)])
    ]
    code = f"_hash_int({parts[0]})"
    for part in parts[1:]:
        code = f"_hash_int({code} + {part})"
    body = f'''
def _hash_{kind}(key):
    """Bits of a tuple of integers, or of such tuples, well mixed."""
    return {code}
'''
    return f"hash_{kind}", body, ("hash_int",)


def of_tuples(kind: str) -> list[Text]:
    """Everything that dicts and sets need whose keys are longer tuples, or tuples of tuples (see `keys.kind`)."""
    nested, _, rest = kind.partition("_")
    sizes = tuple(map(int, rest.split("_")))
    return [hash_of((1,) * sizes[0] if nested == "tuple" else sizes, kind), *dicts(kind)]
