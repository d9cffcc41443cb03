"""joblib's parallel calls inside a replay: every round by itself, in this process, as if in another one.

A replay may start no processes. So each round is sent through a pickle and back, is done on copies with random streams
of its own, the last one first, and its result is sent through a pickle too: what leans on the order of rounds, on what
one leaves for another, or on whose object it is, shows. Runs in the replay child, where the program's interpreter has
joblib; standard library otherwise.
"""

from __future__ import annotations

import importlib
import os
import pickle
import random
import sys
from typing import Any


def isolate() -> None:
    """From now on `joblib.Parallel` keeps to this process. Does nothing where there is no joblib."""
    try:
        joblib: Any = importlib.import_module("joblib")
    except ImportError:
        return
    # what joblib itself sends tasks with, wherever the installed version keeps cloudpickle
    pickler: Any = importlib.import_module("joblib.externals.loky.backend.reduction")
    real: Any = joblib.Parallel

    class Isolated(real):  # type: ignore[misc]
        def __call__(self, iterable: Any) -> Any:
            if type(self) is not Isolated:  # a library's own kind of it
                return super().__call__(iterable)
            tasks = [bytes(pickler.dumps(task)) for task in iterable]
            results: list[Any] = [None] * len(tasks)
            for i in reversed(range(len(tasks))):
                kept, process = _streams(), os.getpid
                _set_streams((i, i + 1))
                os.getpid = lambda: -1
                try:
                    function, args, kwargs = pickle.loads(tasks[i])
                    results[i] = pickle.loads(pickler.dumps(function(*args, **kwargs)))
                finally:
                    os.getpid = process
                    _restore(kept)
            return results

    joblib.Parallel = Isolated
    jobs: Any = joblib.effective_n_jobs
    joblib.effective_n_jobs = lambda n_jobs=-1: max(2, jobs(-1)) if n_jobs == -1 else jobs(n_jobs)
    # what libraries do by themselves stays in this process as well
    joblib.parallel_config("threading")


def _streams() -> tuple[Any, Any]:
    numpy = sys.modules.get("numpy")
    return random.getstate(), numpy.random.get_state() if numpy is not None else None


def _set_streams(seeds: tuple[int, int]) -> None:
    random.seed(seeds[0])
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seeds[1])


def _restore(kept: tuple[Any, Any]) -> None:
    random.setstate(kept[0])
    numpy = sys.modules.get("numpy")
    if numpy is not None and kept[1] is not None:
        numpy.random.set_state(kept[1])
