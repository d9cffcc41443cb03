"""The recorder as it runs inside the instrumented program.

Instrumented source calls `function` (a decorator), or `due`/`enter`/`leave`/`fail` around blocks. Calls 1, 2, 4, 8, ...
are looked at in full, and so is every call with a new cheap signature (types, dtypes, ranks, powers of two of lengths).
What is looked at is described, and pickled at entry and exit while budgets of bytes, number and time last.
The program's own results are not touched; everything that goes wrong in here ends recording, not the program.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import sys
import threading
import time
import types
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hasten.core.facts import STARVED, ValueFact
from hasten.observe import snapshot
from hasten.observe.describe import describe, join

_WRITES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "shutil.")
_PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
MAX_SNAPSHOTS = 12
FEW_SNAPSHOTS = 2
CHEAP_KEEPING_S = 0.05
DESCRIBE_BUDGET = 100_000  # elements looked at per value
FREE_OVERHEAD_S = 3.0  # in all, beside as long as the program itself takes
FREE_REGION_S = 1.0  # for one region
SURE_S = 2.0  # of all regions together, what each has its part of whatever the others took
EVERY_CALL = 5_000  # so many calls are looked at cheaply, each of them; then fewer
CHEAP_LOOK_S = 3e-6  # what one signature costs, roughly
LOOKING, FREE_LOOKING_S = 0.1, 0.3  # of the program's own time, and seconds: what cheap looks may take together
SLOW_LOOK_S = 5e-5  # one that takes longer had to wait for the processor
PLAIN = frozenset({int, str, bool, float, bytes, type(None)})
FEW_ASKED, MANY_ASKED = 200, 50_000  # calls with plain arguments: too few to tell by, and as many as are remembered
SPACED = 64  # calls from one look to the next where they have taken that long


class _State:
    """What the whole process shares."""

    def __init__(self) -> None:
        self.enabled = False
        self.pid = 0
        self.thread = 0
        self.started = time.perf_counter()
        self.overhead = 0.0  # seconds of the clock, which the program's own times are without
        self.spent_s = 0.0  # and of CPU: what is recorded must not hang on how busy the machine is
        self.looking_s = 0.0  # of it, by cheap looks
        self.bytes_left = 0
        self.busy = False
        self.regions: list[_Region] = []
        self.store = Path()
        self.last_dump = 0.0

    def on(self) -> bool:
        return self.enabled and not self.busy and os.getpid() == self.pid and threading.get_ident() == self.thread

    @property
    def own_s(self) -> float:
        """The program's own seconds of CPU so far, those of the thread that is recorded."""
        return time.thread_time() - self.spent_s

    def spent(self, region: _Region) -> bool:
        """Recording costs at most about as much as the program itself, beyond some seconds that are free.

        A part of these is each region's own: what is hot late in a program is not starved by what came first.
        """
        own_s = self.own_s
        if region.spent_s > FREE_REGION_S + own_s / 4:
            return True
        return self.spent_s > FREE_OVERHEAD_S + own_s and region.spent_s > region.sure_s

    def patience_s(self, region: _Region) -> float:
        """Seconds that a snapshot may take now."""
        return max(FREE_OVERHEAD_S + self.own_s - self.spent_s, region.sure_s - region.spent_s)

    def enough(self, region: _Region) -> bool:
        """Two snapshots are worth some time; more of them only where they cost little of the program's."""
        return region.recorded >= FEW_SNAPSHOTS and region.keeping_s > CHEAP_KEEPING_S + self.own_s / 100


STATE = _State()
# Whether a region is still looked at. One that is entered this often has shown what it gets; looking on would cost more
# than the program itself.
LIVE: list[bool] = [False] * 1000  # more than there are regions; a process that does not record looks at none
ENOUGH_CALLS = 100_000


class _Region:
    def __init__(self, config: dict[str, Any], index: int) -> None:
        self.index = index
        self.id: str = config["id"]
        self.replayable: bool = config["replayable"]
        self.live_in: list[str] = config["live_in"]
        self.live_out: list[str] = config["live_out"]
        self.attributes: list[list[str]] = config["attributes"]
        self.parameters: list[str] = config["parameters"]
        self.sure_s: float = SURE_S * config["part"]
        self.reads = snapshot.Reads(tuple(config["reads"]), tuple(config["classes"]))
        self.described: list[str] = config["globals_read"]
        self.calls = 0
        self.asked: set[int] = set()  # hashes of plain arguments
        self.asked_calls = self.asked_again = 0
        self.next_look = 1
        self.next_power = 1
        self.spacing = 1
        self.signatures: set[Any] = set()
        self.timed = 0
        self.timed_s = 0.0
        self.recorded = 0
        self.bytes_left: int = config["bytes"]
        self.types: dict[str, tuple[ValueFact, ...]] = {}
        self.out: dict[str, tuple[ValueFact, ...]] = {}
        self.effects: set[str] = set()
        self.raised: set[str] = set()
        self.why_not: str = config["why_not"]
        self.depth = 0
        self.spent_s = 0.0  # of CPU, by the recorder
        self.keeping_s = 0.0  # of it, making snapshots
        self.module = ""
        self.file = ""
        self.stopped_s = 0.0  # when it was looked at last, since the start

    def ask(self, given: tuple[Any, ...]) -> None:
        """Count a call that is looked at, and whether one with the same plain arguments was seen before."""
        if given and len(self.asked) < MANY_ASKED and PLAIN.issuperset(map(type, given)):
            key = hash(given)
            self.asked_calls += 1
            self.asked_again += key in self.asked
            self.asked.add(key)

    def stop(self) -> None:
        LIVE[self.index] = False
        self.stopped_s = time.perf_counter() - STATE.started

    def facts(self) -> dict[str, Any]:
        per_call = self.timed_s / self.timed if self.timed else 0.0
        ran_s = time.perf_counter() - STATE.started
        # calls after the last look are not counted: as many a second as before
        calls = int(self.calls * ran_s / self.stopped_s) if self.stopped_s else self.calls
        return {
            "region_id": self.id,
            "calls": calls,
            "wall_s": min(per_call * calls, ran_s - STATE.overhead),
            "types": {k: [asdict(f) for f in v] for k, v in self.types.items()},
            "out": {k: [asdict(f) for f in v] for k, v in self.out.items()},
            "recorded": self.recorded,
            "effects": sorted(self.effects),
            "raised": sorted(self.raised),
            "repeated": self.asked_again / self.asked_calls if self.asked_calls >= FEW_ASKED else None,
            "why_not": "" if self.recorded else self.why_not,
        }


class _Clock:
    """What the recorder takes for a region, from now to `stop`."""

    __slots__ = ("cpu", "now", "region")

    def __init__(self, region: _Region, now: float = 0.0) -> None:
        self.region = region
        self.cpu = time.thread_time()
        self.now = now or time.perf_counter()

    def stop(self) -> float:
        """Count it. Gives what `time.perf_counter` says now."""
        taken = time.thread_time() - self.cpu
        STATE.spent_s += taken
        self.region.spent_s += taken
        now = time.perf_counter()
        STATE.overhead += now - self.now
        return now


class _Visit:
    """One call that is looked at, from entry to exit."""

    def __init__(self, region: _Region) -> None:
        self.region = region
        self.entry: dict[str, Any] | None = None
        self.number = 0
        self.random: dict[str, Any] = {}
        self.stdout: Any = None
        self.tee: Any = None
        self.started = 0.0
        self.overhead = 0.0
        self.limit = 0
        self.patience_s = 0.0
        self.written = 0


class _Tee:
    """Stands in for `sys.stdout` while a visit lasts, to know whether anything was written."""

    def __init__(self, stream: Any, region: _Region) -> None:
        self._stream = stream
        self._region = region

    def write(self, text: str) -> Any:
        self._region.effects.add("stdout")
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not STATE.enabled or STATE.busy or not _ACTIVE:
        return
    effect = ""
    if event == "open":
        mode, flags = args[1], args[2]
        writes = isinstance(mode, str) and any(c in mode for c in "wax+")
        writes = writes or (mode is None and isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR)))
        effect = "file" if writes else "file-read"
        if not writes and str(args[0]).endswith((".pyc", ".py", ".so")):
            return  # an import
    elif event.startswith(_WRITES):
        effect = "file"
    elif event.startswith(_PROCESSES):
        effect = "process"
    elif event.startswith("socket."):
        effect = "network"
    if effect:
        for region in _ACTIVE:
            region.effects.add(effect)


_ACTIVE: list[_Region] = []


def _start() -> None:
    path = os.environ.get("HASTEN_RECORD", "")
    if not path:
        return
    config = json.loads(Path(path).read_text(encoding="utf-8"))
    STATE.store = Path(config["store"])
    STATE.regions = [_Region(r, i) for i, r in enumerate(config["regions"])]
    LIVE[: len(STATE.regions)] = [True] * len(STATE.regions)
    STATE.bytes_left = config["bytes"]
    try:
        # the first process owns the store: workers that import the same code only run
        os.close(os.open(STATE.store / "owner", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    STATE.pid = os.getpid()
    STATE.thread = threading.get_ident()
    STATE.enabled = True
    sys.addaudithook(_audit)
    atexit.register(_finish)


def _finish() -> None:
    if os.getpid() == STATE.pid and STATE.enabled:
        _dump()
        STATE.enabled = False


def _dump() -> None:
    STATE.last_dump = time.perf_counter()
    text = json.dumps(
        {
            "argv": sys.argv,
            "path": sys.path,
            "overhead_s": STATE.overhead,
            "spent_s": STATE.spent_s,
            "regions": [
                {"facts": r.facts(), "module": r.module, "file": r.file, "spent_s": r.spent_s} for r in STATE.regions
            ],
        }
    )
    temporary = STATE.store / "facts.tmp"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(STATE.store / "facts.json")


def _signature(values: Any) -> tuple[Any, ...]:
    """Cheap: types, dtypes, ranks, powers of two of lengths, types of first and last elements, names of functions."""
    found: list[Any] = []
    for v in values:
        kind = type(v)
        found.append(kind)
        if kind is list or kind is tuple:
            if v:
                found.append((len(v).bit_length(), type(v[0]), type(v[-1])))
            else:
                found.append(0)
        elif kind is dict or kind is set or kind is str:
            found.append(len(v).bit_length())
        elif kind is int:
            found.append(v.bit_length() >> 5)
        elif kind is types.FunctionType:
            found.append(v.__qualname__)
        elif kind.__module__.startswith(("numpy", "pandas")):
            shape = getattr(v, "shape", None)
            dtype = getattr(v, "dtype", None)
            found.append((str(dtype), len(shape) if type(shape) is tuple else -1))
            if type(shape) is tuple and shape and type(shape[0]) is int:
                found.append(shape[0].bit_length())
    return tuple(found)


def _look(region: _Region, values: Any) -> bool:
    """Whether this call is looked at in full; plans the next look."""
    calls = region.calls
    power = calls >= region.next_power
    if power:
        region.next_power = calls * 2
        if STATE.spent(region):
            region.next_look = sys.maxsize
            return calls == 1
    if calls > EVERY_CALL and region.timed:
        # keep cheap looks to about a tenth of the region's own time
        own = max(region.timed_s / region.timed, 2e-7)
        region.spacing = max(1, min(4096, int(CHEAP_LOOK_S / own * 10)))
        if STATE.looking_s > FREE_LOOKING_S and STATE.looking_s > FREE_LOOKING_S + LOOKING * STATE.own_s:
            region.spacing = max(region.spacing, SPACED)
        if region.spacing > SPACED and calls > 100_000:
            region.spacing = 4096
    region.next_look = min(calls + region.spacing, region.next_power)
    try:
        sign = _signature(values)
    except Exception:  # noqa: BLE001 - attributes of a user's class may do anything
        return power
    if sign in region.signatures or (region.spent_s > FREE_REGION_S / 2 and STATE.spent(region)):
        return power
    if len(region.signatures) < 256:
        region.signatures.add(sign)
    return True


def _looked(before: float) -> None:
    """Count a look that began at `before`: by the clock, which is asked sooner than it takes to look."""
    taken = time.perf_counter() - before
    STATE.overhead += taken
    STATE.spent_s += min(taken, SLOW_LOOK_S)
    STATE.looking_s += min(taken, SLOW_LOOK_S)


def _describe_all(region: _Region, values: dict[str, Any]) -> None:
    facts = region.types
    for name, value in values.items():
        facts[name] = join(facts.get(name, ()), (describe(value, budget=DESCRIBE_BUDGET),))
    for name, attribute in region.attributes:
        if name not in values:
            continue
        try:
            own = object.__getattribute__(values[name], "__dict__")
            value = own[attribute]
        except (AttributeError, KeyError, TypeError):
            try:
                value = _class_value(type(values[name]), attribute)
            except KeyError:
                continue
        key = f"{name}.{attribute}"
        facts[key] = join(facts.get(key, ()), (describe(value, budget=DESCRIBE_BUDGET),))


def _class_value(cls: type, attribute: str) -> Any:
    if cls.__module__.startswith(("numpy", "pandas", "builtins")):
        raise KeyError(attribute)
    for base in cls.__mro__:
        if attribute in vars(base):
            value = vars(base)[attribute]
            if hasattr(type(value), "__get__"):
                raise KeyError(attribute)
            return value
    raise KeyError(attribute)


def _begin(
    region: _Region,
    namespace: dict[str, Any],
    names: dict[str, Any],
    call: tuple[tuple[Any, ...], dict[str, Any]] | None,
    function: Callable[..., Any] | None,
) -> _Visit | None:
    """Describes and pickles the entry of one visit. Never raises."""
    clock = _Clock(region)
    STATE.busy = True
    visit = _Visit(region)
    try:
        region.module = namespace.get("__name__", "") if isinstance(namespace.get("__name__"), str) else ""
        region.file = str(namespace.get("__file__", ""))
        seen = dict(names)
        for name in (*region.described, *region.live_in):
            if name not in seen and name in namespace:
                seen[name] = namespace[name]
        _describe_all(region, seen)
        if region.replayable and region.recorded < MAX_SNAPSHOTS:
            if STATE.spent(region):
                region.why_not = region.why_not or STARVED
            elif not STATE.enough(region):
                keeping = time.thread_time()
                _keep_entry(visit, namespace, names, call, function)
                region.keeping_s += time.thread_time() - keeping
        visit.random = snapshot.random_states()
    except Exception as error:  # noqa: BLE001 - describing and pickling run code of any class
        region.why_not = region.why_not or f"recording failed: {type(error).__name__}: {error}"
        visit.entry = None
    finally:
        STATE.busy = False
    visit.stdout = sys.stdout
    visit.tee = sys.stdout = _Tee(sys.stdout, region)
    _ACTIVE.append(region)
    visit.started = clock.stop()
    visit.overhead = STATE.overhead
    return visit


def _keep_entry(
    visit: _Visit,
    namespace: dict[str, Any],
    names: dict[str, Any],
    call: tuple[tuple[Any, ...], dict[str, Any]] | None,
    function: Callable[..., Any] | None,
) -> None:
    region = visit.region
    limit = min(region.bytes_left, STATE.bytes_left)
    if limit <= 0:
        region.why_not = region.why_not or "too big to record"
        return
    visit.patience_s = STATE.patience_s(region)
    started = time.thread_time()
    entry = snapshot.entry_state(namespace, region.reads, names=names, call=call, function=function)
    kept = {"state": entry, "random": snapshot.random_states(), "process": snapshot.process_state()}
    try:
        data = snapshot.dumps(kept, limit, visit.patience_s)
    except snapshot.TooBig as error:
        region.why_not = region.why_not or _too_big(error)
        region.bytes_left //= 2  # do not try again and again
        return
    except snapshot.NotPicklable as error:
        parts = {**entry["names"], **entry["globals"], **entry.get("kwargs", {})}
        parts.update(zip(region.parameters, entry.get("args", ()), strict=False))
        parts.update(entry.get("cells", {}))
        region.why_not = f"cannot keep {snapshot.culprit(parts, limit) or error}"
        region.bytes_left //= 4
        if region.bytes_left < 1 << 20:
            region.replayable = False
        return
    visit.entry = entry
    visit.limit = limit - len(data)
    visit.patience_s -= time.thread_time() - started
    visit.number = region.recorded
    visit.written = len(data)
    (_folder(region) / f"{visit.number}.in").write_bytes(data)


def _too_big(error: snapshot.TooBig) -> str:
    return STARVED if isinstance(error, snapshot.TooSlow) else f"too big to record ({error})"


def _folder(region: _Region) -> Path:
    folder = STATE.store / str(region.index)
    folder.mkdir(exist_ok=True)
    return folder


def _end(
    visit: _Visit,
    namespace: dict[str, Any],
    out: dict[str, Any],
    result: Any = None,
    error: BaseException | None = None,
    function: Callable[..., Any] | None = None,
) -> None:
    """Describes and pickles the exit of one visit. Never raises."""
    now = time.perf_counter()
    region = visit.region
    clock = _Clock(region, now)
    if sys.stdout is visit.tee:
        sys.stdout = visit.stdout
    if region in _ACTIVE:
        _ACTIVE.remove(region)
    if not STATE.on():
        return
    region.timed += 1
    region.timed_s += max(now - visit.started - (STATE.overhead - visit.overhead), 0.0)
    STATE.busy = True
    try:
        if error is not None:
            region.raised.add(f"{type(error).__module__}.{type(error).__qualname__}")
        seen = dict(out) if function is None else {"return": result}
        if error is None:
            for name, value in seen.items():
                fact = describe(value, budget=DESCRIBE_BUDGET)
                region.out[name] = join(region.out.get(name, ()), (fact,))
        after = snapshot.random_states()
        for stream, state in after.items():
            if visit.random.get(stream) != state and (stream in visit.random):
                region.effects.add(stream)
        if visit.entry is not None:
            keeping = time.thread_time()
            _keep_exit(visit, namespace, out, result, error, function, after)
            region.keeping_s += time.thread_time() - keeping
    except Exception as problem:  # noqa: BLE001 - describing and pickling run code of any class
        region.why_not = region.why_not or f"recording failed: {type(problem).__name__}: {problem}"
    finally:
        if time.perf_counter() - STATE.last_dump > 1.0:
            _dump()
        STATE.busy = False
        clock.stop()


def _keep_exit(
    visit: _Visit,
    namespace: dict[str, Any],
    out: dict[str, Any],
    result: Any,
    error: BaseException | None,
    function: Callable[..., Any] | None,
    after: dict[str, Any],
) -> None:
    region = visit.region
    assert visit.entry is not None
    done = snapshot.outcome(
        visit.entry, out=out, result=result, error=error, namespace=namespace, reads=region.reads, function=function
    )
    try:
        patience_s = max(visit.patience_s, STATE.patience_s(region))
        # where a stream that came with an import began, nobody knows
        known = {name: state for name, state in after.items() if name in visit.random}
        data = snapshot.dumps({"outcome": done, "random": known}, visit.limit, patience_s)
    except snapshot.TooBig as problem:
        region.why_not = region.why_not or _too_big(problem)
        region.bytes_left //= 2
        return
    except snapshot.NotPicklable as problem:
        parts = {**done["out"], "the result": result, **done["names"]}
        region.why_not = f"cannot keep {snapshot.culprit(parts, visit.limit) or problem}"
        region.bytes_left //= 4
        return
    (_folder(region) / f"{visit.number}.out").write_bytes(data)
    region.recorded += 1
    region.bytes_left -= visit.written + len(data)
    STATE.bytes_left -= visit.written + len(data)


def function(index: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorator of a function region."""
    if not STATE.enabled:
        return lambda f: f
    region = STATE.regions[index]

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        raw = f
        while not hasattr(raw, "__globals__") and hasattr(raw, "__wrapped__"):
            raw = raw.__wrapped__
        namespace: dict[str, Any] = getattr(raw, "__globals__", {})
        plain = getattr(raw, "__defaults__", None) or ()
        defaults = dict(zip(region.parameters[len(region.parameters) - len(plain) :], plain, strict=True))
        defaults.update(getattr(raw, "__kwdefaults__", None) or {})

        @functools.wraps(f)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not LIVE[index]:
                return f(*args, **kwargs)
            region.calls += 1
            if region.calls > ENOUGH_CALLS and not region.depth:
                region.stop()
                _unwrap(namespace, f, wrapper)
            if region.calls < region.next_look or region.depth or not STATE.on():
                return f(*args, **kwargs)
            return visited(args, kwargs)

        def visited(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            before = time.perf_counter()
            given = (*args, *kwargs.values())
            region.ask(given)
            look = _look(region, given)
            _looked(before)
            if not look:
                return f(*args, **kwargs)
            names = dict(zip(region.parameters, args, strict=False))
            names.update(kwargs)
            for name, value in defaults.items():
                names.setdefault(name, value)
            visit = _begin_call(region, namespace, names, (args, kwargs), f)
            if visit is None:
                return f(*args, **kwargs)
            region.depth += 1
            try:
                result = f(*args, **kwargs)
            except BaseException as error:
                region.depth -= 1
                _end(visit, namespace, {}, None, error, f)
                raise
            region.depth -= 1
            _end(visit, namespace, {}, result, None, f)
            return result

        return wrapper

    return decorate


def _unwrap(namespace: dict[str, Any], f: Callable[..., Any], wrapper: object) -> None:
    """Put a function or a method that has shown enough in the place of its wrapper, where that has a name."""
    owner, _, name = f.__qualname__.rpartition(".")
    if name != f.__name__:
        return
    if not owner:
        if namespace.get(name) is wrapper:
            namespace[name] = f
        return
    cls = namespace.get(owner)
    if isinstance(cls, type) and type(cls) is type and vars(cls).get(name) is wrapper:
        setattr(cls, name, f)


def _begin_call(
    region: _Region,
    namespace: dict[str, Any],
    described: dict[str, Any],
    call: tuple[tuple[Any, ...], dict[str, Any]],
    function: Callable[..., Any],
) -> _Visit | None:
    """Like `_begin`, for a call: parameters are described by name and kept as the call's arguments."""
    clock = _Clock(region)
    STATE.busy = True
    try:
        _describe_all(region, described)
    except Exception as error:  # noqa: BLE001 - describing runs code of any class
        region.why_not = region.why_not or f"describing failed: {type(error).__name__}: {error}"
    finally:
        STATE.busy = False
        clock.stop()
    return _begin(region, namespace, {}, call, function)


def due(index: int) -> bool:
    """Whether the block region may be looked at now. Counts the call."""
    if not STATE.enabled:
        return False
    region = STATE.regions[index]
    region.calls += 1
    if region.calls > ENOUGH_CALLS and not region.depth:
        region.stop()
    return region.calls >= region.next_look and not region.depth and STATE.on()


def enter(index: int, scope: dict[str, Any], namespace: dict[str, Any]) -> _Visit | None:
    """Entry of a block: `scope` is its locals (or the module's globals)."""
    region = STATE.regions[index]
    before = time.perf_counter()
    names = {n: scope[n] for n in region.live_in if n in scope}
    look = _look(region, names.values())
    _looked(before)
    if not look:
        return None
    visit = _begin(region, namespace, names, None, None)
    if not region.replayable and visit is not None and visit.entry is None and region.why_not:
        # nothing to see at the exit of a block whose exits were not instrumented
        _drop(visit)
        return None
    region.depth += 1
    return visit


def _drop(visit: _Visit) -> None:
    if sys.stdout is visit.tee:
        sys.stdout = visit.stdout
    if visit.region in _ACTIVE:
        _ACTIVE.remove(visit.region)


def leave(visit: _Visit | bool | None, scope: dict[str, Any], namespace: dict[str, Any]) -> None:
    """Exit of a block."""
    if isinstance(visit, _Visit):
        visit.region.depth -= 1
        out = {n: scope[n] for n in visit.region.live_out if n in scope}
        _end(visit, namespace, out)


def fail(visit: _Visit | bool | None, scope: dict[str, Any], namespace: dict[str, Any]) -> None:
    """An exception leaves a block."""
    if isinstance(visit, _Visit):
        visit.region.depth -= 1
        out = {n: scope[n] for n in visit.region.live_out if n in scope}
        _end(visit, namespace, out, None, sys.exc_info()[1])


_start()
