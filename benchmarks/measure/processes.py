"""Processes to be timed, each with a hash seed and a memory layout of its own.

Importing pandas or torch takes longer than all that is timed afterwards. So some interpreters import it once and then
fork: a process is a fork of one drawn from several interpreters, each of which was started afresh, and is replaced
after a while. `Fresh` starts an interpreter for every process, as hasten itself does.
"""

from __future__ import annotations

import os
import random
import signal
from contextlib import ExitStack
from dataclasses import astuple
from multiprocessing.connection import Client, Connection, Listener
from types import TracebackType
from typing import Any

from benchmarks.measure.workloads import WORKLOADS, Unit, call_of
from hasten.core.measurement import RunSample
from hasten.measure.inside import clocked, warmed
from hasten.observe.child import Child
from hasten.observe.reap import temporary_folder

PARENTS, FORKS = 6, 150  # interpreters at a time; forks of each before it is replaced
PATIENCE_S = 120.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_state: dict[str, Any] = {}


def environment(draw: random.Random) -> dict[str, str]:
    """One thread for every library, and a new hash seed."""
    return {**dict.fromkeys(_THREADS, "1"), "PYTHONHASHSEED": str(draw.randrange(2**32))}


# -- in the child ------------------------------------------------------------------------------------------------------


def load(name: str) -> None:
    """Import and prepare."""
    make = WORKLOADS[name].unit
    assert make is not None
    _state["unit"] = make()
    _state["unit"]()


def fork(units: int, address: str) -> int:
    """A copy of this process, which answers at `address`; its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for it
    pid = os.fork()
    if not pid:
        try:
            _serve(_state["unit"], units, address)
        finally:
            os._exit(1)
    return pid


def _serve(unit: Unit, units: int, address: str) -> None:
    call = call_of(unit, units)
    with Client(address, "AF_UNIX") as link:
        times = warmed(call, 0.03)
        link.send(times)
        while True:
            try:
                link.recv()
            except EOFError:
                os._exit(0)
            link.send(astuple(clocked(call, times)))


def ready(units: int) -> None:
    _state["call"] = call_of(_state["unit"], units)
    _state["times"] = warmed(_state["call"])


def turn() -> tuple[Any, ...]:
    return astuple(clocked(_state["call"], _state["times"]))


# -- here --------------------------------------------------------------------------------------------------------------


class Fresh:
    """A new interpreter."""

    def __init__(self, name: str, units: int, draw: random.Random) -> None:
        self._child, self._name, self._units = Child(env=environment(draw)), name, units

    def ready(self) -> None:
        self._child.ask(f"{__name__}:load", self._name)
        self._child.ask(f"{__name__}:ready", self._units)

    def turn(self) -> RunSample:
        return RunSample(*self._child.ask(f"{__name__}:turn"))

    def close(self) -> None:
        self._child.close()


class Forked:
    """A fork of an interpreter that has imported everything."""

    def __init__(self, link: Connection) -> None:
        self._link = link

    def ready(self) -> None:
        self._answer()

    def turn(self) -> RunSample:
        self._link.send(None)
        return RunSample(*self._answer())

    def _answer(self) -> Any:
        if not self._link.poll(PATIENCE_S):
            raise TimeoutError(f"a workload did not answer in {PATIENCE_S:.0f} s")
        return self._link.recv()

    def close(self) -> None:
        self._link.close()


class Parents:
    """The interpreters that are forked, of one workload."""

    def __init__(self, name: str, draw: random.Random, count: int = PARENTS) -> None:
        self._name, self._draw, self._count = name, draw, count
        self._children: list[tuple[Child, int]] = []
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(temporary_folder("hasten-measure-"))
        self._made = 0

    def renew(self) -> None:
        """Replace those that were forked often. Between pairs only: what is closed takes its forks with it."""
        for place, (child, forks) in enumerate(self._children):
            if forks >= FORKS:
                child.close()
                self._children[place] = self._new(), 0
        while len(self._children) < self._count:
            self._children.append((self._new(), 0))

    def start(self, units: int) -> Forked:
        """A fork of one of them, drawn. Call `renew` before the first of a pair."""
        place = self._draw.randrange(self._count)
        child, forks = self._children[place]
        self._children[place] = child, forks + 1
        self._made += 1
        address = str(self._folder / str(self._made))
        with Listener(address, "AF_UNIX") as listener:
            child.ask(f"{__name__}:fork", units, address, deadline_s=PATIENCE_S)
            return Forked(listener.accept())

    def _new(self) -> Child:
        child = Child(env=environment(self._draw))
        child.ask(f"{__name__}:load", self._name, deadline_s=PATIENCE_S)
        return child

    def __enter__(self) -> Parents:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child, _ in self._children:
            child.close()
        self._stack.close()
