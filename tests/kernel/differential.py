"""Runs a snippet as written and as compiled, on many inputs, and compares everything that can be seen of both."""

from __future__ import annotations

import ast
import atexit
import functools
import random
import shutil
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel import names, runtime
from hasten.kernel.regions import regions_of
from hasten.observe import compiled as lent
from hasten.observe.describe import describe, join
from hasten.passes.source.jit import Jit

FOLDER = Path(tempfile.mkdtemp(prefix="hasten-kernels-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


HELPERS = {f"_{name}" for name, helper in runtime.HELPERS.items() if helper.compiled}
_made: dict[str, Any] = {}  # the compiled helpers of this process, by their text and that of all they name


@dataclass
class Compiled:
    """A snippet, and the program with its kernel."""

    original: SourceFile
    patched: SourceFile
    change: Change
    outs: tuple[str, ...]


def workload(
    body: str, prelude: str, facts_from: str, hide: tuple[str, ...] = (), after: str = ""
) -> tuple[ScriptWorkload, Region, Facts]:
    given: dict[str, Any] = {}
    exec(textwrap.dedent(facts_from), given)
    prelude = textwrap.dedent(prelude)
    exposed = names.flow(ast.parse(textwrap.dedent(body)).body).exposed
    # each name is surely bound where the block begins
    prelude += "".join(f"{n} = {n}\n" for n in sorted(exposed & set(given)) if not isinstance(given[n], ModuleType))
    text = prelude + textwrap.dedent(body)
    first, last = len(prelude.splitlines()) + 1, len(text.splitlines())
    source = SourceFile("snippet.py", (text + ("\n" + textwrap.dedent(after) if after else "")).encode())
    stmts = [s for s in source.tree.body if first <= s.lineno <= last]
    flow = names.flow(stmts)
    bound = names.bound(stmts)
    state: dict[str, Any] = {}
    exec(textwrap.dedent(facts_from) + "\n" + prelude, state)
    region = Region(
        "snippet.py",
        stmts[0].lineno,
        stmts[-1].end_lineno or 0,
        "block",
        "",
        tuple(sorted(flow.exposed)),
        tuple(sorted(bound - set(hide))),
    )
    types = {name: (describe(state[name]),) for name in names.loaded(stmts) if name in state}
    types = {k: v[0] if isinstance(v[0], tuple) else v for k, v in types.items()}  # type: ignore[misc]
    if "self" in state:
        held = {k: v for base in reversed(type(state["self"]).__mro__) for k, v in vars(base).items()}
        held = {k: v for k, v in held.items() if not hasattr(type(v), "__get__") and not k.startswith("__")}
        types |= {f"self.{k}": (describe(v),) for k, v in (held | vars(state["self"])).items()}
    work = ScriptWorkload(Path("."), Entry("script", "snippet.py"), "snippet.py").with_sources({"snippet.py": source})
    return work, region, Facts(regions={region.id: RegionFacts(region.id, types=types)})


def compiled(
    body: str,
    facts_from: str,
    prelude: str = "import math\nimport numpy as np\n",
    which: int = 0,
    hide: tuple[str, ...] = (),
    after: str = "",
) -> Compiled:
    """The snippet with its kernel; `hide` names variables that nobody reads afterwards, `after` binds `final`."""
    work, region, facts = workload(body, prelude, facts_from, hide, after)
    jit = Jit()
    reason = jit.explain(work, region, facts)
    assert not reason, reason
    (finding,) = jit.find(work, region, facts)
    change = list(jit.propose(work, finding, facts))[which]
    patched = Recipe((change,)).apply(work).source("snippet.py")
    return Compiled(work.source("snippet.py"), patched, change, (*region.live_out, "final"))


def refusal(body: str, facts_from: str, prelude: str = "import math\nimport numpy as np\n") -> str:
    """Why there is no kernel (and no finding either)."""
    work, region, facts = workload(body, prelude, facts_from)
    assert not list(Jit().find(work, region, facts))
    return Jit().explain(work, region, facts)


@dataclass
class Run:
    state: dict[str, Any]
    error: BaseException | None
    warned: list[str]
    fast: bool | None
    streams: tuple[Any, ...]


def run(source: SourceFile, setup: str, tag: str) -> Run:
    path = FOLDER / f"{tag}_{source.sha256[:16]}.py"
    if not path.exists():
        path.write_bytes(source.data)
    module = sys.modules["snippet"] = ModuleType("snippet")  # Numba looks functions that call themselves up there
    state: dict[str, Any] = module.__dict__
    state.update({"np": np, "__file__": str(path)})
    random.seed(5)
    np.random.seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec("import math, numpy as np\n" + textwrap.dedent(setup), state)
    before = set(state)
    fast: list[bool] = []

    def watched(wrapper: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(wrapper)
        def call(*args: Any) -> Any:
            result = wrapper(*args)
            fast.append(result is not None)
            return result

        return call

    # not by sys.setprofile, under which Numba compiles several times slower
    tree = ast.parse(source.data)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_fast_"):
            node.decorator_list.append(ast.copy_location(ast.Name("_watched", ast.Load()), node))
    state["_watched"] = watched
    state["_helper"] = share(source, tree)
    error: BaseException | None = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = compile(tree, str(path), "exec")
        try:
            exec(code, state)
        except Exception as e:  # noqa: BLE001  (whatever the snippet raises is compared)
            error = e
    seen = {k: v for k, v in state.items() if not k.startswith("__") and (k in before or not k.startswith("_"))}
    warned = [f"{w.category.__name__}: {w.message}" for w in caught if w.category is not ResourceWarning]  # of others
    return Run(seen, error, warned, any(fast) if fast else None, (random.getstate(), np.random.get_state()))


def share(source: SourceFile, tree: ast.Module) -> Callable[[str], Callable[[Any], Any]]:
    """Lets each compiled helper of the file be the one that an earlier file with the same text has made, so that Numba
    compiles it once a process for each signature. Gives what `_helper(digest)`, a decorator from now on, stands for."""

    def helper(digest: str) -> Callable[[Any], Any]:
        return lambda made: _made.setdefault(digest, made)

    if b"fastmath" in source.data:
        return helper  # what such a function calls first is compiled by its rules
    digests = {name: digest for name, _, digest in lent.kernels(source) if name in HELPERS}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in digests:
            digest = digests[node.name]
            mark = ast.Call(ast.Name("_helper", ast.Load()), [ast.Constant(digest)], [])
            given = [] if digest in _made else node.decorator_list
            node.decorator_list = [ast.fix_missing_locations(ast.copy_location(mark, node)), *given]
    return helper


def same(a: Any, b: Any) -> bool:
    """Same type and same value, to the bit, containers included."""
    if hasattr(a, "_fields") and hasattr(b, "_fields") and type(a).__name__ == type(b).__name__:
        return a._fields == b._fields and same(tuple(a), tuple(b))  # of a class that both runs define
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.random.Generator):
        return same(a.bit_generator.state, b.bit_generator.state)
    if isinstance(a, random.Random):
        return same(a.getstate(), b.getstate())
    if isinstance(a, np.random.RandomState):
        return same(a.get_state(legacy=False), b.get_state(legacy=False))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (float, np.floating)):
        return (a != a and b != b) or (a == b and np.signbit(a) == np.signbit(b))
    if isinstance(a, (int, bool, str, np.generic, type(None))):
        return bool(a == b)
    return True  # modules, functions


def near(a: Any, b: Any) -> bool:
    """`same`, but for the last bits of floats."""
    if isinstance(a, (tuple, list)) and type(a) is type(b):
        return len(a) == len(b) and all(map(near, a, b))
    if isinstance(a, (float, np.ndarray)) and type(a) is type(b):
        return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-12, equal_nan=True))
    return same(a, b)


def check(c: Compiled, setup: str, *, fast: bool | None = None, close: bool = False) -> None:
    """Both versions from the same state. `fast` asserts whether the kernel's result was used."""
    old, new = run(c.original, setup, "old"), run(c.patched, setup, "new")
    context = f"\n--- setup\n{setup}\n--- patched\n{c.patched.text}"
    assert (type(old.error), getattr(old.error, "args", None)) == (type(new.error), getattr(new.error, "args", None)), (
        f"{old.error!r} became {new.error!r}{context}"
    )
    before = state_of(setup)
    for name, value in old.state.items():
        if name.startswith("__") or callable(value) or name not in (*c.outs, *before):
            continue
        assert name in new.state, f"{name} is gone{context}"
        other = new.state[name]
        good = near(value, other) if close else same(value, other)
        assert good, f"{name}: {value!r} became {other!r}{context}"
    extra = (
        set(new.state)
        - set(old.state)
        - {"done", "njit", "NumbaError", "math", "np", "sys"}
        - {"itertools", "marshal", "collections", "ctypes", "functools"}
    )
    assert not extra, f"{extra} appeared{context}"
    assert same(old.streams, new.streams), f"random streams differ{context}"
    assert old.warned == new.warned, f"{old.warned} became {new.warned}{context}"
    if fast is not None:
        assert new.fast is fast, f"fast: {new.fast}, {old.error!r}{context}"


def interpreted(c: Compiled) -> Compiled:
    """The same, with the kernel run by the interpreter: for many inputs, where compiling would take the most time."""
    plain = c.patched.text.replace("from numba import njit\n", 'njit = lambda **_: np.errstate(all="ignore")\n')
    return replace(c, patched=SourceFile("snippet.py", plain.encode()))


def state_of(setup: str) -> set[str]:
    """Names that a setup binds."""
    state: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec("import math, numpy as np\n" + textwrap.dedent(setup), state)
    return set(state)


def compiled_function(
    text: str, facts_from: str, prelude: str = "import math\nimport numpy as np\n", which: int = 0
) -> Compiled:
    """A function `f` with a kernel in front, followed by `result = f(*args)`; `others` are arguments of other calls."""
    text = textwrap.dedent(prelude) + textwrap.dedent(text)
    source = SourceFile("snippet.py", (text + "\nresult = f(*args)\n").encode())
    region = next(r for r in regions_of(source, entry=True) if r.kind == "function" and r.qualname == "f")
    state: dict[str, Any] = {}
    exec(text + "\n" + textwrap.dedent(facts_from), state)
    types = {name: (describe(value),) for name, value in zip(region.live_in, state["args"], strict=False)}
    for more in state.get("others", ()):
        types |= {n: join(types[n], (describe(v),)) for n, v in zip(region.live_in, more, strict=False)}
    types |= {name: (describe(state[name]),) for name in region.globals_read}
    work = ScriptWorkload(Path("."), Entry("script", "snippet.py"), "snippet.py").with_sources({"snippet.py": source})
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    reason = Jit().explain(work, region, facts)
    assert not reason, reason
    (finding,) = Jit().find(work, region, facts)
    change = list(Jit().propose(work, finding, facts))[which]
    patched = Recipe((change,)).apply(work).source("snippet.py")
    return Compiled(source, patched, change, ("result",))
