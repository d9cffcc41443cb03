"""Nets of texts: made ready, built behind their tokenisers, and asked what the original was asked."""

import gzip
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import cloudpickle  # noqa: E402

from hasten.api.models.fit import Complaints  # noqa: E402
from hasten.api.models.nets import net_workload  # noqa: E402
from hasten.core.model import ModelWorkload, Rows, Tokenised  # noqa: E402
from hasten.core.model_pass import Step  # noqa: E402
from hasten.errors import TargetError  # noqa: E402
from hasten.passes.model.texts.behind import inside  # noqa: E402
from hasten.search.models.building import build  # noqa: E402
from hasten.serve.backends import open_part  # noqa: E402
from hasten.serve.manifest import Part  # noqa: E402
from hasten.serve.served import ServedTexts, load  # noqa: E402
from hasten.serve.texts import grouped  # noqa: E402
from hasten.verify.answers import agreement, asked  # noqa: E402
from hasten.verify.schema import schema_of  # noqa: E402
from hasten.verify.varied_texts import varied_texts  # noqa: E402
from tests.models.texts.users import GOOD, TEXTS  # noqa: E402

Y = np.arange(len(TEXTS)) % 2


class Means(torch.nn.Module):
    """Padding changes nothing."""

    def __init__(self):
        super().__init__()
        self.embed, self.line = torch.nn.Embedding(200, 8), torch.nn.Linear(8, 2)

    def forward(self, ids, mask):
        kept = mask.unsqueeze(-1).float()
        return self.line((self.embed(ids) * kept).sum(1) / kept.sum(1).clamp(min=1))


class Largest(torch.nn.Module):
    """Padding counts like any word, and no more than 30 places are there."""

    def __init__(self, masked=False):
        super().__init__()
        self.embed, self.line = torch.nn.Embedding(200, 8), torch.nn.Linear(8, 2)
        self.places = torch.nn.Parameter(torch.randn(30, 8))

    def forward(self, ids):
        return self.line((self.embed(ids.long()) + self.places[: ids.shape[1]]).amax(1))


def ready(module, tokeniser, **more):
    torch.manual_seed(0)
    work = ModelWorkload(module().eval(), Rows(TEXTS, Y), tokeniser=tokeniser, **more)
    return net_workload(work, Complaints("net"))


def served(work, folder, code="HSM301"):
    (folder / "work.pkl").write_bytes(cloudpickle.dumps(work))
    varied = {name: asked(work.model, x, work.methods) for name, x in varied_texts(TEXTS)}
    build(str(folder / "work.pkl"), Step(code, code), str(folder / "made"), schema_of(work.valid, varied), "net")
    return load(folder / "made", threads=1), varied


@pytest.mark.parametrize(("module", "name"), [(Means, "an instance"), (Largest, "of_pattern"), (Largest, "characters")])
def test_the_same_answers_and_the_same_refusals(module, name, tmp_path):
    work = ready(module, GOOD[name])
    made, varied = served(work, tmp_path)
    assert isinstance(made, ServedTexts)
    for called, x in varied_texts(TEXTS):
        seen = agreement(varied[called], asked(made, x, work.methods), 0, {"forward": 1.0})
        assert seen.apart is None and seen.drift < 1e-6, called
    np.testing.assert_allclose(made(TEXTS), work.model.forward(TEXTS), atol=1e-6)
    files = json.loads((tmp_path / "made" / "manifest.json").read_text())["files"]
    assert "parts/part/tokeniser.py.gz" in files and not any(n.endswith(".pkl") for n in files)


def test_padding_is_left_out_only_where_it_changes_nothing():
    free, fixed = ready(Means, GOOD["an instance"]), ready(Largest, GOOD["of_pattern"])
    assert free.held.mask == "mask" and free.free == {"ids": (1,), "mask": (1,)}
    assert fixed.held.mask is None and fixed.free == {"ids": ()}

    class Counting(Means):
        def forward(self, ids, mask):
            return super().forward(ids, mask) + 0.01 * ids.shape[1]

    counting = ready(Counting, GOOD["an instance"])
    assert counting.held.mask is None and any("padding" in n for n in counting.notes)


def test_what_the_net_finds_too_long_is_refused(tmp_path):
    work = ready(Largest, _as_long_as_they_are)
    assert work.held.most == 30
    made, _ = served(work, tmp_path)
    assert made(["a " * 30]).shape == (1, 2)
    with pytest.raises(ValueError, match="31 tokens"):
        made(["a " * 31])


def test_passes_see_arrays_and_their_texts():
    work = inside(ready(Means, GOOD["an instance"]))
    x = work.valid.x
    assert isinstance(x, Tokenised) and x.texts[3] == TEXTS[3]
    some = work.valid.take([5, 1])
    assert some.x.texts == (TEXTS[5], TEXTS[1]) and len(some.x) == 2


def test_a_changed_tokeniser_is_not_loaded(tmp_path):
    served(ready(Largest, GOOD["characters"]), tmp_path)
    file = tmp_path / "made" / "parts" / "part" / "tokeniser.py.gz"
    text = gzip.decompress(file.read_bytes()).replace(b"127", b"126")
    file.write_bytes(gzip.compress(text))
    with pytest.raises(TargetError, match=r"tokeniser\.py"):
        load(tmp_path / "made")


def test_texts_without_a_tokeniser_are_told():
    with pytest.raises(TargetError, match="tokeniser="):
        net_workload(ModelWorkload(Means(), Rows(TEXTS, Y)), Complaints("net"))


def test_groups_hold_every_row_once_and_waste_little():
    draw = np.random.default_rng(0)
    for _ in range(50):
        lengths = draw.integers(1, 200, draw.integers(1, 300))
        overhead, step = float(draw.choice([0, 20, 500])), float(draw.choice([0, 1]))
        groups = grouped(lengths, overhead, step)
        assert sorted(np.concatenate(groups).tolist()) == list(range(len(lengths)))
        for rows in groups:
            assert len(rows) <= 64
            own = lengths[rows]
            assert (own.max() - own).sum() <= overhead + step * own.max()


def test_items_of_datasets_and_loaders():
    from torch.utils.data import DataLoader

    pairs = list(zip(TEXTS, Y.tolist(), strict=True))
    for given in (pairs, DataLoader(pairs, batch_size=7)):
        work = net_workload(ModelWorkload(Means(), given, tokeniser=GOOD["an instance"]), Complaints("net"))
        assert work.valid.x == TEXTS and work.valid.y.tolist() == Y.tolist() and work.task == "classification"


def test_texts_cut_short(tmp_path):
    from hasten.passes.model.texts.shorter import ShorterTexts
    from hasten.search.models import building

    work = ready(Means, GOOD["an instance"])
    settings = list(ShorterTexts().parameters(inside(work)))
    longest = max(len(t.split()) for t in TEXTS)
    assert [p["tokens"] for p in settings] and all(4 <= p["tokens"] < longest for p in settings)
    path, step = tmp_path / "work.pkl", Step("HSM325", "cut", {"tokens": 4})
    path.write_bytes(cloudpickle.dumps(work))
    assert building.net_after(str(path), ())["shape"] != building.net_after(str(path), (step,))["shape"]
    old = work.model.forward([" ".join(t.split()[:4]) for t in TEXTS])
    np.testing.assert_allclose(building.reduced_answers(str(path), (step,))["forward"], old, atol=1e-6)
    building.reduce_net(str(path), (step,), str(tmp_path / "cut.pkl"))
    building._read.clear()
    schema = schema_of(work.valid, {})
    building.build(str(tmp_path / "cut.pkl"), Step("HSM301", ""), str(tmp_path / "made"), schema, "net")
    made = load(tmp_path / "made", threads=1)
    np.testing.assert_allclose(made(TEXTS), old, atol=1e-6)
    assert not list(ShorterTexts().parameters(inside(ready(Largest, _as_long_as_they_are))))  # it refuses long ones


def _as_long_as_they_are(texts):
    longest = max(1, *(len(t.split()) for t in texts), 1)
    return np.array([[1] * longest for _ in texts])


def test_tables_of_embeddings_lie_in_few_bits_beside_int8(tmp_path):
    pytest.importorskip("onnxscript")
    from hasten.passes.model.nets.quantise import OnnxInt8Dynamic
    from hasten.passes.model.nets.stored import FewBits

    work, sizes = inside(ready(Means, GOOD["an instance"])), []
    for found, parameters in ((OnnxInt8Dynamic(), {}), (FewBits(), {"way": "HSM311", "stored": "int8"})):
        folder = tmp_path / found.code
        folder.mkdir()
        built = found.build(work, folder, parameters)
        ask = open_part(Part(built.backend, built.methods, built.options, built.packages), folder, 1).method("forward")
        sizes.append(sum(p.stat().st_size for p in folder.iterdir()))
        old = work.model.forward(work.valid.x)
        assert np.abs(ask(list(work.valid.x.arrays.values())) - old).max() < 0.03 * np.abs(old).max()
    assert sizes[1] < sizes[0] - 200 * 8 * 2  # of four bytes a number at least two are gone
