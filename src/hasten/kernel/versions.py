"""A name that stands for one thing after another (`x = conv(x)`, `x = x.reshape(n, m)`) as a name for each of them.

Compiled code gives each name one type. What the statements of a function's own list bind holds from there to the next
such statement, so each of these bindings may have a name of its own; what loops and branches bind in between stays with
the name that holds there.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Sequence

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def split(stmts: Sequence[ast.stmt], given: set[str], fresh: Callable[[str], str]) -> list[ast.stmt]:
    """The statements with new names for later bindings. `given`: what is bound before them."""
    count = Counter(s.targets[0].id for s in stmts if _plain(s))  # type: ignore[attr-defined]
    wanted = {n for n, times in count.items() if times > 1 or n in given} - _kept(stmts)
    seen = set(given)
    now: dict[str, str] = {}
    out: list[ast.stmt] = []
    for s in stmts:
        new = copy.deepcopy(s)
        target = new.targets[0] if isinstance(new, ast.Assign) and _plain(new) else None
        for n in ast.walk(new):
            if isinstance(n, ast.Name) and n is not target:
                n.id = now.get(n.id, n.id)
        if isinstance(target, ast.Name):
            name = target.id
            if name in wanted and name in seen:
                now[name] = target.id = fresh(name)
            seen.add(name)
        else:
            seen |= {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        out.append(new)
    return out


def _plain(s: ast.stmt) -> bool:
    return isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)


def _kept(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names that mean more than one variable, or whose end matters."""
    found: set[str] = set()
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, SCOPES):
                found |= {m.id for m in ast.walk(n) if isinstance(m, ast.Name)}
                found |= {m.arg for m in ast.walk(n) if isinstance(m, ast.arg)}
                found.add(getattr(n, "name", ""))
            elif isinstance(n, ast.comprehension):
                found |= {m.id for m in ast.walk(n.target) if isinstance(m, ast.Name)}
            elif isinstance(n, (ast.Global, ast.Nonlocal)):
                found |= set(n.names)
            elif isinstance(n, ast.ExceptHandler):
                found.add(n.name or "")
            elif isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del):
                found.add(n.id)
            elif isinstance(n, (ast.Import, ast.ImportFrom)):
                found |= {(a.asname or a.name).partition(".")[0] for a in n.names}
            elif isinstance(n, (ast.MatchAs, ast.MatchStar)):
                found.add(n.name or "")
            elif isinstance(n, ast.MatchMapping):
                found.add(n.rest or "")
    return found
