"""Texts of the helpers that flatten containers within containers, and that read them in kernels."""

from __future__ import annotations

from hasten.kernel import runtime_tables

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("length_of_word", '''
def _length_of_word(starts, word):
    """How many letters a string has; raises for a number that stands for none."""
    if word < 0 or word + 1 >= len(starts):
        raise ValueError
    return starts[word + 1] - starts[word]
''', ()),
    ("letters_of", '''
def _letters_of(starts, letters, word):
    """The numbers of a string's letters; raises for a number that stands for none."""
    if word < 0 or word + 1 >= len(starts):
        raise ValueError
    return letters[starts[word] : starts[word + 1]]
''', ()),
    ("answer_of", '''
def _answer_of(answers, word):
    """What a question about this string is answered with; raises where it was not asked."""
    if word < 0 or word >= len(answers):
        raise ValueError
    return answers[word]
''', ()),
    ("code_point", '''
def _code_point(code):
    """The code of a letter; raises for a string that is none."""
    if code < 0:
        raise ValueError
    return code
''', ()),
    ("starts_with", '''
def _starts_with(whole, part):
    """Do these letters begin with those?"""
    if len(part) > len(whole):
        return False
    for i in range(len(part)):
        if whole[i] != part[i]:
            return False
    return True
''', ()),
    ("ends_with", '''
def _ends_with(whole, part):
    """Do these letters end with those?"""
    return len(part) <= len(whole) and _starts_with(whole[len(whole) - len(part) :], part)
''', ("starts_with",)),
    ("holds_letters", '''
def _holds_letters(whole, part):
    """Do those letters follow one another somewhere among these?"""
    for i in range(len(whole) - len(part) + 1):
        if _starts_with(whole[i:], part):
            return True
    return False
''', ("starts_with",)),
    ("place_in", '''
def _place_in(starts, i):
    """The place that index i of a list means; raises when there is none."""
    n = len(starts) - 1
    if i < -n or i >= n:
        raise ValueError
    return i + n if i < 0 else i
''', ()),
    ("list_at", '''
def _list_at(lists, i):
    """One of the lists that lie one after another."""
    i = _place_in(lists[0], i)
    return lists[1][lists[0][i] : lists[0][i + 1]]
''', ("place_in",)),
    ("array_2_at", '''
def _array_2_at(arrays, i):
    """One of the matrices whose elements lie one after another."""
    i = _place_in(arrays[0], i)
    return arrays[1][arrays[0][i] : arrays[0][i + 1]].reshape((arrays[2][i, 0], arrays[2][i, 1]))
''', ("place_in",)),
    ("array_3_at", '''
def _array_3_at(arrays, i):
    """One of the arrays of three dimensions whose elements lie one after another."""
    i = _place_in(arrays[0], i)
    shape = (arrays[2][i, 0], arrays[2][i, 1], arrays[2][i, 2])
    return arrays[1][arrays[0][i] : arrays[0][i + 1]].reshape(shape)
''', ("place_in",)),
    ("find_within", '''
def _find_within(starts, begins, keys, tables, i, key):
    """The place of a key of dict i among the keys of all dicts that lie one after another; -1 where it is missing."""
    first, begin = starts[i], begins[i]
    last = begins[i + 1] - begin - 1
    rest = np.int64(key) & 9223372036854775807
    at = rest & last
    while tables[begin + at] >= 0:
        place = first + tables[begin + at]
        if keys[place] == key:
            return place
        rest >>= 5
        at = (5 * at + rest + 1) & last
    return -1
''', ()),
    ("has_within", '''
def _has_within(starts, begins, keys, tables, i, key):
    """Is the key in dict i?"""
    return _find_within(starts, begins, keys, tables, i, key) >= 0
''', ("find_within",)),
    ("at_within", '''
def _at_within(starts, begins, keys, tables, i, key):
    """The place of a key that is in dict i, among those of all dicts; raises when it is not."""
    at = _find_within(starts, begins, keys, tables, i, key)
    if at < 0:
        raise ValueError
    return at
''', ("find_within",)),
    ("get_within", '''
def _get_within(starts, begins, keys, values, tables, i, key, default):
    """d.get(key, default) of dict i"""
    at = _find_within(starts, begins, keys, tables, i, key)
    return values[at] if at >= 0 else default
''', ("find_within",)),
    ("item_within", '''
def _item_within(starts, i, j):
    """The place of item j of list i among the items of all lists; raises when there is none."""
    first = starts[i]
    size = starts[i + 1] - first
    if j < -size or j >= size:
        raise ValueError
    return first + (j + size if j < 0 else j)
''', ()),
    ("place_among", '''
def _place_among(n, i):
    """The place that index i of a list of n means; raises when there is none."""
    if i < -n or i >= n:
        raise ValueError
    return i + n if i < 0 else i
''', ()),
    ("size_within", '''
def _size_within(starts, i):
    """len() of list i"""
    return starts[i + 1] - starts[i]
''', ()),
    ("lists_at", '''
def _lists_at(rows, i):
    """One of the lists of lists that lie one after another."""
    i = _place_in(rows[0], i)
    return rows[1][0][rows[0][i] : rows[0][i + 1] + 1], rows[1][1]
''', ("place_in",)),
    ("dicts_at", '''
def _dicts_at(rows, i):
    """One of the lists of dicts that lie one after another."""
    i = _place_in(rows[0], i)
    first, last = rows[0][i], rows[0][i + 1] + 1
    starts, begins, keys, values, tables = rows[1]
    return starts[first:last], begins[first:last], keys, values, tables
''', ("place_in",)),
    ("dict_at", '''
def _dict_at(dicts, i):
    """One of the dicts that lie one after another."""
    starts, begins, keys, values, tables = dicts
    i = _place_in(starts, i)
    first, last = starts[i], starts[i + 1]
    return keys[first:last], values[first:last], tables[begins[i] : begins[i + 1]]
''', ("place_in",)),
    ("dict_of_lists_at", '''
def _dict_of_lists_at(dicts, i):
    """One of the dicts of lists that lie one after another."""
    starts, begins, keys, values, tables = dicts
    i = _place_in(starts, i)
    first, last = starts[i], starts[i + 1]
    return keys[first:last], (values[0][first : last + 1], values[1]), tables[begins[i] : begins[i + 1]]
''', ("place_in",)),
    ("dict_of_dicts_at", '''
def _dict_of_dicts_at(dicts, i):
    """One of the dicts of dicts that lie one after another."""
    starts, begins, keys, values, tables = dicts
    i = _place_in(starts, i)
    first, last = starts[i], starts[i + 1]
    inner = (values[0][first : last + 1], values[1][first : last + 1], values[2], values[3], values[4])
    return keys[first:last], inner, tables[begins[i] : begins[i + 1]]
''', ("place_in",)),
]  # fmt: skip

PLAIN: list[tuple[str, str, tuple[str, ...]]] = [
    ("key_parts", '''
def _key_parts(keys, shape, words):
    """Each part of keys that are tuples as an array; None unless each is like `shape`, of exactly such types."""
    columns = []

    def part(values, kind):
        if type(kind) is tuple:
            if not set(map(type, values)) <= {tuple} or not set(map(len, values)) <= {len(kind)}:
                return False
            return all([part([value[i] for value in values], one) for i, one in enumerate(kind)])
        if not set(map(type, values)) <= {kind}:
            return False
        if kind is str:
            values = [words.setdefault(value, len(words)) for value in values]
        try:
            columns.append(np.array(values, {bool: np.bool_, float: np.float64}.get(kind, np.int64)))
        except OverflowError:
            return False
        return True

    return tuple(columns) if part(keys, shape) else None
''', ()),
    ("flat_dicts", '''
def _flat_dicts(rows):
    """Where each dict begins, all their keys, and all their values; None unless these are dicts."""
    if set(map(type, rows)) - {dict}:
        return None
    starts = np.array([0, *itertools.accumulate(map(len, rows))])
    keys = [*itertools.chain.from_iterable(rows)]
    return starts, keys, [*itertools.chain.from_iterable(map(dict.values, rows))]
''', ()),
    ("flat_sets", '''
def _flat_sets(rows):
    """Where each set begins, and all their items; None unless these are plain sets."""
    if set(map(type, rows)) - {set, frozenset}:
        return None
    starts = np.array([0, *itertools.accumulate(map(len, rows))])
    return starts, [*itertools.chain.from_iterable(rows)]
''', ()),
    ("flat_any_dicts", '''
def _flat_any_dicts(rows):
    """Where each dict begins, all their keys, and all their values; None unless these are dicts of some kind."""
    if set(map(type, rows)) - {dict, collections.defaultdict, collections.Counter}:
        return None
    starts = np.array([0, *itertools.accumulate(map(len, rows))])
    keys = [*itertools.chain.from_iterable(rows)]
    return starts, keys, [*itertools.chain.from_iterable(map(dict.values, rows))]
''', ()),
    ("flat_lists", '''
def _flat_lists(rows):
    """Where each list begins, and all their items; None unless these are lists."""
    if set(map(type, rows)) - {list}:
        return None
    starts = np.array([0, *itertools.accumulate(map(len, rows))])
    return starts, [*itertools.chain.from_iterable(rows)]
''', ()),
    ("flat_arrays", '''
def _flat_arrays(arrays, dtype, ndim):
    """Where each array begins, all their elements in a copy, and their shapes; None unless they are of this type."""
    if set(map(type, arrays)) - {np.ndarray}:
        return None
    if not all(a.dtype == dtype and a.ndim == ndim and a.flags.c_contiguous for a in arrays):
        return None
    starts = np.array([0, *itertools.accumulate(a.size for a in arrays)])
    numbers = np.concatenate([np.empty(0, dtype), *(a.ravel() for a in arrays)])
    return starts, numbers, np.array([a.shape for a in arrays], np.int64).reshape(len(arrays), ndim)
''', ()),
    ("put_arrays", '''
def _put_arrays(arrays, numbers):
    """Gives arrays their new elements, which lie one after another."""
    at = 0
    for a in arrays:
        a[...] = numbers[at : at + a.size].reshape(a.shape)
        at += a.size
''', ()),
    ("arrays_alone", '''
def _arrays_alone(changed, others):
    """Can each of the arrays that change be written, without one of the rest being changed by that?"""
    if len(changed) * (len(changed) + len(others)) > 2000 or not all(a.flags.writeable for a in changed):
        return False
    rest = [*changed, *others]
    return not any(np.may_share_memory(a, b) for i, a in enumerate(changed) for b in rest[i + 1 :])
''', ()),
    ("put_rows", '''
def _put_rows(rows, values):
    """Gives lists their new items, which lie one after another."""
    at = 0
    for row in rows:
        row[:] = values[at : at + len(row)]
        at += len(row)
''', ()),
    ("flat_tuples", '''
def _flat_tuples(rows, size):
    """For each place the elements there of all tuples; None unless these are tuples of this length."""
    if set(map(type, rows)) - {tuple} or set(map(len, rows)) - {size}:
        return None
    return [[row[i] for row in rows] for i in range(size)]
''', ()),
    ("column", '''
def _column(values, kind, dtype):
    """The values as an array, or None unless they are exactly of this type and fit."""
    if set(map(type, values)) - {kind}:
        return None
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:
        return None
''', ()),
    ("word_numbers", '''
def _word_numbers(values, numbers):
    """The number of each string, a new one for one that was not met before; None unless all are plain strings."""
    if set(map(type, values)) - {str}:
        return None
    for value in dict.fromkeys(values):
        numbers.setdefault(value, len(numbers))
    return np.array([numbers[value] for value in values], np.int64)
''', ()),
    ("word_numbers_or_none", '''
def _word_numbers_or_none(values, numbers):
    """The number of each string, -1 for None; None unless all are plain strings or None."""
    kinds = set(map(type, values))
    if kinds - {str, type(None)}:
        return None
    for value in dict.fromkeys(values):
        if value is not None:
            numbers.setdefault(value, len(numbers))
    return np.array([-1 if value is None else numbers[value] for value in values], np.int64)
''', ()),
    ("plain_dicts", '''
def _plain_dicts(rows):
    """Are these all plain dicts?"""
    return not set(map(type, rows)) - {dict}
''', ()),
    ("plain_named", '''
def _plain_named(kind, fields):
    """Is this a class of namedtuples with these fields, which nothing computes?"""
    line = [vars(base) for base in kind.__mro__[:-2]]
    if kind.__mro__[-2:] != (tuple, object) or type(kind) is not type or not line:
        return False
    if any(name in base for base in line for name in ("__getattribute__", "__getattr__", "__getitem__", "__iter__")):
        return False
    found = [next((base[name] for base in line if name in base), None) for name in fields]
    getters = [f.__reduce__()[1][0] if type(f).__name__ == "_tuplegetter" else None for f in found]
    return getattr(kind, "_fields", None) == fields and getters == [*range(len(fields))]
''', ()),
    ("gathered", '''
def _gathered(everyone, rows, fields):
    """The places that namedtuples take in the list of all; None unless they are plain and have these fields."""
    if not all(_plain_named(kind, fields) for kind in set(map(type, rows))):
        return None
    first = len(everyone)
    everyone.extend(rows)
    return np.arange(first, len(everyone))
''', ("plain_named",)),
    ("field", '''
def _field(rows, place):
    """What each namedtuple holds in this place; None unless all are that long."""
    try:
        return [row[place] for row in rows]
    except IndexError:
        return None
''', ()),
    ("under_key", '''
def _under_key(rows, key):
    """What each dict holds under this key; None unless all have it."""
    try:
        return [row[key] for row in rows]
    except KeyError:
        return None
''', ()),
    ("read_as", '''
def _read_as(values, kind):
    """Each string as a number, None for what is none; None unless all are strings."""
    if set(map(type, values)) - {str}:
        return None
    numbers = []
    for value in values:
        try:
            numbers.append(kind(value))
        except ValueError:
            numbers.append(None)
    return numbers
''', ()),
    ("put_under_key", '''
def _put_under_key(rows, key, values):
    """Gives each dict its value under this key."""
    for row, value in zip(rows, values):
        row[key] = value
''', ()),
    ("add_under_key", '''
def _add_under_key(rows, key, values):
    """Gives the dicts that have a value under this new key that value."""
    for row, value in zip(rows, values):
        if value is not None:
            row[key] = value
''', ()),
    ("member_numbers", '''
def _member_numbers(values, kind, numbers):
    """The number of each member of an enumeration, a new one for one that was not met before; None for other values."""
    if set(map(type, values)) - {kind}:
        return None
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
''', ()),
    ("number_letters", '''
def _number_letters(numbers):
    """Gives a number to every letter of the numbered strings."""
    for letter in dict.fromkeys("".join(numbers)):
        numbers.setdefault(letter, len(numbers))
''', ()),
    ("word_letters", '''
def _word_letters(numbers):
    """Where the letters of each numbered string begin, and the numbers of all these letters."""
    _number_letters(numbers)
    starts = np.array([0, *itertools.accumulate(map(len, numbers))])
    return starts, np.array([numbers[letter] for word in numbers for letter in word], np.int64)
''', ("number_letters",)),
    ("word_ranks", '''
def _word_ranks(numbers):
    """The place of each numbered string in sorted order."""
    ranks = np.empty(len(numbers), np.int64)
    for rank, word in enumerate(sorted(numbers)):
        ranks[numbers[word]] = rank
    return ranks
''', ()),
    ("number_rows", '''
def _number_rows(rows, size):
    """The list of tuples as an array, or None unless each has this many elements, all plain ints that fit."""
    if set(map(type, rows)) - {tuple} or set(map(len, rows)) - {size}:
        return None
    found = _column([*itertools.chain.from_iterable(rows)], int, np.int64)
    return None if found is None else found.reshape(-1, size)
''', ("column",)),
    ("word_rows", '''
def _word_rows(rows, size, numbers):
    """The list of tuples as an array of numbers, or None unless each has this many elements, all plain strings."""
    if set(map(type, rows)) - {tuple} or set(map(len, rows)) - {size}:
        return None
    found = _word_numbers([*itertools.chain.from_iterable(rows)], numbers)
    return None if found is None else found.reshape(-1, size)
''', ("word_numbers",)),
]  # fmt: skip


def _fixed(kind: str, key: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """For dicts that are only read: hash tables of what lies one after another. `key` is the code of one key."""
    end = "" if kind == "int" else f"_{kind}"
    return [
        (f"key_tables{end}", f'''
def _key_tables{end}(starts, keys):
    """A hash table for each run of keys: where it begins, and places of keys within their run."""
    begins = np.zeros(len(starts), np.int64)
    for i in range(len(starts) - 1):
        size = 4
        while size < 2 * (starts[i + 1] - starts[i]) + 1:
            size *= 2
        begins[i + 1] = begins[i] + size
    tables = np.full(begins[-1], -1)
    for i in range(len(starts) - 1):
        run = keys[starts[i] : starts[i + 1]]
        table = tables[begins[i] : begins[i + 1]]
        for at in range(len(run)):
            table[-1 - _find_{kind}(run, table, {key})] = at
    return begins, tables
''', (f"find_{kind}",)),
        (f"dicts{end}", f'''
def _dicts{end}(starts, keys, values):
    """Dicts that lie one after another, with their hash tables."""
    begins, tables = _key_tables{end}(starts, keys)
    return starts, begins, keys, values, tables
''', (f"key_tables{end}",)),
        (f"fixed_dict{end}", f'''
def _fixed_dict{end}(keys, values):
    """A dict that is only read: keys and values in order, and a hash table of their places."""
    return keys, values, _key_tables{end}(np.array([0, len(keys)]), keys)[1]
''', (f"key_tables{end}",)),
    ]  # fmt: skip


def _rows(kind: str, size: int) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is asked of such dicts whose keys are tuples, each a row of an array."""
    same = " and ".join(f"keys[place, {i}] == key[{i}]" for i in range(size))
    return [
        (f"find_{kind}_rows", f'''
def _find_{kind}_rows(keys, table, key):
    """The place of a key among the rows of `keys`, or -1 less the free place in the hash table that it would take."""
    at = _hash_{kind}(key) & (len(table) - 1)
    while table[at] >= 0:
        place = table[at]
        if {same}:
            return place
        at = (at + 1) & (len(table) - 1)
    return -1 - at
''', (f"hash_{kind}",)),
        *runtime_tables.of(f"{kind}_rows", runtime_tables.AT, runtime_tables.HAS, runtime_tables.READ_AND_WRITTEN[0]),
        *on_parts(f"{kind}_rows")[:3],
        *_fixed(f"{kind}_rows", f"({', '.join(f'run[at, {i}]' for i in range(size))})"),
    ]  # fmt: skip


def on_parts(kind: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is asked of a dict whose keys, values and hash table have names of their own."""
    return [
        (f"at_{kind}_parts", f'''
def _at_{kind}_parts(keys, table, key):
    """The place of a key that is in the dict; raises when it is not."""
    at = _find_{kind}(keys, table, key)
    if at < 0:
        raise ValueError
    return at
''', (f"find_{kind}",)),
        (f"has_{kind}_parts", f'''
def _has_{kind}_parts(keys, table, key):
    """Is the key in the dict?"""
    return _find_{kind}(keys, table, key) >= 0
''', (f"find_{kind}",)),
        (f"get_{kind}_parts", f'''
def _get_{kind}_parts(keys, values, table, key, default):
    """d.get(key, default)"""
    at = _find_{kind}(keys, table, key)
    return values[at] if at >= 0 else default
''', (f"find_{kind}",)),
        (f"put_{kind}_parts", f'''
def _put_{kind}_parts(keys, values, table, key, value):
    """d[key] = value"""
    at = _find_{kind}(keys, table, key)
    if at >= 0:
        values[at] = value
    else:
        _key_{kind}(keys, table, key)
        values.append(value)
''', (f"find_{kind}", f"key_{kind}")),
        (f"setdefault_{kind}_parts", f'''
def _setdefault_{kind}_parts(keys, values, table, key, value):
    """d.setdefault(key, value)"""
    at = _key_{kind}(keys, table, key)
    if at == len(values):
        values.append(value)
    return values[at]
''', (f"key_{kind}",)),
        (f"counted_{kind}", f'''
def _counted_{kind}(values):
    """Counter(values)"""
    counts = ([value for value in values], [0], [-1] * 8)
    counts[0].clear()
    counts[1].clear()
    for value in values:
        at = _key_{kind}(counts[0], counts[2], value)
        if at == len(counts[1]):
            counts[1].append(0)
        counts[1][at] += 1
    return counts
''', (f"key_{kind}",)),
    ]  # fmt: skip


def _tuples_at(size: int) -> tuple[str, str, tuple[str, ...]]:
    """For lists of tuples of this length, which are a column for each of their places."""
    columns = ", ".join(f"rows[1][{i}][first:last]" for i in range(size))
    body = f'''
def _tuples_{size}_at(rows, i):
    """One of the lists of tuples that lie one after another."""
    i = _place_in(rows[0], i)
    first, last = rows[0][i], rows[0][i + 1]
    return {columns}
'''
    return f"tuples_{size}_at", body, ("place_in",)


def _new_record(size: int) -> tuple[str, str, tuple[str, ...]]:
    """For records with this many keys."""
    lists = [f"list_{i}" for i in range(size)]
    values = [f"value_{i}" for i in range(size)]
    steps = "".join(f"    {x}.append({v})\n" for x, v in zip(lists, values, strict=True))
    body = f'''
def _new_record_{size}({", ".join([*lists, *values])}):
    """The place of a new record, whose values go into these lists."""
{steps}    return len({lists[0]}) - 1
'''
    return f"new_record_{size}", body, ()


COMPILED += [_new_record(size) for size in range(1, 17)]
COMPILED += [helper for kind in ("int", "float", "pair", "triple") for helper in on_parts(kind)]
COMPILED += [*_fixed("int", "run[at]"), *_rows("pair", 2), *_rows("triple", 3)]
COMPILED += [_tuples_at(size) for size in range(2, 7)]
