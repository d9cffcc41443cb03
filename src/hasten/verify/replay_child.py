"""The child process of a replay: runs one side (original or candidate) of a region from recorded states.

It reads commands, one JSON object a line, from one pipe and answers on another. Both sides are such processes; the
original's also compares outcomes, so that hasten's own process never unpickles a user's data.
Standard library only (plus what the user's code imports).
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import copy
import ctypes
import gc
import io
import json
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hasten.core.contract import Contract
from hasten.observe import snapshot
from hasten.verify import equality, isolation, skeleton, vary

_MISSING = object()
WAITING = 5


class TimeUp(BaseException):
    """The time of a varied case is up. Not an `Exception`: user code should not catch it."""


class Blocked(BaseException):
    """The code tried to change the world outside (files, processes, network), which a replay does not allow."""


class Side:
    """One side of the replay: the module, the region as a callable, and how to run it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.contract = Contract(**config["contract"])
        self.reads = snapshot.Reads(tuple(config["reads"]), tuple(config["classes"]))
        self.folder = Path(config["folder"])  # outcomes and varied states of this side
        if config["module"] == "__main__":
            helpers = [tuple(h) for h in config["helpers"]]
            self.skeleton = skeleton.main_skeleton(config["text"], config["filename"], config["file"], helpers)
        else:
            self.skeleton = skeleton.imported(config["module"])
        self.namespace = self.skeleton.module.__dict__
        self.base = dict(self.namespace)
        self.retried = False
        self.timed_out = False
        self.blocked = ""
        self.containers = _containers(self.namespace)
        self.class_base = {n: set(snapshot.class_data(self.namespace[n])) for n in self.reads.classes
                           if isinstance(self.namespace.get(n), type)}  # fmt: skip

    # -- states

    def load(self, data: bytes) -> dict[str, Any]:
        self.namespace.clear()
        self.namespace.update(self.base)
        kept: dict[str, Any] = pickle.loads(data)
        if self.skeleton.failed and not self.retried:
            self.retried = True
            self.namespace.update(kept["state"]["globals"])
            self.skeleton.retry()
            self.base = {k: v for k, v in self.namespace.items() if k not in kept["state"]["globals"]}
            self.namespace.clear()
            self.namespace.update(self.base)
        return kept

    def enter(self, kept: dict[str, Any]) -> None:
        """Put globals, class attributes and random streams where the recording had them."""
        state = kept["state"]
        hidden = state["names"].keys() if self.config["in_function"] else set()
        reads = {*self.reads.data, *self.reads.classes}
        for name in reads - state["globals"].keys() - state["classes"].keys() - hidden:
            self.namespace.pop(name, None)  # the script binds it further down: the region was entered before
        self.namespace.update(state["globals"])
        for name, attributes in state["classes"].items():
            cls = self.namespace.get(name)
            if isinstance(cls, type):
                for attribute in snapshot.class_data(cls).keys() - attributes.keys() - self.class_base.get(name, set()):
                    delattr(cls, attribute)  # an earlier run put it there
                for attribute, value in attributes.items():
                    with contextlib.suppress(AttributeError, TypeError):
                        setattr(cls, attribute, value)
        for value in list(self.namespace.values()):
            clear = getattr(value, "cache_clear", None)
            if callable(clear) and hasattr(value, "cache_info"):
                clear()
        snapshot.set_process_state(kept["process"])
        snapshot.set_random_states(kept["random"])

    # -- the region as something to call

    def runner(self, state: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[], dict[str, Any]], Any]:
        """(run, what it bound, the function when the region is one)."""
        if self.config["kind"] == "function":
            return self._function_runner(state)
        return self._block_runner(state)

    def _function_runner(self, state: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[], dict[str, Any]], Any]:
        function = self._resolve(state)
        raw = _raw_function(function)
        if raw is not None:
            if state["defaults"] is not None and len(raw.__defaults__ or ()) == len(state["defaults"]):
                raw.__defaults__ = state["defaults"]
            if state["kwdefaults"] is not None and (raw.__kwdefaults__ or {}).keys() == state["kwdefaults"].keys():
                raw.__kwdefaults__ = state["kwdefaults"]
        args, kwargs = state["args"], state["kwargs"]
        return (lambda: function(*args, **kwargs)), dict, function

    def _resolve(self, state: dict[str, Any]) -> Any:
        qualname: str = self.config["qualname"]
        if "<locals>" in qualname:
            return self._make_local(state)
        owner: Any = self.skeleton.module
        parts = qualname.split(".")
        for part in parts[:-1]:
            owner = getattr(owner, part)
        if isinstance(owner, type):
            found: Any = vars(owner)[parts[-1]]
            if isinstance(found, property):
                accessor = next(
                    f
                    for f in (found.fget, found.fset, found.fdel)
                    if f is not None and _raw_first(f) in self.config["def_lines"]
                )
                return accessor
            if isinstance(found, (staticmethod, classmethod)):
                return found.__func__
            if not callable(found) and hasattr(found, "func"):
                return found.func  # functools.cached_property
            return found
        return getattr(owner, parts[-1])

    def _make_local(self, state: dict[str, Any]) -> Any:
        """A nested function, made anew in a scope that holds the recorded values of its closure."""
        name = self.config["qualname"].rpartition(".")[2]
        cells = {k: v for k, v in state["cells"].items() if k != name}
        tree = ast.parse(f"def _hasten_make({', '.join(cells)}):\n    return {name}")
        maker = tree.body[0]
        assert isinstance(maker, ast.FunctionDef)
        maker.body[:0] = _statements(self.config["block"])
        scope: dict[str, Any] = {}
        exec(_compiled(tree, self.config), self.namespace, scope)
        return scope["_hasten_make"](**cells)

    def _block_runner(self, state: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[], dict[str, Any]], Any]:
        names = state["names"]
        if not self.config["in_function"]:
            self.namespace.update(names)
            code = self._code()
            wanted = self.config["live_out"]

            def run() -> None:
                exec(code, self.namespace)

            return run, lambda: {n: self.namespace[n] for n in wanted if n in self.namespace}, None
        scope: dict[str, Any] = {}
        exec(self._code(), self.namespace, scope)
        function = scope.pop("_hasten_block", None)
        if function is None:
            function = vars(next(iter(scope.values())))["_hasten_block"]
        out: dict[str, Any] = {}
        given = [names.get(n, _MISSING) for n in self.config["parameters"]]

        def keep(scope_now: dict[str, Any]) -> None:
            out.update({n: scope_now[n] for n in self.config["live_out"] if n in scope_now})

        return (lambda: function(keep, _MISSING, *given)), lambda: out, None

    def _code(self) -> types.CodeType:
        code: types.CodeType | None = getattr(self, "_block_code", None)
        if code is None:
            code = self._block_code = _block_code(self.config)
        return code

    # -- one run

    def run(self, data: bytes, out_path: Path | None, limit_s: float | None) -> dict[str, Any]:
        """Run the region once from a fresh copy of a state; write its outcome. JSON-able answer."""
        kept = self.load(data)
        self.enter(kept)
        state = kept["state"]
        try:
            run, bound, function = self.runner(state)
        except (AttributeError, KeyError, TypeError, StopIteration) as missing:
            return {"status": "unusable", "reason": f"the region is not there to call: {missing!r}"}
        streams = snapshot.random_states().keys()
        modules = len(sys.modules)
        stdout, stderr = io.StringIO(), io.StringIO()
        result: Any = None
        error: BaseException | None = None
        self.timed_out, self.blocked = False, ""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with _captured(stdout, stderr), self._alarm(limit_s):
                started = time.perf_counter()
                try:
                    result = run()
                except TimeUp:
                    self.timed_out = True
                except Blocked as problem:
                    self.blocked = str(problem)
                except BaseException as thrown:  # noqa: BLE001 - the user's code may raise anything, SystemExit too
                    error = thrown
                seconds = time.perf_counter() - started
        loaded = len(sys.modules) - modules
        if self.timed_out:
            return {"status": "timeout", "seconds": seconds}
        if self.blocked:
            return {"status": "unusable", "reason": self.blocked}
        if isinstance(error, MemoryError) and limit_s is not None:
            return {"status": "memory"}
        if self.config["kind"] == "block" and error is not None and not self.config["seen_on_error"]:
            bound_now: dict[str, Any] = {}
        else:
            bound_now = bound()
        done = snapshot.outcome(
            state, out=bound_now, result=result, error=error, namespace=self.namespace, reads=self.reads,
            function=function,
        )  # fmt: skip
        extra = {
            "stdout": stdout.getvalue(),
            "stderr": stderr.getvalue(),
            "warnings": sorted({(w.category.__name__, str(w.message)) for w in caught}),
            "sharing": _sharing(done),
            "process": snapshot.process_state(),
        }
        answer = {"status": "ok", "seconds": seconds, "raised": done["raised"]["type"] if error is not None else ""}
        answer["loaded"] = loaded
        if out_path is not None:
            try:
                states = snapshot.random_states()
                known = {name: states[name] for name in streams & states.keys()}
                kept_out = {"outcome": done, "random": known, "extra": extra}
                out_path.write_bytes(snapshot.dumps(kept_out))
            except snapshot.NotPicklable as reason:
                return {"status": "unusable", "reason": f"the outcome cannot be kept: {reason}"}
        return answer

    def timed(self, data: bytes, calls: int) -> list[float]:
        """Seconds of several runs, each from a fresh state; nothing is kept."""
        samples: list[float] = []
        gc.collect()
        end = time.perf_counter() + 0.06  # making the state anew may take longer than the region
        while len(samples) < calls and (not samples or time.perf_counter() < end):
            kept = self.load(data)
            self.enter(kept)
            self._empty_helpers()
            run, _, _ = self.runner(kept["state"])
            del kept
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with _captured(io.StringIO(), io.StringIO()):
                    started = time.perf_counter()
                    with contextlib.suppress(BaseException):
                        run()
                    samples.append(time.perf_counter() - started)
        return samples

    def _empty_helpers(self) -> None:
        """Module-level containers as they were when the module was made: no memo carries over to the next timing."""
        for value, content in self.containers:
            if isinstance(value, list):
                value[:] = content
            else:
                value.clear()
                value.update(content)

    @contextlib.contextmanager
    def _alarm(self, limit_s: float | None) -> Iterator[None]:
        if limit_s is None:
            yield
            return
        # seconds of CPU: what is tried must not hang on how busy the machine is; and more of them for who waits
        clocks = (
            (signal.SIGPROF, signal.ITIMER_PROF, limit_s),
            (signal.SIGALRM, signal.ITIMER_REAL, WAITING * limit_s),
        )
        previous = [signal.signal(number, self._ring) for number, _, _ in clocks]
        for _, clock, seconds in clocks:
            # rings again: a bare `except` in the user's code may swallow the first one
            signal.setitimer(clock, seconds, 0.2)
        try:
            yield
        except TimeUp:
            self.timed_out = True
        finally:
            for (number, clock, _), handler in zip(clocks, previous, strict=True):
                signal.setitimer(clock, 0)
                signal.signal(number, handler)

    def _ring(self, number: int, frame: object) -> None:
        self.timed_out = True
        raise TimeUp


def _compiled(tree: ast.Module, config: dict[str, Any]) -> types.CodeType:
    ast.fix_missing_locations(tree)
    flags = __future__.annotations.compiler_flag if config["future_annotations"] else 0
    code: types.CodeType = compile(tree, config["filename"], "exec", flags, dont_inherit=True)
    return code


def _block_code(config: dict[str, Any]) -> types.CodeType:
    """The block as code: at module level as it is; in a function as a function of its live-in names.

    The statements are moved by their syntax tree, never as text, so strings keep their content.
    """
    statements = _statements(config["block"])
    if not config["in_function"]:
        tree = ast.Module(statements, [])
    else:
        shell = [
            "def _hasten_block(_hasten_keep, _hasten_missing" + "".join(f", {p}" for p in config["parameters"]) + "):"
        ]
        shell += [f"    global {g}" for g in config["global_names"]]
        shell += [f"    if {p} is _hasten_missing: del {p}" for p in config["parameters"]]
        shell += [
            "    try:",
            "        pass",
            "    except BaseException:",
            "        _hasten_keep(locals())",
            "        raise",
            "    _hasten_keep(locals())",
        ]
        tree = ast.parse("\n".join(shell))
        function = tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        guarded = next(s for s in function.body if isinstance(s, ast.Try))
        guarded.body = statements
        if config["class_name"]:
            # private names (`self.__x`) are spelt with the name of the class around them
            holder = ast.parse(f"class {config['class_name']}:\n    pass").body[0]
            assert isinstance(holder, ast.ClassDef)
            holder.body = [function]
            tree.body = [holder]
    return _compiled(tree, config)


def _statements(block: str) -> list[ast.stmt]:
    """The statements of a block wherever it stood; its text is not moved, so that strings stay as they are."""
    first = next(line for line in block.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if first[0] not in " \t":
        return ast.parse(block).body
    lead = first[: len(first) - len(first.lstrip())]
    tree = ast.parse(f"if 1:\n{lead}pass\n{block}")
    outer = tree.body[0]
    assert isinstance(outer, ast.If)
    assert len(tree.body) == 1
    return outer.body[1:]


def _raw_function(function: Any) -> types.FunctionType | None:
    for _ in range(8):
        if isinstance(function, types.FunctionType):
            return function
        function = getattr(function, "__wrapped__", None) or getattr(function, "py_func", None)
    return None


def _raw_first(function: Any) -> int:
    raw = _raw_function(function)
    return raw.__code__.co_firstlineno if raw is not None else 0


def _containers(namespace: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(v, copy.copy(v)) for k, v in namespace.items() if type(v) in (dict, list, set) and not k.startswith("__")]


def _sharing(done: dict[str, Any]) -> list[str]:
    """Which arrays that came out share memory with which that went in, and how they lie there: what pickling loses."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "ndarray"):
        return []

    def arrays(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
        if isinstance(value, numpy.ndarray):
            yield path, value
        elif depth < 3 and type(value) in (list, tuple) and len(value) <= 50:
            for i, item in enumerate(value):
                yield from arrays(item, f"{path}[{i}]", depth + 1)
        elif depth < 3 and type(value) is dict and len(value) <= 50:
            for i, item in enumerate(value.values()):
                yield from arrays(item, f"{path}[{i}]", depth + 1)
        elif type(value).__module__.startswith("pandas") and hasattr(value, "shape") and depth < 2:
            blocks = getattr(getattr(value, "_mgr", None), "arrays", ())
            for i, block in enumerate(blocks):
                if isinstance(block, numpy.ndarray) and type(value).__name__ == "Series":
                    yield f"{path}.values{i}", block

    given = [*arrays(done["names"], "in"), *arrays(done["args"], "args"), *arrays(done["kwargs"], "kwargs")]
    given += [*arrays(done["globals_before"], "globals")]
    made = [*arrays(done["out"], "out"), *arrays(done["result"], "result")]
    found = []
    for i, (path, a) in enumerate(made):
        if a.ndim > 1:
            found.append(f"{path} lies in memory as {equality.layout(a)}")
        if not a.flags.writeable:
            found.append(f"{path} is read-only")
        for other, b in (*given, *made[:i]):
            if a.size and b.size and a is not b and numpy.may_share_memory(a, b):
                found.append(f"{path} shares memory with {other}")
    return found


@contextlib.contextmanager
def _captured(stdout: io.StringIO, stderr: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        yield


# -- comparing


def compare(a: bytes, b: bytes, contract: Contract, *, recorded: bool = False, varied: bool = False) -> str | None:
    """The first difference between two outcomes; against a recording, output and settings were not kept.

    On varied inputs NumPy's floating-point warnings (`RuntimeWarning`) do not count: compiled code never gives
    them, and they tell of numbers that the program did not have. On recorded inputs every warning counts.
    """
    old, new = pickle.loads(a), pickle.loads(b)
    if recorded:
        both = old["random"].keys() & new["random"].keys()
        left, right = ((side["outcome"], {n: side["random"][n] for n in sorted(both)}) for side in (old, new))
        return equality.difference(left, right, contract, "state")
    raised_a, raised_b = old["outcome"]["raised"], new["outcome"]["raised"]
    if (raised_a is None) != (raised_b is None) or (raised_a and raised_a["type"] != raised_b["type"]):
        return f"exception: {_named(raised_a)} vs {_named(raised_b)}"
    pairs: list[tuple[str, Any, Any]] = []
    titles = {
        "result": "result", "out": "", "raised": "exception", "names": "entry object ", "args": "argument ",
        "kwargs": "argument ", "globals": "global ", "globals_before": "global object ", "classes": "class attributes ",
        "cells": "closure ", "defaults": "default ", "kwdefaults": "default ",
    }  # fmt: skip
    for key, title in titles.items():
        left, right = old["outcome"].get(key), new["outcome"].get(key)
        if isinstance(left, dict) and isinstance(right, dict) and key != "raised":
            if left.keys() != right.keys():
                return f"{title or 'names '}: {sorted(left)} vs {sorted(right)}"
            pairs += [(f"{title}{n}", v, right[n]) for n, v in left.items()]
        else:
            pairs.append((title.strip(), left, right))
    pairs += [(f"random state of {n}", v, new["random"][n]) for n, v in old["random"].items() if n in new["random"]]
    # settings of a library that only one side has loaded have no counterpart
    process = old["extra"].pop("process"), new["extra"].pop("process")
    pairs += [(k, process[0][k], process[1][k]) for k in process[0].keys() & process[1].keys()]
    if varied:
        for side in (old, new):
            side["extra"]["warnings"] = [w for w in side["extra"]["warnings"] if w[0] != "RuntimeWarning"]
    pairs += [(k, v, new["extra"][k]) for k, v in old["extra"].items()]
    return equality.first_difference(pairs, contract)


def _named(raised: dict[str, Any] | None) -> str:
    return "none" if raised is None else f"{raised['type']}{equality._short(raised['args'])}"


# -- the loop


def _guard(allowed: Sequence[str]) -> None:
    """From now on, user code cannot write files (but under `allowed`), start processes or talk to the network."""
    armed = [False]

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not armed[0]:
            return
        problem = ""
        if event == "open":
            path, mode, flags = args
            writes = isinstance(mode, str) and any(c in mode for c in "wax+")
            writes = writes or (not isinstance(mode, str) and bool(flags & (os.O_WRONLY | os.O_RDWR)))
            if writes and not isinstance(path, int) and not str(os.fsdecode(path)).startswith(tuple(allowed)):
                problem = f"it writes {os.fsdecode(path)}"
        elif event.startswith(("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")):
            problem = f"it starts a process ({event})"
        elif event in ("socket.connect", "socket.bind", "socket.sendto"):
            problem = "it uses the network"
        elif event in ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.symlink", "os.link", "os.chmod"):
            if not str(args[0]).startswith(tuple(allowed)):
                problem = f"it changes files ({event})"
        elif event == "os.mkdir" and not str(args[0]).startswith(tuple(allowed)):
            # one that is there already stays as it is: libraries ask for their folders whenever they are loaded
            if len(args) < 3 or args[2] != -1 or not os.path.lexists(args[0]):
                problem = "it makes a folder"
        if problem:
            raise Blocked(problem)

    sys.addaudithook(hook)
    armed[0] = True


def main() -> None:
    """`python replay_child.py CONFIG IN OUT`: serve one side until the pipe closes."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    commands = os.fdopen(int(sys.argv[2]), "r", encoding="utf-8")
    answers = os.fdopen(int(sys.argv[3]), "w", encoding="utf-8")

    def answer(**what: Any) -> None:
        answers.write(json.dumps({**what, "cpu_s": time.process_time()}) + "\n")
        answers.flush()

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive hasten
    sys.argv = list(config["argv"])
    sys.path[:] = config["path"]
    sys.stdin = io.StringIO("")
    with contextlib.suppress(OSError):
        tempfile.gettempdir()  # the first to ask (PyTorch's optimisers do) writes a file: from now on it is known
    _guard(config["allowed"])
    started = time.perf_counter()
    try:
        with _captured(io.StringIO(), io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if config["isolated"]:
                isolation.isolate()
            side = Side(config)
    except BaseException as error:  # noqa: BLE001 - importing the user's modules runs their code
        answer(status="unusable", reason=f"cannot be loaded: {type(error).__name__}: {error}"[:500])
        return
    answer(status="ready", seconds=time.perf_counter() - started)
    for line in commands:
        command = json.loads(line)
        try:
            answer(**_serve(side, command))
        except TimeUp:
            answer(status="timeout")
        except (Blocked, MemoryError) as error:
            answer(status="unusable", reason=f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - unpickling and comparing run code of any class
            answer(status="unusable", reason=f"{type(error).__name__}: {error}"[:500])


def _serve(side: Side, command: dict[str, Any]) -> dict[str, Any]:
    what = command["do"]
    if what == "run":
        out = Path(command["out"]) if command.get("out") else None
        return side.run(Path(command["state"]).read_bytes(), out, command.get("limit_s"))
    if what == "time":
        return {"status": "ok", "samples": side.timed(Path(command["state"]).read_bytes(), command["calls"])}
    if what == "compare":
        found = compare(
            Path(command["old"]).read_bytes(),
            Path(command["new"]).read_bytes(),
            side.contract,
            recorded=bool(command.get("recorded")),
            varied=bool(command.get("varied")),
        )
        return {"status": "ok", "difference": found}
    if what == "vary":
        side.namespace.clear()
        side.namespace.update(side.base)
        return {"status": "ok", **_write_variations(side, command)}
    if what == "cap":
        _cap_memory(command["extra_bytes"])
        return {"status": "ok"}
    raise ValueError(what)


def _write_variations(side: Side, command: dict[str, Any]) -> dict[str, Any]:
    """Varied copies of a recorded state, each pickled to a file of its own, for both sides to run."""
    data = Path(command["state"]).read_bytes()
    names: list[str] = []
    side.load(data)
    vary.learn(command.get("constants", ()))
    make = vary.state_variations(lambda: side.load(data), command["parameters"], command["seed"], command["most"])
    for i, (name, kept) in enumerate(make):
        path = Path(command["out"]) / f"{i}.state"
        try:
            path.write_bytes(snapshot.dumps(kept, 64_000_000))
        except (snapshot.NotPicklable, snapshot.TooBig):
            continue
        names.append(json.dumps([name, str(path)]))
    return {"cases": [json.loads(n) for n in names]}


def _cap_memory(extra: int) -> None:
    """Limit what the process may take from now on to `extra` bytes more than it has."""
    size = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmSize")
    )
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = size + extra if hard == resource.RLIM_INFINITY else min(hard, size + extra)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main()
