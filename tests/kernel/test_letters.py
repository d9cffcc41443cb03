"""Strings that kernels know by their numbers, and what is asked of them: letters, parts, tests."""

from __future__ import annotations

from tests.kernel.differential import check, compiled, compiled_function, refusal

PRELUDE = "import math\nfrom collections import Counter, defaultdict\n"


def test_edit_distances_of_words() -> None:
    text = """
    def edit_distance(a, b):
        if len(a) < len(b):
            a, b = b, a
        previous = list(range(len(b) + 1))
        for i, ca in enumerate(a):
            row = [i + 1]
            for j, cb in enumerate(b):
                row.append(min(previous[j + 1] + 1, row[j] + 1, previous[j] + (ca != cb)))
            previous = row
        return previous[-1]

    def f(dictionary, word, vowels):
        best = None
        best_key = None
        least = 99
        for candidate, count in dictionary.items():
            if abs(len(candidate) - len(word)) > 2:
                continue
            d = edit_distance(word, candidate)
            key = (d, -count, candidate)
            if best_key is None or key < best_key:
                best_key = key
                least = d
                best = candidate
        letters = Counter()
        found = []
        for candidate in dictionary:
            for c in candidate:
                letters[c] += 1
            same = sum(1 for x, y in zip(candidate, word) if x == y)
            if candidate[0] == word[0] or same > 1 or candidate[-1] in vowels:
                found.append((candidate[0], candidate[-2:], same))
        return best, least, letters, found
    """
    facts = "args = ({'abc': 3, 'bcd': 4, 'äpfel': 1, 'zzz': 7, 'x': 1}, 'abd', 'aeiou')"
    c = compiled_function(text, facts, PRELUDE)
    check(
        c,
        "args = ({'kitten': 3, 'sitting': 4, 'Ü\U0001f600u': 1, 'mitten': 7, 'b': 0}, 'bitte', 'e\U0001f600')",
        fast=True,
    )
    check(c, "args = ({'': 3, 'q': 4}, 'abd', '')", fast=False)  # the first letter of nothing
    check(c, "args = ({'a': 3, 5: 4}, 'abd', 'a')", fast=False)
    check(c, "import enum\nargs = ({'a': 3}, enum.StrEnum('S', ['abd']).abd if 0 else 7, 'a')", fast=False)


def test_words_are_changed_and_tested() -> None:
    text = """
    def stem(word):
        if word.endswith("ies") and len(word) > 4:
            return word[:-3]
        if word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        return word

    def f(words, stop, ending):
        counts = defaultdict(int)
        shapes = {}
        digits = 0
        for w in words:
            w = w.lower()
            if w in stop or not w:
                continue
            if w.isdigit() or w[0].isdigit():
                digits += 1
            counts[stem(w)] += 1
            if w.startswith("un") or w.endswith(ending) or "ss" in w or w[0] in "xyz":
                shapes[w.upper()] = ord(w[0]) + w.count("s") - w.find("e") + w.strip("x").rfind("n")
            for c in w:
                if c not in "aeiou" and c.isalpha():
                    digits += 100
        longest = max(words, key=lambda w: (len(w), w))
        return counts, shapes, digits, longest, sorted(longest)
    """
    facts = "args = (['Berries', 'uNder', 'class', '12', 'xn', 'runs', 'the'], {'the', 'a'}, 'er')"
    c = compiled_function(text, facts, PRELUDE)
    check(c, facts, fast=True)
    more = "['İs', 'STRASSE', 'ﬂies', '٣', 'x' * 40, 'Unless', '', 'Ties', 'sS', 'A', '½y']"
    check(c, f"args = ({more}, {{'the', 'a'}}, '')", fast=True)
    check(c, "args = (['a', None], {'the'}, '')", fast=False)
    check(c, "args = ([], {'the'}, '')", fast=False)


def test_letters_are_kept() -> None:
    text = """
    def f(s, d, n):
        xs = []
        pairs = []
        for ch in s:
            n += ch == "ab"
            xs.append(ch)
            pairs.append((n, ch))
        n += len([c for c in s]) + len(sorted(s)) + len(set(s)) + len({c: 1 for c in s})
        for i in range(len(s)):
            d[s[i]] = i
        first = s[1] if n > 8 else s[0]
        return xs, pairs, n, max(s), min(s), first
    """
    c = compiled_function(text, "args = ('hello', {}, 1)", PRELUDE)
    check(c, "args = ('h\u00e9llo\U0001f600', {}, 1)", fast=True)
    check(c, "args = ('q', {}, 1)", fast=True)
    check(c, "args = ('', {}, 1)", fast=False)
    check(c, "args = (['a', 'b'], {}, 1)", fast=False)


def test_the_best_of_words_leaves_a_block() -> None:
    text = """
    for w in words:
        key = (-counts[w], w)
        if best is None or key < best:
            best = key
    """
    setup = "words = ['b', 'a', 'c']\ncounts = {'a': 2, 'b': 2, 'c': 1}\nbest = None\n"
    c = compiled(text, setup, PRELUDE, hide=("w", "key"))
    check(c, setup, fast=True)
    check(c, "words = []\ncounts = {'a': 2}\nbest = None\n", fast=True)
    check(c, "words = ['b', 'a']\ncounts = {'a': 2}\nbest = None\n", fast=False)


def test_what_is_left_alone() -> None:
    setup = "ws = ['ab', 'c']\nout = []\nn = 1\ntotal = 0\n"

    def why(body: str) -> str:
        return refusal(body, setup, PRELUDE)

    assert "computed" in why("for w in ws:\n    out.append(w[n:])")
    assert why("for w in ws:\n    out.append(w + 'x')")
    assert why("for w in ws:\n    total += len(w.split())")
    assert why("for w in ws:\n    out.append(w.replace('a', w))")
    assert why("for w in ws:\n    total += len(w.encode())")
