"""`hasten init`: a commented [tool.hasten] in the project's pyproject.toml, which changes nothing until edited."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path

from hasten.api.outputs import Initialised
from hasten.config import OPTIONS
from hasten.deliver.files import write_atomic
from hasten.errors import UsageError

NAME = "pyproject.toml"


def table() -> str:
    """[tool.hasten] with every option in a comment: what it means, what holds without it, an example."""
    out = ["[tool.hasten]", "# Settings of hasten; what the command line says goes first. Take the # away to set one."]
    for option in OPTIONS:
        text = f"{option.meaning}. Default: {option.default}."
        text = text[0].upper() + text[1:]
        out += ["", *textwrap.wrap(text, 96, initial_indent="# ", subsequent_indent="# ")]
        out.append(f"# {option.name} = {option.example}")
    return "\n".join(out) + "\n"


def initialise(folder: Path) -> Initialised:
    """Add the table to the pyproject.toml of `folder` (or of the project that it is in), or make one.

    What is there stays as it is, byte for byte; where a [tool.hasten] is there already nothing is written. Raises
    `UsageError`.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    file = _nearest(folder)
    made = not file.exists()
    try:
        old = b"" if made else file.read_bytes()
        before = tomllib.loads(old.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML, so nothing was written: {error}") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    tool = before.get("tool", {})
    if isinstance(tool, dict) and "hasten" in tool:
        said = f"{file} has a [tool.hasten] already, so nothing was written"
        return Initialised(1, str(file), False, False, said)
    text = table()
    end = "\r\n" if b"\r\n" in old else "\n"
    gap = "" if not old else end if old.endswith(b"\n") else end * 2
    new = old + (gap + text.replace("\n", end)).encode()
    try:
        after = tomllib.loads(new.decode("utf-8"))
    except tomllib.TOMLDecodeError:
        after = {}
    added = after.get("tool")
    if isinstance(added, dict) and added.pop("hasten", None) is not None and not added and "tool" not in before:
        del after["tool"]
    if after != before:
        raise UsageError(
            f"{file}: a [tool.hasten] cannot be added at its end (is `tool` an inline table?); add it by hand"
        )
    try:
        write_atomic(file, new)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; nothing was written") from None
    verb = "made" if made else "added [tool.hasten] to"
    said = f"{verb} {file}: every option is there as a comment, so nothing changes until you edit it"
    return Initialised(1, str(file), True, made, said)


def _nearest(folder: Path) -> Path:
    """The pyproject.toml that hasten reads for a program in this folder; one to be made in it when there is none.

    Not beyond the top of a git checkout. A link is followed, so that it stays a link.
    """
    for place in (folder, *folder.parents):
        if (place / NAME).is_file():
            return (place / NAME).resolve()
        if (place / ".git").exists():
            break
    return folder / NAME
