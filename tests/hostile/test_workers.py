"""Programs with workers of their own, of which one is lost (rows 15 to 17 of the matrix in docs/trust.md).

hasten gives no work to other machines; what a program makes of a lost worker is its own, and hasten must show the same.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from hasten.cli import main
from hasten.deliver.artifact import RESULT

POOL = """
import os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

def task(number, attempt):
    if number == 3 and attempt == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(i * number for i in range(2000))

def all_of(numbers):
    attempt, done = 0, {}
    while len(done) < len(numbers):
        with ProcessPoolExecutor(2) as pool:
            sent = {n: pool.submit(task, n, attempt) for n in numbers if n not in done}
            for n, future in sent.items():
                try:
                    done[n] = future.result()
                except BrokenProcessPool:
                    pass
        attempt += 1
    return done, attempt

if __name__ == "__main__":
    done, attempts = all_of(range(8))
    print(sorted(done.items()), attempts)
"""

HUNG = """
import multiprocessing, os, signal

def task(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number

if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(task, range(8), chunksize=1))
"""

LOKY = """
import os, signal
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

def task(number, attempt):
    if number == 3 and attempt == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number

if __name__ == "__main__":
    for attempt in range(3):
        try:
            print(attempt, Parallel(2)(delayed(task)(n, attempt) for n in range(8)))
            break
        except TerminatedWorkerError:
            print("lost a worker")
"""

RANKS = """
import os, signal
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

def rank(number, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=number, world_size=2)
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
    for step in range(5):
        if step == 2 and number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        model(torch.ones(3, 4)).sum().backward()

if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(rank, (folder,), nprocs=2)
"""

# A worker is lost in the first task; both put another in its place and do the task once more.
DASK = """
import os, signal
from pathlib import Path
from distributed import Client, LocalCluster

def task(number, lost):
    if number == 3 and not Path(lost).exists():
        Path(lost).write_text("once")
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(i * number for i in range(2000))

if __name__ == "__main__":
    options = dict(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        lost = str(Path("lost").resolve())
        answers = [f.result() for f in [client.submit(task, n, lost, pure=False) for n in range(8)]]
    Path("answers").write_text(repr(answers))
"""

RAY = """
import os, signal
from pathlib import Path
import ray

@ray.remote(max_retries=2)
def task(number, lost):
    if number == 3 and not Path(lost).exists():
        Path(lost).write_text("once")
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(i * number for i in range(2000))

if __name__ == "__main__":
    options = dict(_node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.init(num_cpus=2, object_store_memory=80_000_000, **options)
    lost = str(Path("lost").resolve())
    answers = ray.get([task.remote(n, lost) for n in range(8)])
    ray.shutdown()
    Path("answers").write_text(repr(answers))
"""


def running(mark: str) -> list[str]:
    """The command lines of all processes that have this in theirs, or stand in a folder that begins so."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                folder = os.readlink(entry / "cwd")
            except OSError:
                continue
            if mark in words or folder.startswith(mark):
                found.append(words)
    return found


def nobody_left(mark: str) -> bool:
    end = time.monotonic() + 10
    while running(mark) and time.monotonic() < end:
        time.sleep(0.1)
    return not running(mark)


def test_a_worker_that_is_killed_is_the_programs_to_replace(tmp_path: Path) -> None:
    (tmp_path / "pool.py").write_text(POOL)
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "pool.py"), "--stdin", os.devnull, "--out", str(out)]) == 0
    found = json.loads((out / RESULT).read_text())
    assert found["status"] == "finished" and found["baseline"]["status"] == 0
    assert nobody_left(str(tmp_path))


@pytest.mark.slow  # waits for the deadline, 10 s
def test_a_pool_that_waits_for_a_lost_worker_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`multiprocessing.Pool` puts another process in its place, and waits for ever for the answer of the first."""
    (tmp_path / "hung.py").write_text(HUNG)
    words = ["run", str(tmp_path / "hung.py"), "--stdin", os.devnull, "--budget", "12", "--out", str(tmp_path / "out")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "had not ended after 10 s and was stopped" in said and said.count("hasten: ") == 1
    assert nobody_left(str(tmp_path))


@pytest.mark.slow  # joblib and its workers are started a dozen times
def test_workers_of_joblib_that_are_replaced(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    (tmp_path / "loky.py").write_text(LOKY)
    out = tmp_path / "out"
    words = ["run", str(tmp_path / "loky.py"), "--stdin", os.devnull, "--budget", "12", "--out", str(out)]
    assert main(words) == 0
    found = json.loads((out / RESULT).read_text())
    assert found["status"] == "finished" and not found["baseline"]["unrepeatable"]
    assert nobody_left(str(tmp_path))


@pytest.mark.slow  # torch is imported by three processes
def test_a_rank_that_is_killed_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ranks.py").write_text(RANKS)
    assert main(["run", str(tmp_path / "ranks.py"), "--stdin", os.devnull, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "failed with exit status 1 before any change was made" in said
    assert "process 1 terminated with signal SIGKILL" in said
    assert nobody_left(str(tmp_path))


@pytest.mark.slow  # a scheduler and its workers are started a dozen times
@pytest.mark.parametrize(("package", "text"), [("distributed", DASK), ("ray", RAY)])
def test_a_worker_of_dask_or_ray_that_is_killed(
    package: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not installed with hasten: run where they are."""
    pytest.importorskip(package)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    (tmp_path / "workers.py").write_text(text)
    out = tmp_path / "out"
    words = ["run", str(tmp_path / "workers.py"), "--stdin", os.devnull, "--budget", "4m", "--out", str(out)]
    assert main(words) == 0
    found = json.loads((out / RESULT).read_text())
    assert found["status"] == "finished" and found["baseline"]["status"] == 0
    assert "it starts other processes" in found["notes"], found["notes"]
    assert "file answers" in found["baseline"]["compared"], found["baseline"]
    assert not any("answers" in said for said in found["baseline"]["unrepeatable"] or ())
    assert nobody_left(str(tmp_path))
