"""Helpers that flatten dicts and tuples which lead to others, and that read them in kernels, as text; see `runtime`."""

from __future__ import annotations

COMPILED: list[tuple[str, str, tuple[str, ...]]] = [
    ("knot_told", '''
def _knot_told(tells, value):
    """A value that a node surely has; raises for one that it lacks, and for None."""
    if tells != 1:
        raise ValueError
    return value
''', ()),
    ("knot_has", '''
def _knot_has(tells):
    """Does a dict have a key? Raises for what is no dict."""
    if tells == -2:
        raise ValueError
    return tells != 0
''', ()),
    ("knot_none", '''
def _knot_none(tells):
    """Is what a node holds None? Raises where it holds nothing."""
    if tells == 0:
        raise ValueError
    return tells == -1
''', ()),
    ("knot_is", '''
def _knot_is(kind, among):
    """Is a node of one of these types, each a bit? Raises for one whose type is not known."""
    if kind >= 60:
        raise ValueError
    return (among >> kind) & 1 == 1
''', ()),
    ("knot_true", '''
def _knot_true(kind, size):
    """The truth of None, and of a dict, tuple or list; raises for anything else."""
    if kind > 3:
        raise ValueError
    return kind > 0 and size > 0
''', ()),
    ("knot_some", '''
def _knot_some(kind, at):
    """A node that is not None."""
    if kind == 0:
        raise ValueError
    return at
''', ()),
    ("knot_items", '''
def _knot_items(items, whole, kind, begin, size, at, of_dict):
    """All that a list or tuple (or dict) holds."""
    if whole[at, begin] < 0 or (whole[at, kind] == 1) != of_dict:
        raise ValueError
    return items[whole[at, begin] : whole[at, begin] + whole[at, size]]
''', ()),
    ("knot_item", '''
def _knot_item(items, whole, kind, begin, size, at, i):
    """What a list or tuple holds at a place."""
    count = whole[at, size]
    if whole[at, begin] < 0 or whole[at, kind] == 1 or i >= count or i < -count:
        raise ValueError
    return items[whole[at, begin] + (i if i >= 0 else i + count)]
''', ()),
    ("knot_find", '''
def _knot_find(keys, items, whole, kind, begin, size, at, key):
    """What a dict holds under a key, -1 where it has none."""
    first = whole[at, begin]
    if first < 0 or whole[at, kind] != 1:
        raise ValueError
    for i in range(first, first + whole[at, size]):
        if keys[i] == key:
            return items[i]
    return -1
''', ()),
    ("knot_size", '''
def _knot_size(size):
    """The length of a dict, tuple or list; raises for anything else."""
    if size < 0:
        raise ValueError
    return size
''', ()),
    ("knot_parts", '''
def _knot_parts(kind, size, count):
    """Raises unless a node is a tuple or list of this length."""
    if kind != 2 and kind != 3 or size != count:
        raise ValueError
    return count
''', ()),
]  # fmt: skip

PLAIN: list[tuple[str, str, tuple[str, ...]]] = [
    ("knots_within", '''
def _knots_within(nodes, links, every):
    """Where nodes lead by each of these keys or places, as two lists of places among all nodes: from and to; also which
    nodes are dicts, and which are tuples or lists. All that is in what the keys `every` lead to (None: in anything) is
    a node: for each node where that begins (-1: it does not), and places. The list of the first gets all others."""
    at = dict(zip(map(id, nodes), range(len(nodes))))
    leads = {link: ([], []) for link in links}
    dicts, rows, begins, items = [], [], {}, []
    begin = 0

    def placed(held):
        for one in held:
            if id(one) not in at:
                at[id(one)] = len(nodes)
                nodes.append(one)
        return [at[id(one)] for one in held]

    def listed(some):
        for i in some:
            if i not in begins and type(nodes[i]) in (dict, tuple, list):
                begins[i] = len(items)
                items.extend(placed([*nodes[i].values()] if type(nodes[i]) is dict else nodes[i]))

    while begin < len(nodes):
        end = len(nodes)
        new_dicts = [i for i in range(begin, end) if type(nodes[i]) is dict]
        new_rows = [i for i in range(begin, end) if type(nodes[i]) is tuple or type(nodes[i]) is list]
        for link, (start, stop) in leads.items():
            if type(link) is str:
                some = [i for i in new_dicts if link in nodes[i]]
            else:
                some = [i for i in new_rows if link < len(nodes[i])]
            found = placed([nodes[i][link] for i in some])
            start += some
            stop += found
            if link in every:
                listed(found)
        if None in every:
            listed(range(begin, end))
        dicts += new_dicts
        rows += new_rows
        begin = end
    return leads, dicts, rows, [begins.get(i, -1) for i in range(len(nodes))], items, [*begins]
''', ()),
    ("knot_all_keys", '''
def _knot_all_keys(nodes, within):
    """The keys of the dicts all of which are nodes; of what a tuple or list holds any key."""
    found, nothing = [], []
    for i in within[5]:
        if type(nodes[i]) is dict:
            nothing = nothing or [*nodes[i]][:1]
    for i in within[5]:
        found += nodes[i] if type(nodes[i]) is dict else nothing * len(nodes[i])
    return found
''', ()),
    ("knot_links", '''
def _knot_links(nodes, within, key):
    """Where each node leads by a key or place, -1 where it has none."""
    start, stop = within[0][key]
    found = np.full(len(nodes), -1)
    found[start] = stop
    return found
''', ()),
    ("knot_kinds", '''
def _knot_kinds(nodes):
    """A number for the type of each node, 60 for all that are not told apart."""
    kinds = {type(None): 0, dict: 1, tuple: 2, list: 3, int: 4, float: 5, bool: 6, str: 7, np.float64: 8}
    return [kinds.get(kind, 60) for kind in map(type, nodes)]
''', ()),
    ("knot_sizes", '''
def _knot_sizes(nodes):
    """The length of each dict, tuple and list; -1 for other nodes."""
    return [len(node) if type(node) in (dict, tuple, list) else -1 for node in nodes]
''', ()),
    ("knot_keys", '''
def _knot_keys(nodes, within, key):
    """For each node: 1 where a dict has this key, 0 where it has not, -2 where the node is no dict."""
    found = np.full(len(nodes), -2)
    found[within[1]] = [key in nodes[i] for i in within[1]]
    return found
''', ()),
    ("knot_values", '''
def _knot_values(nodes, within, key):
    """What nodes hold under a key or at a place: the values, of which nodes they are, and for each node: 1 for a value,
    0 for none, -1 for None. None where no node has a value."""
    if type(key) is str:
        where = [i for i in within[1] if key in nodes[i]]
    else:
        where = [i for i in within[2] if key < len(nodes[i])]
    held = [nodes[i][key] for i in where]
    tells = np.zeros(len(nodes), np.int64)
    tells[where] = 1
    if type(None) in set(map(type, held)):
        tells[[i for i, value in zip(where, held) if value is None]] = -1
        where = [i for i, value in zip(where, held) if value is not None]
        held = [value for value in held if value is not None]
    return (held, where, tells) if held else None
''', ()),
    ("knot_leaves", '''
def _knot_leaves(nodes, kind):
    """Which nodes are of this type themselves, as `knot_values` gives it."""
    where = [i for i, node in enumerate(nodes) if type(node) is kind]
    tells = np.zeros(len(nodes), np.int64)
    tells[where] = 1
    return [nodes[i] for i in where], where, tells
''', ()),
    ("knot_fill", '''
def _knot_fill(nodes, found):
    """The values of all nodes, the first of all for those that have none."""
    filled = found[0][:1] * len(nodes)
    for i, value in zip(found[1], found[0]):
        filled[i] = value
    return filled
''', ()),
]  # fmt: skip
