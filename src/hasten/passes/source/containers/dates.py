"""Times read in the standard's format.

What it finds    `datetime.strptime(text, "%Y-%m-%d %H:%M:%S")`, also with `T`, without seconds, and dates alone.
Why it is slow   `strptime` looks its format up, matches a regular expression and puts the parts together, in Python;
                 `fromisoformat` reads this one format in C.
Example          datetime.strptime(row["at"], "%Y-%m-%d %H:%M")   ->   _iso_time(datetime, row["at"], "%Y-%m-%d %H:%M")
Safe when        the text has exactly the format's length and signs (looked at while it runs). Any other text, and one
                 that names no time, is `strptime`'s, as before: its leniency and its messages stay.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

# with how many characters a text has that is written so in full
FORMATS = {"%Y-%m-%d": 10} | {
    f"%Y-%m-%d{between}{time}": size for between in " T" for time, size in (("%H:%M", 16), ("%H:%M:%S", 19))
}

ISO_TIME = '''\
def _iso_time(cls, text, form, size):
    """`cls.strptime(text, form)`, where `size` is the length of a text that is written in this format in full."""
    if type(text) is str and len(text) == size and text[4] == text[7] == "-" and cls.__module__ == "datetime":
        if size == 10 or text[10] == form[8] and text[11:13] < "24" and text[13] == ":" and text[16:17] in ("", ":"):
            try:
                found = cls.fromisoformat(text)
            except ValueError:
                found = None
            if found is not None and found.tzinfo is None:
                return found
    return cls.strptime(text, form)


'''


class IsoTime(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST115"
    name: ClassVar[str] = "time in the standard's format"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if any(m.names & {"freezegun", "time_machine"} for m in place.project.modules):
            return
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=cls, attr="strptime"),
                        args=[text, ast.Constant(value=str() as form) as given],
                        keywords=[],
                    ) if form in FORMATS and not isinstance(text, ast.Starred):
                        pass
                    case _:
                        continue
                if module.imported(cls) != "datetime.datetime":
                    continue
                arguments = f"{module.text(cls)}, {module.text(text)}, {module.text(given)}, {FORMATS[form]}"
                yield Parts(
                    title="times in the standard's format read by fromisoformat",
                    first=node.lineno,
                    last=node.end_lineno or node.lineno,
                    reason="strptime matches a regular expression for every text",
                    remedy="fromisoformat, for texts that are written in full",
                    replace=((node, f"_iso_time({arguments})"),),
                    prelude=(ISO_TIME,),
                )
