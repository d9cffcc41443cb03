"""hasten is killed at random moments, gone on with, and compared with a run that nobody disturbed:
`python -m benchmarks.faults --kills 50`.

Each kill is noted in `benchmarks/results/faults-KIND.json` when it is done, and the next call goes on after the last
that is noted (`--again` begins anew, `--minutes` bounds one call). Kill n is always the same: its moment, as a share of
the undisturbed run, and its victims are drawn from the seed and n alone.

Targets: a script (`--kind script`), the same without compiling (`plain`), a forest (`model`), a small net that learns
again (`net`). Of each five kills
three hit hasten alone, one hits hasten with everything that it started (its guard too), one a child: then hasten has to
come to its end by itself. For each moment the table shows how many steps were finished, how many of those were done
again after that (goal: none), whether the end is that of the undisturbed run (goal: always), and what was left behind:
processes, temporary folders, changed files of the user (goal: nothing). Exit status 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import pages
from hasten.observe import reap

RESULTS = Path(__file__).parent / "results"

SCRIPT = """
import os

STOP = [f"word{i}" for i in range(300)]


def kept(words):
    total = 0
    for word in words:
        if word not in STOP:
            total += len(word)
    return total


def longest(limit):
    best = 0
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        best = max(best, steps)
    return best


with open("NOTES", "a") as file:
    file.write("run\\n")
text = [f"word{i % 400}" for i in range(60_000)]
print(kept(text), longest(LIMIT))
"""
SHORT, LONG = SCRIPT.replace("LIMIT", "12_000"), SCRIPT.replace("LIMIT", "40_000")  # the long one is worth compiling
MODEL = """
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

import hasten


def make():
    data = load_breast_cancer()
    order = np.random.default_rng(0).permutation(len(data.target))
    x, y = data.data[order], data.target[order]
    model = RandomForestClassifier(30, max_depth=6, random_state=0, n_jobs=1).fit(x[:250], y[:250])
    rows = hasten.Rows
    return hasten.ModelWorkload(model, rows(x[250:420], y[250:420]), rows(x[420:], y[420:]))
"""
NET = """
import numpy as np
import torch
from sklearn.datasets import load_digits

import hasten


def make():
    torch.manual_seed(0)
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    x, y = data.data[order].astype("float32") / 16, data.target[order]
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    )
    step = torch.optim.Adam(net.parameters(), 3e-3)
    inputs, targets = torch.from_numpy(x[:900]), torch.from_numpy(y[:900])
    for _ in range(60):
        step.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs), targets).backward()
        step.step()
    rows = hasten.Rows
    return hasten.ModelWorkload(
        net.eval(), rows(x[900:1400], y[900:1400]), rows(x[1400:], y[1400:]), rows(x[:900], y[:900]),
        metric="accuracy",
    )
"""
TARGETS = {
    "script": ("target.py", LONG, []),
    "plain": ("target.py", SHORT, ["--no-compiled"]),
    "model": ("target.py::make", MODEL, ["--max-drop", "2%", "--metric", "accuracy", "--batches", "1"]),
    "net": ("target.py::make", NET, ["--max-drop", "3%", "--metric", "accuracy", "--batches", "1", "--budget", "240"]),
}
# hasten that tells which steps it finished
DRIVER = """
import sys
from pathlib import Path
from hasten.cli import main
from hasten.observe.journal import Journal

log, write = Path(sys.argv[1]), Journal._write

def told(self, line):
    write(self, line)
    if "step" in line:
        with log.open("a") as file:
            file.write(line["step"] + "\\n")

Journal._write = told
sys.exit(main(sys.argv[2:]))
"""


@dataclass(frozen=True)
class Killed:
    """What came of one kill."""

    n: int
    at_s: float
    what: str
    finished: int
    under_way: str
    repeated: int
    same: str  # "yes", or what differs
    left: str  # "nothing", or what is left

    @property
    def good(self) -> bool:
        return not self.repeated and self.same.startswith("yes") and self.left == "nothing"


class Place:
    """A project with a target in it, and files of the user beside it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.run, self.log = folder, folder / "run", folder / "log"
        self.project, self.notes = folder / "project", folder / "notes"
        self.project.mkdir(parents=True)
        self.notes.write_text("mine\n")
        self.target, source, self.options = TARGETS[kind]
        (self.project / "target.py").write_text(source.replace("NOTES", str(self.notes)))
        (self.project / "pyproject.toml").write_text("")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", DRIVER, str(self.log), *words]
        with open(self.folder / "said", "ab") as said:
            return subprocess.Popen(
                command, cwd=self.project, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )

    def begin(self) -> subprocess.Popen[bytes]:
        return self.start("run", self.target, "--out", str(self.run), *self.options)

    @property
    def steps(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def state(self) -> dict[str, Any]:
        """What the run came to, timings and what hangs on them apart."""
        told = json.loads((self.run / "result.json").read_text())
        if told.get("kind") == "model":
            certified = told["certified"]
            inside = certified is None or certified["low"] >= -certified["allowed"] - 1e-12
            artifact = (self.run / "artifact" / "manifest.json").is_file()
            # a busy machine may take the whole budget to read the model: then nothing is certified, and the run says so
            short = not artifact and any("the budget ended" in c["reason"] for c in told["candidates"])
            kept = {"certified": inside, "artifact": artifact, "short": short}
            return {"status": told["status"], "rows": told["rows"], **kept}
        return {
            "status": told["status"], "kept": told["kept"] and [[c["code"], c["edits"]] for c in told["kept"]],
            "changed": sorted(told["changed"]), "decided": (told["comparison"] or {}).get("speedup", {}).get("decided"),
        }  # fmt: skip


def descendants_of(pid: int) -> list[int]:
    return [p for p in reap.descendants(pid) if p != pid]


def one(kind: str, folder: Path, told: dict[str, Any], n: int) -> Killed:
    """Kill number `n`: its moment and its victims are drawn from the seed and n alone."""
    draw = random.Random(f"{told['seed']} {n}")
    at_s, what, unbroken = draw.uniform(0.0, told["whole_s"]), kinds_of_kill(n), told["undisturbed"]
    place = Place(folder, kind)
    hasten = place.begin()
    start = time.monotonic()
    while hasten.poll() is None and time.monotonic() - start < at_s:
        time.sleep(0.01)
    victims = {"hasten": [hasten.pid], "all": [*descendants_of(hasten.pid), hasten.pid]}.get(what)
    if victims is None:  # any child but the guard, which is told by its options
        children = [p for p in descendants_of(hasten.pid) if b"-I\0-S\0" not in _command(p)]
        victims = draw.sample(children, min(1, len(children)))
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    if what != "child":
        hasten.wait()
    finished = place.steps
    under_way = finished[-1].split(" ")[0] if finished else "start"
    lock = place.run / "journal" / "lock"
    token = lock.read_text().strip() if lock.exists() else ""
    if what == "child" or not (place.run / "journal" / "steps").exists():
        status = hasten.wait()
        if status and what != "child" and (place.run / "result.json").exists():
            status = 0  # killed on its way out, with everything delivered
        elif status and what != "child":  # killed before there was anything to go on with
            shutil.rmtree(place.run, ignore_errors=True)
            status = place.begin().wait()
    else:
        status = place.start("run", "--resume", str(place.run)).wait()
    repeated = sum(place.steps[len(finished) :].count(step) for step in set(finished))
    same = f"exit status {status}: {_last(folder / 'said')}"
    if status == 0:
        now, timed, same = place.state(), ("decided", "kept", "changed"), "yes"
        differ = [k for k in unbroken if now.get(k) != unbroken[k]]
        if now.get("short") and not unbroken["short"]:
            differ = [k for k in differ if k not in ("artifact", "short")]
            same = "yes (the budget ended before anything could be certified, and the run says so)"
        if "decided" in differ:  # the clock said something else, and what is kept hangs on that
            differ = [k for k in differ if k not in timed]
            same = f"yes (measured: {now['decided']}, undisturbed: {unbroken['decided']})"
        elif "kept" in differ and [c[0] for c in now["kept"]] == [c[0] for c in unbroken["kept"]]:
            # the same changes; of some there are several forms, alike but for time
            differ = [k for k in differ if k not in timed]
            same = f"yes ({', '.join(c[0] for c in now['kept'])} in another form, which was timed to be the faster one)"
        elif "kept" in differ:
            differ = [f"kept {' '.join(c[0] for c in now['kept']) or 'nothing'}"]
        same = ", ".join(differ) or same
    return Killed(n, at_s, what, len(finished), under_way, repeated, same, left_by(place, token))


def left_by(place: Place, token: str) -> str:
    """What a killed hasten, and the one that went on with its run, left behind."""
    reap.ended(token)
    left = []
    if place.notes.read_text() != "mine\n":
        left.append("a changed file")
    mark = token.encode()
    if token and any(mark in _environ(int(p)) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()):
        left.append("a process")
    if list(Path(os.environ["TMPDIR"]).glob("hasten-*")):
        left.append("a temporary folder")
    if (place.run / "journal").exists():
        left.append("the journal")
    return ", ".join(left) or "nothing"


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _last(file: Path) -> str:
    lines = [line for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:120] if lines else ""


def kinds_of_kill(number: int) -> str:
    return ("hasten", "child", "hasten", "all", "hasten")[number % 5]


def table(kind: str, kills: Sequence[Killed]) -> str:
    """Markdown."""
    lines = [
        f"{kind}: {sum(k.good for k in kills)} of {len(kills)} kills survived with nothing lost, repeated or left", "",
        "| # | at, s | killed | steps finished | last of them | repeated | same end | left behind |",
        "| ---: | ---: | --- | ---: | --- | ---: | --- | --- |",
    ]  # fmt: skip
    for k in sorted(kills, key=lambda k: k.n):
        shown = (k.n + 1, f"{k.at_s:.1f}", k.what, k.finished, k.under_way, k.repeated, k.same, k.left)
        lines.append(f"| {' | '.join(map(str, shown))} |")
    return "\n".join(lines)


def noted(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return told


def note(file: Path, told: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(told, indent=1) + "\n")
    part.replace(file)


def figures(told: dict[str, Any]) -> dict[str, int]:
    """What docs/trust.md says of one kind."""
    kills = [Killed(**k) for k in told["kills"]]
    return {
        "kills": len(kills), "survived": sum(k.good for k in kills), "repeated": sum(k.repeated for k in kills),
        "other end": sum(not k.same.startswith("yes") for k in kills),
        "left behind": sum(k.left != "nothing" for k in kills),
    }  # fmt: skip


def killed_so_often(kind: str, file: Path, told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Adds kills to `told` until there are enough, or the time is up."""
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="faults-") as root:
        os.environ["TMPDIR"] = str(Path(root) / "tmp")
        (Path(root) / "tmp").mkdir()
        if "undisturbed" not in told:
            first = Place(Path(root) / "undisturbed", kind)
            start = time.monotonic()
            if first.begin().wait() != 0:
                raise SystemExit(f"{kind}: {_last(first.folder / 'said')}")
            whole_s = time.monotonic() - start
            told |= {"kind": kind, "seed": options.seed, "whole_s": whole_s, "undisturbed": first.state(), "hours": 0.0}
            told["kills"] = []
            note(file, told)
        done = {k["n"] for k in told["kills"]}
        for n in range(options.kills):
            if n in done or time.monotonic() > end:
                continue
            folder, began = Path(root) / str(n), time.monotonic()
            told["kills"].append(asdict(one(kind, folder, told, n)))
            told.setdefault("untimed", 0 if "hours" in told else len(done))  # hours were not noted at first
            told["hours"] = told.get("hours", 0.0) + (time.monotonic() - began) / 3600
            note(file, told)
            print(f"{kind} {n + 1}/{options.kills}: {told['kills'][-1]}", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    return told


def summary(everything: Sequence[dict[str, Any]]) -> str:
    """One line for each kind of target."""
    names = ["kills", "survived", "repeated", "other end", "left behind"]
    lines = [
        "| target | kills | survived | steps done twice | another end | something left behind | hours |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for told in everything:
        found, hours = figures(told), f"{told['hours']:.1f}" if "hours" in told else "not noted"
        if told.get("untimed"):
            hours += f" (without the first {told['untimed']})"
        lines.append(f"| {told['kind']} | {' | '.join(str(found[n]) for n in names)} | {hours} |")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--kind", choices=[*TARGETS, "each"], default="each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no kill after so long, for each kind"
    )
    parser.add_argument("--again", action="store_true", help="forget the kills that are noted")
    parser.add_argument("--show", action="store_true", help="kill nothing, show what is noted")
    parser.add_argument("--docs", action="store_true", help="put the summary into docs/trust.md")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    good = True
    for kind in TARGETS if options.kind == "each" else [options.kind]:
        file = options.results / f"faults-{kind}.json"
        told = {} if options.again else noted(file)
        if options.show and not told:
            continue
        told = told if options.show else killed_so_often(kind, file, told, options)
        kills = [Killed(**k) for k in told["kills"]]
        print(table(kind, kills))
        good = good and all(k.good for k in kills)
    if options.docs:
        pages.put(
            pages.TRUST, "kills", summary([t for k in TARGETS if (t := noted(options.results / f"faults-{k}.json"))])
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
