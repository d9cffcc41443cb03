"""Names of their own for what one name stands for, one thing after another."""

from __future__ import annotations

import ast

from hasten.kernel.versions import split


def text(source: str, *given: str) -> str:
    taken: set[str] = set()

    def fresh(name: str) -> str:
        n = 2
        while f"{name}_{n}" in taken:
            n += 1
        taken.add(f"{name}_{n}")
        return f"{name}_{n}"

    return "\n".join(map(ast.unparse, split(ast.parse(source).body, set(given), fresh)))


def test_later_bindings_get_names() -> None:
    assert text("x = f(x)\nx = g(x, y)\nreturn x", "x") == "x_2 = f(x)\nx_3 = g(x_2, y)\nreturn x_3"
    assert text("x = 1\nx += 1\nx = [x]\nreturn x") == "x = 1\nx += 1\nx_2 = [x]\nreturn x_2"
    # what loops and branches bind is the name that holds there
    assert (
        text("x = 1\nx = (x,)\nfor i in x:\n    x = i\nx = 2")
        == "x = 1\nx_2 = (x,)\nfor i in x_2:\n    x_2 = i\nx_3 = 2"
    )
    assert text("if a:\n    x = 1\nx = 2.0\nx = [x]") == "if a:\n    x = 1\nx_2 = 2.0\nx_3 = [x_2]"


def test_names_that_mean_more_are_kept() -> None:
    for kept in (
        "x = 1\nx = 2\ng = lambda: x",
        "x = 1\ny = [x for x in z]\nx = 2",
        "x = 1\nx = 2\ndel x",
        "x = 1\nx = 2\ndef g():\n    return x",
    ):
        assert text(kept) == kept
