"""Trained models as subjects of `benchmarks/judge.py`: parts that serve them, with small faults inside.

Faults are put in where a careless reader or writer of models would make them: into the trees that are read (a
threshold, a feature, a branch, where NaN goes, a leaf, a tree, a class), into the arrays of weights and scales that
lie in an artifact, into the options of its manifest, into the code of a generated predictor.

What a fault changes is told here, beside the original model, by a comparison of its own: on the validation rows (a
result of the run), and on rows that nothing in hasten has seen: others of the same table, columns mixed, wider ranges,
missing cells, one row at a time, as dicts. Answers count as the contract has them: labels to the letter, scores within
a hundred-thousandth of the largest.
"""

from __future__ import annotations

import copy
import json
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faulty import faults as faults_of_code
from hasten.core.finding import Region
from hasten.core.model import METHODS, ModelContract, ModelWorkload, Rows
from hasten.core.model_pass import Step
from hasten.core.recipe import Change
from hasten.core.source import Edit, SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError
from hasten.passes.model import trees
from hasten.passes.model.trees.forest import Forest, Tree
from hasten.search.models import building
from hasten.search.models.inputs import Asked, inputs_of
from hasten.search.models.judge import Judge
from hasten.serve.manifest import read_manifest
from hasten.serve.served import Served
from hasten.verify.answers import Answers, Refusal, asked
from hasten.verify.schema import schema_of

TREES, DENSE, GENERATED = "HSM102", "HSM106", "HSM101"
CODE = "predictor.py"
NEAR = 1e-5  # of the largest score: the contract
VALID, UNSEEN = 150, 1500


@dataclass(frozen=True)
class ModelFault:
    """One fault: of which kind, what it was and is; `build` makes the artifact that has it."""

    kind: str
    before: str
    after: str
    build: Callable[[Path], None]


# -- models


def _table(kind: str) -> tuple[Any, Any]:
    import pandas as pd

    draw = np.random.default_rng(7)
    size = 900
    x = pd.DataFrame({f"f{i}": draw.normal(size=size).round(3) * 10 ** (i % 3) for i in range(5)})
    x["count"] = draw.integers(0, 9, size)
    score = x.f0 + (x["count"] > 3) * 1.5 - np.abs(x.f1) / 10 + draw.normal(size=size) * 0.3
    if kind == "gaps":
        for name in ("f0", "f3", "f4"):
            x.loc[draw.random(size) < 0.12, name] = np.nan
    if kind == "number":
        return x, score.to_numpy()
    return x, np.digitize(score, [-0.6, 0.9])


def _made(module: str, name: str, **options: Any) -> Callable[[], Any]:
    return lambda: getattr(__import__(module, fromlist=[name]), name)(**options)


def _scaled(make: Callable[[], Any]) -> Callable[[], Any]:
    def pipeline() -> Any:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), make())

    return pipeline


ENSEMBLE, LINEAR, NETS = "sklearn.ensemble", "sklearn.linear_model", "sklearn.neural_network"
# what is fitted, on which table, and the pass that serves it
SUBJECTS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "forest": (_made(ENSEMBLE, "RandomForestClassifier", n_estimators=12, random_state=0), "classes", TREES),
    "forest of numbers": (_made(ENSEMBLE, "RandomForestRegressor", n_estimators=8, random_state=0), "number", TREES),
    "histograms with gaps": (_made(ENSEMBLE, "HistGradientBoostingClassifier", max_iter=12), "gaps", TREES),
    "boosted": (_made(ENSEMBLE, "GradientBoostingRegressor", n_estimators=20, random_state=0), "number", TREES),
    "lightgbm": (_made("lightgbm", "LGBMClassifier", n_estimators=12, verbose=-1, n_jobs=1), "gaps", TREES),
    "xgboost": (_made("xgboost", "XGBClassifier", n_estimators=12, n_jobs=1), "gaps", TREES),
    "catboost": (
        _made("catboost", "CatBoostClassifier", iterations=15, verbose=0, allow_writing_files=False), "gaps", TREES,
    ),
    "logistic": (_scaled(_made(LINEAR, "LogisticRegression")), "classes", DENSE),
    "ridge": (_scaled(_made(LINEAR, "Ridge")), "number", DENSE),
    "perceptron": (
        _scaled(_made(NETS, "MLPClassifier", hidden_layer_sizes=(12,), max_iter=80, random_state=0)),
        "classes", DENSE,
    ),
    "vectors": (_scaled(_made("sklearn.svm", "SVC", C=2.0)), "classes", DENSE),
    "logistic, written out": (_scaled(_made(LINEAR, "LogisticRegression")), "classes", GENERATED),
    "perceptron, written out": (
        _scaled(_made(NETS, "MLPClassifier", hidden_layer_sizes=(6,), max_iter=80, random_state=0)),
        "classes", GENERATED,
    ),
}  # fmt: skip


class Subject:
    """A fitted model, hasten's judge of it, and the rows that hasten has not seen."""

    served: Any = Served

    def __init__(self, name: str, folder: Path) -> None:
        make, kind, self.code = SUBJECTS[name]
        self.name, self.folder = name, folder
        x, y = _table(kind)
        model = make()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x[:500], y[:500])
        self.methods = tuple(m for m in METHODS if hasattr(model, m) and m != "transform")
        valid = x[500 : 500 + VALID].reset_index(drop=True)
        self.work = ModelWorkload(model, Rows(valid, y[500 : 500 + VALID]), methods=self.methods)
        self.inputs: Asked = inputs_of(valid, (1,), 0, model=model)
        old = [asked(model, self.inputs.all[i], self.methods) for i in (0, *self.inputs.varied_places)]
        varied = dict(zip(self.inputs.varied, old[1:], strict=True))
        self.schema = schema_of(self.work.valid, varied)
        rows = [asked(model, self.inputs.all[table], self.methods) for table, _ in self.inputs.rows]
        self.judge = Judge(ModelContract(), self.work, None, old[0], varied, 0, rows)
        self.unseen = list(_unseen(x[500 + VALID :].reset_index(drop=True)))
        self._old = [asked(model, rows, self.methods) for rows in (valid, *(given for given, _ in self.unseen))]
        self._told = old[0]

    def build(self, folder: Path) -> None:
        building._read[str(self.folder)] = self.work
        building.build(str(self.folder), Step(self.code, ""), str(folder), self.schema, self.name)

    def effect(self, folder: Path) -> tuple[bool, str]:
        """(on the validation rows?, where it was seen); nothing was seen where the second is empty."""
        served = self.served(folder, read_manifest(folder, check=False), 1)
        for place, rows in enumerate((self.work.valid.x, *(rows for _, rows in self.unseen))):
            what = apart(self._old[place], asked(served, rows, self.methods), self._told)
            if what:
                return place == 0, f"{'validation rows' if place == 0 else f'unseen rows {place}'}: {what}"
        return False, ""

    def verdict(self, folder: Path) -> tuple[str, str]:
        """What hasten turns it down by, and why; nothing when it gets through."""
        try:
            served = self.served(folder, read_manifest(folder, check=False), 1)
        except (TargetError, ValueError, KeyError, OSError, SyntaxError, NameError, TypeError, IndexError) as error:
            return "recorded", f"it cannot be loaded: {error}"[:200]
        new = [asked(served, self.inputs.all[i], self.methods) for i in (0, *self.inputs.varied_places)]
        rows = [
            (asked(served, self.inputs.all[table], self.methods), asked(served, self.inputs.all[as_dict], self.methods))
            for table, as_dict in self.inputs.rows
        ]
        found = self.judge.of(new[0], dict(zip(self.inputs.varied, new[1:], strict=True)), rows)
        if found.verdict == "accepted":
            return "", ""
        return "varied" if found.reason.startswith(("with ", "row ")) else "recorded", found.reason


def _unseen(rest: Any) -> Iterator[tuple[Any, Any]]:
    """What the original is asked, and what the artifact is: an artifact may be asked of one row as a dict."""
    draw = np.random.default_rng(11)
    mixed = rest.iloc[draw.integers(0, len(rest), UNSEEN)].reset_index(drop=True)
    wide = {}
    for name in rest.columns:
        mixed[name] = rest[name].to_numpy()[draw.integers(0, len(rest), UNSEEN)]
        low, high = np.nanmin(rest[name]), np.nanmax(rest[name])
        wide[name] = draw.uniform(low - (high - low) / 2, high + (high - low) / 2, UNSEEN)
    gone = mixed.astype(float).mask(draw.random(mixed.shape) < 0.2)
    far = mixed.astype(float).mask(draw.random(mixed.shape) < 0.1, 1e30).mask(draw.random(mixed.shape) < 0.1, -0.0)
    single = [mixed.iloc[i : i + 1] for i in range(12)]
    yield from ((rows, rows) for rows in (rest, mixed, type(rest)(wide), gone, far, *single))
    for table in (mixed, gone):
        yield from ((table.iloc[i : i + 1], table.iloc[i : i + 1].to_dict("records")[0]) for i in range(20, 40))


def apart(old: Answers, new: Answers, usual: Answers) -> str:
    """The first difference of answers; nothing when there is none. `usual` are scores on ordinary rows."""
    for method, a in old.items():
        b = new.get(method)
        if isinstance(a, Refusal) or isinstance(b, Refusal) or b is None:
            if not (isinstance(a, Refusal) and isinstance(b, Refusal)):
                return f"{method}: {a if isinstance(a, Refusal) else 'an answer'} became {b}"[:200]
            continue
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            return f"{method}: {a.dtype} {a.shape} became {b.dtype} {b.shape}"
        if a.dtype.kind != "f":
            if (a != b).any():
                return f"{method}: {int((a != b).sum())} of {a.size} labels"
            continue
        told = usual[method]
        top = 0.0 if isinstance(told, Refusal) else float(np.nanmax(np.abs(told)))
        if np.isfinite(a).any():
            top = max(top, float(np.abs(a[np.isfinite(a)]).max()))
        wrong = ~((np.abs(a - b) <= NEAR * top) | (a == b) | (np.isnan(a) & np.isnan(b)))
        if wrong.any():
            return f"{method}: {int(wrong.sum())} of {a.size} scores, the first {a[wrong][0]!r} became {b[wrong][0]!r}"
    return ""


# -- faults


def faults(subject: Subject, most: int, seed: str) -> list[ModelFault]:
    """Up to `most` faults of as many kinds as there are; the same ones for the same seed."""
    draw = random.Random(seed)
    right = subject.folder / "right"
    if not right.exists():
        subject.build(right)
    found = [*_forest_faults(subject, draw), *_array_faults(right, draw), *_told_faults(right, draw),
             *_code_faults(right, seed)]  # fmt: skip
    return of_many_kinds(found, most, draw)


def of_many_kinds(found: Sequence[ModelFault], most: int, draw: random.Random) -> list[ModelFault]:
    """Up to `most` of these, kind by kind."""
    by_kind: dict[str, list[ModelFault]] = {}
    for fault in found:
        by_kind.setdefault(fault.kind, []).append(fault)
    out: list[ModelFault] = []
    kinds = sorted(by_kind)
    draw.shuffle(kinds)
    while len(out) < most and any(by_kind.values()):
        for kind in kinds:
            if by_kind[kind] and len(out) < most:
                out.append(by_kind[kind].pop())
    return out


def _forest_faults(subject: Subject, draw: random.Random, rounds: int = 40) -> Iterator[ModelFault]:
    """Trees that were read wrongly."""
    if subject.code != TREES:
        return
    right = trees.read(subject.work.model)
    assert right is not None

    def fault(kind: str, before: Any, after: Any, forest: Forest) -> ModelFault:
        def build(folder: Path) -> None:
            read = trees.read
            try:
                trees.read = lambda model: forest
                subject.build(folder)
            finally:
                trees.read = read

        return ModelFault(kind, str(before), str(after), build)

    def with_tree(place: int, **changes: Any) -> Forest:
        new = list(right.trees)
        new[place] = replace(new[place], **changes)
        return replace(right, trees=new)

    def put(array: Any, place: Any, value: Any) -> Any:
        out = array.copy()
        out[place] = value
        return out

    for _ in range(rounds):
        place = draw.randrange(len(right.trees))
        tree = right.trees[place]
        inner = np.flatnonzero(tree.left >= 0) if isinstance(tree, Tree) else np.arange(len(tree.feature))
        if isinstance(tree, Tree):
            inner = np.array([n for n in inner if n not in tree.categories], int)
        if not len(inner):
            continue
        node = int(draw.choice(inner.tolist()))
        old = float(tree.threshold[node])
        of = f"tree {place}, node {node}"
        others = sorted(
            {
                float(v)
                for t in right.trees
                for v, f in zip(t.threshold, t.feature, strict=True)
                if f == tree.feature[node]
            }
        )
        near = [v for v in others if v > old][:1] or [old + 1.0]
        yield fault(
            "wrong threshold", f"{of}: {old}", near[0], with_tree(place, threshold=put(tree.threshold, node, near[0]))
        )
        digit = (
            float(np.nextafter(np.float32(old), np.float32(-np.inf)))
            if right.single
            else float(np.nextafter(old, -np.inf))
        )
        yield fault("< for <=", f"{of}: {old}", digit, with_tree(place, threshold=put(tree.threshold, node, digit)))
        feature = (int(tree.feature[node]) + draw.randrange(1, right.features)) % right.features
        yield fault("swapped columns", f"{of}: {tree.feature[node]}", feature,
                    with_tree(place, feature=put(tree.feature, node, feature)))  # fmt: skip
        yield fault("wrong NaN branch", f"{of}: {tree.missing[node]}", tree.missing[node] ^ 1,
                    with_tree(place, missing=put(tree.missing, node, tree.missing[node] ^ 1)))  # fmt: skip
        if isinstance(tree, Tree):
            left, right_ = int(tree.left[node]), int(tree.right[node])
            changed = with_tree(place, left=put(tree.left, node, right_), right=put(tree.right, node, left))
            yield fault("swapped branch", of, "left is right", changed)
        leaves = np.flatnonzero(tree.left < 0) if isinstance(tree, Tree) else np.arange(len(tree.value))
        leaf = int(draw.choice(leaves.tolist()))
        changed = with_tree(place, value=put(tree.value, leaf, tree.value[draw.choice(leaves.tolist())]))
        yield fault("wrong leaf", f"{of}: {tree.value[leaf].tolist()}", "a neighbour's", changed)
    yield fault("skipped last", "all trees", "all but the last", replace(right, trees=right.trees[:-1]))
    yield fault("wrong start", right.init, right.init + 0.01, replace(right, init=right.init + 0.01))
    yield fault("wrong precision", right.single, not right.single, replace(right, single=not right.single))
    yield fault(
        "wrong precision", right.sum_single, not right.sum_single, replace(right, sum_single=not right.sum_single)
    )
    yield fault(
        "guard always false", "refuses NaN", not right.refuse_nan, replace(right, refuse_nan=not right.refuse_nan)
    )
    yield fault(
        "guard always false", "refuses inf", not right.refuse_inf, replace(right, refuse_inf=not right.refuse_inf)
    )
    for method, answer in right.answers.items():
        if answer.classes is not None and len(answer.classes) > 1:
            fewer = np.r_[answer.classes[:-1], answer.classes[:1]]
            for kind, classes in (("swapped classes", answer.classes[::-1]), ("dropped class", fewer)):
                made = {**right.answers, method: replace(answer, classes=np.asarray(classes, answer.classes.dtype))}
                yield fault(kind, answer.classes, classes, replace(right, answers=made))
        if answer.a != 1.0 or answer.transform in ("mean", "affine"):
            made = {**right.answers, method: replace(answer, a=answer.a * 1.001)}
            yield fault("changed constant", answer.a, answer.a * 1.001, replace(right, answers=made))


def _copied(right: Path, folder: Path, name: str, change: Callable[[Path], None]) -> None:
    import shutil

    shutil.copytree(right, folder)
    change(folder / name)


def _array_faults(right: Path, draw: random.Random, rounds: int = 12) -> Iterator[ModelFault]:
    """Arrays that were written or read wrongly. Those of trees are made from wrong trees."""
    for path in sorted(right.rglob("*.npz")):
        if path.name == "trees.npz":
            continue
        with np.load(path, allow_pickle=False) as file:
            held = dict(file)
        name = path.relative_to(right).as_posix()
        for _ in range(rounds):
            key = draw.choice(sorted(held))
            array = held[key]
            if not array.size:
                continue
            for kind, made in _spoilt_array(array, draw):
                if made.shape == array.shape and not np.array_equal(made, array):

                    def change(path: Path, key: str = key, made: Any = made, held: Any = held) -> None:
                        np.savez(path, **{**held, key: made})

                    def build(folder: Path, name: str = name, change: Any = change) -> None:
                        _copied(right, folder, name, change)

                    yield ModelFault(kind, f"{name} {key} {array.shape}", "", build)


def _spoilt_array(array: Any, draw: random.Random) -> Iterator[tuple[str, Any]]:
    at = draw.randrange(array.size)

    def put(value: Any) -> Any:
        out = array.copy()
        out.reshape(-1)[at] = value
        return out

    old = array.reshape(-1)[at]
    if array.dtype.kind == "f":
        yield "changed constant", put(old * 1.001 + 1e-4)
        yield "sign dropped", put(-old)
        yield "wrong dtype", array.astype(np.float16).astype(array.dtype)
        yield "wrong scale", put(old * 2)
    elif array.dtype.kind in "iu":
        yield "off by one", put(old + 1)
    if array.shape and array.shape[-1] > 1:
        turned = np.arange(array.shape[-1])
        i = draw.randrange(array.shape[-1] - 1)
        turned[[i, i + 1]] = turned[[i + 1, i]]
        yield "swapped columns", array[..., turned]
    if array.shape and len(array) > 1:
        yield "off by one row", np.roll(array, 1, axis=0)
        zero = array.copy()
        zero[-1] = 0
        yield "skipped last", zero


def _told_faults(right: Path, draw: random.Random, rounds: int = 8) -> Iterator[ModelFault]:
    """Options of the part that are wrong."""
    told = json.loads((right / "manifest.json").read_text())
    places = list(_places(told["parts"][building.PART]["options"]))
    for _ in range(rounds if places else 0):
        way = draw.choice(places)
        new = copy.deepcopy(told)
        at = new["parts"][building.PART]["options"]
        for step in way[:-1]:
            at = at[step]
        old = at[way[-1]]
        if isinstance(old, bool):
            kind, value = "swapped test", not old
        elif isinstance(old, int):
            kind, value = "off by one", old + 1
        elif isinstance(old, float):
            kind, value = "changed constant", old * 1.01 + 0.01
        else:
            kind, value = "reordered output", old[::-1]
        if value == old:
            continue
        at[way[-1]] = value

        def build(folder: Path, new: Any = new) -> None:
            _copied(right, folder, "manifest.json", lambda path: path.write_text(json.dumps(new)) and None)

        yield ModelFault(kind, f"{'/'.join(map(str, way))}: {old}"[:120], str(value)[:80], build)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*way, key))
    elif isinstance(value, list):
        if len(value) > 1 and way:
            yield way
        for i, item in enumerate(value):
            yield from _places(item, (*way, i))
    elif isinstance(value, (bool, int, float)) and way:
        yield way


def _code_faults(right: Path, seed: str, most: int = 60) -> Iterator[ModelFault]:
    """Code that was written wrongly."""
    for path in sorted(right.rglob(CODE)):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(right).as_posix()
        empty = SourceFile(CODE, b"pass\n")
        work = ScriptWorkload(right, Entry("script", CODE), CODE, changed={CODE: empty})
        change = Change("HSM101", "", Region(CODE, 1, 1, "block", ""), (Edit(CODE, 1, 1, text),))
        for fault in faults_of_code(change, work, most, seed):
            made = fault.change.apply(work).source(CODE).text

            def build(folder: Path, made: str = made, name: str = name) -> None:
                _copied(right, folder, name, lambda place: place.write_text(made, encoding="utf-8") and None)

            yield ModelFault(fault.kind, f"line {fault.line}: {fault.before}"[:120], fault.after[:120], build)
