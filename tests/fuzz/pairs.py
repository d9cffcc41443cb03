"""Programs for HST107 over pairs of sets: which of them share something, with holes and hazards."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

ITEMS = {
    "ints": ("1", "2", "3", "4", "5", "0"),
    # nan is hashed by where it lies, so that the order of sets with it is not the same twice
    "mixed": ("1", "True", "1.0", "'a'", "None", "0", "-0.0", "b'a'", "(1,)", "(1.0,)", "2**63", "float(2**63)"),
    "objects": ("1", "Same()", "2", "Same()", "3"),
}
HEAD = """from itertools import combinations

nan = float('nan')


class Same:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


class Row:
    def __init__(self, items):
        self.items = items


"""


def pairs(c: Choices) -> Program:
    """Loops over pairs, of which those that share nothing mostly do nothing."""
    form = c.pick(
        ("numbers", "numbers", "below", "rows", "rest", "objects", "combinations", "keys", "numbered", "taken")
    )
    a, b, loops = {
        "numbers": ("sets[i]", "sets[j]", ("for i in range(len(sets)):", "for j in range(i + 1, len(sets)):")),
        "below": ("sets[i]", "sets[j]", ("for i in range(len(sets)):", "for j in range(i):")),
        "rows": ("a", "b", ("for a in sets:", "for b in sets:")),
        "rest": ("a", "b", ("for i, a in enumerate(sets):", "for b in sets[i + 1:]:")),
        "objects": ("a.items", "b.items", ("for i, a in enumerate(rows):", "for b in rows[i + 1:]:")),
        "numbered": ("a", "b", ("for i, a in enumerate(sets):", "for j, b in enumerate(sets[i + 1:], i + 1):")),
        "taken": ("a", "b", ("for i, a in named:", "for j, b in named[i + 1:]:")),
        "combinations": ("a", "b", ("for i in range(2):", "for a, b in combinations(sets, 2):")),
        "keys": ("table[a]", "table[b]", ("for i in range(2):", "for a, b in combinations(table, 2):")),
    }[form]
    common = c.pick(
        (
            f"len({a} & {b})",
            f"len({a} & {b})",
            f"len({b}.intersection({a}))",
            f"len(set({a}) & set({b}))",
            f"len([x for x in {a} if x in {b}])",
            f"sum(1 for x in {b} if x in {a})",
            f"shared({a}, {b})",
        )
    )
    score = c.pick(
        (
            "common",
            f"common / len({a} | {b})",
            f"common / min(len({a}), len({b}))",
            f"common / (len({a}) + len({b}) - common)",
            f"1 - common / len({a})",
            "round(2 * common / 3, 2)",
            "common / (least or 1)",
        )
    )
    test = c.pick(
        (
            "score >= least", "score > 0", "score > 0.3", "least < score", "score", "score < least", "not score",
            "score != 0 and least", f"{a} is not {b} and score >= 1",
        )
    )  # fmt: skip
    act = c.mostly(
        ("out.append(score)", "out.append(score); break", "n += 1", "out.append((score, n))", "print(score)"),
        ("least -= 1", "other.append(score)", f"{b}.clear()", "sets.append(sets[0])", f"{a}.add(n)", "score = 5"),
        5,
    )
    body = [f"common = {common}", f"score = {score}"]
    if c.chance(30):
        body += [f"if not ({test}):", "    continue", act]
    else:
        body += [f"if {test}:", f"    {act}"]
    if c.chance(15):
        body.insert(
            c.integer(0, 2), c.pick(("n += 1", "seen = common", "out.append(0)", "if not common:\n    continue"))
        )
    code = f"    {loops[0]}\n"
    if c.chance(15):
        code += f"        {c.pick(('sets[0].add(7)', 'other.append(1)', 'sets = list(sets)', 'common = 3'))}\n"
    code += f"        {loops[1]}\n"
    code += "".join(f"            {line}\n" for part in body for line in part.split("\n"))
    if c.chance(10):
        code += "        out.append(common)\n"
    function = "def shared(a, b):\n    if not a or not b:\n        return 0\n    return len(a & b)\n\n\n"
    made = "    rows = [Row(s) for s in sets]\n" if form == "objects" else ""
    made += "    named = list(enumerate(sets))\n" if form == "taken" else ""
    made += "    table = dict(enumerate(sets))\n" if form == "keys" else ""
    text = f"{HEAD}{function}def work(sets, least, other):\n    out, n, seen = [], 0, None\n    common = 1\n{made}{code}    return out, n, seen\n"

    def some(kind: str) -> str:
        made = []
        for _ in range(c.integer(0, 7)):
            inside = ", ".join(c.pick(ITEMS[kind]) for _ in range(c.integer(0, 3)))
            held = c.mostly(
                ("set([{0}])", "set([{0}])", "frozenset([{0}])"), ("[{0}]", "dict.fromkeys([{0}])", "None"), 9
            )
            made.append(held.format(inside))
        return f"[{', '.join(made)}]"

    def case(kind: str) -> str:
        least = c.mostly(("0.5", "1", "2", "0.25"), ("0", "-1", "nan", "True", "None", "'a'"), 4)
        if c.chance(10):
            return f"(lambda same: ([{{1, 2}}, same, {{2}}, same], {least}, same))([2, 1])"
        return f"({some(kind)}, {least}, [])"

    kind = c.pick(("ints", "ints", "mixed"))
    late = tuple(case(c.pick(("ints", "mixed", "objects"))) for _ in range(c.integer(1, 4)))
    return Program(text, tuple(case(kind) for _ in range(c.integer(1, 2))), late)
