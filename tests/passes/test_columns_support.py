"""What the tests of the column passes share: run a program before and after each proposed change, and compare strictly."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.observe.describe import describe

HEAD = "import math\nimport numpy as np\nimport pandas as pd\n\n"


def workload(text: str) -> ScriptWorkload:
    return ScriptWorkload(
        Path("/nowhere"), Entry("script", "s.py"), "s.py", changed={"s.py": SourceFile("s.py", text.encode())}
    )


def changes(
    pass_: Any,
    text: str,
    inputs: Mapping[str, Any] | None = None,
    function: str | None = "work",
    live_out: tuple[str, ...] = (),
) -> list[Change]:
    """All changes that a pass proposes for one function of `text`, or for the whole file as a block."""
    work = workload(text)
    tree = work.source("s.py").tree
    if function:
        node = next(n for n in tree.body if getattr(n, "name", None) == function)
        region = Region("s.py", node.lineno, node.end_lineno or 0, "function", function, tuple(inputs or ()))
    else:
        last = max(n.end_lineno or 0 for n in tree.body)
        region = Region("s.py", 1, last, "block", "", tuple(inputs or ()), live_out)
    types = {name: (describe(value),) for name, value in (inputs or {}).items()}
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    out: list[Change] = []
    for finding in pass_.find(work, region, facts):
        out.extend(pass_.propose(work, finding, facts))
    return out


def after(text: str, change: Change) -> str:
    return change.apply(workload(text)).source("s.py").text


def run(text: str, make: Callable[[], dict[str, Any]], function: str = "work") -> tuple[Any, ...]:
    """(result, exception, stdout, warnings, arguments afterwards) of one call in a fresh module."""
    space: dict[str, Any] = {"__name__": "s"}
    exec(compile(text, "s.py", "exec"), space)
    args = make()
    out = io.StringIO()
    result: Any = None
    error: Any = None
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = space[function](**args)
        except Exception as e:  # noqa: BLE001 - arbitrary user code runs here, and its exception is part of what is compared
            error = (type(e), e.args)
    return result, error, out.getvalue(), [(w.category, str(w.message)) for w in caught], args, space.get("LOG")


def same(a: Any, b: Any) -> bool:
    """Equal in type, bits, dtype, index, names; containers element by element."""
    if type(a) is not type(b):
        return False
    if isinstance(a, pd.DataFrame):
        return (
            list(a.columns) == list(b.columns)
            and same(a.index, b.index)
            and all(same(a.iloc[:, k], b.iloc[:, k]) for k in range(a.shape[1]))
        )
    if isinstance(a, pd.Series):
        return (
            a.dtype == b.dtype
            and same(a.name, b.name)
            and same(a.index, b.index)
            and same(list(a.array), list(b.array))
        )
    if isinstance(a, pd.Index):
        return a.dtype == b.dtype and list(a.names) == list(b.names) and same(list(a), list(b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and same(a.ravel().tolist(), b.ravel().tolist())
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (float, np.floating)):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, BaseException):
        return same(a.args, b.args)
    if a is pd.NaT or a is pd.NA:
        return a is b
    return bool(a == b)


def check(
    pass_: Any, text: str, seen: dict[str, Any], others: list[Callable[[], dict[str, Any]]], at_least: int = 1
) -> list[str]:
    """Every change for `text` (as recorded with `seen`) gives what the original gives on all inputs. Returns the new texts."""
    found = changes(pass_, text, seen)
    if len(found) < at_least and int(pd.__version__.split(".")[0]) < 3:
        pytest.skip("not offered before pandas 3, where a write to a frame reaches no other")
    assert len(found) >= at_least, "no change proposed"
    texts = [after(text, c) for c in found]
    for new in texts:
        compile(new, "s.py", "exec")
        for make in others:
            old_run, new_run = run(text, make), run(new, make)
            for part, x, y in zip(
                ("result", "exception", "stdout", "warnings", "arguments", "log"), old_run, new_run, strict=True
            ):
                assert same(x, y), f"{part} differs\n{x!r}\n{y!r}\non {make()!r}\n{new}"
    return texts


def frames() -> dict[str, pd.DataFrame]:
    """Frames with columns a, b, c, s of every kind that a program may meet."""
    rng = np.random.default_rng(5)
    n = 12
    base = pd.DataFrame(
        {
            "a": rng.normal(size=n) * 10,
            "b": rng.integers(-5, 20, n),
            "c": rng.normal(size=n),
            "s": rng.choice(["x", "y", "high"], n),
        }
    )
    num = base[["a", "b", "c"]]
    out = {
        "mixed": base,
        "numeric": num,
        "empty": base.iloc[:0],
        "one": base.iloc[:1],
        "filtered": base[base.b > 3],
        "duplicated index": base.set_axis([1] * n, axis=0),
        "reversed": base.iloc[::-1],
        "string index": base.set_axis(list("abcdefghijkl"), axis=0),
        "nan": num.mask(num > 8),
        "nan mixed": base.assign(a=base.a.mask(base.a > 0)),
        "ints": num.round().astype("int64"),
        "zeros": num.assign(b=0, c=0.0),
        "zeros mixed": base.assign(b=0, c=0.0),
        "huge": num.assign(a=1e300, b=2**62, c=1e308),
        "huge mixed": base.assign(a=1e300, b=2**62, c=1e308),
        "negative": num.assign(a=-1.0, b=-3, c=-0.0),
        "inf": num.assign(a=np.inf, c=-np.inf),
        "float32": num.astype("float32"),
        "small ints": num.round().astype("int8"),
        "bool column": num.assign(f=True),
        "bools": num > 0,
        "nullable": num.round().astype("Int64"),
        "nullable float": num.astype("Float64"),
        "objects": base.astype(object),
        "none": base.assign(s=[None, "x"] * 6),
        "object none": base.astype(object).assign(s=[None, "x"] * 6),
        "dates": base.assign(d=pd.date_range("2020", periods=n)),
        "dates only a": num.assign(a=pd.date_range("2020", periods=n)),
        "tz": base.assign(d=pd.date_range("2020", periods=n, tz="UTC")),
        "category": base.astype({"s": "category"}),
        "strings": base.astype(str),
        "missing column": base.drop(columns=["b"]),
        "no columns": base[[]],
        "double column": pd.concat([base, base[["a"]]], axis=1),
        "odd label": base.assign(**{"s": 1}).rename(columns={"s": 7}),
        "two levels": pd.concat({"k": num}, axis=1),
        "subclass": Sub(base),
        "complex": num.astype(complex),
        "multi index": base.set_index(["s", "b"], drop=False),
        "uint": num.abs().astype("uint64"),
        "named index": base.rename_axis("key"),
        "big ints": num.assign(a=2**53 + 1, b=3, c=1.5),
        "fractions": num.assign(b=base.b / 7),
        "python strings": base.assign(s=base.s.astype(object)),
        "float and text": base[["a", "c", "s"]].assign(b=1.5, s=[None, "x"] * 6),
    }
    out["nan over zero"] = base.assign(a=np.nan, b=0, c=0.0)
    out["inf over zero"] = base.assign(a=np.inf, b=0, c=0.0)
    out["nan over zero unmixed"] = num.assign(a=np.nan, b=0, c=0.0)
    out["flags"] = base.copy()
    out["flags"].attrs["unit"] = "m"
    return out


class Sub(pd.DataFrame):
    @property
    def _constructor(self) -> Any:
        return Sub


def frame_inputs(step: int = 1) -> list[Callable[[], dict[str, Any]]]:
    """The frames as arguments; with `step`, every so many of them."""
    return [lambda f=f: {"df": f.copy()} for f in list(frames().values())[::step]]


def test_same_is_strict() -> None:
    assert not same(pd.Series([1.0]), pd.Series([1]))
    assert not same(pd.Series([1.0], name="a"), pd.Series([1.0]))
    assert not same([np.float64(1)], [1.0])
    assert not same(0.0, -0.0)
    assert same(pd.DataFrame({"a": [np.nan]}), pd.DataFrame({"a": [np.nan]}))
    assert not same(pd.Series([1], index=[0]), pd.Series([1], index=[1]))


def test_check_reports_a_wrong_change() -> None:
    class Wrong:
        def find(self, work: Any, region: Any, facts: Any) -> Any:
            yield region

        def propose(self, work: Any, region: Any, facts: Any) -> Any:
            from hasten.core.source import Edit

            yield Change("HSTXXX", "wrong", region, (Edit("s.py", 2, 2, "    return 2\n"),))

    with pytest.raises(AssertionError, match="result differs"):
        check(Wrong(), "def work():\n    return 1\n", {}, [dict])
