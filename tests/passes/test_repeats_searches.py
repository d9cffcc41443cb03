"""Searches in functions of their own, through items of dicts, numbered rows and lists side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.repeats.steady import RepeatedWork
from tests.passes.test_containers_harness import changed, check

LIBRARY = """
import datetime
class Loan:
    def __init__(self, reader, day, days):
        self.reader = reader
        self.day = day
        self.days = days
class Library:
    def __init__(self):
        self.loans = {}
        self.names = []
    def add(self, number, loan):
        self.loans[number] = loan
    def of(self, reader):
        return [loan.days for loan in self.loans.values() if loan.reader == reader]
    def numbers(self, reader):
        found = []
        for number, loan in self.loans.items():
            if loan.reader == reader:
                found.append(number)
        return found
    def first(self, day):
        return next((n for n, loan in self.loans.items() if loan.day.date() == day), None)
    def places(self, name):
        return [i for i, other in enumerate(self.names) if other == name]
def pick(rows, marks, mark):
    return sum(r for r, m in zip(rows, marks) if m == mark)
start = datetime.datetime(2024, 1, 1)
library = Library()
for n in range(30):
    library.add(n, Loan(n % 4, start + datetime.timedelta(hours=7 * n), n * 3 % 11))
    library.names.append("abc"[n % 3])
"""
CHANGED = {
    "asked again": LIBRARY
    + """
for reader in (0, 1, 2, 3, 9, None, True, 1.0, float("nan"), [1]):
    print(library.of(reader), library.numbers(reader))
for n in range(-1, 9):
    day = (start + datetime.timedelta(days=n)).date()
    print(library.first(day), library.first(start), library.places("b"), library.places(n))
""",
    "a row without the field": LIBRARY
    + """
class Other:
    pass
library.add(99, Other())
try:
    for reader in range(3):
        print(library.of(reader))
except AttributeError as e:
    print(e)
""",
    "lists side by side": LIBRARY
    + """
rows, marks = list(range(9)), [n % 3 for n in range(9)]
for mark in range(4):
    print(pick(rows, marks, mark))
for mark in range(4):
    print(pick([1, 2, mark], marks, mark), pick(tuple(rows), marks, mark))
""",
}
SAME = {
    "more is added meanwhile": LIBRARY
    + """
for reader in range(4):
    print(library.of(reader))
    library.add(100 + reader, Loan(reader + 1, start, 5))
""",
    "the dict is another one": LIBRARY
    + """
for reader in range(4):
    print(library.of(reader))
    if reader == 1:
        library.loans = {1: Loan(2, start, 77)}
""",
    "a value is put in its place": LIBRARY
    + """
def move(library, reader):
    library.loans[3] = Loan(reader + 1, start, 55)
for reader in range(4):
    print(library.of(reader), library.numbers(reader))
    move(library, reader)
""",
    "a field is bound anew": LIBRARY
    + """
for reader in range(4):
    print(library.of(reader))
    library.loans[reader].reader = 3
""",
    "the lists change": LIBRARY
    + """
rows, marks = list(range(9)), [n % 3 for n in range(9)]
for mark in range(4):
    print(pick(rows, marks, mark))
    marks[0] = mark + 1
""",
    "rows are written into": LIBRARY
    + """
def of(rows, k):
    return [v for i, (key, v) in enumerate(rows) if key == k], [v for key, v in rows if key == k]
rows = [[n % 3, n] for n in range(9)]
for k in range(4):
    print(of(rows, k))
    rows[0][0] = k + 1
def later(k):
    return [v for i, (key, v) in enumerate(rows) if key == k]
for k in range(4):
    print(later(k))
    rows[0][0] = k + 1
""",
    "another object of the class": LIBRARY
    + """
others = [Library() for _ in range(3)]
for n, other in enumerate(others):
    other.add(1, Loan(n, start, n))
for reader in range(4):
    print([o.of(reader) for o in others], library.of(reader))
    fresh = Library()
    fresh.add(1, Loan(reader, start, 8))
    print(fresh.of(reader), fresh.numbers(reader))
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    assert any("_with_key(" in text for text in changed(RepeatedWork(), tmp_path, CHANGED[name]))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAME)
def test_same(name: str, tmp_path: Path) -> None:
    check(RepeatedWork(), tmp_path, SAME[name])  # type: ignore[arg-type]
