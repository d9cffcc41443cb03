"""The examples of passes: each fires, does what its page shows, keeps what the program prints, and knows what to leave."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from importlib.util import find_spec
from types import ModuleType

import pytest

from tests.fuzz.engine import PATH
from tests.passes import examples
from tests.passes.examples import CODES, after, changes, patch, read

NEEDS = {
    "HST2": "pandas", "HST4": "sklearn", "HST603": "torch", "HST7": "sklearn", "HST71": "torch", "HST8": "sklearn",
    "HST95": "scipy", "HST953": "sklearn", "HST954": "torch",
}  # fmt: skip
# their changed programs take a compiler or processes, or set PyTorch up for good; other tests run such ones
NOT_RUN = {"HST301", "HST603", "HST801"}


def needed(code: str) -> None:
    for prefix, package in NEEDS.items():
        if code.startswith(prefix) and find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if code.startswith("HST2"):
        import pandas as pd

        if int(pd.__version__.split(".")[0]) < 3:
            pytest.skip("written for pandas 3")


def printed(text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a program prints."""
    module = ModuleType("__main__")
    module.__dict__["__file__"] = PATH
    monkeypatch.setitem(sys.modules, "__main__", module)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(text, PATH, "exec"), module.__dict__)
    return out.getvalue()


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    needed(code)
    shown = read(code)
    assert shown.says.endswith(".") and shown.why_not.endswith(".")
    new = after(code, shown.before)
    assert patch(shown.before, new) == shown.patch, (
        f"{code} makes another change than its page shows; if that is meant: python -m tests.passes.examples {code}"
    )
    before = printed(shown.before, monkeypatch)
    assert before, "an example prints what it has found"
    if code not in NOT_RUN:
        assert printed(new, monkeypatch) == before
    assert not list(changes(code, shown.left_alone)), f"{code} no longer leaves alone what its page says it does"


def test_every_example_is_of_a_pass() -> None:
    assert sorted(p.stem for p in examples.FOLDER.glob("*.md")) == sorted(CODES)


def test_long_helpers_lose_their_bodies_and_nothing_else() -> None:
    helper = (
        "def _long(x):\n    # what it is for\n" + "".join(f"    a{n} = {n}\n" for n in range(12)) + "    return x\n"
    )
    before = "def mine():\n" + "".join(f"    a{n} = {n}\n" for n in range(12)) + "\n\nmine()\n"
    told = patch(before, helper + before.replace("\nmine()", "\nmine() or _long(1)"))
    assert "+    # what it is for\n+    ...\n" in told and "+    a3" not in told
    assert "+mine() or _long(1)" in told and "...\n" not in told.partition("    ...\n")[2]
