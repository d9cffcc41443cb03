"""The helpers that turn lists of numbers into arrays and back, as text; see `runtime`."""

from __future__ import annotations

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("combinations_2", '''
def _combinations_2(values):
    """Pairs, as `itertools.combinations` gives them."""
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            yield values[i], values[j]
''', ()),
    ("combinations_3", '''
def _combinations_3(values):
    """Triples, as `itertools.combinations` gives them."""
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            for k in range(j + 1, len(values)):
                yield values[i], values[j], values[k]
''', ()),
    ("permutations_2", '''
def _permutations_2(values):
    """Pairs, as `itertools.permutations` gives them."""
    for i in range(len(values)):
        for j in range(len(values)):
            if i != j:
                yield values[i], values[j]
''', ()),
    ("backwards", '''
def _backwards(values):
    """The items from the last to the first, as `reversed` gives them: it ends where the list has become too short."""
    i = len(values) - 1
    while 0 <= i < len(values):
        yield values[i]
        i -= 1
''', ()),
    ("pairwise", '''
def _pairwise(values):
    """Neighbours, as `itertools.pairwise` gives them."""
    for i in range(1, len(values)):
        yield values[i - 1], values[i]
''', ()),
    ("product_2", '''
def _product_2(first, second):
    """Pairs, as `itertools.product` gives them."""
    for i in range(len(first)):
        for j in range(len(second)):
            yield first[i], second[j]
''', ()),
    ("product_3", '''
def _product_3(first, second, third):
    """Triples, as `itertools.product` gives them."""
    for i in range(len(first)):
        for j in range(len(second)):
            for k in range(len(third)):
                yield first[i], second[j], third[k]
''', ()),
    ("as_mixed", '''
def _as_mixed(values, kind):
    """Numbers of one type as float64, and the code of their type for each; raises where a float64 is not exact."""
    if kind == 1:
        for x in values.flat:
            if not -9007199254740992 <= x <= 9007199254740992:
                raise OverflowError
    return values.astype(np.float64), np.full(values.shape, kind, np.int8)
''', ()),
    ("whole", '''
def _whole(x, kind):
    """x; what stands for an int (kind 1) must be below 2**53, where a float64 is exact, and its zero has no sign."""
    if kind == 1:
        if not -9007199254740992.0 < x < 9007199254740992.0:
            raise OverflowError
        return x + 0.0
    return x
''', ()),
    ("negative", '''
def _negative(x, kind):
    """-x, where x may stand for an int (kind 1)."""
    return 0.0 - x if kind == 1 else -x
''', ()),
    ("read_floats", '''
def _read_floats(rows, size, kind, words, numbers):
    """The floats in lists of this size, whose addresses are given, as a matrix; and whether there is nothing else.

    A list has its length two words from its start, then where its items are; a float has its type and then its number.
    """
    out = np.empty((len(rows), size))
    for i in range(len(rows)):
        row = (rows[i] - 4096) >> 3
        if words[row + 2] != size:
            return out, False
        items = (words[row + 3] - 4096) >> 3
        for j in range(size):
            item = (words[items + j] - 4096) >> 3
            if words[item + 1] != kind:
                return out, False
            out[i, j] = numbers[item + 2]
    return out, True
''', ()),
]  # fmt: skip

PLAIN: list[tuple[str, str, tuple[str, ...]]] = [
    ("memory", '''
@functools.cache
def _memory():
    """The memory of this process from address 4096 on, as integers and as floats, to be read only.

    None where lists and floats may lie in it in another way than in CPython 3.9 to 3.14 with its lock, 64 bits.
    """
    if sys.implementation.name != "cpython" or not (3, 9) <= sys.version_info < (3, 15):
        return None
    if (object.__basicsize__, list.__basicsize__, float.__basicsize__) != (16, 40, 24):
        return None
    words = np.frombuffer((ctypes.c_int64 * 2**59).from_address(4096), np.int64)
    words.flags.writeable = False
    return words, words.view(np.float64)
''', ()),
    ("floats_in", '''
def _floats_in(rows, size):
    """Lists of floats, all of this size, as a matrix: read from where they lie in memory. None if they are not."""
    held = [*rows]  # none of them goes away meanwhile
    found, right = _read_floats(np.fromiter(map(id, held), np.int64, len(held)), size, id(float), *_memory())
    return found if right else None
''', ("memory", "read_floats")),
    ("arrays_given", '''
def _arrays_given(*pairs):
    """Arrays that came in, by their places in memory: as the kernel has them, and as the program has them."""
    known = {}
    for x, own in pairs:
        known[x.__array_interface__["data"][0], x.shape, x.strides] = x, own, True
    return known
''', ()),
    ("array_out", '''
def _array_out(x, known):
    """An array of a kernel for the program: one that came in, or that went out before, is that one."""
    place = x.__array_interface__["data"][0], x.shape, x.strides
    if x.size == 0:
        known[None] = None  # it has no place in memory to be known by
    elif place not in known:
        known[place] = x, x.copy(order="K"), False
    return known[place][1] if x.size else x
''', ()),
    ("arrays_apart", '''
def _arrays_apart(known):
    """Does nothing that leaves share a part of its memory with something else?"""
    if None in known:
        return False
    spans = []
    for x, _, given in known.values():
        steps = [(n - 1) * step for n, step in zip(x.shape, x.strides)]
        start = x.__array_interface__["data"][0]
        low = start + sum(step for step in steps if step < 0)
        spans.append((low, start + sum(step for step in steps if step > 0) + x.itemsize, given))
    end = end_of_new = 0
    for low, high, given in sorted(spans):
        if low < (end_of_new if given else end):
            return False
        end = max(end, high)
        end_of_new = end_of_new if given else max(end_of_new, high)
    return True
''', ()),
    ("packed", '''
def _packed(rows, kind, shape):
    """The numbers in one or two levels of lists of this shape, as an array; None unless all are of type `kind`.

    `marshal` writes a list as "[", its length and its elements, a float as "g" and eight bytes, an int of 32 bits as
    "i" and four: one pass looks at every type and length and copies every number.
    """
    mark, number = (103, "<f8") if kind is float else (105, "<i4")
    layout = np.dtype([("mark", "u1"), ("number", number)])
    if len(shape) > 1:
        layout = np.dtype([("mark", "u1"), ("size", "<i4"), ("items", layout, shape[1:])])
    try:
        data = marshal.dumps(rows, 2)
    except ValueError:
        return None
    if len(data) != 5 + shape[0] * layout.itemsize or data[:5] != b"[" + shape[0].to_bytes(4, "little"):
        return None
    items = np.frombuffer(data, layout, offset=5)
    if len(shape) > 1:
        if (items["mark"] != 91).any() or (items["size"] != shape[1]).any():
            return None
        items = items["items"]
    if (items["mark"] != mark).any():
        return None
    return items["number"]
''', ()),
    ("typed_list", '''
def _typed_list(values, kind, dtype):
    """The list as an array, or None unless it is a list with elements of exactly this type that fit."""
    if type(values) is not list or not values:
        return None
    if len(values) > 1000 and kind is float and dtype is np.float64 and _memory() is not None:
        found = _floats_in([values], len(values))
        return None if found is None else found[0]
    if len(values) > 300 and (kind is float or kind is int):
        packed = _packed(values, kind, (len(values),))
        if packed is not None:
            return packed.astype(dtype)
    if set(map(type, values)) != {kind}:
        return None
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:
        return None
''', ("packed", "memory", "floats_in")),
    ("typed_rows", '''
def _typed_rows(rows, kind, dtype):
    """The list of equally long lists as an array, or None unless its elements are exactly of this type."""
    if type(rows) is not list or not rows or set(map(type, rows)) != {list}:
        return None
    if len(set(map(len, rows))) != 1 or not rows[0]:
        return None
    if len(rows) * len(rows[0]) > 1000 and kind is float and dtype is np.float64 and _memory() is not None:
        return _floats_in(rows, len(rows[0]))
    if len(rows) * len(rows[0]) > 300 and (kind is float or kind is int):
        packed = _packed(rows, kind, (len(rows), len(rows[0])))
        if packed is not None:
            return packed.astype(dtype)
    for row in rows:
        if set(map(type, row)) != {kind}:
            return None
    try:
        return np.array(rows, dtype=dtype)
    except OverflowError:
        return None
''', ("packed", "memory", "floats_in")),
    ("flat", '''
def _flat(values, levels):
    """The innermost elements of lists within lists, and how long those of each level are; None where they differ."""
    if type(values) is not list or not values:
        return None
    shape = [len(values)]
    for _ in range(levels - 1):
        if set(map(type, values)) != {list} or len(set(map(len, values))) != 1 or not values[0]:
            return None
        shape.append(len(values[0]))
        values = [*itertools.chain.from_iterable(values)]
    return values, shape
''', ()),
    ("typed_levels", '''
def _typed_levels(values, kind, dtype, levels):
    """Lists within lists, so many levels deep, as an array; None unless they are equally long and of this type."""
    rows = _flat(values, levels - 1)
    array = None if rows is None else _typed_rows(rows[0], kind, dtype)
    return None if array is None else array.reshape(*rows[1], array.shape[1])
''', ("flat", "typed_rows")),
    ("mixed_numbers", '''
def _mixed_numbers(values, levels, codes):
    """The numbers in lists within lists, so many levels deep, as float64, and the codes of their types.

    None for empty lists, lists that are not equally long, other types, and ints that a float64 does not hold.
    """
    if codes.get(float) == 2 and _memory() is not None:
        flat = levels == 1
        numbers = _typed_list(values, float, np.float64) if flat else _typed_levels(values, float, np.float64, levels)
        if numbers is not None:
            return numbers, np.full(numbers.shape, 2, np.int8)
    found = _flat(values, levels)
    if found is None:
        return None
    values, shape = found
    try:
        kinds = np.frombuffer(bytearray(map(codes.__getitem__, map(type, values))), np.int8)
        numbers = np.array(values, np.float64)
    except (KeyError, OverflowError):
        return None
    if (np.abs(numbers[kinds == 1]) >= 9007199254740992).any():
        return None
    return numbers.reshape(shape), kinds.reshape(shape)
''', ("flat", "memory", "typed_list", "typed_levels")),
    ("mixed_values", '''
def _mixed_values(numbers, kinds, types):
    """Lists within lists of the numbers, of the types that their codes tell."""
    if (kinds == 2).all():
        return numbers.tolist()
    if numbers.ndim > 1:
        return [_mixed_values(row, codes, types) for row, codes in zip(numbers, kinds)]
    return [types[code](x) for x, code in zip(numbers.tolist(), kinds.tolist())]
''', ()),
]  # fmt: skip
