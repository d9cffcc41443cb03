"""hasten is killed at random moments, gone on with, and compared with a run that nobody disturbed:
`python -m benchmarks.faults --kills 50`.

Each kill is noted in `benchmarks/results/faults-KIND.json` when it is done, and the next call goes on after the last
that is noted (`--again` begins anew, `--minutes` bounds one call). Moments, as shares of the undisturbed run, and
victims are drawn from the seed and the kill's or run's number alone.

Targets: a script in which two changes of one function are nearly as fast (`--kind script`), the same without compiling
(`plain`), one whose end no clock decides on a machine that is not overrun (`compiled`), a forest (`model`), a small net
that learns again (`net`). A run of the first two is killed once; of the others one run is killed again and again, at
random moments, until it ends, so that its end answers for all of its kills. Of each five kills three hit hasten alone,
one hits hasten with everything that it started (its guard too), one a child: then hasten has to end by itself.
For each moment the table shows how many steps were finished, how many of those were done again after that (goal: none),
whether the end is that of the undisturbed run (goal: always), and what was left behind: processes, temporary folders,
changed files of the user, an earlier result that is not as it was (goal: nothing). Exit status 1 when a goal is missed.
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

# Each function has one way to become many times as fast: no clock decides what is kept. The second takes so long that
# what Numba takes to load hides little of its gain.
COMPILED = """
STOP = [(f"word{i}", i) for i in range(1200)]


def kept(pairs):
    total = 0
    for pair in pairs:
        if pair not in STOP:
            total += pair[1]
    return total


def checksum(count):
    state = 1
    for i in range(count):
        state = (state * 1_103_515 + i) % 2_147_483_648
    return state


with open("NOTES", "a") as file:
    file.write("run\\n")
text = [(f"word{i % 1600}", i % 1600) for i in range(12_000)]
print(kept(text), checksum(20_000_000))
"""
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
    "compiled": ("target.py", COMPILED, []),
    "model": ("target.py::make", MODEL, ["--max-drop", "2%", "--metric", "accuracy", "--batches", "1"]),
    "net": ("target.py::make", NET, ["--max-drop", "3%", "--metric", "accuracy", "--batches", "1", "--budget", "240"]),
}
# of these kinds one run is killed again and again, after such a part of it each
LEGS = {"compiled": 3, "model": 6, "net": 4}
MOST = 12  # times
# hasten that tells which steps it finished
DRIVER = """
import sys
from pathlib import Path
from hasten.cli import main
from hasten.observe.journal import Journal

if sys.argv[2] == "--patient":  # no search ends early on a busy machine, and nobody who times something is waited for
    from contextlib import nullcontext
    from hasten.measure import compare
    from hasten.search import loop

    loop.OWN_TIME, compare.timing_lock = (10.0, 1800.0), lambda: nullcontext(0.0)
    del sys.argv[2]

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
    run: int | None = None  # which of several kills of one run share; their end is the run's

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
        self.how = ["--patient"] if kind == "compiled" else []
        (self.project / "target.py").write_text(source.replace("NOTES", str(self.notes)))
        (self.project / "pyproject.toml").write_text("")
        self.earlier = self.project / ".hasten" / "runs" / "20260101-000000-target"

    def has_earlier(self, run: Path) -> None:
        """An earlier result lies in the project: it must stay readable, and as it is."""
        shutil.copytree(run, self.earlier)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", DRIVER, str(self.log), *self.how, *words]
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
        verified = {"outputs": self.outputs()}
        return verified | {
            "status": told["status"], "kept": told["kept"] and [[c["code"], c["edits"]] for c in told["kept"]],
            "changed": sorted(told["changed"]), "decided": (told["comparison"] or {}).get("speedup", {}).get("decided"),
        }  # fmt: skip

    def outputs(self) -> str:
        """What the original prints, where the changed program prints the same."""
        said = []
        for folder in (self.project, self.run / "optimized"):
            if (folder / self.target).exists():
                done = subprocess.run(
                    [sys.executable, self.target], cwd=folder, capture_output=True, text=True, timeout=600
                )
                said.append(f"{done.returncode} {done.stdout} {done.stderr[-300:]}")
        self.notes.write_text("mine\n")  # these two runs were ours
        return said[0] if len(set(said)) == 1 else f"differ: {said}"


def descendants_of(pid: int) -> list[int]:
    return [p for p in reap.descendants(pid) if p != pid]


def one(kind: str, folder: Path, told: dict[str, Any], n: int) -> Killed:
    """Kill number `n` of a run of its own: its moment and its victims are drawn from the seed and n alone."""
    draw = random.Random(f"{told['seed']} {n}")
    place = Place(folder, kind)
    at_s, what = draw.uniform(0.0, told["whole_s"]), kinds_of_kill(n)
    hasten = place.begin()
    finished, token = struck(place, hasten, at_s, what, draw)
    if what == "child":
        status = hasten.wait()
    else:
        then = gone_on(place)
        status = 0 if then is None else then.wait()
    return Killed(
        n, at_s, what, len(finished), under_way(finished), repeated(place, finished),
        end(place, status, told["undisturbed"]), left_by(place, token),
    )  # fmt: skip


def chain(kind: str, folder: Path, told: dict[str, Any], first: int, number: int, earlier: Path | None) -> list[Killed]:
    """One run that is killed at random moments again and again until it ends, `MOST` times at most. Kills are counted
    from `first` on; the end is that of the run, and what was done again is counted for each kill."""
    draw = random.Random(f"{told['seed']} run {number}")
    place = Place(folder, kind)
    if earlier is not None:
        place.has_earlier(earlier)
    hasten: subprocess.Popen[bytes] | None = place.begin()
    kills: list[tuple[float, str, list[str]]] = []
    tokens, status = [], 0
    while hasten is not None and len(kills) < MOST:
        at_s, what = draw.uniform(0.0, told["whole_s"] / LEGS[kind]), kinds_of_kill(first + len(kills))
        finished, token = struck(place, hasten, at_s, what, draw)
        if hasten.poll() not in (None, -signal.SIGKILL):
            break  # it had ended before
        kills.append((at_s, what, finished))
        tokens.append(token)
        if what != "child":
            hasten = gone_on(place)
    if hasten is not None:
        status = hasten.wait()
    same, left = end(place, status, told["undisturbed"]), {left_by(place, token) for token in tokens}
    if earlier is not None and not alike(earlier, place.earlier):
        left.add("a changed earlier result")
    what_left = ", ".join(sorted(left - {"nothing"})) or "nothing"
    return [
        Killed(first + i, at_s, what, len(done), under_way(done), repeated(place, done), same, what_left, number)
        for i, (at_s, what, done) in enumerate(kills)
    ]


def alike(a: Path, b: Path) -> bool:
    """Whether two folders hold the same files, and the second one's result can be read."""
    files = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (a, b)]
    command = [sys.executable, "-m", "hasten", "report", str(b)]
    return files[0] == files[1] and subprocess.run(command, capture_output=True, timeout=600).returncode == 0


def struck(
    place: Place, hasten: subprocess.Popen[bytes], at_s: float, what: str, draw: random.Random
) -> tuple[list[str], str]:
    """After so many seconds it is killed, or a child of it: the steps that were finished by then, its token."""
    start = time.monotonic()
    while hasten.poll() is None and time.monotonic() - start < at_s:
        time.sleep(0.01)
    victims = {"hasten": [hasten.pid], "all": [*descendants_of(hasten.pid), hasten.pid]}.get(what)
    if victims is None:  # any child but the guard, which is told by its options
        children = [p for p in descendants_of(hasten.pid) if b"-I\0-S\0" not in _command(p)]
        victims = draw.sample(children, min(1, len(children)))
    for pid in victims if hasten.poll() is None else ():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    if what != "child":
        hasten.wait()
    finished = place.steps
    lock = place.run / "journal" / "lock"
    return finished, lock.read_text().strip() if lock.exists() else ""


def gone_on(place: Place) -> subprocess.Popen[bytes] | None:
    """What goes on with a run that was killed; none where all was delivered when it was killed."""
    if (place.run / "journal" / "steps").exists():
        return place.start("run", "--resume", str(place.run))
    if (place.run / "result.json").exists():
        return None  # killed on its way out, with everything delivered
    shutil.rmtree(place.run, ignore_errors=True)  # killed before there was anything to go on with
    return place.begin()


def under_way(finished: Sequence[str]) -> str:
    return finished[-1].split(" ")[0] if finished else "start"


def repeated(place: Place, finished: Sequence[str]) -> int:
    """How many of the steps that were finished were done again later."""
    return sum(place.steps[len(finished) :].count(step) for step in set(finished))


def end(place: Place, status: int, unbroken: dict[str, Any]) -> str:
    """Whether a run came to the end of the undisturbed one: `yes`, or what differs."""
    if status:
        return f"exit status {status}: {_last(place.folder / 'said')}"
    now, timed, same = place.state(), ("decided", "kept", "changed"), "yes"
    differ = [k for k in unbroken if now.get(k) != unbroken[k]]
    if now.get("short") and not unbroken.get("short"):
        differ = [k for k in differ if k not in ("artifact", "short")]
        same = "yes (the budget ended before anything could be certified, and the run says so)"
    if "decided" in differ:  # the clock said something else, and what is kept hangs on that
        differ = [k for k in differ if k not in timed]
        same = f"yes (measured: {now['decided']}, undisturbed: {unbroken['decided']})"
    elif "kept" in differ and sorted(c[0] for c in now["kept"]) == sorted(c[0] for c in unbroken["kept"]):
        # the same changes; of some there are several forms, alike but for time
        differ = [k for k in differ if k not in timed]
        same = f"yes ({', '.join(c[0] for c in now['kept'])} in another form, which was timed to be the faster one)"
    elif "kept" in differ:
        differ = [f"kept {' '.join(c[0] for c in now['kept']) or 'nothing'}"]
    return ", ".join(differ) or same


def left_by(place: Place, token: str) -> str:
    """What a killed hasten, and the one that went on with its run, left behind."""
    reap.ended(token)
    left = []
    if place.notes.read_text() != "mine\n":
        left.append("a changed file")
    mark = token.encode()
    if token and any(mark in _environ(int(p)) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()):
        left.append("a process")
    for temporary in Path(os.environ["TMPDIR"]).iterdir():
        left.append(f"{temporary.name} in the temporary folder")
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
    stop_at = time.monotonic() + 60 * options.minutes
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
            if kind == "compiled":  # its end must hang on nothing but itself
                again = Place(Path(root) / "again", kind)
                found = end(again, again.begin().wait(), told["undisturbed"])
                if not found.startswith("yes"):
                    first_kept = " ".join(c[0] for c in told["undisturbed"]["kept"]) or "nothing"
                    raise SystemExit(f"{kind}: two undisturbed runs end otherwise: kept {first_kept}, then {found}")
                told["references"] = 2
            note(file, told)
        earlier = earlier_result(Path(root)) if kind == "compiled" else None
        done = {k["n"] for k in told["kills"]}
        for n in range(options.kills):
            if n in done or time.monotonic() > stop_at:
                continue
            folder, began = Path(root) / str(n), time.monotonic()
            if kind in LEGS:
                number = 1 + max((k.get("run") or 0 for k in told["kills"]), default=0)
                killed = chain(kind, folder, told, n, number, earlier)
            else:
                killed = [one(kind, folder, told, n)]
            told["kills"] += map(asdict, killed)
            done |= {k.n for k in killed}
            told.setdefault("untimed", 0 if "hours" in told else len(done))  # hours were not noted at first
            told["hours"] = told.get("hours", 0.0) + (time.monotonic() - began) / 3600
            note(file, told)
            print(f"{kind} {n + 1}/{options.kills}: {told['kills'][-1]}", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    return told


def earlier_result(root: Path) -> Path:
    """A finished run of a program of one line, which lies beside those that are killed."""
    (root / "one.py").write_text("print(1)\n")
    words = ["run", "one.py", "--stdin", os.devnull, "--out", "earlier"]
    subprocess.run([sys.executable, "-m", "hasten", *words], cwd=root, check=True, capture_output=True, timeout=600)
    return root / "earlier"


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
