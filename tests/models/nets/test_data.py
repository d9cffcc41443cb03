"""What users hand over with a net: loaders, datasets, arrays, tensors, mappings."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hasten.api.models.fit import Complaints  # noqa: E402
from hasten.api.models.nets import net_rows, net_workload  # noqa: E402
from hasten.core.model import ModelWorkload, Rows, Tensors  # noqa: E402
from hasten.errors import TargetError  # noqa: E402

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 2


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(3, 2)

    def forward(self, left, right=None):
        return self.line(left if right is None else left + right)


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, i):
        return torch.from_numpy(X[i]), int(Y[i])


class Named(Pairs):
    def __getitem__(self, i):
        return {"right": X[i], "left": X[i] * 2, "labels": Y[i]}


@pytest.mark.parametrize(
    "given",
    [
        (X, Y),
        (torch.from_numpy(X), torch.from_numpy(Y)),
        Rows(X, Y),
        Rows(Tensors({"left": X}), Y),
        Pairs(),
        torch.utils.data.DataLoader(Pairs(), batch_size=7),
        [(X[:5], Y[:5]), (X[5:], Y[5:])],
    ],
    ids=["arrays", "tensors", "rows", "by name", "dataset", "loader", "batches"],
)
def test_one_input_comes_in_many_forms(given):
    rows = net_rows(given, ["left", "right"])
    assert list(rows.x.arrays) == ["left"]
    np.testing.assert_array_equal(rows.x.arrays["left"], X)
    np.testing.assert_array_equal(rows.y, Y)
    assert rows.x.arrays["left"].dtype == np.float32


@pytest.mark.parametrize("given", [Named(), torch.utils.data.DataLoader(Named(), batch_size=6), [((X * 2, X), Y)]])
def test_several_inputs_come_by_name_or_in_order(given):
    rows = net_rows(given, ["left", "right"])
    assert list(rows.x.arrays) == ["left", "right"]  # the order of the module's parameters
    np.testing.assert_array_equal(rows.x.arrays["left"], X * 2)
    np.testing.assert_array_equal(rows.x.arrays["right"], X)


def test_shorter_batches_are_filled_up_only_beside_a_mask():
    batches = [
        {"ids": np.ones((2, 3), int), "attention_mask": np.ones((2, 3), int), "labels": np.array([0, 1])},
        {"ids": np.ones((2, 5), int), "attention_mask": np.ones((2, 5), int), "labels": np.array([1, 1])},
    ]
    rows = net_rows(batches, ["ids", "attention_mask"])
    assert rows.x.arrays["attention_mask"].tolist() == [[1, 1, 1, 0, 0]] * 2 + [[1] * 5] * 2
    for b in batches:
        del b["attention_mask"]
    with pytest.raises(ValueError, match="pad them to one length"):
        net_rows(batches, ["ids"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nothing": X}, "no parameters of the module: nothing"),
        (Rows(np.array(["a", "b"]), None), "takes numbers"),
        ([], "holds no rows"),
    ],
)
def test_what_is_no_input_is_said(given, said):
    with pytest.raises((TypeError, ValueError), match=said):
        net_rows([(given, Y)] if isinstance(given, dict) else given, ["left", "right"])


def test_a_workload_of_a_module_knows_its_task_and_leaves_the_module_alone():
    module = Two().train()
    made = net_workload(ModelWorkload(module, (X, Y), test=(X, Y)), Complaints("net"))
    assert made.task == "classification"
    assert made.methods == ("forward",)
    assert made.model.classes_.tolist() == [0, 1]
    assert module.training
    assert not made.model.module.training
    before = made.model.forward(made.valid.x)
    with torch.no_grad():
        module.line.weight.zero_()
    np.testing.assert_array_equal(made.model.forward(made.valid.x), before)


def test_a_net_that_does_not_take_its_data_says_so():
    with pytest.raises(TargetError, match=r"does not take its validation data \(left: float64"):
        net_workload(ModelWorkload(Two(), (X.astype(float), Y)), Complaints("net"))
