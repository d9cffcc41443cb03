"""What else may move a time: how each of these was held, drawn at random, or found while it was measured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")
_CPU = "sys/devices/system/cpu"


@dataclass(frozen=True)
class Reading:
    """The machine at one moment. What it does not tell is None."""

    load: float | None
    ticks: tuple[int, int] | None  # of all processors since it was started: stolen by a hypervisor, all
    mhz: float | None

    @classmethod
    def now(cls, root: Path = Path("/")) -> Reading:
        load = _text(root / "proc/loadavg").split()[:1]
        fields = _text(root / "proc/stat").partition("\n")[0].split()[1:9]
        ticks = tuple(int(f) for f in fields if f.isdigit())
        khz = _text(root / _CPU / "cpu0/cpufreq/scaling_cur_freq")
        return cls(
            float(load[0]) if load else None,
            (ticks[7], sum(ticks)) if len(ticks) == 8 else None,
            int(khz) / 1000 if khz.isdigit() else None,
        )


def conditions(
    before: Reading, after: Reading, *, environ: Mapping[str, str] | None = None, seed: int = 0, inside: bool = False,
    root: Path = Path("/"),
) -> dict[str, str]:  # fmt: skip
    """By name, in words. `environ` is what both sides were run with; `inside`: calls inside processes were timed."""
    env = os.environ if environ is None else environ
    return {
        "order": f"drawn for each pair (seed {seed}); a pair runs back to back, and no other hasten times meanwhile",
        "threads": _threads(env),
        "CPU frequency": _frequency(before, after, root),
        "page cache": "warm for both: each ran before it was timed; the first run is told apart",
        "hash seed": _hash_seed(env),
        "memory layout": _layout(root),
        "environment": "of one size for both",
        "imports": "in one order for both: the program's own; bytecode is kept from earlier runs"
        if not inside else "done before anything is timed, in one order for both",
        "other work": _others(before, after),
    }  # fmt: skip


def _threads(env: Mapping[str, str]) -> str:
    given = ", ".join(f"{name}={env[name]}" for name in THREADS if name in env)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"the same for both: {given or 'no variable is set, libraries decide'}; {cores} of {os.cpu_count()} cores"


def _hash_seed(env: Mapping[str, str]) -> str:
    seed = env.get("PYTHONHASHSEED", "random")
    return "drawn by each process" if seed == "random" else f"{seed} for both"


def _layout(root: Path) -> str:
    drawn = {"2": "drawn for each process by the system (ASLR)", "1": "drawn for each process by the system (ASLR), "
             "but for the heap", "0": "the same in every run: ASLR is off, so one side may be lucky"}  # fmt: skip
    return drawn.get(_text(root / "proc/sys/kernel/randomize_va_space"), "the system does not tell")


def _frequency(before: Reading, after: Reading, root: Path) -> str:
    governor = _text(root / _CPU / "cpu0/cpufreq/scaling_governor")
    boost = _text(root / _CPU / "cpufreq/boost") or {"0": "1", "1": "0"}.get(
        _text(root / _CPU / "intel_pstate/no_turbo"), ""
    )
    told = [f"governor {governor}"] if governor else []
    told += [f"boost {'on' if boost == '1' else 'off'}"] if boost in ("0", "1") else []
    if before.mhz is not None and after.mhz is not None:
        told.append(f"{before.mhz:.0f} MHz before, {after.mhz:.0f} MHz after")
    return ", ".join([*told, "met by pairs"] if told else ["not visible here", "met by pairs"])


def _others(before: Reading, after: Reading) -> str:
    told = []
    if before.load is not None and after.load is not None:
        told.append(f"load {before.load:.1f} before, {after.load:.1f} after")
    if before.ticks is not None and after.ticks is not None and after.ticks[1] > before.ticks[1]:
        stolen = (after.ticks[0] - before.ticks[0]) / (after.ticks[1] - before.ticks[1])
        told.append(f"{max(0.0, stolen):.1%} of the processors' time stolen by the hypervisor")
    return ", ".join(told) or "the system does not tell"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
