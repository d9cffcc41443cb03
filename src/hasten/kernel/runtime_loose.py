"""Dicts and sets of kernels that take keys out: a key that is gone leaves its place empty, so nothing moves.

A dict is (0, 0, keys, values, table, counts), a set (0, 0, keys, table, counts). The hash table tells the places of
the keys that are there; -1 is a free place in it, -2 one whose key is gone. `counts` are [places of the table that are
not free, keys that are gone, place of the first key that is there]. The last key is always one that is there. Whoever
goes over keys or values has them settled first, which moves up what follows a gap; where half of all keys are gone,
taking one out does so too. So each removal takes a few steps, however large the dict is.

What other code takes for keys and values, the first two parts, is no list here: code that does not know of gaps does
not compile. `{kind}` stands for the kind of key, as in `runtime_tables`.
"""

from __future__ import annotations

from hasten.kernel.runtime_tables import Text

SLOT = ("slot_{kind}_loose", '''
def _slot_{kind}_loose(keys, table, key):
    """Where in the hash table a key is, or -1 less the place in it that the key would take."""
    at = _hash_{kind}(key) & (len(table) - 1)
    free = -1
    while table[at] != -1:
        place = table[at]
        if place < 0:
            if free < 0:
                free = at
        elif keys[place] == key:
            return at
        at = (at + 1) & (len(table) - 1)
    return -1 - (free if free >= 0 else at)
''', ("hash_{kind}",))  # fmt: skip

SLOT_INT = ("slot_int_loose", '''
def _slot_int_loose(keys, table, key):
    """Where in the hash table a key is, or -1 less the place in it that the key would take."""
    rest = np.int64(key) & 9223372036854775807
    at = rest & (len(table) - 1)
    free = -1
    while table[at] != -1:
        place = table[at]
        if place < 0:
            if free < 0:
                free = at
        elif keys[place] == key:
            return at
        rest >>= 5
        at = (5 * at + rest + 1) & (len(table) - 1)
    return -1 - (free if free >= 0 else at)
''', ())  # fmt: skip

KEYED: tuple[Text, ...] = (
    ("key_{kind}_loose", '''
def _key_{kind}_loose(keys, table, counts, key):
    """The place of a key, which is added when it is new."""
    at = _slot_{kind}_loose(keys, table, key)
    if at >= 0:
        return table[at]
    at = -1 - at
    counts[0] += table[at] == -1
    table[at] = len(keys)
    keys.append(key)
    if 2 * counts[0] >= len(table):  # filled anew, without the marks of what is gone
        there = np.zeros(len(keys), np.bool_)
        for place in table:
            if place >= 0:
                there[place] = True
        counts[0] = len(keys) - counts[1]
        for i in range(len(table)):
            table[i] = -1
        while 4 * counts[0] > len(table):
            for i in range(len(table)):
                table.append(-1)
        for i in range(len(keys)):
            if there[i]:
                table[-1 - _slot_{kind}_loose(keys, table, keys[i])] = i
    return len(keys) - 1
''', ("slot_{kind}_loose",)),
    ("has_{kind}_loose", '''
def _has_{kind}_loose(d, key):
    """Is the key in the dict or set?"""
    return _slot_{kind}_loose(d[2], d[-2], key) >= 0
''', ("slot_{kind}_loose",)),
    ("add_{kind}_key_loose", '''
def _add_{kind}_key_loose(s, key):
    """s.add(key)"""
    _key_{kind}_loose(s[2], s[3], s[4], key)
''', ("key_{kind}_loose",)),
    ("at_{kind}_loose", '''
def _at_{kind}_loose(d, key):
    """The place of a key that is in the dict; raises when it is not."""
    at = _slot_{kind}_loose(d[2], d[4], key)
    if at < 0:
        raise ValueError
    return d[4][at]
''', ("slot_{kind}_loose",)),
    ("get_{kind}_loose", '''
def _get_{kind}_loose(d, key, default):
    """d.get(key, default)"""
    at = _slot_{kind}_loose(d[2], d[4], key)
    return d[3][d[4][at]] if at >= 0 else default
''', ("slot_{kind}_loose",)),
    ("put_{kind}_loose", '''
def _put_{kind}_loose(d, key, value):
    """d[key] = value"""
    at = _slot_{kind}_loose(d[2], d[4], key)
    if at >= 0:
        d[3][d[4][at]] = value
    else:
        _key_{kind}_loose(d[2], d[4], d[5], key)
        d[3].append(value)
''', ("slot_{kind}_loose", "key_{kind}_loose")),
    ("setdefault_{kind}_loose", '''
def _setdefault_{kind}_loose(d, key, value):
    """d.setdefault(key, value)"""
    at = _key_{kind}_loose(d[2], d[4], d[5], key)
    if at == len(d[3]):
        d[3].append(value)
    return d[3][at]
''', ("key_{kind}_loose",)),
    ("take_{kind}_loose", '''
def _take_{kind}_loose(keys, table, counts, at):
    """Takes out the key that place `at` of the hash table tells of."""
    place, last = table[at], len(keys) - 1
    table[at] = -2
    counts[1] += 1
    if place == counts[2]:
        first = place + 1
        while first <= last:
            at = _slot_{kind}_loose(keys, table, keys[first])
            if at >= 0 and table[at] == first:
                break
            first += 1
        counts[2] = first
    if place == last:
        while last >= 0:
            at = _slot_{kind}_loose(keys, table, keys[last])
            if at >= 0 and table[at] == last:
                break
            keys.pop()
            counts[1] -= 1
            last -= 1
        if counts[2] > last:
            counts[2] = last + 1
''', ("slot_{kind}_loose",)),
    ("delete_{kind}_loose", '''
def _delete_{kind}_loose(d, key):
    """del d[key]; raises when it is not there."""
    at = _slot_{kind}_loose(d[2], d[4], key)
    if at < 0:
        raise ValueError
    _take_{kind}_loose(d[2], d[4], d[5], at)
    _trim_loose(d)
''', ("slot_{kind}_loose", "take_{kind}_loose", "trim_loose")),
    ("pop_{kind}_loose", '''
def _pop_{kind}_loose(d, key):
    """d.pop(key); raises when it is not there."""
    value = d[3][_at_{kind}_loose(d, key)]
    _delete_{kind}_loose(d, key)
    return value
''', ("at_{kind}_loose", "delete_{kind}_loose")),
    ("pop_last_{kind}_loose", '''
def _pop_last_{kind}_loose(d):
    """d.popitem(); raises when there is none."""
    item = _last_loose(d)
    _delete_{kind}_loose(d, item[0])
    return item
''', ("last_loose", "delete_{kind}_loose")),
    ("pop_or_{kind}_loose", '''
def _pop_or_{kind}_loose(d, key, other):
    """d.pop(key, other)"""
    if _has_{kind}_loose(d, key):
        return _pop_{kind}_loose(d, key)
    return other
''', ("has_{kind}_loose", "pop_{kind}_loose")),
    ("discard_{kind}_loose", '''
def _discard_{kind}_loose(s, key):
    """s.discard(key)"""
    at = _slot_{kind}_loose(s[2], s[3], key)
    if at >= 0:
        _take_{kind}_loose(s[2], s[3], s[4], at)
        if 2 * s[4][1] > len(s[2]) + 32:
            _settled_set_loose(s)
''', ("slot_{kind}_loose", "take_{kind}_loose", "settled_set_loose")),
    ("remove_{kind}_loose", '''
def _remove_{kind}_loose(s, key):
    """s.remove(key); raises when it is not there."""
    if not _has_{kind}_loose(s, key):
        raise ValueError
    _discard_{kind}_loose(s, key)
''', ("has_{kind}_loose", "discard_{kind}_loose")),
    ("dict_{kind}_loose", '''
def _dict_{kind}_loose(keys, values):
    """dict(zip(keys, values))"""
    kept = [key for key in keys]
    held = [value for value in values]
    kept.clear()
    held.clear()
    d = (0, 0, kept, held, [-1] * 8, np.zeros(3, np.int64))
    for i in range(len(keys)):
        _put_{kind}_loose(d, keys[i], values[i])
    return d
''', ("put_{kind}_loose",)),
    ("dict_rows_{kind}_loose", '''
def _dict_rows_{kind}_loose(keys, ends, numbers):
    """A dict of lists, whose numbers lie one after another and end where `ends` tells."""
    values = [numbers[0:0] for _ in range(len(keys))]
    for i in range(len(keys)):
        values[i] = numbers[ends[i - 1] if i > 0 else 0 : ends[i]]
    return _dict_{kind}_loose(keys, values)
''', ("dict_{kind}_loose",)),
    ("counted_{kind}_loose", '''
def _counted_{kind}_loose(values):
    """Counter(values)"""
    kept = [value for value in values]
    kept.clear()
    held = [0]
    held.clear()
    d = (0, 0, kept, held, [-1] * 8, np.zeros(3, np.int64))
    for value in values:
        at = _key_{kind}_loose(kept, d[4], d[5], value)
        if at == len(held):
            held.append(0)
        held[at] += 1
    return d
''', ("key_{kind}_loose",)),
    ("set_{kind}_loose", '''
def _set_{kind}_loose(keys):
    """set(keys): the keys in the order they came."""
    kept = [key for key in keys]
    kept.clear()
    s = (0, 0, kept, [-1] * 8, np.zeros(3, np.int64))
    for key in keys:
        _key_{kind}_loose(kept, s[3], s[4], key)
    return s
''', ("key_{kind}_loose",)),
    ("set_update_{kind}_loose", '''
def _set_update_{kind}_loose(s, keys):
    """s.update(keys)"""
    for i in range(len(keys)):
        _key_{kind}_loose(s[2], s[3], s[4], keys[i])
''', ("key_{kind}_loose",)),
    ("common_{kind}_loose", '''
def _common_{kind}_loose(a, b):
    """len(a & b)"""
    if _size_loose(a) > _size_loose(b):
        return _common_{kind}_loose_in(b, a)
    return _common_{kind}_loose_in(a, b)
''', ("size_loose", "common_{kind}_loose_in")),
    ("common_{kind}_loose_in", '''
def _common_{kind}_loose_in(a, b):
    """How many keys of `a` are in `b`."""
    count = 0
    for key in _settled_set_loose(a)[0]:
        count += _slot_{kind}_loose(b[2], b[3], key) >= 0
    return count
''', ("settled_set_loose", "slot_{kind}_loose")),
    ("set_both_{kind}_loose", '''
def _set_both_{kind}_loose(a, b):
    """a & b"""
    return _set_{kind}_loose([key for key in _settled_set_loose(a)[0] if _has_{kind}_loose(b, key)])
''', ("settled_set_loose", "has_{kind}_loose", "set_{kind}_loose")),
    ("set_less_{kind}_loose", '''
def _set_less_{kind}_loose(a, b):
    """a - b"""
    return _set_{kind}_loose([key for key in _settled_set_loose(a)[0] if not _has_{kind}_loose(b, key)])
''', ("settled_set_loose", "has_{kind}_loose", "set_{kind}_loose")),
    ("set_either_{kind}_loose", '''
def _set_either_{kind}_loose(a, b):
    """a | b"""
    keys = [key for key in _settled_set_loose(a)[0]]
    for key in _settled_set_loose(b)[0]:
        keys.append(key)
    return _set_{kind}_loose(keys)
''', ("settled_set_loose", "set_{kind}_loose")),
    ("set_one_{kind}_loose", '''
def _set_one_{kind}_loose(a, b):
    """a ^ b"""
    keys = [key for key in _settled_set_loose(a)[0] if not _has_{kind}_loose(b, key)]
    for key in _settled_set_loose(b)[0]:
        if not _has_{kind}_loose(a, key):
            keys.append(key)
    return _set_{kind}_loose(keys)
''', ("settled_set_loose", "has_{kind}_loose", "set_{kind}_loose")),
)  # fmt: skip

ANY: list[Text] = [
    ("empty_dict_loose", '''
def _empty_dict_loose(key, value):
    """A dict for keys and values like these."""
    d = (0, 0, [key], [value], [-1] * 8, np.zeros(3, np.int64))
    d[2].clear()
    d[3].clear()
    return d
''', ()),
    ("empty_set_loose", '''
def _empty_set_loose(key):
    """A set for keys like this."""
    s = (0, 0, [key], [-1] * 8, np.zeros(3, np.int64))
    s[2].clear()
    return s
''', ()),
    ("size_loose", '''
def _size_loose(d):
    """The number of keys that are there."""
    return len(d[2]) - d[-1][1]
''', ()),
    ("moved_loose", '''
def _moved_loose(table, counts, size):
    """The new places of keys, from 0 on, as the hash table has them from now on; -1 for one that is gone."""
    moved = np.full(size, -1)
    for place in table:
        if place >= 0:
            moved[place] = 0
    count = 0
    for i in range(size):
        if moved[i] >= 0:
            moved[i] = count
            count += 1
    for at in range(len(table)):
        if table[at] >= 0:
            table[at] = moved[table[at]]
    counts[1] = 0
    counts[2] = 0
    return moved
''', ()),
    ("move_loose", '''
def _move_loose(items, moved):
    """Moves items to their new places (none of which is behind the old one)."""
    count = 0
    for i in range(len(moved)):
        if moved[i] >= 0:
            if moved[i] != i:
                items[moved[i]] = items[i]
            count += 1
    while len(items) > count:
        items.pop()
''', ()),
    ("settled_loose", '''
def _settled_loose(d):
    """Keys and values of a dict as they are without gaps."""
    if d[5][1] > 0:
        moved = _moved_loose(d[4], d[5], len(d[2]))
        _move_loose(d[2], moved)
        _move_loose(d[3], moved)
    return d[2], d[3], 0
''', ("moved_loose", "move_loose")),
    ("settled_set_loose", '''
def _settled_set_loose(s):
    """Keys of a set as they are without gaps."""
    if s[4][1] > 0:
        moved = _moved_loose(s[3], s[4], len(s[2]))
        _move_loose(s[2], moved)
    return s[2], 0
''', ("moved_loose", "move_loose")),
    ("trim_loose", '''
def _trim_loose(d):
    """After a key was taken out: no value is left behind the last key, and not too many gaps."""
    while len(d[3]) > len(d[2]):
        d[3].pop()
    if 2 * d[5][1] > len(d[2]) + 32:
        _settled_loose(d)
''', ("settled_loose",)),
    ("clear_loose", '''
def _clear_loose(d):
    """d.clear()"""
    d[2].clear()
    d[3].clear()
    for at in range(len(d[4])):
        d[4][at] = -1
    d[5][:] = 0
''', ()),
    ("clear_set_loose", '''
def _clear_set_loose(s):
    """s.clear()"""
    s[2].clear()
    for at in range(len(s[3])):
        s[3][at] = -1
    s[4][:] = 0
''', ()),
    ("first_loose", '''
def _first_loose(d):
    """next(iter(d)); raises when there is none."""
    if len(d[2]) == 0:
        raise ValueError
    return d[2][d[-1][2]]
''', ()),
    ("last_loose", '''
def _last_loose(d):
    """The last item of a dict; raises when there is none."""
    if len(d[2]) == 0:
        raise ValueError
    return d[2][-1], d[3][-1]
''', ()),
]  # fmt: skip


def of(kind: str) -> list[Text]:
    """All texts for one kind of key."""

    def spelt(text: str) -> str:
        return text.replace("{kind}", kind)

    texts = (SLOT_INT if kind == "int" else SLOT, *KEYED)
    return [(spelt(name), spelt(body), tuple(map(spelt, uses))) for name, body, uses in texts]
