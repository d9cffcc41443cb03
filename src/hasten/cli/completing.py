"""What could stand where the user pressed the tab key. Runs only when a shell asks; argcomplete speaks its language."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

LATEST = "latest"


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell and end the process; nothing happens unless a shell asks, or where argcomplete is missing."""
    try:
        import argcomplete
    except ImportError:
        return
    attach(parser)
    argcomplete.autocomplete(parser, always_complete_options="long")


def attach(parser: argparse.ArgumentParser) -> None:
    """Give every argument of the commands its completer, by what it is called."""
    from argcomplete.completers import DirectoriesCompleter, FilesCompleter, SuppressCompleter

    folders, files, nothing = DirectoriesCompleter(), FilesCompleter(), _nothing
    known: dict[str, Callable[..., object]] = {
        "RUN": runs, "TARGET": _targets, "A": _versions, "B": _versions, "CODE": codes, "NAME": nothing,
        "DIR": folders, "FOLDER": folders, "FILE": files, "PATH": files, "SCRIPT": _Python(),
        "ARTIFACT": runs_or_folders, "FORMAT": exports,
    }  # fmt: skip
    for command in _commands(parser):
        for action in command._actions:
            if action.choices is None and not isinstance(action, argparse._HelpAction) and action.nargs != 0:
                completer = known.get(str(action.metavar), nothing)
                if command.prog.endswith(" schema") and action.dest == "name":
                    completer = schemas
                if action.dest == "resume":
                    completer = unfinished
                action.completer = completer  # type: ignore[attr-defined]
            elif isinstance(action, argparse._HelpAction):
                action.completer = SuppressCompleter()  # type: ignore[attr-defined]


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def runs(**_: object) -> dict[str, str]:
    """Names of runs with their targets, and `latest`."""
    import json

    found = {}
    for result in sorted(Path(".hasten", "runs").glob("*/result.json"), reverse=True):
        try:
            data = json.loads(result.read_bytes())
            target = data["target"] if data.get("kind") == "model" else data["target"]["name"]
        except (OSError, ValueError, KeyError, TypeError):
            target = ""
        found[result.parent.name] = str(target)
    return {LATEST: "the last run", **found} if found else {}


def unfinished(**_: object) -> list[str]:
    """Names of runs that can be gone on with."""
    found = sorted((p.parent.parent.name for p in Path(".hasten", "runs").glob("*/journal/steps")), reverse=True)
    return [LATEST, *found] if found else []


def runs_or_folders(prefix: str = "", **_: object) -> list[str]:
    from argcomplete.completers import DirectoriesCompleter

    return [*runs(), *DirectoriesCompleter()(prefix)]


def codes(**_: object) -> dict[str, str]:
    """Codes of passes, with what each is about."""
    from hasten.passes.described import every_description

    return {d.code: d.title for d in every_description()}


def schemas(**_: object) -> dict[str, str]:
    """Names of schemas."""
    from hasten.api.outputs import OUTPUTS

    return {name: says for name, (_, _, says) in OUTPUTS.items()}


def exports(**_: object) -> list[str]:
    """What a profile can be written as."""
    from hasten.report.exports import SUFFIX

    return list(SUFFIX)


def _nothing(**_: object) -> list[str]:
    return []


class _Python:
    """Python files and folders."""

    def __call__(self, prefix: str = "", **_: object) -> list[str]:
        from argcomplete.completers import FilesCompleter

        return list(FilesCompleter(allowednames=("py",))(prefix))


def _targets(prefix: str = "", **_: object) -> list[str]:
    """Scripts, files of models, folders; after `file.py::`, its functions."""
    from argcomplete.completers import FilesCompleter

    file, sep, _name = prefix.partition("::")
    if sep:
        return [f"{file}::{name}" for name in _functions(Path(file))]
    kinds = ("py", "joblib", "pkl", "skops", "onnx", "txt", "json", "ubj", "cbm", "pt2", "ipynb", "prof")
    return list(FilesCompleter(allowednames=kinds)(prefix))


def _functions(path: Path) -> list[str]:
    import ast

    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    found = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            found += [f"{node.name}.{n.name}" for n in node.body if isinstance(n, ast.FunctionDef)]
    return found


def _versions(prefix: str = "", **_: object) -> list[str]:
    """Programs, and git's branches and tags."""
    import subprocess

    command = ["git", "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=2, stdin=subprocess.DEVNULL)
        names = done.stdout.decode("utf-8", "replace").split() if done.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        names = []
    return [*_targets(prefix), *(["HEAD", *names] if names else [])]
