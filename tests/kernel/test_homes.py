"""Objects of classes that other files of the project define."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Recipe
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit

RATES = """FLOOR = 1.0
TABLE = (0.9, 0.95, 1.0, 1.02)


def discount(x):
    return TABLE[int(x * 4) % 4] / (1 + x)


def settle(loan, share):
    loan.principal *= 1 - share
    return loan.principal
"""

BANK = """from dataclasses import dataclass

import rates
from rates import FLOOR, discount


@dataclass
class Loan:
    principal: float
    rate: float
    months: int
    paid: float = 0.0

    def payment(self):
        r = self.rate / 12
        return self.principal * r / (1 - (1 + r) ** -self.months)

    def step(self, shock):
        p = self.payment() * discount(shock) + rates.FLOOR
        self.paid += p
        self.principal = max(FLOOR, self.principal * (1 + self.rate / 12) - p)
        return p


class Account:
    LIMIT = 0.5

    def __init__(self, n):
        self.balance = 0.0
        self.history = []
        self.counts = [0] * n

    def add(self, x, i):
        self.balance += x
        self.counts[i % len(self.counts)] += 1
        if x > self.LIMIT:
            self.history.append(self.balance)

    def part(self, i):
        return self.counts[i]

    @property
    def size(self):
        return len(self.history)
"""

MAIN = """import sys
{imports}


def total(loans, account, n):
    t = 0.0
    for k in range(n):
        for i in range(len(loans)):
            p = loans[i].step(0.1 * k)
            {extra}
            account.add(p, i)
            t += p + account.size
    return t


{before}
if __name__ == "__main__":
    import bank

    loans = [bank.Loan(1000.0 + 10 * i, 0.01 + 0.001 * i, 12 + i) for i in range(4)]
    account = bank.Account(3)
    if sys.argv[1:]:
        exec(sys.argv[1])
    print(total(loans, account, 5))
    print(loans, account.balance, account.history, account.counts)
"""


def made(
    folder: Path, monkeypatch: pytest.MonkeyPatch, main: str, bank: str = BANK, rates: str = RATES
) -> str | Recipe:
    """The change of `total`, or why there is none."""
    for name, text in (("main", main), ("bank", bank), ("rates", rates)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    for name in ("bank", "rates"):
        sys.modules.pop(name, None)
    try:
        module: Any = importlib.import_module("bank")
        loans = [module.Loan(1000.0, 0.01, 12), module.Loan(1010.0, 0.02, 13)]
        account = module.Account(3)
        account.history.append(1.0)
        types = {"loans": (describe(loans),), "account": (describe(account),), "n": (describe(5),)}
    finally:
        for name in ("bank", "rates"):
            sys.modules.pop(name, None)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    regions = regions_of(work.source("main.py"), entry=True)
    region = next(r for r in regions if r.qualname == "total" and r.kind == "function")
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    why = Jit().explain(work, region, facts)
    if why:
        return why
    (finding,) = Jit().find(work, region, facts)
    return Recipe((next(iter(Jit().propose(work, finding, facts))),))


def main(imports: str = "", before: str = "", extra: str = "pass") -> str:
    return MAIN.format(imports=imports, before=before, extra=extra).replace(
        "exec(sys.argv[1])", "hook.run(sys.argv[1])"
    )


def run(folder: Path, *words: str) -> str:
    (folder / "hook.py").write_text(
        "def run(text):\n    import __main__\n    exec('import bank, rates\\n' + text, vars(__main__))\n"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "main.py", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + "".join(done.stderr.splitlines()[-1:])


SUB = "class Other(bank.Loan):\n    def payment(self):\n        return 7.0\n"


@pytest.mark.parametrize("imports", ["import hook", "import hook\nfrom bank import Account, Loan as L"])
def test_methods_of_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imports: str) -> None:
    text = main(imports, extra="t += account.part(i % 2)")
    recipe = made(tmp_path, monkeypatch, text)
    assert isinstance(recipe, Recipe), recipe
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    patched = recipe.apply(work).source("main.py").text
    if "Loan as L" in imports:
        assert "account, Account, (" in patched and "loans, L, (" in patched
    seen = patched.replace("done = _fast_total(", "done = _seen(_fast_total, ")
    seen = seen.replace(
        "if __name__",
        "def _seen(f, *args):\n    done = f(*args)\n    print('fast' if done else 'plain')\n    return done\n\n\nif __name__",
    )
    for words, way in (
        ((), "fast"),
        (("loans = []",), ""),
        (("rates.TABLE = (0.9, 0.95, 1.0, 2.0)",), "plain"),
        (("rates.TABLE = None\ndef d(x):\n    return 1.0\nbank.discount = d",), "plain"),
        (("bank.FLOOR = 900.0",), "fast"),
        (("bank.FLOOR = 7",), "plain"),
        (("rates.FLOOR = 3.0",), "fast"),
        (("loans[1].payment = lambda: 3.0",), "plain"),
        ((SUB + "loans[2] = Other(5.0, 0.1, 3)",), "plain"),
        ((SUB + "loans = [Other(5.0, 0.1, 3)]",), "plain"),
        (("loans[1] = loans[0]",), "plain"),
        (("account.LIMIT = 5000.0",), "plain"),
        (("account.counts = [0.5, 1.5]",), "plain"),
        (("old = bank.Loan\nbank.Loan = None\nL = None",), "plain"),
    ):
        if "Loan as L" in imports and words and "Loan = None" not in words[0]:
            continue  # the others are tried with the first
        (tmp_path / "main.py").write_text(text)
        plain = run(tmp_path, *words)
        (tmp_path / "main.py").write_text(seen)
        new = run(tmp_path, *words)
        assert new == f"{way}\n{plain}" if way else new.split("\n", 1)[1] == plain, words


@pytest.mark.parametrize(
    ("before", "bank", "rates", "why"),
    [
        ("import bank\nbank.Loan.step = lambda self, shock: 1.0", BANK, RATES, "step"),
        ("import bank\nbank.Account.LIMIT = 3.0", BANK, RATES, "LIMIT"),
        (
            "import rates\nrates.hook()",
            BANK,
            RATES + "def hook():\n    import bank\n    bank.Loan.payment = None\n",
            "payment",
        ),
        ("", BANK.replace("class Loan:", "class Loan(Base):"), RATES, "loans"),
        ("", BANK + "setattr(Loan, 'x', 1)\n", RATES, "loans"),
        (
            "",
            BANK,
            RATES.replace("/ (1 + x)", "/ (1 + x) + random.random()").replace("FLOOR", "import random\n\nFLOOR", 1),
            "random",
        ),
        ("", BANK + "globals()['FLOOR'] = 1.0\n", RATES, "loans"),
        ("", BANK.replace("from rates import FLOOR, discount", "from rates import *"), RATES, "loans"),
        (
            "",
            BANK.replace("return len(self.history)", "return len(np)").replace(
                "import rates\n", "import rates\nimport rates as np\n", 1
            ),
            RATES,
            "",
        ),
    ],
)
def test_what_other_files_may_do_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, bank: str, rates: str, why: str
) -> None:
    runs = bank.replace("class Loan(Base):", "class Base:\n    pass\n\n\n@dataclass\nclass Loan(Base):").replace(
        "@dataclass\nclass Base:", "class Base:"
    )
    if "class Loan(Base)" in bank:
        runs = runs.replace("class Base:\n    pass\n\n\n", "from base import Base\n\n\n")
        (tmp_path / "base.py").write_text("class Base:\n    pass\n")
    found = made(tmp_path, monkeypatch, main(before=before), runs, rates)
    assert isinstance(found, str) and why in found, found


def test_functions_of_other_files_take_objects_and_change_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = main("import hook\nfrom rates import settle", extra="t += settle(loans[i], 0.01)")
    recipe = made(tmp_path, monkeypatch, text)
    assert isinstance(recipe, Recipe), recipe
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    before = run(tmp_path)
    (tmp_path / "main.py").write_text(recipe.apply(work).source("main.py").text)
    assert run(tmp_path) == before


def test_a_class_of_the_same_name_here_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "class Loan:\n    def step(self, shock):\n        return 1e9\n"
    recipe = made(tmp_path, monkeypatch, main("import hook", before=own))
    assert isinstance(recipe, Recipe), recipe
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    before = run(tmp_path)
    (tmp_path / "main.py").write_text(recipe.apply(work).source("main.py").text)
    assert run(tmp_path) == before


def test_a_project_of_many_files_is_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hasten.kernel.elsewhere.MOST_FILES", 2)
    text = main("import hook\nfrom rates import settle", extra="t += settle(loans[i], 0.01)")
    assert isinstance(made(tmp_path, monkeypatch, text), str)


def test_packages_and_their_relative_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = tmp_path / "flock_pack"
    pack.mkdir()
    (pack / "__init__.py").write_text("from .agents import Agent\nfrom .settings import *\n")
    (pack / "settings.py").write_text("WEIGHTS = (0.5, 2.5)\n")
    (pack / "geometry.py").write_text("def apart(a, b):\n    return abs(a.x - b.x)\n")
    (pack / "agents.py").write_text(
        "from .geometry import apart\nfrom .settings import WEIGHTS\n\n\nclass Agent:\n    def __init__(self, x):\n"
        "        self.x = x\n\n    def pull(self, other, i):\n"
        "        self.x += WEIGHTS[i % 2] * apart(self, other)\n        return self.x\n"
    )
    text = (
        "from flock_pack import Agent\n\n\ndef total(agents):\n    t = 0.0\n    for i in range(1, len(agents)):\n"
        "        t += agents[i].pull(agents[i - 1], i)\n    return t\n\n\n"
        "print(total([Agent(0.5 * i) for i in range(6)]))\n"
    )
    (tmp_path / "main.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module: Any = importlib.import_module("flock_pack")
    types = {"agents": (describe([module.Agent(0.5), module.Agent(1.5)]),)}
    for name in [n for n in sys.modules if n.startswith("flock_pack")]:
        del sys.modules[name]
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    regions = regions_of(work.source("main.py"), entry=True)
    region = next(r for r in regions if r.qualname == "total" and r.kind == "function")
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    assert Jit().explain(work, region, facts) == ""
    (finding,) = Jit().find(work, region, facts)
    change = next(iter(Jit().propose(work, finding, facts)))
    text = change.apply(work).source("main.py").text
    assert 'sys.modules.get("flock_pack.agents", sys).__dict__.get("Agent")' in text
