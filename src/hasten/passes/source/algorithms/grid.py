"""Searches through a grid of parameters, by halving.

What it finds    `search.fit(X, y)` of scikit-learn's `GridSearchCV`, which tries all parameters on all data.
Why it is slow   each combination is fitted on all data, once for each fold, the hopeless ones too.
Example          search.fit(X, y)  ->  search = _by_halving(search)  # a HalvingGridSearchCV of the same parameters
                                       search.fit(X, y)
Safe when        the user has named a quality (`--quality "test accuracy:max:0.5%"`) and whole runs show that it is at
                 least as good, on the program's own seed and on others. Without one nothing is offered. Searches by
                 several scores or with a rule of their own for the best stay, and so do those whose table is read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import facts_of
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Parts

IMPORTS = (
    "from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (the next line needs it)\n",
    "from sklearn.model_selection import HalvingGridSearchCV, ParameterGrid\n",
)
BY_HALVING = '''\
def _by_halving(search):
    """A GridSearchCV as a search by halving: few data for all combinations, all data for the few that do best there."""
    given = search.get_params(deep=False)
    plain = given["refit"] is True and (given["scoring"] is None or isinstance(given["scoring"], str))
    if type(search).__name__ != "GridSearchCV" or not plain or len(ParameterGrid(given["param_grid"])) < 6:
        return search
    del given["pre_dispatch"]
    return HalvingGridSearchCV(**given, random_state=0)


'''
SEARCH = "sklearn.model_selection._search.GridSearchCV"
# what halving has otherwise, or not at all
TABLE = frozenset({"cv_results_", "best_index_", "multimetric_"})


class HalvingSearch(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST952"
    name: ClassVar[str] = "parameter search by halving"
    risk: ClassVar[Risk] = Risk.QUALITY

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if any(isinstance(n, ast.Attribute) and n.attr in TABLE for n in ast.walk(module.tree)):
            return
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Call(func=ast.Attribute(value=search, attr="fit")):
                        found = _site(place, node, search)
                        if found is not None:
                            yield found


def _site(place: Place, node: ast.Call, search: ast.expr) -> Parts | None:
    module = place.module
    statement = module.statement(node)
    before: tuple[tuple[int, str], ...] = ()
    replaced: tuple[tuple[ast.AST, str], ...] = ()
    match search, statement:
        case ast.Call(func=func), _ if module.imported(func) == "sklearn.model_selection.GridSearchCV":
            replaced = ((search, f"_by_halving({module.text(search)})"),)
        case ast.Name(id=name), (ast.Expr(value=value) | ast.Assign(value=value)) if value is node:
            if not any(f.type == SEARCH for f in facts_of(place, name)) or not module.whole_lines(statement):
                return None
            before = ((statement.lineno, f"{module.margin(statement)}{name} = _by_halving({name})\n"),)
        case _:
            return None
    return Parts(
        title="the grid by halving: few data for all, all data for the few that do best",
        first=statement.lineno,
        last=statement.end_lineno or statement.lineno,
        reason="each combination is fitted on all data, the hopeless ones too",
        remedy="halving; needs --quality, which says what is as good",
        replace=replaced,
        before=before,
        prelude=(*IMPORTS, BY_HALVING),
    )
