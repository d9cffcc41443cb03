"""Dicts of dicts, lists of dicts, and strings as keys and values, against the programs they came from."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

FUNCTIONS = {
    "similar rows": (
        """
        def similarity(a, b):
            common = [u for u in a.keys() if u in b.keys()]
            if len(common) < 2:
                return 0.0
            dot = sum([a[u] * b[u] for u in common])
            na = math.sqrt(sum(v * v for v in a.values()))
            nb = math.sqrt(sum(b[u] * b[u] for u in b))
            if na * nb == 0:
                return 0.0
            return dot / (na * nb)

        def f(items):
            table = {}
            for i in items:
                table[i] = {}
                for j, row in items.items():
                    if i != j and len(row) > 0:
                        s = similarity(items[i], row)
                        if s != 0:
                            table[i][j] = s
            return table
        """,
        "args = ({1: {1: 2.0, 2: 3.0}, 2: {1: 1.0}},)",
        [
            ("args = ({1: {1: 2.0, 2: 3.0}, -2: {2: 1.0, 1: -1.5}, 7: {9: 1.0, 1: 0.5, 2: 4.0}, 3: {}},)", True),
            ("row = {1: 2.0, 2: 3.0}\\nargs = ({i: row for i in range(40)},)", True),
            ("args = ({i: {u * 7919: u / 3 - i for u in range(i, 40, 3)} for i in range(12)},)", True),
            ("args = ({1: {1: float('nan'), 2: 3.0}, 2: {2: 1.0, 1: -1.5}},)", True),
            ("args = ({},)", True),
            ("args = ({1: {1: 2, 2: 3.0}, 2: {1: 1.0, 2: 1.0}},)", False),
            ("args = ({1: {1: 2.0, 5.0: 3.0}},)", False),
            ("args = ({1: {True: 2.0, 5: 3.0}},)", False),
            ("args = ({1.0: {1: 2.0, 5: 3.0}},)", False),
            ("args = ({1: {1: 2.0, 2**70: 3.0}},)", False),
            ("import collections\\nargs = ({1: collections.defaultdict(float, {1: 2.0})},)", False),
            ("import collections\\nargs = (collections.OrderedDict({1: {1: 2.0}}),)", False),
            ("args = ({1: {1: 2.0}, 2: None},)", False),
            ("args = ({1: {1: 2.0, 2: 1.0}, 2: [1.0]},)", False),
        ],
    ),
    "words": (
        """
        def weight(words, df, n):
            vec = {}
            for w in words:
                vec[w] = words.count(w) / len(words) * (math.log((1 + n) / (1 + df.get(w, 0))) + 1)
            return vec

        def cosine(a, b):
            dot = 0.0
            for w in a:
                if w in b:
                    dot += a[w] * b[w]
            na = math.sqrt(sum(v * v for v in a.values()))
            nb = math.sqrt(sum(v * v for v in b.values()))
            return 0.0 if na == 0 or nb == 0 else dot / (na * nb)

        def f(words, train, labels, df):
            vec = weight(words, df, len(train))
            scored = []
            for i in range(len(train)):
                scored.append((cosine(vec, train[i]), i))
            scored.sort(key=lambda s: (-s[0], s[1]))
            votes = {}
            spam = 0
            for s, i in scored[:3]:
                if labels[i] == "spam":
                    spam += 1
                votes[(labels[i], "x")] = votes.get((labels[i], "x"), 0) + 1
            best = None
            for label in labels:
                if label not in ("ham", "eggs") and best is None:
                    best = label
            guess = "spam" if spam * 2 > 3 else "ham"
            return guess, best, votes
        """,
        'args = (["a", "b"], [{"a": 1.0, "b": 2.0}, {"c": 1.0}], ["spam", "ham"], {"a": 2})',
        [
            (
                'args = (["a", "b", "a", "zz"], [{"a": 1.0, "b": 2.0}, {"c": 1.0}, {"b": 1.0, "\\u00e9": 4.0}],'
                ' ["ham", "spam", "spam"], {"a": 2, "zz": 9})',
                True,
            ),
            ('args = (["a"], [{"a": 1.0}, {"a": 0.5}], ["ham", "x"], {"a": 2})', True),
            ('args = (["a", ""], [{"a": 1.0, "": 2.0}, {"a": 0.5}], ["", "x"], {"": 2})', True),
            ('args = (["a"], [{"a": 1.0}], ["ham"], {"a": 2})', True),
            ('args = (["a", 1], [{"a": 1.0}], ["spam"], {"a": 2})', False),
            ('args = (["a", b"a"], [{"a": 1.0}], ["spam"], {"a": 2})', False),
            ('args = (["a", np.str_("b")], [{"a": 1.0}], ["spam"], {"a": 2})', False),
            ('args = (["a", None], [{"a": 1.0}], ["spam"], {"a": 2})', False),
            ('args = (["a"], [{"a": 1.0, 1: 2.0}], ["spam"], {"a": 2})', False),
            ('args = (["a"], ({"a": 1.0},), ["spam"], {"a": 2})', False),
        ],
    ),
    "order of strings": (
        """
        def f(edges, groups):
            freq = {}
            total = 0.0
            for a, b, w in edges:
                freq[a] = freq.get(a, 0) + 1
                freq[b] = freq.get(b, 0) + 1
                for c in groups.get(a, []):
                    if c < b:
                        total += w
            near = {}
            for a, b, w in edges:
                row = near.setdefault(a, {})
                row[b] = row.get(b, 0.0) + w
            ranked = sorted(freq.items(), key=lambda kv: (-kv[1], kv[0]))
            top = max(freq, key=freq.get)
            scores = [(near[a][b], b) for a in near for b in near[a]]
            scores.sort(reverse=True)
            first = min(sorted(freq))
            for name, count in ranked[:2]:
                total += count
            return total, top == first, sorted({a: 1 for a in freq}), scores
        """,
        'args = ([("b", "a", 1.5), ("a", "c", 2.5)], {"a": ["b"], "b": ["a", "c"]})',
        [
            (
                'args = ([("b", "a", 1.5), ("zz", "z", 1.0), ("a", "c", 2.5), ("B", "\u00e9", 2.5), ("b", "a", 0.25)],'
                ' {"a": ["b"], "b": ["", "c"], "B": []})',
                True,
            ),
            ('args = ([("b", "a", 1.5), ("a", "b", 1.5)], {})', True),
            ('args = ([("b", "a", float("nan")), ("a", "b", 1.5)], {"a": ["b"]})', False),
            ('args = ([("b", "a", 1)], {"a": ["b"]})', False),
            ('args = ([("b", "a", 1.0, 2)], {"a": ["b"]})', False),
            ('args = ([("b", "a", 1.0), ["b", "c", 1.0]], {"a": ["b"]})', False),
            ('args = ([("b", "a", 1.0), ("b", 1, 1.0)], {"a": ["b"]})', False),
            ('args = ([], {"a": ["b"]})', False),
        ],
    ),
    "defaults": (
        """
        from collections import Counter, defaultdict

        def f(words, marks):
            counts = defaultdict(int)
            sums = defaultdict(float)
            places = defaultdict(list)
            letters = Counter(words)
            odd = Counter()
            for i, w in enumerate(words):
                counts[w] += 1
                sums[w] += marks[i]
                places[w].append(i)
                if counts["never"] > 0 or odd[77] > 0:
                    counts[w] += 100
                odd[i % 3] += i
            total = 0.0
            for w in places:
                total += sums[w] * len(places[w]) + letters[w] - letters["none"]
            top = letters.most_common(2)
            return total, counts, len(letters), len(counts), len(odd), top[0][1], odd[5]
        """,
        'args = (["a", "b", "a"], [1.0, 2.0, 3.0])',
        [
            ('args = (["a", "b", "a", "zz", "b", "b"], [1.0, 2.0, -0.0, 3.0, 0.5, 0.25])', True),
            ('args = (["never"], [1.0])', True),
            ('args = (["a", "b"], [1.0])', False),
            ('args = (["a", "b"], [1.0, 2])', False),
            ("args = ([], [1.0])", False),
        ],
    ),
    "lists in dicts of dicts": (
        """
        def f(graph, names, start):
            seen = {start: 0}
            queue = [start]
            while queue:
                node = queue.pop(0)
                for kind in graph[node]:
                    for other in graph[node][kind]:
                        if other not in seen:
                            seen[other] = seen[node] + 1
                            queue.append(other)
            total = 0
            for node in graph:
                row = graph[node]
                total += len(row) + sum(len(row[k]) for k in row) + (3 if row else 0)
            for friends in names:
                if "ann" in friends and len(friends) > 0:
                    total += 100 * len(friends)
                if names[-1]:
                    total += 1
            return seen, total
        """,
        'args = ({"a": {1: ["b"], 2: ["c", "a"]}, "b": {1: ["a"]}, "c": {}}, [["ann"], ["bob", "cy"]], "a")',
        [
            (
                'args = ({"a": {1: ["b"], 2: ["c", "a"]}, "b": {1: ["a"]}, "c": {}}, [["ann"], ["bob", "ann"], []], "a")',
                True,
            ),
            ('args = ({"a": {1: ["b"], 2: ["zz", "a"]}, "b": {1: ["a"]}}, [["ann"], ["bob", "ann"]], "a")', False),
            ('args = ({"a": {1: ["b"], 2: "ca"}, "b": {1: ["a"]}, "c": {}}, [["ann"]], "a")', False),
            ('args = ({"a": {1: ("b",)}, "b": {1: ["a"]}, "c": {}}, [["ann"]], "a")', False),
            ('args = ({"a": {1: ["b"]}, "b": {1: ["a"]}}, [["ann"], ("ann",)], "a")', False),
            ('args = ({"a": {1: ["b"]}, "b": {1: ["a"]}}, [["ann"]], 1)', False),
        ],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    text, seen, inputs = FUNCTIONS[name]
    made = compiled_function(text, seen)
    for setup, fast in inputs:
        check(made, setup.replace("\\n", "\n"), fast=fast)


BLOCKS = {
    "a row that may be a dict's own": (
        """
        for k in d:
            for j in d[k]:
                row[0] += d[k][j]
        """,
        "d = {1: {2: 1.0}}\nrow = [0.5]",
        [
            ("d = {1: {2: 1.0, 3: 2.0}, 2: {5: 4.0}}\nrow = [0.5]", True),
            ("e = {2: 1.0, 3: 2.0}\nd = {1: e, 2: e}\nrow = [0.5]", True),  # only read: it may be one dict
            ("d = {1: {2: 1.0, 3: 2.0}, 2: [4.0]}\nrow = d[2]", False),
        ],
    ),
    "counts of words": (
        """
        last = "nothing"
        for w in words:
            counts[w] = counts.get(w, 0) + 1
            if counts[w] > most:
                most = counts[w]
                last = w
        firsts = {}
        for i, w in enumerate(words):
            if w not in firsts:
                firsts[w] = i
        """,
        'words = ["a", "b"]\ncounts = {"a": 3}\nmost = 1',
        [
            ('words = ["a", "b", "nothing", "a"]\ncounts = {"zz": 3, "a": 1}\nmost = 1', True),
            ('words = ["a", "b"]\ncounts = {"a": 2**63 - 1}\nmost = 1', False),
            ('words = ["a", "b"]\ncounts = {"a": True}\nmost = 1', False),
            ('words = ["a", "b"]\ncounts = {b"a": 1}\nmost = 1', False),
            ('words = []\ncounts = {"a": 1}\nmost = 1', False),
            ('import collections\nwords = ["a"]\ncounts = collections.Counter({"a": 1})\nmost = 1', False),
        ],
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str) -> None:
    text, seen, inputs = BLOCKS[name]
    made = compiled(text, seen)
    for setup, fast in inputs:
        check(made, setup, fast=fast)


REFUSED = {
    "a dict from outside that holds others changes": ("for k in d:\n    d[k][1] = 2.0", "d = {1: {1: 1.0}}"),
    "a row of a dict from outside leaves": ("for k in d:\n    row = d[k]", "d = {1: {1: 1.0}}"),
    "a row is put into another dict": (
        "out = {}\nfor k in d:\n    out[k] = d[k]",
        "d = {1: {1: 1.0}}",
    ),
    "one dict under two keys": (
        "out = {}\nrow = {}\nfor k in range(n):\n    row[k] = 1.0\n    out[k] = row",
        "n = 3",
    ),
    "strings joined": ("for w in words:\n    s = s + w", "words = ['a']\ns = 'b'"),
    "strings times a number": ("for i in range(n):\n    s = words[i] * 2", "words = ['a']\nn = 1"),
    "a dict that has a default at times": (
        "import collections\nd = collections.defaultdict(int)\nfor i in range(n):\n    d[i] = 1\n    d = {}",
        "n = 3",
    ),
    "a default of another type": (
        "import collections\nd = collections.defaultdict(int)\nfor i in range(n):\n    d[i] += 0.5",
        "n = 3",
    ),
    "a string as an index": ("for w in words:\n    n += xs[w]", "words = ['a']\nxs = [1]\nn = 0"),
    "a string among numbers": ("for w in words:\n    if w in xs:\n        n += 1", "words = ['a']\nxs = [1]\nn = 0"),
    "a number among words": ("for x in xs:\n    if x in d:\n        n += 1", "d = {'a': 1}\nxs = [1]\nn = 0"),
    "a string that is a number elsewhere": (
        "for w in words:\n    x = w\nfor i in range(n):\n    x = i",
        "words = ['a']\nn = 2",
    ),
    "strings below numbers": ("for w in words:\n    if w < 1:\n        n += 1", "words = ['a']\nn = 0"),
    "order of a set of strings": ("out = []\nfor w in set(words):\n    out.append(w)", "words = ['a']"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, seen = REFUSED[name]
    assert refusal(text, "import numpy as np\n" + seen)


def test_keys_that_are_bools() -> None:
    text = """
    def f(rows, weights, names):
        by = {True: [], False: []}
        counts = {}
        total = 0.0
        for x, flag in rows:
            by[flag].append(x)
            counts[x > 2.0] = counts.get(x > 2.0, 0) + 1
            total += weights[flag] * x
            if flag in names:
                total += names[flag]["a"]
        for flag in weights:
            if flag:
                total *= 2.0
        means = {k: sum(v) for k, v in by.items()}
        return by, counts, total, means, 1 in weights
    """
    setup = "rows = [(0.5 * i, i % 3 == 0) for i in range(12)]\nw = {True: 0.5, False: 1.5}\n"
    c = compiled_function(text, setup + "args = (rows, w, {False: {'a': 1.0}, True: {'a': 2.5}})")
    check(c, setup + "args = (rows[3:], w, {False: {'a': 1.0}, True: {'a': 2.5}})", fast=True)
    check(c, setup + "args = (rows[:2], w, {False: {'a': 1.0}})", fast=True)
    check(c, setup + "args = (rows, {1: 0.5, 0: 1.5}, {False: {'a': 1.0}})", fast=False)
    check(c, setup + "args = (rows, {True: 0.5}, {False: {'a': 1.0}})", fast=False)
    check(c, setup + "args = (rows, w, {0: {'a': 1.0}, True: {'a': 1.0}})", fast=False)
    assert refusal("for i in range(n):\n    d[i > 1] = i\n    d[i] = 2", "n = 3\nd = {}")
