"""Sliding windows: the same values, bit by bit and type by type, whatever the list holds and wherever the windows lie."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hasten.core.facts import Facts
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.algorithms.windows import SlidingWindows
from hasten.testing import Example, check_pass

PROGRAM = """\
def means(xs, w):
    out = []
    for i in range(len(xs) - w + 1):
        window = xs[i:i + w]
        out.append(sum(window) / w)
    return out


def highest(xs, w):
    return [max(xs[i:i + w]) for i in range(len(xs) - w + 1)]


def behind(xs, w, start):
    out = []
    for t in range(start, len(xs)):
        low = min(xs[t - w + 1:t + 1])
        if xs[t] > low:
            out.append((t, low, sum(xs[t - w + 1:t + 1])))
    return out


def apart(xs, lag):
    total = 0.0
    for k in range(len(xs) - 8):
        total += sum(xs[k + lag:k + lag + 5]) - max(xs[k:k + 3])
    return total
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("p")
    (folder / "script.py").write_text(PROGRAM)
    work = ScriptWorkload(folder, Entry("script", "script.py"), "script.py")
    regions = [r for r in regions_of(work.source("script.py"), entry=True) if r.kind == "function"]
    edits = []
    for region in regions:
        (finding,) = SlidingWindows().find(work, region, Facts())
        edits.append(next(iter(SlidingWindows().propose(work, finding, Facts()))))
    from hasten.core.recipe import Recipe

    text = Recipe(tuple(edits)).apply(work).source("script.py").text
    spaces: list[dict[str, Any]] = []
    for program in (PROGRAM, text):
        space: dict[str, Any] = {"text": program}
        exec(program, space)
        spaces.append(space)
    return spaces[0], spaces[1]


def test_every_window_is_found(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    text = both[1]["text"].split("def means(")[1]
    assert "window = xs[i:i + w] if xs_sums is None else None" in text
    assert [text.count(f"_window_{k}(") for k in ("sums", "highest", "lowest")] == [3, 2, 1]
    assert "_window_sums(xs, range(start, len(xs)), 1 - w, w)" in text
    assert "_window_sums(xs, range(len(xs) - 8), lag, 5)" in text


def told(call: Any, *given: Any) -> Any:
    try:
        out = call(*given)
    except Exception as error:  # noqa: BLE001 - both must raise the same
        return type(error).__name__, str(error)
    return repr(out), type(out)


def lists() -> dict[str, Any]:
    draw = random.Random(3)
    floats = [draw.gauss(0, 1) * 10 ** draw.randrange(-9, 9) for _ in range(150)]
    ints = [draw.randrange(-9, 9) for _ in range(150)]
    return {
        "floats": floats, "ints": ints, "mixed": [*floats, 3], "bools": [True, *ints], "short": floats[:40],
        "nan": [*floats[:70], math.nan, *floats[70:]], "inf": [*floats[:70], math.inf, -math.inf, *floats[70:]],
        "zeros": [0.0, -0.0] * 60, "negative zeros": [-0.0] * 120, "plain zeros": [0.0, 1.0] * 60,
        "huge": [1e308] * 60 + [-1e308] * 60, "wide ints": [2**61 + i for i in range(120)], "vast": [10**30 + i for i in ints],
        "least": [-(2**63)] * 80, "unsigned": [2**63 + i for i in range(90)], "numpy": np.array(floats), "numpy items": list(np.array(floats)),
        "tuple": tuple(floats), "text": "a" * 99, "none": [None] * 99, "empty": [], "strings": ["a", "b"] * 50,
    }  # fmt: skip


@pytest.mark.parametrize("kind", lists())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_same_values(kind: str, both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = both
    xs = lists()[kind]
    for w in (2, 3, 7, 16, 60, 1, 0, -2, 149, 150, 500, True, 2.0, np.int64(4)):
        for name in ("means", "highest"):
            assert told(new[name], xs, w) == told(old[name], xs, w), (name, w)
        for start in (0, 2, 60, -3, 10**9):
            assert told(new["behind"], xs, w, start) == told(old["behind"], xs, w, start), (w, start)
        assert told(new["apart"], xs, w) == told(old["apart"], xs, w), w


LEAVE = [
    "for i in range(len(xs) - w):\n    s = sum(xs[i:i + w])\n    xs[i] = s\nreturn xs",
    "out = []\nfor i in range(90):\n    s = sum(out[i:i + w])\n    out.append(s)\nreturn out",
    "t = 0\nfor i in range(90):\n    i = i // 2\n    t += sum(xs[i:i + w])\nreturn t",
    "t = 0\nfor i in range(90):\n    w = w + 1\n    t += sum(xs[i:i + w])\nreturn t",
    "t = 0\nfor i in range(90):\n    t += sum(xs[2 * i:i + w])\nreturn t",
    "t = 0\nfor i in range(90):\n    t += sum(xs[:i])\nreturn t",
    "t = 0\nfor i in range(90):\n    t += sum(xs[i:i + w:2])\nreturn t",
    "t = 0\nfor i in xs:\n    t += sum(xs[i:i + w])\nreturn t",
    "t = 0\nfor i in range(90):\n    t += sum(xs[i:i + w], 4)\nreturn t",
    "return [g(xs) + sum(xs[i:i + w]) for i in range(90)]",
    "return [g(xs) + sum(xs[i:i + w]) for i in range(90)]",
    "t = 0\nfor i in range(90):\n    g()\n    ys = xs\n    ys[i] = t\n    t += sum(xs[i:i + w])\nreturn t",
    "return [lambda: sum(xs[i:i + w]) for i in range(90)]",
    "i = 0\nwhile i < 90:\n    t = sum(xs[i:i + w])\n    i += 1\nreturn t",
    "def sum(x):\n    return 0\nreturn [sum(xs[i:i + w]) for i in range(90)]",
]  # fmt: skip


def test_the_protocol() -> None:
    def program(body: str) -> str:
        return "def f(xs, w, g=None):\n    " + body.replace("\n", "\n    ") + "\n"

    check_pass(
        SlidingWindows(),
        [
            Example(PROGRAM),
            Example("import numpy as np\n\n\n" + PROGRAM),
            *(Example(program(b), leave_alone=True) for b in LEAVE),
        ],
    )
