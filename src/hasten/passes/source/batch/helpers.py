"""Helper functions that rewritten programs carry: plain NumPy and standard library, never hasten."""

from __future__ import annotations

from collections.abc import Callable

from hasten.core.source import Edit, SourceFile, prelude_line
from hasten.kernel.regions import PUT_THERE

# {apart}, {batched}: names that are free in the file
APART = '''\
def {apart}(read, changed, updated):
    """True when nothing in `changed` is, or shares memory with, any part of the plain values in `read`.

    Containers in `updated` may hold only numbers and text: their elements are updated in place.
    """
    import numpy

    def parts(value, depth):
        kind = type(value)
        if kind in (int, float, bool, str, bytes, complex, range, slice, type(None)):
            return []
        if isinstance(value, numpy.generic):
            return []
        if kind is numpy.ndarray and not value.dtype.hasobject:
            return [value]
        if kind.__module__.split(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series"):
            return [value]
        if kind.__module__ in ("torch", "torch.nn.parameter") and kind.__name__ in ("Tensor", "Parameter"):
            return [value.detach().numpy()]
        if kind in (list, tuple, dict, set, frozenset) and depth:
            inner = [*value, *value.values()] if kind is dict else value
            if set(map(type, inner)) <= {{int, float, bool, str}}:
                return [value]
            return [value] + [part for item in inner for part in parts(item, depth - 1)]
        raise TypeError(f"not a plain value: {{kind}}")

    held = [part for value in read for part in parts(value, 3)]
    for value in changed:
        if isinstance(value, (int, float, complex, str, bytes, bool, type(None), numpy.generic)):
            continue
        if type(value) is numpy.ndarray:
            # a table may hand out views of itself, so it cannot be told apart from an array
            if any(not isinstance(part, (list, tuple, dict, set, frozenset)) and (
                    type(part) is not numpy.ndarray or numpy.may_share_memory(part, value)) for part in held):
                return False
        elif type(value).__module__ not in ("builtins", "collections") or any(part is value for part in held):
            return False
    for value in updated:
        if type(value) is numpy.ndarray and not value.dtype.hasobject:
            continue
        items = value.values() if isinstance(value, dict) else value
        plain = (int, float, complex, bool, str, bytes, type(None))
        if any(type(item) not in plain and not isinstance(item, numpy.generic) for item in items):
            return False
    return True
'''

BATCHED = '''\
def {batched}(names, method, rows):
    """What model.method(row) gives for each of rows(), from few calls; None where that may not be the same.

    Only for fitted models that treat every row by itself. Whatever goes wrong is left for the loop to meet.
    """
    import numpy

    known = (
        "sklearn.linear_model.", "sklearn.tree.", "sklearn.ensemble._forest", "sklearn.ensemble._gb",
        "sklearn.ensemble._hist_gradient_boosting.", "sklearn.ensemble._iforest", "sklearn.svm.", "sklearn.naive_bayes",
        "sklearn.neighbors._classification", "sklearn.neighbors._regression", "sklearn.neighbors._nearest_centroid",
        "sklearn.neural_network._multilayer_perceptron", "sklearn.discriminant_analysis", "sklearn.preprocessing._data",
        "sklearn.decomposition._pca", "sklearn.decomposition._truncated_svd", "sklearn.cluster._kmeans",
        "sklearn.calibration", "sklearn.dummy", "lightgbm.sklearn", "xgboost.sklearn",
    )

    def by_row(model):
        kind = type(model)
        if kind.__module__ == "sklearn.pipeline" and kind.__name__ == "Pipeline":
            return all(step is None or step == "passthrough" if isinstance(step, (str, type(None))) else by_row(step)
                       for _, step in model.steps)
        own = vars(model)
        odd = any(callable(own.get(name)) for name in ("metric", "kernel", "weights", method))
        brute = own.get("_fit_method") == "brute"  # its distances depend on how many rows there are
        parts = [own[name] for name in ("estimator", "base_estimator") if own.get(name) is not None]
        return (kind.__module__.startswith(known) and not odd and not brute
                and own.get("strategy") not in ("stratified", "uniform") and all(map(by_row, parts)))

    try:
        model, read, changed, updated = names()
        if not by_row(model) or not {apart}(read, changed, updated):
            return None
        with numpy.errstate(divide="raise", over="raise", invalid="raise"):
            args = list(rows())
            if len(args) < 2:
                return None
            named = hasattr(model, "feature_names_in_")
            first = args[0]
            if type(first).__module__.split(".")[0] == "pandas" and type(first).__name__ == "DataFrame":
                import pandas

                same = all(
                    type(a) is type(first) and len(a) == 1 and a.columns.equals(first.columns)
                    and (a.dtypes.to_numpy() == first.dtypes.to_numpy()).all()
                    for a in args
                )
                plain = all(getattr(d, "kind", "O") in "fi" for d in first.dtypes)
                if not (same and plain and named):
                    return None
                whole = pandas.concat(args, ignore_index=True)
            else:
                if named or any(type(a) not in (numpy.ndarray, list) for a in args):
                    return None
                tables = [numpy.asarray(a) for a in args]
                first = tables[0]
                if first.ndim != 2 or first.shape[0] != 1 or first.dtype.kind not in "fi":
                    return None
                if any(t.shape != first.shape or t.dtype != first.dtype for t in tables):
                    return None
                whole = numpy.concatenate(tables)
            results = []
            for start in range(0, len(args), 4096):  # bounded memory
                part = whole[start:start + 4096]
                result = getattr(model, method)(part)
                if type(result) is not numpy.ndarray or len(result) != len(part) or result.dtype.hasobject:
                    return None
                results.extend(result[i:i + 1].copy() for i in range(len(part)))
            return results
    except Exception:
        return None
'''

WHOLE = '''\
def {whole}(arrays, scalars, writes, at, formula, rank):
    """formula(start, stop) over all rows at once; None where it may differ from one row at a time.

    `arrays()` gives (array, rank, low, high) with the lowest and highest offset from the row's number that is read, or
    None for what is not indexed by row; `writes()` gives what the loop changes, and of that the containers whose
    elements it updates in place; `at()` gives the row numbers. Anything unusual is left for the loop.
    """
    import numpy

    try:
        rows = at()
        start, stop = rows.start, rows.stop
        if rows.step != 1 or stop - start < 2:
            return None
        held = []
        for array, ndim, low, high in arrays():
            if type(array) is list:  # of floats, checked here: a number that is not a float has other arithmetic
                if ndim != 1 or set(map(type, array)) != {{float}}:
                    return None
            elif type(array) is not numpy.ndarray or array.dtype != numpy.float64 or array.ndim != ndim:
                return None
            if not numpy.size(array) or (low is not None and not (start + low >= 0 and stop + high <= len(array))):
                return None
            held.append(array)
        changed, updated = writes()
        for value in changed:
            if type(value) is numpy.ndarray:
                if any(type(array) is numpy.ndarray and numpy.may_share_memory(value, array) for array in held):
                    return None
            elif type(value).__module__ not in ("builtins", "collections", "numpy") or any(value is a for a in held):
                return None
        for value in updated:
            if type(value) is numpy.ndarray and not value.dtype.hasobject:
                continue
            items = value.values() if isinstance(value, dict) else value
            plain = (int, float, complex, bool, str, bytes, type(None))
            if any(type(item) not in plain and not isinstance(item, numpy.generic) for item in items):
                return None
        if any(type(value).__name__ not in kinds for value, kinds in scalars()):
            return None
        with numpy.errstate(divide="raise", over="raise", invalid="raise"):
            result = formula(start, stop)
        if type(result) is not numpy.ndarray or result.ndim != rank or len(result) != stop - start:
            return None
        return numpy.ascontiguousarray(result)
    except Exception:
        return None
'''


PUT_THERE.add(APART.format(apart="_apart") + BATCHED.format(apart="_apart", batched="_one_call_for_all_rows"))


def batched(source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """The name of the batching helper in this file and the text to insert (empty when it is there already)."""
    return _beside_apart("_one_call_for_all_rows", BATCHED.format(apart="{apart}", batched="{name}"), source, taken)


def forwarded(source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """The same for networks of PyTorch."""
    from hasten.passes.source.batch.forwards import FORWARDED

    return _beside_apart("_one_forward_for_all_rows", FORWARDED.replace("{forwarded}", "{name}"), source, taken)


def _beside_apart(name: str, text: str, source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """A free name for a helper that calls `_apart`, and the text of both (empty when they are there); its {name} and
    {apart} get the names."""
    apart = "_apart"
    while True:
        whole = APART.format(apart=apart) + "\n\n" + text.replace("{apart}", apart).replace("{name}", name)
        if whole in source.text:
            return name, ""
        if apart not in taken and name not in taken:
            return name, whole
        apart, name = apart + "_", name + "_"


def held(source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """The same for the helper that tells what an object of the program holds."""
    from hasten.passes.source.batch.objects import HELD

    return _named("_held_by", lambda name: HELD.format(held=name), source, taken)


def whole(source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """The same for the helper that evaluates a formula for all rows."""
    return _named("_for_all_rows", lambda name: WHOLE.format(whole=name), source, taken)


def _named(name: str, written: Callable[[str], str], source: SourceFile, taken: set[str]) -> tuple[str, str]:
    """A free name for a helper, made longer until it is free, and its text under that name (empty when it is there)."""
    while True:
        text = written(name)
        if text in source.text:
            return name, ""
        if name not in taken:
            return name, text
        name += "_"


def inserted(source: SourceFile, text: str) -> list[Edit]:
    """The edit that puts a helper after the imports; none for an empty one."""
    line = prelude_line(source)
    return [Edit(source.path, line, line - 1, f"\n\n{text}\n\n")] if text else []
