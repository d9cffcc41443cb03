"""Models and tokenisers of Hugging Face: from folders and from code, into artifacts that need `tokenizers` only."""

import functools
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

from hasten.api.models.files import Table, is_model  # noqa: E402
from hasten.api.models.fit import Complaints  # noqa: E402
from hasten.api.models.hugging_face import read_folder, rows_of_texts  # noqa: E402
from hasten.api.models.nets import net_workload  # noqa: E402
from hasten.core.model import ModelWorkload, Rows  # noqa: E402
from hasten.errors import TargetError, UsageError  # noqa: E402
from hasten.passes.model.texts.held import NoTokeniser, found  # noqa: E402
from hasten.verify.answers import agreement, asked  # noqa: E402
from hasten.verify.varied_texts import varied_texts  # noqa: E402
from tests.models.texts.test_served import served  # noqa: E402
from tests.models.texts.users import TEXTS  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
NAMES = ["input_ids", "attention_mask", "token_type_ids"]
SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 40,
}  # fmt: skip


def words() -> "tokenizers.Tokenizer":
    return tokenizers.Tokenizer.from_str(learned())


@functools.cache
def learned() -> str:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=120, special_tokens=special))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made.to_str()


def fast(**more):
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words(), unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=NAMES, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=120, id2label={0: "ham", 1: "spam"}, **SIZES)
    folder = tmp_path_factory.mktemp("classifier")
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    fast().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("encoder")
    transformers.BertModel(transformers.BertConfig(vocab_size=120, **SIZES)).save_pretrained(folder)
    fast(model_max_length=512).save_pretrained(folder)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [{"path": p, "type": f"sentence_transformers.models.{k}"} for p, k in kinds.items()]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 24, "do_lower_case": False}))
    return folder


@pytest.mark.parametrize("name", ["classifier", "encoder"])
def test_a_folder_is_served_as_transformers_answers(name, request, tmp_path):
    folder = request.getfixturevalue(name)
    assert is_model(str(folder))
    model = read_folder(folder, trust=False)
    work = net_workload(ModelWorkload(model.module, Rows(TEXTS), tokeniser=model.tokeniser), Complaints(name))
    assert work.held.kind == "json" and work.held.mask == "attention_mask" and work.held.options["types"] == 0
    assert model.tokeniser.model_max_length == (24 if name == "encoder" else 40)
    assert model.labels == (("ham", "spam") if name == "classifier" else ())
    given = model.tokeniser(TEXTS, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        old = model.module(**given)
    old = (old.logits if name == "classifier" else old).numpy()
    if name == "encoder":
        np.testing.assert_allclose(np.linalg.norm(old, axis=1), 1, atol=1e-5)
    made, varied = served(work, tmp_path)
    np.testing.assert_allclose(made(TEXTS), old, atol=2e-6)
    for called, x in varied_texts(TEXTS):
        seen = agreement(varied[called], asked(made, x, work.methods), 0, {"forward": 1.0})
        assert seen.apart is None and seen.drift < 2e-6, called
    packages = made.manifest.parts["part"].packages
    assert "tokenizers" in packages and "transformers" not in packages


def test_calls_of_a_tokeniser_within_functions_are_read():
    tok, most = fast(model_max_length=30), 9

    def plain(texts):
        """As most write it."""
        return tok(texts, padding=True, truncation=True, max_length=most, return_tensors="pt")

    def picked(batch):
        made = tok(list(batch), padding="max_length", truncation=True, max_length=12, return_tensors="np")
        return {"ids": made["input_ids"], "mask": made.attention_mask}

    class Own:
        def __init__(self):
            self.tokenizer, self.size = tok, 7

        def __call__(self, texts):
            return self.tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=self.size)

    calls = {
        plain: NAMES, picked: ["ids", "mask"], Own(): NAMES,
        functools.partial(tok, padding=True, add_special_tokens=False, return_tensors="pt"): NAMES,
        (lambda t: tok(t, padding=True, truncation=True, max_length=5, return_tensors="pt")): NAMES,
    }  # fmt: skip
    for call, names in calls.items():
        made = found(call, names, TEXTS)
        assert made.held.kind == "json" and list(made.held.names) == names


def test_what_does_more_than_call_is_not_taken_for_a_call():
    tok = fast(model_max_length=30)

    def without_links(texts):
        return tok([t.replace("http", "") for t in texts], padding=True, truncation=True, return_tensors="pt")

    def upper(texts):
        return tok(texts.upper() if isinstance(texts, str) else [t.upper() for t in texts], padding=True)

    def strided(texts):
        return tok(texts, padding=True, truncation=True, max_length=8, stride=2, return_tensors="pt")

    for call in (without_links, upper, strided):
        with pytest.raises(NoTokeniser):
            found(call, NAMES, TEXTS)


def test_the_library_alone_with_its_own_padding():
    plain, padded = words(), words()
    padded.enable_truncation(10)
    padded.enable_padding(length=10, pad_id=0)
    for tokeniser, width in ((plain, None), (padded, 10)):
        made = found(tokeniser, ["ids", "mask"], TEXTS)
        given = made.ask(["a", "the cat sat"])
        assert made.held.kind == "json" and given["mask"].sum() < given["mask"].size
        assert width is None or given["ids"].shape == (2, width)


def test_folders_that_are_refused(classifier, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"]}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UsageError, match="--trust"):
        read_folder(tmp_path, trust=False)
    config = json.loads((classifier / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes((classifier / "model.safetensors").read_bytes())
    for change, reason in (
        ({"auto_map": {"AutoModel": "model.Own"}}, "code of its own folder"),
        ({"architectures": ["BertForQuestionAnswering"]}, "BertForQuestionAnswering"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(TargetError, match=reason):
            read_folder(tmp_path, trust=False)
    bare = tmp_path / "bare"
    transformers.BertModel(transformers.BertConfig(vocab_size=120, **SIZES)).save_pretrained(bare)
    (bare / "config.json").write_text(json.dumps(config))
    fast().save_pretrained(bare)
    with pytest.raises(TargetError, match="random"):  # a head that was never trained
        read_folder(bare, trust=False)


def test_tables_of_texts():
    import pandas as pd

    frame = pd.DataFrame({"text": ["a", None, "c"], "length": [1, 2, 3], "label": ["spam", "ham", "spam"]})
    wrong = Complaints("t")
    rows = rows_of_texts(Table(frame), "label", "t", wrong, ("ham", "spam"))
    assert rows.x == ["a", "", "c"] and rows.y.tolist() == [1, 0, 1] and not wrong.lines
    rows_of_texts(Table(frame.assign(other="x")), "label", "t", wrong, ("ham", "spam"))
    rows_of_texts(Table(frame), "label", "t", wrong, ("no", "yes"))
    assert "which column" in wrong.lines[0] and "no classes" in wrong.lines[1]


def test_attention_of_transformers_loses_heads(classifier):
    from hasten.passes.model.nets import export
    from hasten.passes.model.nets.own_heads import own_heads
    from hasten.passes.model.texts.behind import inside

    torch.manual_seed(0)
    sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 40}
    distil = transformers.DistilBertForSequenceClassification(transformers.DistilBertConfig(vocab_size=120, **sizes))
    for module in (read_folder(classifier, trust=False).module, distil.eval()):
        made = net_workload(ModelWorkload(module, Rows(TEXTS), tokeniser=fast()), Complaints("t"))
        work = inside(made)
        found_heads = own_heads(work.model, export.example(work))
        assert len(found_heads) == 2 and all(h.heads == 2 for h in found_heads)
