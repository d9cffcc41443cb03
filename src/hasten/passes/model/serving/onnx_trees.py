"""Trees in ONNX graphs as exact as the operator allows: thresholds in float64, and the side that missing values take.

skl2onnx writes thresholds as float32 and forgets where forests send missing values; both change branches. The operator
itself knows better (`nodes_values_as_tensor`, `nodes_missing_value_tracks_true`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class _Nodes:
    thresholds: NDArray[np.float64]
    missing_left: NDArray[np.int64]


def exact_trees(made: Any, model: Any) -> bool:
    """Change the graph's one node of trees so; False (and nothing changed) where it is not the trees of `model`."""
    from onnx import helper, numpy_helper

    trees = _trees(model)
    nodes = [n for n in made.graph.node if n.op_type in ("TreeEnsembleClassifier", "TreeEnsembleRegressor")]
    if trees is None or len(nodes) != 1:
        return False
    node = nodes[0]
    attributes = {a.name: a for a in node.attribute}
    tree = np.array(attributes["nodes_treeids"].ints)
    place = np.array(attributes["nodes_nodeids"].ints)
    inner = np.array(attributes["nodes_modes"].strings) != b"LEAF"
    values = np.array(attributes["nodes_values"].floats, np.float64)
    if len(np.unique(tree)) != len(trees) or tree.max() != len(trees) - 1:
        return False
    missing = np.zeros(len(tree), np.int64)
    exact = values.copy()
    for i, known in enumerate(trees):
        mine = np.flatnonzero((tree == i) & inner)
        if len(mine) and place[mine].max() >= len(known.thresholds):
            return False
        exact[mine] = known.thresholds[place[mine]]
        missing[mine] = known.missing_left[place[mine]]
    near = np.abs(exact - values) <= 1e-6 * np.maximum(1e-30, np.abs(exact))
    if not (near | ~np.isfinite(exact)).all():
        return False
    for name in ("nodes_values", "nodes_missing_value_tracks_true"):
        if name in attributes:
            node.attribute.remove(attributes[name])
    tensor = numpy_helper.from_array(exact, "nodes_values_as_tensor")
    node.attribute.append(helper.make_attribute("nodes_values_as_tensor", tensor))
    node.attribute.append(helper.make_attribute("nodes_missing_value_tracks_true", missing.tolist()))
    # with one tensor in float64 the others must be tensors too
    for name in ("class_weights", "target_weights", "base_values"):
        if name in attributes:
            held = np.array(attributes[name].floats, np.float64)
            node.attribute.remove(attributes[name])
            node.attribute.append(
                helper.make_attribute(f"{name}_as_tensor", numpy_helper.from_array(held, f"{name}_as_tensor"))
            )
    for used in made.opset_import:
        if used.domain == "ai.onnx.ml":
            used.version = max(used.version, 3)  # the first that knows float64
    return True


def _trees(model: Any) -> list[_Nodes] | None:
    """The trees of a fitted model in the order in which converters number them."""
    predictors = getattr(model, "_predictors", None)
    if predictors is not None:
        return [
            _Nodes(p.nodes["num_threshold"].astype(np.float64), p.nodes["missing_go_to_left"].astype(np.int64))
            for row in predictors
            for p in row
        ]
    held = getattr(model, "estimators_", [])
    found = [model] if hasattr(model, "tree_") else list(held.ravel() if isinstance(held, np.ndarray) else held)
    if not found or not all(hasattr(e, "tree_") for e in found):
        return None
    return [
        _Nodes(e.tree_.threshold.astype(np.float64), np.asarray(e.tree_.missing_go_to_left, np.int64)) for e in found
    ]


def rounds_inputs(model: Any) -> bool:
    """Whether the model itself rounds its inputs to float32 before it compares them."""
    if hasattr(model, "steps") or hasattr(model, "_predictors"):
        return False
    return _trees(model) is not None
