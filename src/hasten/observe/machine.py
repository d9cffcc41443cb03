"""The machine as it matters for timing, and what to fix about it."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from hasten.observe.process import run_program

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "POLARS_MAX_THREADS",
)  # fmt: skip
PACKAGES = ("numpy", "pandas", "numba", "llvmlite", "scipy", "scikit-learn", "polars", "pyarrow", "torch", "py-spy")
NOISY = 0.05


@dataclass(frozen=True)
class Check:
    """One thing looked at. `ok` None: could not be told here. `fix` says what to do when it is not ok."""

    name: str
    ok: bool | None
    value: str
    fix: str = ""


def machine() -> dict[str, Any]:
    """What a number was measured on, as JSON-able values. Unknown values are None or left out; sizes in MB (10^6)."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "affinity": _affinity(),
        "memory_mb": _memory_mb(),
        "container": container_limits(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": packages(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "load": _load(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "virtual": "hypervisor" in (_read("/proc/cpuinfo") or "").split(),
        "steal_share": _steal(),
    }


def packages() -> dict[str, str]:
    """Versions of what is installed here of the libraries that matter for speed, without importing them."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def container_limits() -> dict[str, float]:
    """Limits of the control group: `cpus` and `memory_mb`, where there are any."""
    limits: dict[str, float] = {}
    quota = (_read("/sys/fs/cgroup/cpu.max") or "").split()
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit():
        limits["cpus"] = int(quota[0]) / int(quota[1])
    else:
        us = _read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), _read("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
        if us[0] and us[1] and us[0].isdigit() and us[1].isdigit():
            limits["cpus"] = int(us[0]) / int(us[1])
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = _read(path) or ""
        if text.isdigit() and int(text) < 1 << 60:  # version 1 writes "no limit" as a huge number
            limits["memory_mb"] = int(text) / 1e6
            break
    return limits


def usable_cores() -> int:
    """Cores that this process may use: affinity and container limits counted."""
    cores = len(_affinity() or []) or os.cpu_count() or 1
    limit = container_limits().get("cpus")
    return max(1, min(cores, int(limit))) if limit else cores


def doctor(*, quick: bool = False, report: Callable[[Check], None] | None = None) -> list[Check]:
    """Look at everything that can spoil a run of hasten. `quick` leaves out the timing (a few seconds).

    `report` is given each check as it is made.
    """
    checks: list[Check] = []
    looks = [_check_python, _check_libraries, _check_threads, _check_load, _check_governor, _check_numba_cache]
    looks += [_check_profiler, _check_scratch]
    for look in looks if quick else [*looks, _check_noise]:
        check = look()
        checks.append(check)
        if report is not None:
            report(check)
    return checks


def noise_floor(runs: int = 12) -> float:
    """The robust relative spread of the wall time of one short, busy program (0.02: 2%). Takes about two seconds."""
    code = "x = 0\nfor i in range(1_500_000):\n    x += i * i % 7\n"
    walls = []
    for _ in range(runs + 1):
        run = run_program([sys.executable, "-I", "-S", "-c", code], cwd=tempfile.gettempdir(), deadline_s=60)
        walls.append(run.wall_s)
    walls = walls[1:]  # the first one reads the interpreter from disk
    middle = statistics.median(walls)
    return 1.4826 * statistics.median(abs(w - middle) for w in walls) / middle


def _check_python() -> Check:
    version = sys.version_info[:2]
    ok = (3, 11) <= version <= (3, 13) and platform.python_implementation() == "CPython"
    value = f"{platform.python_implementation()} {platform.python_version()}"
    return Check("Python", ok, value, "" if ok else "use CPython 3.11, 3.12 or 3.13")


def _check_libraries() -> Check:
    found = packages()
    missing = [name for name in ("numpy", "numba", "py-spy") if name not in found]
    value = ", ".join(f"{name} {version}" for name, version in found.items())
    return Check("Libraries", not missing, value, f"pip install {' '.join(missing)}" if missing else "")


def _check_threads() -> Check:
    cores = usable_cores()
    given = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
    value = ", ".join(f"{k}={v}" for k, v in given.items()) or f"no thread variable is set; libraries take {cores}"
    many = [name for name, text in given.items() if text.isdigit() and int(text) > cores]
    if many:
        return Check("Threads", False, value, f"set {many[0]} to {cores} or less: there are {cores} usable cores")
    total = os.cpu_count() or cores
    if cores < total and not given:
        fix = f"set OMP_NUM_THREADS={cores}: libraries see {total} cores, but only {cores} may be used"
        return Check("Threads", False, value, fix)
    return Check("Threads", True, value)


def _check_load() -> Check:
    load = _load()
    if load is None:
        return Check("Load", None, "unknown")
    cores = os.cpu_count() or 1
    ok = load[0] < 0.5 * cores
    value = f"{load[0]:.1f} on {cores} cores"
    return Check("Load", ok, value, "" if ok else "end other programs: timings will be noisy and many stay undecided")


def _check_governor() -> Check:
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor is None:
        return Check("CPU frequency", None, "not visible here (virtual machine or container)")
    ok = governor == "performance"
    fix = "" if ok else "sudo cpupower frequency-set -g performance"
    return Check("CPU frequency", ok, f"governor {governor}", fix)


def _check_numba_cache() -> Check:
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder:
        ok = os.access(folder if os.path.isdir(folder) else os.path.dirname(folder) or ".", os.W_OK)
        return Check("Numba cache", ok, folder, "" if ok else f"make {folder} writable, or unset NUMBA_CACHE_DIR")
    ok = os.access(os.getcwd(), os.W_OK)
    fix = "" if ok else "make the project folder writable, or set NUMBA_CACHE_DIR, else kernels compile in every run"
    return Check("Numba cache", ok, "__pycache__ beside each source file", fix)


def _check_profiler() -> Check:
    """Whether py-spy may look into a child process: try it."""
    spy = shutil.which("py-spy", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]))
    if spy is None:
        return Check("Profiler", False, "py-spy is not installed", "pip install py-spy")
    with tempfile.TemporaryDirectory(prefix="hasten-") as folder:
        out = Path(folder, "stacks")
        busy = "import time\nend = time.time() + 0.4\nwhile time.time() < end: pass"
        command = [spy, "record", "-d", "1", "-r", "50", "-f", "raw", "-o", str(out), "--", sys.executable, "-c", busy]
        run = run_program(command, cwd=folder, deadline_s=20)
        if out.exists() and out.stat().st_size:
            return Check("Profiler", True, "py-spy can look into child processes")
    scope = _read("/proc/sys/kernel/yama/ptrace_scope")
    words = run.stderr.decode("utf-8", "replace").strip().splitlines()
    fix = "allow ptrace: in a container add --cap-add=SYS_PTRACE"
    if scope not in (None, "0", "1"):
        fix = "sudo sysctl kernel.yama.ptrace_scope=1"
    return Check("Profiler", False, words[-1][:200] if words else "py-spy sees nothing", fix)


def _check_scratch() -> Check:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / 1e6
    ok = free > 2000
    fix = "" if ok else "free some space there, or set TMPDIR to a larger disk: the project is copied into it"
    return Check("Scratch space", ok, f"{free:.0f} MB free in {folder}", fix)


def _check_noise() -> Check:
    noise = noise_floor()
    ok = noise <= NOISY
    fix = "" if ok else "end other programs, or use a quieter machine: small gains will stay undecided"
    return Check("Noise floor", ok, f"{noise:.1%} between equal runs", fix)


def _cpu_model() -> str | None:
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        if line.startswith(("model name", "Hardware", "Model")):
            return line.partition(":")[2].strip()
    return platform.processor() or None


def free_mb() -> float:
    """Memory that programs may still take, a container's limit counted."""
    import psutil

    free = float(psutil.virtual_memory().available) / 1e6
    return min(free, container_limits().get("memory_mb", free))


def _affinity() -> list[int] | None:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _memory_mb() -> float | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (ValueError, OSError, AttributeError):
        return None


def _load() -> tuple[float, float, float] | None:
    try:
        return os.getloadavg()
    except (OSError, AttributeError):
        return None


def _steal() -> float | None:
    """Share of CPU time since boot that the hypervisor gave to others."""
    fields = (_read("/proc/stat") or "").partition("\n")[0].split()[1:]
    if len(fields) < 8:
        return None
    ticks = [int(f) for f in fields[:8]]
    return round(ticks[7] / max(1, sum(ticks)), 4)


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
