"""Random streams that a kernel makes for itself: `np.random.default_rng(seed)`, `np.random.RandomState(seed)`,
`random.Random(seed)`.

The two older kinds are arrays, which a kernel can make anywhere. A `Generator` is made at the door: nothing can be seen
of where a generator with a seed is made, unless that is done several times.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hasten.kernel import containers, names, once
from hasten.kernel.kinds import Arr, Num, Rng, Stream
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

SEEDS = 2**63  # a seed beyond is left to NumPy


@dataclass(frozen=True)
class Seeded:
    """A generator made at the door: from which seed, and the name that stands for it if only one does."""

    seed: str
    target: str = ""


def made(u: Unit, name: str, node: ast.Call) -> V | None:
    """The call of one of these. None: of something else."""
    if name not in ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random"):
        return None
    if len(node.args) + len(node.keywords) != 1 or any(k.arg != "seed" for k in node.keywords):
        fail(f"{name} with such arguments", node)
    seed = node.args[0] if node.args else node.keywords[0].value
    if name == "numpy.random.default_rng":
        return generator(u, seed, node)
    kind = "python" if name == "random.Random" else "numpy"
    if kind == "python" and node.keywords:
        fail(f"{name} with such arguments", node)
    return V(f"{u.helper(f'{kind}_stream_of')}({seed_of(u, kind, seed, node)})", Stream(kind, ""))


def seed_of(u: Unit, kind: str, node: ast.expr, at: ast.AST) -> str:
    """The code of a seed. NumPy's is looked at in the kernel: it has 32 bits."""
    v = u.single(u.integer(node))
    kinds = {"int"} if kind == "python" else {"int", "np.int64"}
    if not isinstance(v.t, Num) or not v.t.kinds <= kinds:
        fail("seed of a random stream", at)
    return bare(v.code)


def reseeded(u: Unit, kind: str, stream: str, node: ast.Call) -> V:
    """`random.seed(n)`, `np.random.seed(n)`, as a statement."""
    if len(node.args) + len(node.keywords) != 1 or u.effect is not node:
        fail("seed of a random stream", node)
    if node.keywords and node.keywords[0].arg != ("a" if kind == "python" else "seed"):
        fail("seed of a random stream", node)
    seed = node.args[0] if node.args else node.keywords[0].value
    helper = u.helper("random_seed" if kind == "python" else "np_random_seed")
    return V(f"{helper}({stream}, {seed_of(u, kind, seed, node)})", Num(frozenset({"int"})))


def generator(u: Unit, seed: ast.expr, node: ast.Call) -> V:
    """A `Generator`, made once, at the door."""
    s = u.current
    once = isinstance(s, (ast.Assign, ast.AnnAssign, ast.Expr, ast.Return)) and not any(
        isinstance(x, (*names.COMPREHENSIONS, ast.Lambda)) and any(n is node for n in ast.walk(x)) for x in ast.walk(s)
    )
    if not u.top or u.depth or not once:
        fail("np.random.default_rng within something that may run several times", node)
    code = door_code(u, seed, node)
    place = f"{node.lineno}_{node.col_offset}"
    name = u.shared.seeded_at.setdefault(place, f"@{u.shared.module.fresh('seeded_generator', u.shared.taken)}")
    target = ""
    if isinstance(s, ast.Assign) and s.value is node and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name):
        target = s.targets[0].id
    stored = [n for x in u.stmts for n in ast.walk(x) if isinstance(n, ast.Name) and n.id == target]
    alone = sum(not isinstance(n.ctx, ast.Load) for n in stored) == 1
    u.shared.seeded[name] = Seeded(code, target if alone else "")
    u.extra[name] = u.env[name] = Rng()
    return V(u.local(name), Rng(), leaf=True)


def door_code(u: Unit, node: ast.expr, at: ast.AST) -> str:
    """The code of a seed at the door: a number, or one that came in and has not changed."""
    if isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value < SEEDS:
        return repr(node.value)
    v = u.integer(node)
    given = {u.local(n): t for n, t in {**u.params, **u.extra}.items() if n not in u.bound}
    t = given.get(v.code)
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(t, Num):
        fail("a seed that is computed", at)
    if t.kind not in ("int", "np.int64"):
        fail("seed of a random generator", at)
    return v.code


def bound(u: Unit, v: V, node: ast.Call) -> V:
    """An array that is drawn within an expression gets a name first, where nothing is drawn before it."""
    s = u.current
    if not isinstance(v.t, Arr) or v.code.isidentifier() or u.inside or getattr(s, "value", None) is node:
        return v
    if not isinstance(s, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.If, ast.For)):
        return v
    if not drawn_next(u, node, containers.head(s)):
        return v
    name = f"drawn_{node.lineno}_{node.col_offset}"
    once.emit_once(u, node, name, v.code)
    return V(name, replace(v.t, roots=frozenset()))


def drawn_next(u: Unit, node: ast.AST, whole: ast.AST) -> bool:
    """Is `node` surely evaluated once, and before all else of its statement that may draw and has no name yet?"""
    if whole is node:
        return True
    if isinstance(whole, (ast.IfExp, ast.BoolOp, ast.Lambda, ast.NamedExpr, *names.COMPREHENSIONS)):
        return False
    parts = list(ast.iter_child_nodes(whole))
    if isinstance(whole, (ast.Assign, ast.AnnAssign)):
        parts = [whole.value] if whole.value is not None else []
    if isinstance(whole, ast.Compare) and len(whole.ops) > 1:
        parts = parts[:1]
    for part in parts:
        if any(n is node for n in ast.walk(part)):
            return drawn_next(u, node, part)
        calls = [n for n in ast.walk(part) if isinstance(n, (ast.Call, ast.NamedExpr))]
        if any(impure(n) and id(n) not in {i for i, _ in u.named_draws} for n in calls):
            return False
    return False
