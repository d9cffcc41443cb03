"""Global searches of smooth objectives, by gradients.

What it finds    `scipy.optimize.differential_evolution` and `dual_annealing` within bounds.
Why it is slow   they call the objective tens of thousands of times, as if nothing were known of it; where it is
                 smooth, L-BFGS-B needs some tens of calls from each start.
Example          found = differential_evolution(cost, bounds, seed=1)
                 ->  found = _by_gradients(differential_evolution, cost, bounds, seed=1)
Safe when        the user has named a quality (`--quality found.fun:min`) and whole runs show that it is at least as
                 good, on the program's own seed and on others. Without one nothing is offered. An objective that is not
                 smooth, or has more valleys than the starts find, ends up worse, and stays as it was. Bounds that are
                 not finite numbers, constraints, whole-number variables, callbacks and searches that print are left
                 alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import helper
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

SEARCHES = ("differential_evolution", "dual_annealing")
# what only says how the search goes about it; anything else says what is looked for
MANNERS = frozenset(
    "args strategy maxiter popsize tol atol mutation recombination seed rng polish init updating workers x0 maxfun "
    "initial_temp restart_temp_ratio visit accept no_local_search minimizer_kwargs".split()
)
BY_GRADIENTS = '''\
def _by_gradients(search, function, bounds, args=(), **options):
    """A minimum of a smooth function, where search(function, bounds, ...) would go through far more points.

    L-BFGS-B starts from the best of a spread of points, until the lowest valley has been reached from several of them.
    """
    box = NP.array([bounds.lb, bounds.ub] if hasattr(bounds, "lb") else list(zip(*bounds)), dtype=float)
    if box.ndim != 2 or not NP.isfinite(box).all() or not (box[0] < box[1]).all():
        return search(function, bounds, args=args, **options)
    low, high = box
    box_pairs = list(zip(low, high))
    count = 16 * len(low) + 16
    draw = NP.random.default_rng(0)
    # one point in each of `count` slices of every axis
    slices = NP.array([draw.permutation(count) for _ in low]).T
    points = [low + (high - low) * p for p in (slices + draw.random(slices.shape)) / count]
    if options.get("x0") is not None:
        points.append(NP.clip(NP.asarray(options["x0"], dtype=float), low, high))
    values = NP.array([float(function(p, *args)) for p in points])
    spread = float(NP.median(values) - values.min())
    calls, steps, best, again = count, 0, None, 0
    for start in NP.argsort(values)[: 4 * len(low) + 12]:
        found = minimize(function, points[start], args=args, method="L-BFGS-B", bounds=box_pairs)
        calls, steps = calls + found.nfev, steps + found.nit
        level = best is not None and abs(found.fun - best.fun) <= 1e-6 * abs(best.fun) + 1e-9 * spread
        if best is None or found.fun < best.fun:
            best, again = found, again + 1 if level else 0
        elif level:
            again += 1
        if again == 2:
            break
    if best is None or not NP.isfinite(best.fun):
        return search(function, bounds, args=args, **options)
    best = minimize(
        function, best.x, args=args, method="L-BFGS-B", bounds=box_pairs, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    calls += best.nfev
    # where differences are too coarse for the last digits, a simplex goes on
    fine = minimize(
        function, best.x, args=args, method="Nelder-Mead", bounds=box_pairs,
        options={
            "initial_simplex": _around(best.x, low, high), "maxiter": 40 * len(low), "xatol": 1e-12, "fatol": 1e-15,
        },
    )
    calls += fine.nfev
    if fine.fun < best.fun:
        best.x, best.fun = fine.x, float(fine.fun)
    best.success, best.message, best.nfev, best.nit = True, "Optimization terminated successfully.", calls, steps
    return best


'''
AROUND = '''\
def _around(point, low, high):
    """A small simplex at a point, inside the box."""
    step = 1e-5 * (high - low)
    step = NP.where(point + step <= high, step, -step)
    return NP.clip(NP.vstack([point, point + NP.diag(step)]), low, high)


'''
IMPORT = "from scipy.optimize import minimize\n"


class BySmoothness(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST951"
    name: ClassVar[str] = "global search by gradients"
    risk: ClassVar[Risk] = Risk.QUALITY

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call) or not _searches(module.imported(node.func)):
                    continue
                words = {k.arg: k.value for k in node.keywords}
                if len(node.args) > 3 or any(isinstance(a, ast.Starred) for a in node.args):
                    continue
                given = {*(w or "" for w in words), *("func", "bounds", "args")[: len(node.args)]}
                if not {"func", "bounds"} <= given or not given <= MANNERS | {"func", "bounds"}:
                    continue
                function = module.text(node.func)
                inside = ", ".join([function, *(module.text(a) for a in node.args)])
                rest = [f"{'function' if w == 'func' else w}={module.text(v)}" for w, v in words.items()]
                yield Parts(
                    title=f"{function.rpartition('.')[2]} by gradients, from several starts",
                    first=node.lineno,
                    last=node.end_lineno or node.lineno,
                    reason="a global search calls its objective as if it were not smooth",
                    remedy="gradients from several starts; needs --quality, which says what is as good",
                    replace=((node, f"_by_gradients({', '.join([inside, *rest])})"),),
                    prelude=(IMPORT, *helper(module, AROUND, BY_GRADIENTS)),
                )


def _searches(name: str) -> bool:
    return name.startswith("scipy.optimize.") and name.rpartition(".")[2] in SEARCHES
