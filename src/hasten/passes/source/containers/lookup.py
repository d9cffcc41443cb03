"""Positions and counts in a list.

What it finds    `xs.index(x)` or `xs.count(x)` inside a loop, where `xs` stays as it is.
Why it is slow   each call compares item after item; a dict of first positions, or of counts, answers by hash.
Example          for name in names:                   names_first = _first_positions(header)
                     at = header.index(name)     ->   for name in names:
                                                          at = _position(header, header_first, name)
Safe when        nothing in the loop can change `xs` (proved from the syntax of the project), and, checked while it
                 runs, items and asked value are plain values, which hash as they compare. For anything else, and for
                 a value that is not there (`ValueError`), the list itself is asked, as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import frozen_during
from hasten.passes.source.containers.meanwhile import no_lists
from hasten.passes.source.containers.membership import IS_PLAIN, PLAIN, ready, stretches
from hasten.passes.source.containers.syntax import Parts

TABLE = '''\
def _tally(xs, *others):
    """First position and count of every item of a list; None where an item may compare in its own way, or where
    the list also goes by one of the other names."""
    if type(xs) not in (list, tuple) or any(xs is other for other in others):
        return None
    if not (_PLAIN.issuperset(map(type, xs)) or all(map(_is_plain, xs))):
        return None
    table = {}
    for n, x in enumerate(xs):
        first, count = table.get(x, (n, 0))
        table[x] = first, count + 1
    return table


'''

INDEX = '''\
def _index_of(xs, table, x):
    """`xs.index(x)`, from the table of its items where it is there."""
    found = table.get(x) if table and _is_plain(x) else None
    return found[0] if found else xs.index(x)


'''

COUNT = '''\
def _count_of(xs, table, x):
    """`xs.count(x)`, from the table of its items."""
    return table.get(x, (0, 0))[1] if table and _is_plain(x) else xs.count(x)


'''


class Lookup(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST102"
    name: ClassVar[str] = "position or count in a list"

    def sites(self, place: Place) -> Iterator[Parts]:
        module, project = place.module, place.project
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="index" | "count" as method, value=ast.Name() as xs),
                        args=[x],
                        keywords=[],
                    ) if not isinstance(x, ast.Starred):
                        pass
                    case _:
                        continue
                if method in project.functions or isinstance(module.function(node), (ast.Lambda, ast.ClassDef)):
                    continue
                seen = place.facts.of(place.region.id).types.get(xs.id, ())
                if seen and not any(f.type in ("builtins.list", "builtins.tuple") for f in seen):
                    continue
                for stretch in stretches(place, node):
                    frozen = frozen_during(project, module, xs, stretch, allowed=no_lists(project, module, stretch))
                    if not frozen.ok or not ready(module, xs, frozen, stretch):
                        continue
                    table = module.fresh(f"{xs.id}_table")
                    helper = "_index_of" if method == "index" else "_count_of"
                    arguments = ", ".join((xs.id, *frozen.apart))
                    yield Parts(
                        title=f"{xs.id}.{method} from a table",
                        first=node.lineno,
                        last=node.end_lineno or node.lineno,
                        reason=f"every call goes through the items of {xs.id}",
                        remedy="a dict of its items, made once before the loop",
                        replace=((node, f"{helper}({xs.id}, {table}, {module.text(x)})"),),
                        before=((stretch.lineno, f"{module.margin(stretch)}{table} = _tally({arguments})\n"),),
                        prelude=(PLAIN, IS_PLAIN, TABLE, INDEX if method == "index" else COUNT),
                    )
                    break
