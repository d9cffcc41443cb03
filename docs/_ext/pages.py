"""Pages that are written from the code: each pass, the command line, the configuration, the schemas, the API."""

from __future__ import annotations

import argparse
import inspect
import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import hasten
from hasten.api.outputs import OUTPUTS, schema
from hasten.cli import BROKEN, FINISHED, INTERRUPTED, UNMET, WRONG
from hasten.cli.parser import build
from hasten.config import OPTIONS
from hasten.passes.described import REDUCING, SERVING, SOURCE, START, Description, every_description

FAMILIES: Mapping[str, str] = {
    "HST1": "Lists, dicts, texts and loops of plain Python",
    "HST2": "pandas",
    "HST3": "Compiled loops",
    "HST4": "One call, or one array, for all rows",
    "HST5": "NumPy",
    "HST6": "The start of a program",
    "HST7": "scikit-learn and PyTorch, as scripts call them",
    "HST8": "Processes",
    "HST9": "Other algorithms",
    "HSM1": "Ways to serve a model of tables and texts",
    "HSM2": "Smaller models of tables and texts",
    "HSM30": "Ways to serve a neural net",
    "HSM31": "Neural nets in int8",
    "HSM32": "Smaller neural nets",
}
KINDS = {
    SOURCE: "a pass over programs",
    START: "a pass over the start of a program",
    SERVING: "a way to serve a model",
    REDUCING: "a way to make a model smaller",
}


def version() -> str:
    return hasten.__version__


def write(docs: Path) -> list[Path]:
    """Writes them below `reference/` and `_extra/`, where git ignores them; a page that is as it was is not touched."""
    found = dict(_everything())
    folders = [docs / "reference/passes", docs / "_extra/schemas"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if str(old.relative_to(docs)) not in found:
                old.unlink()
    for name, text in found.items():
        place = docs / name
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")
    return [docs / name for name in found]


def _everything() -> Iterator[tuple[str, str]]:
    described = every_description()
    for d in described:
        yield f"reference/passes/{d.code}.md", pass_page(d)
    yield "reference/passes/index.md", index_of_passes(described)
    yield "reference/cli.md", command_line()
    yield "reference/configuration.md", configuration()
    yield "reference/schemas.md", schemas()
    yield "reference/api.md", api()
    for name in OUTPUTS:
        yield f"_extra/schemas/{name}.json", json.dumps(schema(name), indent=1, allow_nan=False) + "\n"


# ---------------------------------------------------------------------- passes


def pass_page(d: Description) -> str:
    out = [f"# {d.code}: {_sentence(d.name)}", _facts(d)]
    if d.title.lower() != d.name.lower():
        out.insert(1, f"{_sentence(d.title)}.")
    if d.about:
        out.append(d.about)
    for part in d.parts:
        out += [f"## {part.label}", _fenced("text", part.text) if part.label == "Example" else _sentence(part.text)]
    shown = d.example
    if shown is not None:
        out += [
            "## A program that it changes",
            f"{shown.says} The change below is what the pass makes of this program; the tests run both and compare "
            "what they print. Long helpers, which the pass writes beside the program's own code, are shown by their "
            "first lines.",
            _fenced("python", shown.before),
            _fenced("diff", shown.patch),
            "## A program that it leaves alone",
            shown.why_not,
            _fenced("python", shown.left_alone),
        ]
    out.append(f"The same in a terminal: `hasten explain {d.code}`.")
    return "\n\n".join(out) + "\n"


def _facts(d: Description) -> str:
    needs = ", ".join(f"`{p}`" for p in d.packages)
    rows = [("Kind", KINDS[d.kind]), ("Promise", f"{d.risk.value} (`Risk.{d.risk.name}`)"), ("Code", f"`{d.module}`")]
    if needs:
        rows.append(("Needs", needs))
    head = "| " + " | ".join(name for name, _ in rows) + " |\n" + "| --- " * len(rows) + "|\n"
    return head + "| " + " | ".join(told for _, told in rows) + " |"


def index_of_passes(described: tuple[Description, ...]) -> str:
    out = [
        "# Passes",
        f"Everything that hasten can change: {len(described)} passes, each with a page. `hasten passes` prints this "
        "list, `hasten explain CODE` one page. HST codes are passes over programs, HSM codes passes over trained "
        "models. A pass only proposes: whether a change is kept is for replays, whole runs and measurements to say "
        "([safety](../../explanation/safety.md)).",
    ]
    for family, title in FAMILIES.items():
        inside = sorted((d for d in described if d.code.startswith(family)), key=lambda d: d.code)
        out += [f"## {title}", "| code | what it is about | promise |\n| --- | --- | --- |"]
        out[-1] += "".join(f"\n| [{d.code}]({d.code}.md) | {_sentence(d.title)} | {d.risk.value} |" for d in inside)
    listed = "\n".join(sorted((d.code for d in described), key=lambda code: (code.startswith("HSM"), code)))
    out.append(f"```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```")
    return "\n\n".join(out) + "\n"


# ---------------------------------------------------------------------- command line, configuration, schemas, API


def command_line() -> str:
    parser = build()
    words, _, examples = (parser.epilog or "").partition("\n\n")
    out = [
        "# Command line",
        "Written from the parser itself. `hasten COMMAND --help` says the same.",
        " ".join(words.partition("\n")[0].split()),
        _fenced("text", textwrap.dedent(examples)),
        "## Exit status",
        "| status | meaning |\n| ---: | --- |\n"
        f"| {FINISHED} | finished, gain or not |\n"
        f"| {UNMET} | `--require` or `--fail-under` was not met, or compared results differ |\n"
        f"| {WRONG} | wrong usage, or the target cannot be run |\n"
        f"| {BROKEN} | hasten itself failed; the message names a file with the traceback |\n"
        f"| {INTERRUPTED} | interrupted; what was found so far is saved |",
    ]
    for name, command in _commands(parser).items():
        out += [f"## hasten {name}", _sentence(command.description or "") + "."]
        usage = " ".join(command.format_usage().removeprefix("usage: ").split())
        out.append(_fenced("text", textwrap.fill(usage, 84, subsequent_indent=" " * 4, break_on_hyphens=False)))
        for group in command._action_groups:
            actions = [a for a in group._group_actions if not isinstance(a, argparse._HelpAction)]
            if not actions:
                continue
            if group.title not in ("positional arguments", "options"):
                out.append(f"{_sentence(group.title or '')}:")
            rows = "".join(f"\n| {_invocation(a)} | {_cell(_help(a))} |" for a in actions)
            what = "argument" if group.title == "positional arguments" else "option"
            out.append(f"| {what} | meaning |\n| --- | --- |{rows}")
    return "\n\n".join(out) + "\n"


def _commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    found: Mapping[str, argparse.ArgumentParser] = action.choices
    return found


def _invocation(action: argparse.Action) -> str:
    if not action.option_strings:
        shown = action.metavar or "|".join(map(str, action.choices or [action.dest]))
        return f"`{shown}`".replace("|", "\\|")
    value = "" if action.nargs == 0 else f" {action.metavar or '{' + ','.join(map(str, action.choices or [])) + '}'}"
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)


def _help(action: argparse.Action) -> str:
    choices = f"one of {', '.join(map(str, action.choices))}" if action.choices and not action.option_strings else ""
    return "; ".join(t for t in (action.help or "", choices) if t)


def configuration() -> str:
    rows = "".join(
        f"\n| `{o.name}` | {_cell(o.meaning)} | {_cell(o.default)} | `{o.name} = {o.example}` |" for o in OPTIONS
    )
    toml = "[tool.hasten]\n" + "\n".join(f"# {o.name} = {o.example}" for o in OPTIONS)
    return (
        "# Configuration\n\nOptions of a project stand in `[tool.hasten]` of the nearest `pyproject.toml` at or above "
        "the target; what the command line says goes before. `hasten init` writes them there as comments.\n\n"
        f"| option | what it means | without it | example |\n| --- | --- | --- | --- |{rows}\n\n"
        f"{_fenced('toml', toml)}\n\nEvery mistake in the table is told at once, with the nearest right name.\n\n"
        "## Environment\n\n| variable | what it does |\n| --- | --- |\n"
        "| `NO_COLOR` | no colours |\n| `HASTEN_PLAIN=1`, `TERM=dumb` | plain lines instead of live progress |\n"
        "| `LOKY_MAX_CPU_COUNT` | most processes for [rounds side by side](../parallel.md) |\n"
    )


def schemas() -> str:
    rows = "".join(
        f'\n| `{name}` | {_cell(says)} | <a href="../schemas/{name}.json">{name}.json</a> |'
        for name, (_, _, says) in OUTPUTS.items()
    )
    return (
        "# JSON Schemas\n\nWhat commands print with `--json`, and `result.json`, as JSON Schema (2020-12), made from "
        "the types in the code; `hasten schema NAME` prints them. Fields may be added; `schema` in an output rises "
        "when a reader of an older one would go wrong.\n\n"
        f"| name | printed by | file |\n| --- | --- | --- |{rows}\n"
    )


def api() -> str:
    functions, errors, classes = [], [], []
    for name in sorted(n for n in hasten.__all__ if n != "__version__"):
        value = getattr(hasten, name)
        kind = functions if inspect.isfunction(value) else errors if issubclass(value, Exception) else classes
        kind.append(name)
    out = [
        "# Python API",
        "Everything that `import hasten` gives. `hasten.__version__` is the version. Importing hasten loads no "
        "library: what a function needs is imported when it is called.",
    ]
    for title, names, directive in (
        ("Functions", functions, "autofunction"), ("Results and workloads", classes, "autoclass"),
        ("Errors", errors, "autoexception"),
    ):  # fmt: skip
        out.append(f"## {title}")
        for name in names:
            options = "\n   :members:" if directive == "autoclass" else ""
            out += [f"### {name}", f"```{{eval-rst}}\n.. {directive}:: hasten.{name}{options}\n```"]
    out += [
        "## For passes of one's own",
        "```{eval-rst}\n.. autofunction:: hasten.testing.check_pass\n.. autoclass:: hasten.testing.Example\n"
        ".. autofunction:: hasten.testing.observed\n```",
    ]
    return "\n\n".join(out) + "\n"


# ---------------------------------------------------------------------- text


def _sentence(text: str) -> str:
    """With a capital letter, but for names that begin with a small one."""
    first = text.split(" ", 1)[0]
    known = any(c.isupper() or not c.isalpha() for c in first) or first in ("pandas", "tl2cgen", "np.vectorize")
    return text if known else text[:1].upper() + text[1:]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def clean(docs: Path) -> None:
    """Takes away all that `write` has written."""
    for name in ("reference/passes", "_extra"):
        shutil.rmtree(docs / name, ignore_errors=True)
    for name in ("cli", "configuration", "schemas", "api"):
        (docs / "reference" / f"{name}.md").unlink(missing_ok=True)
