"""Trees in ONNX graphs as exact as the operator allows: thresholds in float64, and the side that missing values take.

skl2onnx writes thresholds as float32 and forgets where forests send missing values; both change branches. The operator
itself knows better (`nodes_values_as_tensor`, `nodes_missing_value_tracks_true`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model.serving.settings import inside


@dataclass(frozen=True)
class _Nodes:
    thresholds: NDArray[np.float64]
    missing_left: NDArray[np.int64]


TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")


def exact_trees(made: Any, model: Any) -> int:
    """Change every node of trees in a float64 graph that holds the trees of `model` or of an estimator inside it; gives
    how many. Ensembles inside a larger model round their inputs to float32 there, as scikit-learn does."""
    ensembles = [(e, found) for e in inside(model) if (found := _trees(e)) is not None]
    changed = 0
    for node in [n for n in made.graph.node if n.op_type in TREES]:
        for ensemble, trees in ensembles:
            if _fits(node, trees):
                if ensemble is not model and rounds_inputs(ensemble):
                    _round_input(made.graph, node)
                changed += 1
                break
    if changed:
        for used in made.opset_import:
            if used.domain == "ai.onnx.ml":
                used.version = max(used.version, 3)  # the first that knows float64
    return changed


def _fits(node: Any, trees: list[_Nodes]) -> bool:
    """Whether the node holds these trees; then it has their thresholds and their sides for missing values."""
    from onnx import helper, numpy_helper

    attributes = {a.name: a for a in node.attribute}
    if "nodes_values" not in attributes:
        return False
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
    return True


def _round_input(graph: Any, node: Any) -> None:
    """Put the node's input through float32."""
    from onnx import TensorProto, helper

    given = node.input[0]
    single, rounded = f"{node.name}_{given}_single", f"{node.name}_{given}_rounded"
    at = list(graph.node).index(node)
    graph.node.insert(at, helper.make_node("Cast", [given], [single], to=TensorProto.FLOAT))
    graph.node.insert(at + 1, helper.make_node("Cast", [single], [rounded], to=TensorProto.DOUBLE))
    graph.node[at + 2].input[0] = rounded


def typed(made: Any) -> None:
    """Trees answer in float32 even from float64, which converters say wrongly: of a graph's output its type is put
    right; what goes on to other nodes of a float64 graph is made float64."""
    from onnx import TensorProto, helper

    graph = made.graph
    del graph.value_info[:]  # inferred again
    outputs = {o.name: o for o in graph.output}
    for node in [n for n in graph.node if n.op_type in TREES]:
        place = len(node.output) - 1  # scores are the last
        name = node.output[place]
        if name in outputs:
            if outputs[name].type.tensor_type.elem_type == TensorProto.DOUBLE:
                outputs[name].type.tensor_type.elem_type = TensorProto.FLOAT
            continue
        node.output[place] = f"{name}_single"
        at = list(graph.node).index(node)
        graph.node.insert(at + 1, helper.make_node("Cast", [f"{name}_single"], [name], to=TensorProto.DOUBLE))


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
