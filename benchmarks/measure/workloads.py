"""What is timed. Each is 20 equal units of work; more units are real extra work, and so a true gain of their share.

Runs in a child; libraries are imported when a workload is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

UNITS = 20
Unit = Callable[[], Any]


def numpy_unit() -> Unit:
    import numpy as np

    rng = np.random.default_rng(0)
    x, weights = rng.random((190, 400)), rng.random((400, 64))

    def unit() -> float:
        z = np.tanh(x @ weights)
        z -= z.mean(axis=0)
        return float(np.sort(z.ravel())[::7].sum() + np.exp(-z * z).sum())

    return unit


def pandas_unit() -> Unit:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    rows = 6000
    frame = pd.DataFrame({"key": rng.integers(0, 50, rows), "x": rng.random(rows), "y": rng.random(rows)})

    def unit() -> float:
        table = frame[frame.x > 0.1].groupby("key")[["x", "y"]].mean()
        table = table.merge(table.rename(columns={"x": "u", "y": "v"}), left_index=True, right_index=True)
        return float((table.x * table.v).sort_values().iloc[:20].sum())

    return unit


def torch_unit() -> Unit:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(128, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    ).eval()
    x = torch.randn(420, 128)

    def unit() -> float:
        with torch.no_grad():
            return float(net(x).softmax(1).sum())

    return unit


@dataclass(frozen=True)
class Workload:
    title: str
    unit: Callable[[], Unit] | None  # None: a whole program
    turns: int | None = None  # of a pair of processes, at the bench


WORKLOADS = {
    "numpy": Workload("NumPy, 5 ms a call", numpy_unit, 9),
    "pandas": Workload("pandas, 50 ms a call", pandas_unit, 5),
    "torch": Workload("torch, 20 ms a call", torch_unit, 7),
    "program": Workload("a program of 0.3 s, whole runs", None),
}

PROGRAM = """total = 0
for unit in range({units}):
    for i in range(135_000):
        total += i * i % 7
print(total)
"""


def call_of(unit: Unit, units: int) -> Callable[[], None]:
    def call() -> None:
        for _ in range(units):
            unit()

    return call
