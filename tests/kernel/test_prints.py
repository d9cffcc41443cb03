"""`print` in kernels: the same lines in the same order, or the original's, whatever happens midway."""

from __future__ import annotations

import contextlib
import io

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal, run

PRELUDE = "import math\nimport random\nimport numpy as np\n"


def both(c, setup: str, *, fast: bool) -> str:  # type: ignore[no-untyped-def]
    """What both versions print, which must be the same."""
    shown = []
    for source, tag in ((c.original, "old"), (c.patched, "new")):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            done = run(source, setup, tag)
        shown.append(out.getvalue())
    assert shown[0] == shown[1], f"{shown[0]!r} became {shown[1]!r}\n{c.patched.text}"
    assert done.fast is fast, c.patched.text
    with contextlib.redirect_stdout(io.StringIO()):
        check(c, setup, fast=fast)
    return shown[0]


def test_a_training_loop_that_tells_how_it_goes() -> None:
    text = """
    def loss_of(xs, w):
        total = 0.0
        for x in xs:
            total += (x * w - 1.0) ** 2
        if total > 1e6:
            print("far off:", total)
        return total / len(xs)

    def f(xs, names, epochs, verbose):
        w = 0.0
        history = []
        for epoch in range(epochs):
            for x in xs:
                w -= 0.01 * (x * w - 1.0) * x
            loss = loss_of(xs, w)
            history.append(loss)
            if verbose and epoch % 2 == 0:
                print(f"epoch {epoch + 1:3d} loss {loss:.6f} {'=' * 3}", names[epoch % len(names)], sep=" | ", end=";\\n")
            print("w %.3f %s" % (w, names[0]), epoch, "of {0:>{1}}".format(epochs, 4), -w if w < 0 else w)
            if epoch == 3:
                print()
                print(str(round(w, 3)) + " so far", math.sqrt(abs(w)), w > 0.5, flush=True)
        print("done")
        return history, w
    """
    facts = "args = ([0.5, 1.5, 2.5], ['a', 'b{}%'], 6, True)"
    c = compiled_function(text, facts, PRELUDE)
    lines = both(c, facts, fast=True)
    assert "epoch   1 loss" in lines and lines.endswith("done\n") and "\n\n" in lines
    assert "loss" not in both(c, "args = ([0.5], ['%s', 'shown', 'None'], 9, False)", fast=True)
    assert "far off" in both(c, "args = ([1e4, 0.1], ['x'], 2, True)", fast=True)
    assert both(c, "args = ([0.5], ['x'], 0, True)", fast=True) == "done\n"
    assert "of    4" in both(c, "args = ([1e60], ['x'], 4, True)", fast=False)  # an overflow, after some lines


def test_formats_that_fail_and_what_is_changed_before() -> None:
    text = """
    for i in range(len(xs)):
        xs[i] = xs[i] * 2.0 + draw.random() + sum([x for x in xs])
        print("{:{}}".format(xs[i], spec))
        total += xs[i]
    """
    setup = "import random\nxs = [1.0, 2.0, 3.0]\nspec = '.2f'\ntotal = 0.0\ndraw = random.Random(3)\n"
    c = compiled(text, setup, PRELUDE)
    assert len(both(c, setup, fast=True).split()) == 3
    assert all(len(line.split(".")[1]) == 4 for line in both(c, setup + "spec = '.4f'", fast=True).split())
    assert both(c, setup + "spec = 'd'", fast=False) == ""  # the first one raises, with one number changed


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for x in xs:\n    print(x * 2)", "works little"),
        ("for x in xs:\n    if x:\n        print(x, file=out)", "keywords"),
        ("for x in xs:\n    if x:\n        print(*xs)", "arguments"),
        ("for x in xs:\n    if x:\n        print(xs)", "print of such a thing"),
        ("for x in xs:\n    if x:\n        print(x, sep=sep)", "keywords"),
        ("for x in xs:\n    if x:\n        print(f'{x!r:>{other}} {thing}')", ""),
        ("def print(x):\n    pass\nfor x in xs:\n    print(x)", ""),
    ],
)
def test_what_is_left_alone(body: str, why: str) -> None:
    setup = "import sys\nxs = [1.0, 2.0]\nout = sys.stderr\nsep = ','\nother = 3\nthing = {1: [2]}\n"
    assert why in (refusal(body, setup, PRELUDE) or "refused")
