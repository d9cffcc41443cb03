"""A text model of Hugging Face in a local folder: a classifier of texts, or an encoder of sentences.

Nothing is fetched, and no code of the folder runs. Weights are safetensors; others are pickles, and need trust.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hasten.api.models.files import Table
from hasten.api.models.fit import Complaints
from hasten.api.models.folders import CONFIG, MODULES, has_weights
from hasten.api.models.texts import longest_of
from hasten.config import nearest
from hasten.core.model import Rows
from hasten.errors import TargetError, UsageError


@dataclass(frozen=True)
class TextModel:
    """`labels` are the names of the classes, in the order of the scores; empty for an encoder."""

    module: Any
    tokeniser: Any
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_folder(path: Path, *, trust: bool) -> TextModel:
    """The model in a folder, as a user of transformers has it, in float32. Raises `UsageError` and `TargetError`."""
    try:
        import transformers
    except ImportError as error:
        raise TargetError(f"{path} is a model of Hugging Face: pip install hasten[text]") from error
    parts = _sentence_parts(path)
    inner = path / parts["folder"] if parts else path
    if not has_weights(inner):
        raise TargetError(f"{inner}: {CONFIG} and model.safetensors are missing")
    safe = any(inner.glob("*.safetensors"))
    if not safe and not trust:
        raise UsageError(
            f"{inner}: its weights are a pickle, and reading one runs code that is in it. If you trust who made it, "
            "add --trust (from Python: trust=True); safetensors run none"
        )
    config = _json(inner / CONFIG)
    if config.get("auto_map") or "model_type" not in config:
        raise TargetError(f"{inner}: the model is made by code of its own folder, which hasten does not run")
    kind = next(iter(config.get("architectures") or ()), "")
    classifier = kind.endswith("ForSequenceClassification") and not parts
    if not classifier and not parts and not kind.endswith(("Model", "ForMaskedLM", "ForPreTraining")):
        raise TargetError(
            f"{inner} is a {kind or 'model without a name'}: hasten takes classifiers of texts and encoders"
        )
    logging: Any = transformers.logging  # which has no types
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    auto = transformers.AutoModelForSequenceClassification if classifier else transformers.AutoModel
    try:
        module, loaded = auto.from_pretrained(
            str(inner), local_files_only=True, use_safetensors=safe, output_loading_info=True
        )
        tokeniser = transformers.AutoTokenizer.from_pretrained(str(inner), local_files_only=True, use_fast=True)
    except Exception as error:  # transformers raises anything for a folder that lacks something
        raise TargetError(f"{inner} cannot be read by transformers {transformers.__version__}: {error}") from error
    missing = [n for n in loaded.get("missing_keys", ()) if classifier or "pooler" not in n]
    if missing:
        raise TargetError(
            f"{inner}: weights are missing, so its answers would be random: {', '.join(sorted(missing)[:5])}"
        )
    module = module.float().eval()
    notes: tuple[str, ...] = ()
    limits = [n for n in (tokeniser.model_max_length, parts.get("most"), longest_of(module)) if n]
    tokeniser.model_max_length = min(limits)
    labels: tuple[str, ...] = ()
    if classifier:
        named = getattr(module.config, "id2label", None) or {}
        labels = tuple(str(named[i]) for i in sorted(named)) if module.config.num_labels > 1 else ()
    else:
        from hasten.passes.model.texts.pooling import MEAN, Pooled

        if not parts:
            notes = ("an encoder without modules.json: its sentences are the means of their tokens",)
        module = Pooled(module, parts.get("how", MEAN), bool(parts.get("unit"))).eval()
    return TextModel(module, tokeniser, labels, notes)


def _sentence_parts(path: Path) -> dict[str, Any]:
    """What a folder of sentence-transformers says of its modules; empty where it is none."""
    if not (path / MODULES).is_file():
        return {}
    from hasten.passes.model.texts.pooling import FIRST, LARGEST, MEAN

    modules = _json(path / MODULES)
    kinds = [str(m.get("type", "")).rpartition(".")[2] for m in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise TargetError(
            f"{path}: its modules are {', '.join(kinds)}; hasten takes Transformer, Pooling and Normalize"
        )
    pooling = _json(path / modules[1]["path"] / CONFIG)
    ways = {"pooling_mode_mean_tokens": MEAN, "pooling_mode_cls_token": FIRST, "pooling_mode_max_tokens": LARGEST}
    said = [n for n, value in pooling.items() if n.startswith("pooling_mode") and value and n != "pooling_mode"]
    named = {"mean": MEAN, "cls": FIRST, "max": LARGEST}.get(str(pooling.get("pooling_mode")))
    if len(said) > 1 or (not said and named is None) or (said and said[0] not in ways):
        raise TargetError(
            f"{path}: it pools by {', '.join(said) or 'nothing'}; hasten takes the mean, the first or the max"
        )
    own = path / "sentence_bert_config.json"
    settings = _json(own) if own.is_file() else {}
    if settings.get("do_lower_case"):
        raise TargetError(f"{path}: it makes texts lower case outside its tokeniser, which hasten does not do")
    return {
        "folder": modules[0].get("path", ""), "how": ways[said[0]] if said else named, "unit": kinds[2:] != [],
        "most": settings.get("max_seq_length"),
    }  # fmt: skip


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TargetError(f"{path} cannot be read: {error}") from error


def rows_of_texts(
    table: Table, target: str | None, name: str, wrong: Complaints, labels: Sequence[str] = ()
) -> Rows:  # fmt: skip
    """The texts and their targets in a table: the one column of texts, and the target's. Targets that are names of
    classes become their numbers. What is wrong goes to `wrong`."""
    frame = table.frame
    if frame is None:
        wrong.add(f"{name} holds arrays, and the model takes texts: give a table with a column of texts")
        return Rows([])
    y = None
    if target is not None:
        if target not in table.names:
            wrong.add(f"--target {target}: {name} has no such column{nearest(target, table.names)}")
        else:
            y = frame[target]
            frame = frame.drop(columns=[target])
    words = [c for c in frame.columns if getattr(frame[c].dtype, "kind", "O") not in "iufbmM"]
    if len(words) != 1:
        shown = ", ".join(map(str, words)) or "none"
        wrong.add(
            f"{name}: which column holds the texts? leave one column of texts beside the target; there are {shown}"
        )
        return Rows([])
    texts = ["" if t is None or t != t else str(t) for t in frame[words[0]].tolist()]
    return Rows(texts, None if y is None else _numbers(y, name, wrong, labels))


def _numbers(y: Any, name: str, wrong: Complaints, labels: Sequence[str]) -> Any:
    values = y.to_numpy()
    if values.dtype.kind in "iufb":
        return values
    number = {label: i for i, label in enumerate(labels)}
    strange = sorted({str(v) for v in values.tolist()} - set(number))
    if strange:
        known = ", ".join(labels) or "numbers"
        wrong.add(f"{name}: targets that are no classes of the model: {', '.join(strange[:5])}; it has {known}")
        return None
    return np.array([number[str(v)] for v in values.tolist()], np.int64)
