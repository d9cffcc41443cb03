"""HST212: work on texts, whole numbers and dates that is done for each different value once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.passes.source.columns.distinct import Distinct
from tests.passes.test_columns_support import HEAD, Sub, after, changes, check, run, same

HELPERS = """import re

STOP = {"the", "a", "of"}
NAMES = {"ny": "New York", "la": "Los Angeles"}
DIGITS = re.compile(r"[0-9]+")
LIMIT = 3
LOG = []


def clean(text):
    text = text.strip().lower()
    if text in NAMES:
        return NAMES[text]
    words = []
    for word in text.split():
        if word not in STOP:
            words.append(word.capitalize())
    return " ".join(words)


def length(text):
    try:
        return len(text.split())
    except AttributeError:
        return -1


def season(month):
    if month in (12, 1, 2):
        return "winter"
    return "other" if month > LIMIT else None


"""
CHAINS = [
    "s.str.lower()",
    "s.str.strip().str.title()",
    "s.str.split(' ').str[0]",
    "s.str.split(' ', expand=True)",
    "s.str.split(' ').str.len()",
    "s.str.contains('e')",
    "s.str.contains('e', na=False)",
    "s.str.replace('e', 'E', regex=False).str.len()",
    "s.str.replace(r'[aeiou]', lambda m: m.group(0).upper(), regex=True)",
    "s.str.extract(r'(\\w+) (\\w+)')",
    "s.str.slice(0, 2)",
    "s.str[:-1]",
    "s.str.zfill(5)",
    "s.fillna('none').str.upper()",
    "s.replace(NAMES)",
    "s.replace({'ny': 'NY', 'la': None, 1: 2, 12: 1.5})",
    "s.replace(['ny', 'la', ''], 'city')",
    "s.replace(['ny', 'la'], [np.nan, 1])",
    "s.replace('ny', 'x').str.upper()",
    "s.str.strip().map(lambda x: x[0] if isinstance(x, str) and x else 'none')",
    "s.map(lambda x: len(x) if isinstance(x, str) else 0)",
    "s.map(lambda x: None)",
    "s.apply(lambda x: float(len(x)))",
    "s.map(clean)",
    "s.apply(length)",
    "s.map(season)",
    "s.map(len)",
    "s.map(str)",
    "s.apply(lambda x: DIGITS.sub('#', x))",
    "s.apply(lambda x: re.sub(r'\\s+', ' ', x))",
    "s.apply(lambda x: sorted(x, key=lambda c: -ord(c))[0])",
    "s.apply(lambda x: f'{x}!')",
    "s.apply(lambda x: [x, x])",
    "s.apply(lambda x: (x, 1))",
    "s.apply(lambda x: {'a': x})",
    "s.astype(str).str.len().astype(int)",
    "s.dt.strftime('%Y-%m')",
    "s.apply(lambda d: d.year)",
    "s.map(lambda d: d.strftime('%Y') if d.month > 3 else 'early')",
    "s.map(lambda x: x is None or x != x)",
]


def columns() -> list[Any]:
    texts = ["ny", " The Cat of Rome ", "", "a b", "ny", "la", "ny"] * 4
    dates = pd.Series(pd.to_datetime(["2020-01-31", "2021-05-01", "2020-01-31"] * 5), name="d")
    odd: list[list[Any]] = [
        [1, True, 1.0, "1"] * 3,
        [None, np.nan, "a", "a"] * 3,
        [0.0, -0.0, np.nan] * 4,
        [["a"], ["a"], ["a"]],
        [np.str_("a"), "a"] * 4,
        [2**63, 2**63, 1, 1] * 2,
        [True, False] * 4,
        [],
    ]
    text = pd.Series(texts, name="c")
    return [
        text,
        pd.Series([*texts, None], name="c"),
        pd.Series(texts, dtype=object),
        pd.Series([*texts, None], dtype=object),
        pd.Series(texts, dtype="string"),
        pd.Series([*texts, None], dtype="category"),
        text.set_axis(list("abcdefg") * 4),
        text[text != "ny"],
        text.iloc[::-1],
        text.iloc[:0],
        pd.Series([f"w{i}" for i in range(9)]),
        pd.Series([None, None, None], dtype="str"),
        pd.Series([1, 2, 12, 1, 2, 12], name=("a", 1)),
        pd.Series([2**62, -1, 2**62, -1]),
        pd.Series([1, 2, 1, 2], dtype="int8"),
        pd.Series([1, None, 1, 1], dtype="Int64"),
        dates,
        dates.where(dates.index > 3),
        dates.dt.tz_localize("UTC"),
        dates.dt.as_unit("s"),
        *(pd.Series(v, dtype=object) for v in odd),
        *(pd.Series(v) for v in odd[:3]),
        pd.Index(texts),
        Sub({"s": texts})["s"],
        texts,
    ]


def inputs() -> list[Callable[[], dict[str, Any]]]:
    return [lambda s=s: {"s": s if isinstance(s, list) else s.copy()} for s in columns()]


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.filterwarnings("ignore")
def test_chains_give_the_same_on_every_series(chain: str) -> None:
    check(Distinct(), HEAD + HELPERS + f"def work(s):\n    return {chain}\n", {}, inputs())


@pytest.mark.filterwarnings("ignore")
def test_attributes_and_flags_are_left_to_pandas() -> None:
    noted = pd.Series(["a", "a", "b", "a"])
    noted.attrs["unit"] = "m"
    text = HEAD + "def work(s):\n    r = s.str.upper()\n    return r, r.attrs\n"
    check(Distinct(), text, {}, [lambda: {"s": noted.copy()}])


def test_work_is_done_once_a_value() -> None:
    (change,) = changes(Distinct(), HEAD + "def work(s):\n    return s.map(lambda x: x.split('-')[0])\n", {})
    text = after(HEAD + "def work(s):\n    return s.map(lambda x: x.split('-')[0])\n", change)
    space: dict[str, Any] = {}
    exec(compile(text, "s.py", "exec"), space)
    seen: list[int] = []

    def counted(values: Any) -> Any:
        seen.append(len(values))
        return values.str.upper()

    space["_by_distinct"](pd.Series(["a", "b"] * 500), counted)
    assert seen == [2]


AROUND = (
    HEAD
    + "import datetime\nimport random\nfrom elsewhere import tool, OTHER, OTHER_FUNCTION\n\nLOG = []\nCOUNTS = {}\nN = 0\n"
    + "IT = iter('abc')\nLAZY = {'a': (c for c in 'abc')}\n\n\n"
    + "def count(x):\n    global N\n    N += 1\n    return N\n\n\n"
    + "def keep(x):\n    t = LOG\n    t.append(x)\n    return x\n\n\n"
    + "def alias(x):\n    t = COUNTS\n    t[x] = len(t)\n    return t[x]\n\n\n"
    + "def rebound(x):\n    return x\n\n\nrebound = print\n\n\n"
    + "class Model:\n    def predict(self, x):\n        return x\n\n\ndef work(s):\n    return "
)


def test_a_pure_function_among_others() -> None:
    assert changes(Distinct(), AROUND + "s.map(lambda x: len(LOG) + len(x))\n", {})


@pytest.mark.parametrize(
    "body",
    [
        "s.map(lambda x: LOG.append(x))",
        "s.map(lambda x: print(x))",
        "s.map(lambda x: next(IT))",
        "s.map(lambda x: x in IT)",
        "s.map(lambda x: random.random())",
        "s.map(lambda x: np.random.rand())",
        "s.map(lambda x: datetime.datetime.now())",
        "s.map(lambda x: COUNTS.update([x]))",
        "s.map(lambda x: COUNTS.setdefault(x, len(COUNTS)))",
        "s.map(count)",
        "s.map(keep)",
        "s.map(alias)",
        "s.map(rebound)",
        "s.map(Model().predict)",
        "s.map(lambda x: tool.get(x))",
        "s.map(lambda x: id(x))",
        "s.map(lambda x: x is OTHER)",
        "s.map(lambda x: input(x))",
        "s.map(lambda x: open(x).read())",
        "s.map(lambda x: [LOG.extend(x) for c in x])",
        "s.map(lambda x: (lambda y: LOG.append(y))(x))",
        "s.map(lambda x, seen=[]: seen.append(x))",
        "s.map(lambda x: LAZY['a'])",
        "s.map({'a': 1})",
        "s.map(s.str.len)",
        "s.str.cat(sep=',')",
        "s.str.replace('a', OTHER_FUNCTION, regex=True)",
        "s.str.split(',')",
        "s.replace('a', 'b')",
        "s.replace(LAZY)",
        "s.replace({'a': OTHER})",
        "s.replace(['a'], 'b', inplace=True)",
        "s.str.get_dummies()",
        "s.astype(str)",
        "pd.Series(s)",
        "math.map(lambda x: 1)",
    ],
)
def test_what_could_be_seen_stays(body: str) -> None:
    assert not changes(Distinct(), f"{AROUND}{body}\n", {})


def test_a_class_with_operators_stops_it() -> None:
    text = HEAD + "class A:\n    def __eq__(self, o):\n        print(o)\n\n\nX = [A()]\n\n\n"
    assert not changes(Distinct(), text + "def work(s):\n    return s.map(lambda x: x in X)\n", {})


METHODS = """class Cleaner:
    def clean(self, text):
        return text.strip().lower()

    def noted(self, text):
        self.last = text
        return text

    def asked(self, text):
        return text + self.suffix

    @staticmethod
    def plain(text):
        return text

    def printed(self, text):
        print(text)
        return text

    def run(self, s):
        return s.map(self.METHOD)


"""


def test_methods_that_ask_nothing_of_their_object() -> None:
    text = HEAD + METHODS + "def work(s):\n    return Cleaner().run(s)\n"
    region = Region("s.py", 1, 40, "block", "")

    def proposed(text: str) -> list[Any]:
        work = ScriptWorkload(
            Path("/nowhere"), Entry("script", "s.py"), "s.py", changed={"s.py": SourceFile("s.py", text.encode())}
        )
        found = Distinct().find(work, region, Facts())
        return [after(text, c) for f in found for c in Distinct().propose(work, f, Facts())]

    (new,) = proposed(text.replace("METHOD", "clean"))
    assert "_by_distinct(s, lambda values: values.map(self.clean))" in new
    for make in inputs():
        old_run, new_run = run(text.replace("METHOD", "clean"), make), run(new, make)
        assert all(same(x, y) for x, y in zip(old_run[:3], new_run[:3], strict=True))
    for name in ("noted", "asked", "plain", "printed"):
        assert not proposed(text.replace("METHOD", name))
    other = "class Other(Cleaner):\n    def clean(self, text):\n        print(text)\n\n\n"
    assert not proposed(text.replace("METHOD", "clean").replace("def work", other + "def work"))
    assert not proposed(text.replace("METHOD", "clean") + "Cleaner.clean = print\n")


def test_functions_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text(
        "import time\n\n\ndef first(x):\n    return x.split()[0]\n\n\ndef now(x):\n    return time.time()\n"
    )
    text = "import pandas as pd\nimport words\nfrom words import first, now\n\ns = pd.Series(['a b'] * 9)\n"
    text += "a = s.map(first)\nb = s.map(words.first)\nc = s.map(now)\nd = s.map(words.now)\n"
    (tmp_path / "s.py").write_text(text)
    work = ScriptWorkload(tmp_path, Entry("script", "s.py"), "s.py")
    region = Region("s.py", 5, 9, "block", "")
    (finding,) = Distinct().find(work, region, Facts())
    both = next(iter(Distinct().propose(work, finding, Facts())))
    new = both.apply(work).source("s.py").text
    assert "_by_distinct(s, lambda values: values.map(first))" in new
    assert "_by_distinct(s, lambda values: values.map(words.first))" in new
    assert "c = s.map(now)\nd = s.map(words.now)" in new


def test_a_change_is_not_made_twice() -> None:
    text = HEAD + "def work(s):\n    return s.str.lower()\n"
    (change,) = changes(Distinct(), text, {})
    assert not changes(Distinct(), after(text, change), {})


def test_text_of_the_change() -> None:
    text = HEAD + "def work(df):\n    df['x'] = df['c'].str.lower().str.strip()\n    return (df.c).str.lower()\n"
    (change,) = changes(Distinct(), text, {})
    assert "    df['x'] = _by_distinct(df['c'], lambda values: values.str.lower().str.strip())\n" in after(text, change)
    assert SourceFile("s.py", text.encode()).lines[-1] in after(text, change)
