"""Things taken out of dicts, sets and lists."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, interpreted, refusal

CACHE = """
class Cache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.count = {}
        self.stamp = {}
        self.clock = 0

    def access(self, key):
        self.clock += 1
        if key in self.count:
            self.count[key] += 1
            self.stamp[key] = self.clock
            return True
        if len(self.count) >= self.capacity:
            victim = None
            for k, c in self.count.items():
                if victim is None or (c, self.stamp[k]) < (self.count[victim], self.stamp[victim]):
                    victim = k
            del self.count[victim]
            del self.stamp[victim]
        self.count[key] = 1
        self.stamp[key] = self.clock
        return False


def f(capacity, trace):
    cache = Cache(capacity)
    hits = 0
    for key in trace:
        if cache.access(key):
            hits += 1
    return hits, list(cache.count.items())
"""


def test_a_cache() -> None:
    c = compiled_function(CACHE, "args = (3, [1, 2, 3, 4, 1])")
    trace = "[i * i % 41 - 5 for i in range(400)]"
    for capacity in (1, 2, 7, 40):
        check(c, f"args = ({capacity}, {trace})", fast=True)
    check(c, f"args = (0, {trace})", fast=False)  # nothing to take out
    check(c, "args = (3, [])", fast=None)
    check(c, "args = (2, [True, 1, 2, 3])", fast=False)


DICTS = """
def f(steps):
    d, out, gone = {}, [], 0
    for i, step in enumerate(steps):
        at = abs(step) % 17
        if step > 0:
            d[at] = step * 3
        elif step == -1000:
            del d[99]
        elif step == -2000:
            gone += d.pop(99)
        elif at not in d:
            gone += 1
        elif i % 7 == 0:
            del d[at]
        elif i % 7 == 1:
            gone += d[at] + d.pop(at)
        elif i % 7 == 2:
            d[at] += d.pop(at) * 2
        elif i % 7 == 3:
            keys = list(d)
            d.pop(at)
            gone += len(keys) - len(d) + keys[-1]
        elif i % 7 == 4:
            for k in [k for k, v in d.items() if v % 3 == 0]:
                del d[k]
        elif i % 7 == 5:
            for k in sorted(d):
                if k % 2:
                    d.pop(k)
        elif i % 49 == 6:
            d.clear()
        else:
            for k in list(d):
                del d[k]
                d[k] = step
        for k, v in d.items():
            out.append((k, v))
    return out, gone, d
"""


def test_dicts() -> None:
    c = compiled_function(DICTS, "args = ([1, 2, -1],)")
    for seed in range(6):
        steps = f"import random\nr = random.Random({seed})\nsteps = [r.randint(-40, 90) for _ in range(600)]\n"
        check(c, steps + "args = (steps,)", fast=None if seed else True)
    check(c, "args = ([7, -7, 7, 8, 9, -8, 7],)", fast=True)
    check(c, "args = ([],)", fast=None)
    check(c, "args = ([1, -1000],)", fast=False)
    check(c, "args = ([1, -2000],)", fast=False)


ENDS = """
def f(xs, words, size):
    old, new, out = {}, {}, []
    for i, x in enumerate(xs):
        if x in old:
            del old[x]
        elif len(old) >= size:
            gone = next(iter(old))
            out.append(gone)
            del old[gone]
        old[x] = i
        if x % 3 == 0:
            out.append(next(iter(old)) + len(old))
        if x == 1 and len(old) > 1:
            key, at = old.popitem()
            out.append(key * 1000 + at)
        new[words[i % len(words)], "w"] = i
        if i % 4 == 3:
            word, last = new.popitem()
            out.append(last)
            if new:
                new.popitem()
    return out, old, new
"""


def test_the_oldest_and_the_newest_key() -> None:
    c = compiled_function(ENDS, "args = ([1, 2, 1], ['a', 'b', 'a'], 2)")
    for size in (1, 3, 30):
        check(
            c,
            f"args = ([i * i % 97 for i in range(700)], [chr(97 + i * i % 23) for i in range(99)], {size})",
            fast=True,
        )
    check(c, "args = ([5], ['a'], 0)", fast=False)
    check(c, "args = ([], [], 0)", fast=None)
    keep = "d = {}\nfor x in xs:\n    d[x, 1] = x\nfirst = next(iter(d))\n"
    check(compiled(keep, "xs = [1, 2]", hide=("d", "x")), "xs = [4, 3]", fast=True)
    check(compiled(keep, "xs = [1, 2]", hide=("d", "x")), "xs = []", fast=False)
    assert "next" in refusal("s = set(xs)\nfor x in xs:\n    y = next(iter(s))\n", "xs = [1, 2]")


OTHER_KEYS = """
def f(pairs, words):
    d, w, out = {}, {}, []
    for a, b in pairs:
        if (b, a) in d:
            del d[b, a]
        d[a, b] = a
    for word in words:
        if word in w:
            out.append(w.pop(word))
        else:
            w[word] = len(w)
    return d, out
"""


def test_keys_that_are_tuples_or_words() -> None:
    c = compiled_function(OTHER_KEYS, "args = ([(1, 2), (2, 1)], ['a', 'b', 'a'])")
    pairs, words = "[(i * 7 % 5, i * i % 5) for i in range(90)]", "[chr(97 + i * i % 23) for i in range(99)]"
    check(c, f"args = ({pairs}, {words})", fast=True)


SETS = """
def f(xs):
    s, n = set(), 0
    for x in xs:
        if x > 0:
            s.add(x % 13)
        elif -x % 13 in s and x % 2:
            s.remove(-x % 13)
        elif x == -39:
            s.remove(0)
        elif x == 0:
            s.clear()
        else:
            s.discard(-x % 13)
        n += len(s) + (x % 5 in s)
        if s:
            n += max(s)
    return n
"""


def test_sets() -> None:
    c = compiled_function(SETS, "args = ([1, 2, -1],)")
    check(c, "args = ([5, 7, -7, 7, -7, 20, -20, 5, 0, 1, 5],)", fast=True)
    check(c, "args = ([i for j in range(1, 60) for i in (j, 2 * j + 1, -j - j // 39)] + [3],)", fast=None)
    check(c, "args = ([13, -39],)", fast=True)
    check(c, "args = ([13, -39, -39],)", fast=False)


def test_the_order_of_such_a_set_is_not_known() -> None:
    body = "s, out = set(), []\nfor x in xs:\n    s.add(x)\n    s.discard(x - 3)\nfor x in s:\n    out.append(x)\n"
    assert "order of a set" in refusal(body, "xs = [1, 2]")
    alias = body.replace("s.discard(x - 3)", "t = s\n    t.discard(x - 3)")
    assert refusal(alias, "xs = [1, 2]")


LISTS = "xs = []\nfor i in range(n):\n    xs.append(i * 7 % 11)\n    if i % 3 == 2:\n        xs.remove({what})\n"


def test_lists() -> None:
    c = interpreted(compiled(LISTS.replace("{what}", "xs[1]"), "n = 4"))
    check(c, "n = 50", fast=True)
    c = interpreted(compiled(LISTS.replace("{what}", "n"), "n = 7"))
    check(c, "n = 2", fast=True)
    check(c, "n = 40", fast=False)
    c = interpreted(
        compiled(
            "xs = []\nfor i in range(n):\n    xs.append(i * 0.5)\n    xs.append(z)\n    xs.remove(z)\n",
            "n = 4; z = 0.0",
        )
    )
    check(c, "n = 4; z = -0.0", fast=True)  # the first that is equal goes
    check(c, "n = 4; z = float('nan')", fast=False)
    c = interpreted(
        compiled(
            "xs = list(range(n))\nt = 0\nfor x in xs:\n    t += x\n    if x % 3 == 0:\n        xs.remove(x)\n", "n = 4"
        )
    )
    check(c, "n = 20", fast=None)


REFUSED = {
    "for k in d:\n    if k > n:\n        del d[k]\n": "",
    "for k in d:\n    if k > n:\n        del d[k]\n        break\n": "",
    "for i, k in enumerate(d):\n    del d[k]\n    d[k + n] = 1\n": "gone over",
    "for k, x in zip(d, range(9)):\n    del d[k]\n    d[k + n] = 1\n": "gone over",
    "e = d\nfor k in d:\n    e.pop(k)\n    e[k + n] = 1\n": "",
    "t = 0\nfor k, v in d.items():\n    f = {v: 1, k: 2}\n    del f[v]\n    t += len(f)\n": "",
    "for i in range(n):\n    del given[i]\n": "from outside",
    "for i in range(n):\n    given.pop(i)\n": "from outside",
    "for i in range(n):\n    seen.discard(i)\n": "from outside",
    "e = given\nfor i in range(n):\n    e.pop(i)\n": "",
    "for i in range(n):\n    given.clear()\n": "from outside",
    "for i in range(n):\n    seen.clear()\n": "from outside",
}


@pytest.mark.parametrize("body", list(REFUSED))
def test_not_offered(body: str) -> None:
    made = "d = {}\nfor i in range(n):\n    d[i * 5] = i\n"
    assert REFUSED[body] in refusal(made + body, "n = 5; given = {i: i for i in range(9)}; seen = {1, 2}")
    assert refusal(made + body, "n = 5; given = {i: i for i in range(9)}; seen = {1, 2}")


POPS = """
def f(keys, xs):
    d, names, out = {}, {}, []
    for i, k in enumerate(keys):
        out.append(d.pop(k, -1))
        d.pop(k + 1, None)
        d[k + xs[i]] = i
        out.append(names.pop((k, i % 2), 0))
        names[k, (i + 1) % 2] = d.pop(k + 5, len(d)) + 1
        d.pop(-7, "none")
    return out, d, names
"""


def test_what_stands_for_a_missing_key() -> None:
    c = compiled_function(POPS, "args = ([1, 2, 1], [1, 0, 2])")
    check(c, "args = ([i * i % 11 for i in range(90)], [i % 4 for i in range(90)])", fast=True)
    check(c, "args = ([], [])")
    check(c, "args = ([3], [])", fast=False)
    check(c, "args = ([1, True], [1, 2])", fast=False)
    check(c, "args = ([1, 2**63 - 1], [1, 2])", fast=False)
    body = "n = [0.0]\nd = {1: 2.5}\nfor x in xs:\n    n[0] += d.pop(x, 0)\n    d[x] = 2.5\n"
    assert "several types" in refusal(body, "xs = [1, 2]")
