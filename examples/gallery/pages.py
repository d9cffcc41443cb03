"""The pages of the gallery, from results: what stands in docs/gallery is what these functions make of the results there.

No figure is typed by hand. Reports (`report.html` of each run) are made the same way, but are not kept in git.
"""

from __future__ import annotations

import hashlib
import html
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from examples.gallery.cases import CASES, Case, Run
from examples.gallery.picture import picture
from examples.gallery.work import PAGES, result_of
from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord, TrialRecord
from hasten.deliver.artifact import load_any
from hasten.report import checked, models, remedies, steps
from hasten.report.markdown import fenced
from hasten.report.view import percent, seconds, view

MOST = 8  # rows of what was not kept
COMMAND = "python -m examples.gallery"


@dataclass(frozen=True)
class Found:
    """A run with its result."""

    run: Run
    record: RunRecord | ModelRunRecord
    patch: str = ""

    @property
    def headline(self) -> str:
        """The answer in one sentence, its gain with the interval."""
        record, gain = self.record, self.record.gain
        told = models.headline(record)[0] if isinstance(record, ModelRunRecord) else view(record).headline
        claim, _, rest = told.partition("x ")
        if gain is None or not rest:
            return told
        low, high = (f"{x:.2f}" if x < 100 else f"{x:.0f}" for x in (gain.low, gain.high))
        return f"{claim}x [{low}, {high}] {rest}"


def found(case: Case) -> list[Found]:
    """The results that are there, in the order of the case's runs."""
    out = []
    for run in case.runs:
        place = result_of(case, run)
        if place.is_file():
            patch = place.with_suffix(".patch")
            out.append(Found(run, load_any(place), patch.read_text(encoding="utf-8") if patch.is_file() else ""))
    return out


def write_pages(into: Path = PAGES) -> None:
    """Write index.md, and the page of each case that has a result."""
    into.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        results = found(case)
        if results:
            source = (PAGES / case.name / "source.txt").read_text(encoding="utf-8").strip()
            (into / f"{case.name}.md").write_text(page(case, results, source), encoding="utf-8")
        for each in results:
            (into / case.name).mkdir(exist_ok=True)
            (into / case.name / f"{each.run.name}.svg").write_text(picture(each.record), encoding="utf-8")
    (into / "index.md").write_text(index(), encoding="utf-8")


def build_reports(into: Path = PAGES) -> list[Path]:
    """Write the report of each run beside its result."""
    from hasten.report import html as of_program

    out = []
    for case in CASES:
        for each in found(case):
            record, place = each.record, into / case.name / f"{each.run.name}.html"
            place.parent.mkdir(parents=True, exist_ok=True)
            of_model = isinstance(record, ModelRunRecord)
            text = models.render_html(record) if of_model else of_program.render(record, each.patch)
            place.write_text(text, encoding="utf-8", errors="replace")
            out.append(place)
    print(f"{len(out)} reports in {into}", file=sys.stderr)
    return out


def index() -> str:
    """The page of all cases."""
    rows = []
    for case in CASES:
        for each in found(case):
            report = f"[report]({case.name}/{each.run.name}.html)"
            rows.append((f"[{case.title}]({case.name}.md)", text(each.run.title), text(each.headline), report))
    return "\n".join((
        "# Gallery\n",
        "Five cases, each a real run of hasten on a program or a model in `examples/`, each page made from the result of that run: "
        f"no figure is typed by hand. `make gallery` runs all of them again (`{COMMAND} CASE` one of them).\n",
        table(("case", "what", "verdict", "report"), rows, plain=False),
        "A gain is old time / new time. Brackets are 95% intervals. Each page says on which machine, how busy it was, and what hasten did "
        "not do.\n",
    ))  # fmt: skip


def page(case: Case, results: Sequence[Found], source: str) -> str:
    """The page of one case."""
    parts = [f"# {case.title}\n", f"{case.about}\n", f"Data: {text(source)}. The programs are in `examples/{case.name}/`.\n"]
    for each in results:
        parts += [f"## {each.run.title}\n", f"{each.run.about}\n", f"**{text(each.headline)}**\n"]
        parts.append(
            f"[The whole report]({case.name}/{each.run.name}.html): every sample, the flame graphs, each trial with its reason.\n"
            if not isinstance(each.record, ModelRunRecord)
            else f"[The whole report]({case.name}/{each.run.name}.html): the Pareto front, each candidate with its verdict.\n"
        )
        if picture(each.record):
            parts.append(f"![{text(each.headline)}]({case.name}/{each.run.name}.svg)\n")
        of_model = isinstance(each.record, ModelRunRecord)
        parts += of_a_model(each.record) if of_model else of_a_program(each.record, each.patch)
        parts += circumstances(each.record)
        parts += ["### Again\n", fenced(again(case, each), "sh")]
    made = ", ".join(f"`{case.name}/{each.run.name}.json` ({digest(result_of(case, each.run))})" for each in results)
    return "\n".join([*parts, f"Made from {made}.\n"])


def digest(path: Path) -> str:
    """What ties a page to a result: the first digits of its SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else "not kept"


# -- programs ----------------------------------------------------------------------------------------------------------


def of_a_program(record: RunRecord, patch: str) -> list[str]:
    from hasten.report.markdown import _before_after

    shown, out = view(record), []
    rows = _before_after(record)
    if rows:
        out.append(table(("", "before", "after", "gain, old/new"), rows))
    out += ["### What had to stay the same\n", contract(checked.rows(record))]
    if shown.kept:
        out.append("### What hasten changed\n")
        kept = ((r.code, r.place.rpartition("/")[2], r.title, r.gain, r.checks) for r in shown.kept)
        out.append(table(("pass", "place", "change", "gain, old/new", "inputs that agreed"), kept))
        out += worth(record)
        lines = patch.splitlines()
        added, gone = (sum(n.startswith(s) and not n.startswith(3 * s) for n in lines) for s in "+-")
        out.append(folded(f"The patch: +{added} −{gone} lines", patch))
    out += ["### What it did not do\n", *left(record)]
    return out


def worth(record: RunRecord) -> list[str]:
    """What each kept pass is worth beside the others."""
    out = []
    for part in record.contributions:
        titles = [record.kept.changes[i].title.removeprefix(part.code).lstrip(" :") for i in part.changes]
        if part.without is not None:
            out.append(f"- Without {text(part.code)} ({text(', '.join(titles))}) the result takes {text(str(part.without))} as long.")
        elif part.saves_s:
            out.append(f"- {text(part.code)} ({text(', '.join(titles))}) saves about {seconds(part.saves_s)} of a run, reckoned from replays.")
    return [*out, ""] if out else []


def left(record: RunRecord) -> list[str]:
    """What was tried in vain, and where the time goes now."""
    out = []
    tried: dict[str, list[TrialRecord]] = {}
    for trial in record.trials:
        if not trial.kept:
            why = trial.reason.split("\n")[0]
            tried.setdefault(f"{why}, but not part of the fastest set" if trial.verdict == "accepted" else why, []).append(trial)
    if tried:
        # what was refused for its answers first, then reasons that many share
        order = sorted(tried.items(), key=lambda item: (len(item[1]), item[0]))[:MOST]
        rows = [(_some(trials), reason[:200]) for reason, trials in order]
        out.append(table(("change", "why it was not kept"), rows))
    now = record.after
    if now is not None and now.lines:
        what = ", ".join(
            f"{percent(line.total)} in `{line.text.strip().replace('`', chr(39))[:70]}`" for line in now.lines[:3]
        )
        out.append(f"Where the time of the result goes now: {what}.\n")
    noted = remedies.plain_notes((*record.notes, *(record.comparison.notes if record.comparison else ())))
    return [*out, *(f"- {text(note)}" for note in noted), ""]


def _some(trials: Sequence[TrialRecord]) -> str:
    first = trials[0]
    told = f"{first.code} {Path(first.path).name}:{first.first} {first.title.removeprefix(first.code).lstrip(' :')}"
    return told if len(trials) == 1 else f"{told}, and {len(trials) - 1} more"


# -- models ------------------------------------------------------------------------------------------------------------


def of_a_model(record: ModelRunRecord) -> list[str]:
    out = []
    record = named(record)
    rows = models.latency_rows(record)
    if rows:
        out.append(table(("a call, p50 / p95", "original", "artifact", "gain, old/new"), rows))
    facts = [(name, told) for name, told in models.facts(record) if name not in ("contract",)]
    out += ["### What had to stay the same\n", f"The contract: {text(models.contract(record))}.\n"]
    out += [contract(checked.model_rows(record)), "### What hasten did\n"]
    if record.routes:
        out.append(table(("rows in a call", "answered by"), record.routes))
    brought = steps.steps(record)
    if brought:
        out.append("What each step brought, beside the same recipe without it (of the candidates that were tried):\n")
        rows = ((s.title, s.beside, s.latency, s.size, s.quality) for s in brought)
        out.append(table(("step", "beside", "time of a call", "size", "quality"), rows))
    told = [t for c in record.candidates if c.kept for t in c.told]
    out += [*(f"- {text(t)}" for t in dict.fromkeys(told)), ""]
    out.append(table(("", ""), facts))
    out += ["### What it did not do\n", *refused(record)]
    return out


def named(record: ModelRunRecord) -> ModelRunRecord:
    """The record with passes inside titles named by what they do: `(inner=HSM102)` is `(inner: compiled trees)`."""
    titles = {s.code: s.title for c in record.candidates for s in c.steps if "(" not in s.title}

    def plain(title: str) -> str:
        return re.sub(r"=(HSM\d+)", lambda m: f": {titles[m[1]]}" if m[1] in titles else m[0], title)

    candidates = tuple(
        replace(c, steps=tuple(replace(s, title=plain(s.title)) for s in c.steps), reason=plain(c.reason))
        for c in record.candidates
    )
    return replace(record, candidates=candidates, routes=tuple(tuple(map(plain, route)) for route in record.routes))


def refused(record: ModelRunRecord) -> list[str]:
    """Candidates that were not kept, the nearest first."""
    _, rows = record.contract.wanted

    def ratio(row: int) -> float:
        at = record.candidates[row].at(rows, 1)
        return at.speedup.ratio if at is not None and at.speedup is not None else 0.0

    order = sorted(
        (i for i, c in enumerate(record.candidates) if not c.kept and i), key=lambda i: (record.candidates[i].accepted, -ratio(i))
    )
    every = [models.candidate_row(record.candidates[i], record) for i in order]
    shown = [(code, title, mark, gain or "", reason[:160]) for code, title, mark, gain, reason in every[:MOST]]
    out = [table(("pass", "what", "verdict", "gain, old/new", "why"), shown)] if shown else []
    if len(every) > MOST:
        out.append(f"And {len(every) - MOST} more, in the report.\n")
    return [*out, *(f"- {text(note)}" for note in remedies.plain_notes(record.notes)), ""]


# -- both --------------------------------------------------------------------------------------------------------------


def contract(rows: Iterable[checked.Row]) -> str:
    return table(
        ("check", "expected", "got", "tolerance"), ((r.check, r.expected, r.got, r.tolerance) for r in rows)
    )  # fmt: skip


def circumstances(record: RunRecord | ModelRunRecord) -> list[str]:
    """The machine, how busy it was, and what to know before believing a figure."""
    machine = record.machine
    load = ", ".join(f"{x:.1f}" for x in machine.get("load") or ())
    of_model = isinstance(record, ModelRunRecord)
    warnings = remedies.model_warnings(record) if of_model else remedies.warnings(record)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()) if name != "python")
    out = [
        "### Measured on\n",
        f"{text(str(machine.get('cpu')))}, {machine.get('cores')} cores, {float(machine.get('memory_mb') or 0) / 1000:.0f} GB, "
        f"{text(str(machine.get('system')))}, {text(str(machine.get('python')))}; load {load} (1, 5 and 15 minutes) at the end; "
        f"begun {record.started[:16].replace('T', ' ')} UTC. hasten took {seconds(record.own_s)}"
        + (f" of a budget of {seconds(record.budget_s)}" if record.budget_s is not None else "")
        + f". {text(versions)}.\n",
    ]
    return [*out, *(f"- Beware: {text(what)}." for what, _ in warnings), ""]


def again(case: Case, each: Found) -> str:
    lines = [f"python -m examples.prepare {case.name}", f"cd examples/{case.name}"]
    lines += [f"python {script}" for script in dict.fromkeys(each.run.before.values())]
    return "\n".join([*lines, each.record.command or f"hasten run {' '.join(each.run.words)}"])


_MARKS = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]#!"} | {"<": "&lt;", ">": "&gt;", "|": "&#124;", "&": "&amp;"})


def text(words: str) -> str:
    """On one line, as it is: nothing in it is Markdown or HTML."""
    return " ".join(words.replace(" -> ", " → ").split()).translate(_MARKS)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, plain: bool = True) -> str:
    """With `plain`, cells are texts of a program's."""
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    out += ["| " + " | ".join(text(cell) if plain else cell for cell in row) + " |" for row in rows]
    return "\n".join(out) + "\n"


def folded(title: str, content: str) -> str:
    """What a reader opens when it is wanted; HTML alone, which every renderer of Markdown leaves as it is."""
    return f"<details>\n<summary>{html.escape(title)}</summary>\n\n<pre><code>{html.escape(content, quote=False)}</code></pre>\n\n</details>\n"
