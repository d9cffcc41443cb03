"""Batches taken from tensors at once: the same batches in the same order, and the same random stream."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest

from hasten.core.facts import Facts
from hasten.core.source import SourceFile
from hasten.kernel.regions import regions_of
from hasten.observe import snapshot
from hasten.passes.source.containers.syntax import module_of
from hasten.passes.source.torch_calls.loader import HELPER, WholeBatches
from tests.passes.test_containers_harness import changed, changes, work_of

PROGRAM = """
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

class Rows(Dataset):
    def __init__(self, n):
        self.x = torch.rand(n, 3)
        self.y = torch.arange(n)
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        x = self.x[i]
        return x, self.y[i]

class Scaled(Dataset):
    def __init__(self, n):
        self.x = torch.rand(n, 3)
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i] * 2, self.x[i]

def total(model, loader):
    model.eval()
    out = 0.0
    for n, (x, y) in enumerate(loader):
        out += float(model(x).sum()) + n
    return out

loader = DataLoader(TensorDataset(torch.rand(20, 3), torch.rand(20)), batch_size=4, shuffle=True)
seen = 0
for x, y in loader:
    seen += len(x)
more = [len(y) for x, y in loader]
print(seen, more, total(nn.Linear(3, 1), DataLoader(Rows(9), batch_size=2)))
"""


def test_text(tmp_path: Path) -> None:
    made = [c.apply(work_of(tmp_path, PROGRAM)).source("script.py").text for c in changes(WholeBatches(), work_of(tmp_path, PROGRAM))]  # fmt: skip
    assert any("for n, (x, y) in enumerate(_whole_batches(loader)):" in text for text in made)
    assert any("for x, y in _whole_batches(loader):" in text for text in made)
    assert any("[len(y) for x, y in _whole_batches(loader)]" in text for text in made)
    assert all(
        "elif type(dataset) is Rows:\n        columns = [(dataset.x, None), (dataset.y, None)]" in text for text in made
    )
    assert not any("is Scaled" in text for text in made)


@pytest.mark.parametrize(
    "program",
    [
        "import torch\nfor x in [1, 2]:\n    print(x)\n",
        "from torch.utils.data import DataLoader\nrows = [1, 2]\nfor x in rows:\n    print(x)\n",
        "class DataLoader:\n    pass\ndef f(loader):\n    for x in loader:\n        print(x)\nf([1])\n",
        PROGRAM.replace("print(", "eval('1')\nprint("),
    ],
)
def test_left_alone(tmp_path: Path, program: str) -> None:
    assert not changes(WholeBatches(), work_of(tmp_path, program))


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("return self.a[i], self.b[i]", "a b"),
        ('"Text."\n        x = self.a[i]\n        y = self.b[i]\n        return (x, y)', "a b"),
        ("return self.a[i]", ""),
        ("return torch.tensor(self.a[i], dtype=torch.float32), self.b[i]", "a:torch.float32 b"),
        ("y = torch.tensor(self.b[i], dtype=torch.long)\n        return self.a[i], y", "a b:torch.long"),
        ("return torch.tensor(self.a[i]), self.b[i]", ""),
        ("return torch.tensor(self.a[i], dtype=torch.float16), self.b[i]", ""),
        ("return torch.tensor(self.a[i], dtype=self.kind), self.b[i]", ""),
        ("return torch.tensor(torch.tensor(self.a[i], dtype=torch.long), dtype=torch.long), self.b[i]", ""),
        ("return self.a[i], self.b[i + 1]", ""),
        ("return self.a[i], i", ""),
        ("return self.a[i], other.b[i]", ""),
        ("i = self.a[i]\n        return i, self.b[i]", ""),
        ("x = self.a[i]\n        x = self.b[i]\n        return x, x", ""),
        ("z = print(i)\n        return self.a[i], self.b[i]", ""),
        ("x = self.a[i]\n        y = x\n        return x, y", ""),
        ("return self.a[i], self.go[i]", ""),
        ("if i:\n            return self.a[i], self.b[i]\n        return self.a[0], self.b[0]", ""),
    ],
)
def test_classes_that_give_rows(tmp_path: Path, method: str, fields: str) -> None:
    text = f"""
import torch
from torch.utils.data import DataLoader, Dataset
class D(Dataset):
    def __getitem__(self, i):
        {method}
    def go(self):
        return 1
def f(loader):
    for x, y in loader:
        print(x)
f(DataLoader(D()))
"""
    made = [c.apply(work_of(tmp_path, text)).source("script.py").text for c in changes(WholeBatches(), work_of(tmp_path, text))]  # fmt: skip
    assert bool(made) is bool(fields)
    wanted = ", ".join(f"(dataset.{f}, {d or None})" for f, _, d in (part.partition(":") for part in fields.split()))
    assert all(f"elif type(dataset) is D:\n        columns = [{wanted}]" in text for text in made)
    text = text.replace("Dataset\n", "Dataset, TensorDataset\n", 1)
    made = [c.apply(work_of(tmp_path, text)).source("script.py").text for c in changes(WholeBatches(), work_of(tmp_path, text))]  # fmt: skip
    assert made
    assert ("elif type(dataset) is D" in made[0]) is bool(fields)


ELSEWHERE = """
import torch
from torch.utils.data import Dataset

class Rows(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return torch.tensor(self.x[i], dtype=torch.float32), torch.tensor(self.y[i], dtype=torch.float32)
"""
USES = """
import numpy as np
import torch
from torch.utils.data import DataLoader
from rows_of_mine import Rows

def run(loader):
    for x, y in loader:
        print(x, y, x.stride())

torch.manual_seed(0)
run(DataLoader(Rows(np.asfortranarray(np.arange(24.0).reshape(8, 3)), np.arange(8)), batch_size=3, shuffle=True))
"""


def test_a_class_of_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows_of_mine.py").write_text(ELSEWHERE)
    made = changed(WholeBatches(), tmp_path, USES)
    assert '_is_of(dataset, "Rows", "rows_of_mine.py")' in made[0]
    taken = made[0].replace("print(x, y", "print(type(_whole_batches(loader).dataset).__name__, x, y")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(taken, "script.py", "exec"), {"__name__": "__main__"})
    assert out.getvalue().count("_WholeBatches tensor") == 3
    loop = USES[USES.index("def run") : USES.index("torch.manual_seed")]
    (tmp_path / "going.py").write_text("import torch\n\n" + loop)  # which names no loader
    work = work_of(tmp_path, USES.replace(loop, "from going import run\n"), "script.py")
    regions = regions_of(work.source("going.py"), entry=False)
    found = [f for r in regions for f in WholeBatches().find(work, r, Facts())]
    assert found and found[0].path == "going.py"
    (tmp_path / "going.py").unlink()
    for more in ("Rows.__getitem__ = lambda self, i: (self.x[i], self.y[i])\n", "setattr(Rows, '__getitem__', len)\n"):
        assert not changes(WholeBatches(), work_of(tmp_path, USES + more))


def test_nothing_in_its_own_helper_and_the_rest_later(tmp_path: Path) -> None:
    work = work_of(tmp_path, PROGRAM)
    for _ in range(9):
        found = changes(WholeBatches(), work)
        if not found:
            break
        work = min(found, key=lambda c: len(c.edits)).apply(work)
        assert "_whole_batches(_whole_batches" not in work.source("script.py").text
    text = work.source("script.py").text
    assert text.count("in _whole_batches(") + text.count("(_whole_batches(") == 3
    assert text.count("class _WholeBatches") == 1
    assert HELPER.partition("OWN")[2] in text


def test_names_of_the_module(tmp_path: Path) -> None:
    for head in (
        "import torch",
        "import torch.utils.data",
        "import torch\nimport torch.utils.data",
        "import torch.nn as nn",
    ):
        text = PROGRAM.replace("import torch\nfrom torch import nn", head)
        made = [c.apply(work_of(tmp_path, text)).source("script.py").text for c in changes(WholeBatches(), work_of(tmp_path, text))]  # fmt: skip
        assert made
        assert ("import torch\n" in made[0].replace(head, "")) is (head == "import torch.nn as nn")
    text = PROGRAM.replace("import torch\n", "import torch.nn as torch\n")
    assert not changes(WholeBatches(), work_of(tmp_path, text))


def test_evaluation_mode_is_no_evaluation() -> None:
    assert not module_of(SourceFile("a.py", b"model.eval()\n")).dynamic
    assert module_of(SourceFile("a.py", b"frame.eval('a + @b')\n")).dynamic
    assert module_of(SourceFile("a.py", b"run = builtins.eval\n")).dynamic


def batches(loader: Any, limit: int = 99) -> list[Any]:
    torch = pytest.importorskip("torch")
    out: list[Any] = []
    for n, batch in enumerate(loader):
        out.append((type(batch), [(t.dtype, t.shape, t.stride(), t.tolist()) for t in batch]))
        out.append(torch.rand(1).tolist())  # the loop draws from the same stream
        if n == limit:
            break
    return [*out, torch.rand(2).tolist()]


def helper(**known: Any) -> Any:
    torch = pytest.importorskip("torch")
    scope: dict[str, Any] = {"torch": torch, **{name: kind for name, (kind, _, _) in known.items()}}
    own = "".join(
        f"    elif type(dataset) is {name}:\n        columns = [(dataset.x, {x}), (dataset.y, {y})]\n"
        for name, (_, x, y) in known.items()
    )
    exec(HELPER.replace("OWN", own), scope)
    return scope["_whole_batches"]


def test_same_batches() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data
    whole = helper()
    x, y = torch.rand(23, 4), torch.arange(23)
    rows = data.TensorDataset(x, y, torch.rand(23, 2, 3), torch.rand(23) > 0.5)
    parts = data.random_split(rows, [11, 12])
    inner = data.Subset(parts[0], [3, 1, 2, 2, 5])
    ways: list[dict[str, Any]] = [
        {"batch_size": 5, "shuffle": True},
        {"batch_size": 7, "drop_last": True},
        {"shuffle": True, "generator": True},
        {"batch_size": 4, "sampler": data.WeightedRandomSampler([1.0, 2.0, 3.0], 9)},
        {"batch_size": 4, "sampler": data.SubsetRandomSampler([0, 2, -1])},
        {"batch_size": 40},
    ]
    taken = 0
    for dataset in (rows, parts[1], inner):
        for way in ways:
            results = []
            for turn in (whole, lambda loader: loader):
                torch.manual_seed(3)
                options = dict(way)
                if "generator" in options:
                    options["generator"] = torch.Generator().manual_seed(5)
                loader = data.DataLoader(dataset, **options)
                taken += turn(loader) is not loader
                assert len(turn(loader)) == len(loader)
                results.append((batches(turn(loader)), batches(turn(loader), limit=1)))
            assert results[0] == results[1]
    assert taken == 18


@pytest.mark.parametrize("kind", ["ndarray", "tensor", "bools", "masks", "floats", "far", "tuple"])
def test_indices_of_a_part(kind: str) -> None:
    torch = pytest.importorskip("torch")
    numpy = pytest.importorskip("numpy")
    data = torch.utils.data
    indices = {
        "ndarray": numpy.array([4, 0, -1, 2]), "tensor": torch.tensor([4, 0, -1, 2]), "bools": [True, False, True],
        "masks": torch.tensor([True, False]), "floats": [0.0, 1.0], "far": [0, 99], "tuple": (3, 1),
    }[kind]  # fmt: skip
    rows = data.TensorDataset(torch.rand(5, 2), torch.arange(5))
    seen = []
    for turn in (helper(), lambda loader: loader):
        try:
            seen.append([[t.tolist() for t in b] for b in turn(data.DataLoader(data.Subset(rows, indices), 2))])
        except (IndexError, TypeError, RuntimeError) as error:
            seen.append([type(error), str(error)])
    assert seen[0] == seen[1]


def test_a_batch_is_nobody_elses() -> None:
    torch = pytest.importorskip("torch")
    x = torch.zeros(6, 2)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=3)
    for (batch,) in helper()(loader):
        batch += 1
    assert not x.any()


def test_samplers_that_ask_for_too_much() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data
    seen = []
    for turn in (helper(), lambda loader: loader):
        loader = data.DataLoader(data.TensorDataset(torch.zeros(3)), sampler=data.SubsetRandomSampler([9]))
        with pytest.raises(IndexError) as caught:
            list(turn(loader))
        seen.append(str(caught.value))
    assert seen[0] == seen[1]


def test_others_as_before() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data
    whole = helper()

    class Own(data.TensorDataset):  # type: ignore[misc, name-defined]
        def __getitem__(self, i: int) -> Any:
            return super().__getitem__(i)[0] * 2

    class Loader(data.DataLoader):  # type: ignore[misc, name-defined]
        pass

    class Sampler(data.Sampler):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            return iter([0, torch.tensor(1)])

        def __len__(self) -> int:
            return 2

    rows = data.TensorDataset(torch.rand(6, 2))
    for loader in (
        data.DataLoader(Own(torch.rand(5, 2))),
        Loader(rows),
        data.DataLoader(rows, collate_fn=list),
        data.DataLoader(rows, batch_size=None),
        data.DataLoader(rows, sampler=Sampler()),
        data.DataLoader(rows, batch_sampler=[[0, 1], [2]]),
        data.DataLoader(data.TensorDataset(torch.rand(6, 2).t())),
        data.DataLoader(data.TensorDataset(torch.rand(6, 2, requires_grad=True))),
        data.DataLoader(data.TensorDataset(torch.nn.Parameter(torch.rand(6, 2)))),
        data.DataLoader([1, 2, 3]),
        [1, 2],
        iter([3]),
        {4: 5},
    ):
        assert whole(loader) is loader


def test_rows_of_a_class() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data

    class Rows(data.Dataset):  # type: ignore[misc, name-defined]
        def __init__(self, x: Any, y: Any) -> None:
            self.x, self.y = x, y

        def __len__(self) -> int:
            return len(self.x)

        def __getitem__(self, i: int) -> Any:
            return self.x[i], self.y[i]

    class Heir(Rows):
        def __getitem__(self, i: int) -> Any:
            return self.y[i], self.x[i]

    whole = helper(Rows=(Rows, None, None))
    loader = data.DataLoader(Rows(torch.rand(5, 2), torch.arange(5)), batch_size=2, shuffle=True)
    torch.manual_seed(0)
    old = batches(loader)
    torch.manual_seed(0)
    assert batches(whole(loader)) == old
    assert whole(loader) is not loader
    for other in (
        Rows([1, 2], torch.arange(2)),
        Rows(torch.rand(3).numpy(), torch.rand(3)),
        Heir(torch.rand(3), torch.rand(3)),
    ):
        loader = data.DataLoader(other)
        assert whole(loader) is loader
    # what the data set holds may change between two batches
    changing = Rows(torch.zeros(4), torch.arange(4))
    got = []
    for x, _ in whole(data.DataLoader(changing)):
        got.append(x.tolist())
        changing.x = changing.x + 1
    assert got == [[0.0], [1.0], [2.0], [3.0]]


@pytest.mark.parametrize("x", ["float32", "float", "long", None])
@pytest.mark.parametrize("y", ["float", "float64", "long", None])
def test_rows_of_arrays(x: str | None, y: str | None, request: pytest.FixtureRequest) -> None:
    torch = pytest.importorskip("torch")
    request.addfinalizer(lambda: torch.set_warn_always(False))
    torch.set_warn_always(True)  # else it says only once that an array cannot be written into
    numpy = pytest.importorskip("numpy")
    data = torch.utils.data
    kinds = [None if kind is None else getattr(torch, kind) for kind in (x, y)]

    class Rows(data.Dataset):  # type: ignore[misc, name-defined]
        def __init__(self, x: Any, y: Any) -> None:
            self.x, self.y = x, y

        def __len__(self) -> int:
            return len(self.x)

        def __getitem__(self, i: int) -> Any:
            parts = [self.x[i], self.y[i]]
            return tuple(p if k is None else torch.tensor(p, dtype=k) for p, k in zip(parts, kinds, strict=True))

    rng = numpy.random.default_rng(0)
    whole = helper(Rows=(Rows, *kinds))
    arrays = [rng.random((9, 3)) * 10.0 ** rng.integers(-30, 30, (9, 3)), rng.random(9), rng.random(9).astype("f4")]
    arrays += [
        rng.integers(-5, 5, 9),
        rng.integers(0, 2, (9, 1)),
        rng.integers(0, 255, 9).astype("u1"),
        rng.random(9) > 0.5,
    ]
    arrays += [2**53 + rng.integers(0, 9, 9), rng.integers(-(2**62), 2**62, (9, 2)), rng.integers(0, 9, 9).astype("i4")]
    arrays += [numpy.array([numpy.nan, numpy.inf, -0.0, 1e-320, 1e300, 1, 2, 3, 4]), rng.random((9, 2, 2)).astype("f4")]
    arrays += [numpy.asfortranarray(rng.random((9, 3))), rng.random((18, 4))[::2, 1:3], rng.random((9, 3))[:, ::-1]]
    arrays += [rng.random((9, 2, 3)).transpose(0, 2, 1), numpy.broadcast_to(rng.random(3), (9, 3)), rng.random(9)[::-1]]
    arrays += [numpy.asfortranarray(rng.random((9, 3)).astype("f4"))]
    arrays[-1].flags.writeable = False
    taken = 0
    for number, a in enumerate(arrays):
        for b in (arrays[number - 1], arrays[number - 5]):
            seen = []
            for turn in (whole, lambda loader: loader):
                torch.manual_seed(1)
                loader = data.DataLoader(Rows(a, b), batch_size=4, shuffle=True)
                taken += turn(loader) is not loader
                try:
                    seen.append(str(batches(turn(loader))))
                except (RuntimeError, TypeError, ValueError, OverflowError, UserWarning) as error:
                    seen.append(f"{type(error)} {error}")
            assert seen[0] == seen[1], (a, b)
    assert taken > 1


def test_recordings_hold_the_random_stream_and_the_mode() -> None:
    torch = pytest.importorskip("torch")
    states, mode = snapshot.random_states(), snapshot.process_state()
    threads = torch.get_num_threads()
    assert mode["gradients"] is torch.is_grad_enabled()
    first = torch.rand(3).tolist()
    try:
        with torch.no_grad():
            assert snapshot.process_state()["gradients"] is False
            torch.set_num_threads(threads + 1)
            snapshot.set_process_state(mode)
            assert torch.is_grad_enabled() and torch.get_num_threads() == threads
        snapshot.set_random_states(states)
        assert torch.rand(3).tolist() == first
        assert snapshot.random_states()["torch"] != states["torch"]
    finally:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(True)
