"""What `stand_flow` asks of the syntax: who reads a variable of the function around it, and what is done to rows."""

from __future__ import annotations

import ast

from hasten.core.source import SourceFile
from hasten.passes.source.columns.lookup import home_of
from hasten.passes.source.columns.syntax import parents, read_elsewhere, row_use

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def reads_from(source: SourceFile, f: ast.AST, name: str, home: ast.AST) -> bool:
    """Whether the function reads a variable of the function around it."""
    return any(isinstance(n, ast.Name) and n.id == name and home_of(source, n, name) is home for n in ast.walk(f))


def rows_read(source: SourceFile, call: ast.Call) -> bool:
    """Whether the rows of `part.iterrows()` are asked for cells by constant names, and for nothing else."""
    holder = parents(source).get(call)
    target = getattr(holder, "target", None)
    if call.args or call.keywords or not (isinstance(target, ast.Tuple) and len(target.elts) == 2):
        return False
    label, row = target.elts
    if not (isinstance(label, ast.Name) and isinstance(row, ast.Name)) or label.id == row.id:
        return False
    body: list[ast.AST]
    if isinstance(holder, ast.For) and holder.iter is call:
        body = list(holder.body)
        if read_elsewhere(source, row.id, holder):
            return False
        if any(isinstance(n, ast.Name) and n.id == row.id for s in holder.orelse for n in ast.walk(s)):
            return False
    elif isinstance(holder, ast.comprehension) and holder.iter is call:
        around = parents(source).get(holder)
        if not isinstance(around, COMPREHENSIONS) or len(around.generators) != 1:
            return False
        given = (around.key, around.value) if isinstance(around, ast.DictComp) else (around.elt,)
        body = [*holder.ifs, *given]
    else:
        return False
    use = row_use(source, body, row.id)
    return use is not None and not use.label
