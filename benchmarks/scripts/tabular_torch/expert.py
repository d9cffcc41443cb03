"""The data are two tensors, batches are slices of a permutation; an evaluation is one pass. No Dataset, no DataLoader.

The random numbers are drawn as the DataLoader draws them (a base seed a pass, a seed for the order), so that the
batches and the dropout are slow.py's; evaluations run in other batches and differ in digits that are not printed.
"""

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

DATA = Path(__file__).resolve().parent / "data" / "credit.csv"
ROWS, BATCH, EPOCHS, PATIENCE, SEED, REPEATS = 8000, 64, 12, 3, 13, 2
RATE, MOMENTUM, WEIGHT_DECAY = 0.03, 0.9, 1e-4
TARGET = "default-payment-next-month"
MONEY = ["LIMIT_BAL"] + [f"BILL_AMT{m}" for m in range(1, 7)] + [f"PAY_AMT{m}" for m in range(1, 7)]
COLUMNS = MONEY + ["PAY_0"] + [f"PAY_{m}" for m in range(2, 7)] + ["AGE", "SEX"]


def read():
    with DATA.open() as source:
        names = source.readline().strip().split(",")
        text = ",".join(source.readline() for _ in range(ROWS))
    table = np.array(text.replace("\n", "").split(","), dtype=float).reshape(ROWS, -1)
    X = table[:, [names.index(c) for c in COLUMNS]]
    groups = {"sex": X[:, -1] == 1, "age_band": np.searchsorted([29, 39, 49], X[:, -2])}
    money = X[:, : len(MONEY)]
    X[:, : len(MONEY)] = np.sign(money) * np.log1p(np.abs(money))
    return X, table[:, names.index(TARGET)].astype(int), groups


def draw():
    return int(torch.empty((), dtype=torch.int64).random_())


def probabilities(model, X):
    model.eval()
    with torch.inference_mode():
        return torch.sigmoid(model(X)).squeeze(-1).numpy().astype(float)


def log_loss(p, y):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.log(np.where(y == 1, p, 1 - p)).mean()


def roc_auc(p, y):
    good = np.sort(p[y == 0])
    bad = p[y == 1]
    below, upto = np.searchsorted(good, bad), np.searchsorted(good, bad, side="right")
    return (below + upto).sum() / 2 / (len(good) * len(bad))


def fit(model, train, val):
    X, y = torch.from_numpy(train[0]), torch.from_numpy(train[1].astype(np.float32))
    parameters = list(model.parameters())
    velocity = [torch.zeros_like(p) for p in parameters]
    best_loss, best_state, waited = np.inf, None, 0
    for epoch in range(1, EPOCHS + 1):
        model.train()
        draw()
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(draw()))
        total = 0.0
        for rows in order.split(BATCH):
            loss = F.binary_cross_entropy_with_logits(model(X[rows]).squeeze(-1), y[rows])
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                torch._foreach_mul_(velocity, MOMENTUM)
                torch._foreach_add_(velocity, gradients)
                torch._foreach_add_(velocity, parameters, alpha=WEIGHT_DECAY)
                torch._foreach_sub_(parameters, velocity, alpha=RATE)
            total += loss.item() * len(rows)
        draw()
        p = probabilities(model, torch.from_numpy(val[0]))
        loss = log_loss(p, val[1])
        print(f"epoch {epoch:2d}  train {total / len(y):.4f}  validation {loss:.4f}  auc {roc_auc(p, val[1]):.4f}")
        if loss < best_loss - 1e-4:
            best_loss, best_state, waited = loss, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited >= PATIENCE:
                print("no better for a while, stopping")
                break
    model.load_state_dict(best_state)


def print_groups(name, groups, labels, p, y):
    print(f"\n{name:10}  clients  defaults  predicted     auc  recall  false alarms")
    for label, code in labels:
        own = groups == code
        bad, good = own & (y == 1), own & (y == 0)
        recall, alarms = ((p[part] >= 0.5).mean() if part.any() else 0.0 for part in (bad, good))
        print(
            f"{label:10} {own.sum():8d} {y[own].mean():9.4f} {p[own].mean():10.4f} {roc_auc(p[own], y[own]):7.4f} "
            f"{recall:7.4f} {alarms:13.4f}"
        )


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    X, y, groups = read()
    order = np.random.default_rng(SEED).permutation(ROWS)
    parts = np.split(order, [int(0.6 * ROWS), int(0.8 * ROWS)])
    mean, std = X[parts[0]].mean(axis=0), X[parts[0]].std(axis=0, ddof=1)
    X = ((X - mean) / np.where(std == 0, 1, std)).astype(np.float32)
    train, val, test = ((X[rows], y[rows]) for rows in parts)

    model = nn.Sequential(
        *(nn.Linear(len(COLUMNS), 32), nn.ReLU(), nn.Dropout(0.1)),
        *(nn.Linear(32, 16), nn.ReLU(), nn.Dropout(0.1)),
        nn.Linear(16, 1),
    )
    print(f"{len(train[1])} to train, {len(val[1])} to validate, {len(test[1])} to test")
    print(f"{sum(p.numel() for p in model.parameters())} parameters\n")
    fit(model, train, val)

    features, labels = test
    p = probabilities(model, torch.from_numpy(features))
    base = roc_auc(p, labels)
    print(f"\ntest: log loss {log_loss(p, labels):.4f}, auc {base:.4f}")
    print_groups("sex", groups["sex"][parts[2]], [("female", True), ("male", False)], p, labels)
    bands = [("30-39", 1), ("40-49", 2), ("50+", 3), ("< 30", 0)]
    print_groups("age_band", groups["age_band"][parts[2]], bands, p, labels)

    print("\nimportance (fall of the auc)")
    rng = np.random.default_rng(SEED)
    drops = []
    for k in range(len(COLUMNS)):
        shuffled = np.repeat(features[None], REPEATS, axis=0)
        for copy_ in shuffled:
            copy_[:, k] = rng.permutation(features[:, k])
        drops.append(np.mean([base - roc_auc(row, labels) for row in probabilities(model, torch.from_numpy(shuffled))]))
    for k in np.argsort(-np.array(drops), kind="stable")[:12]:
        print(f"  {COLUMNS[k]:10} {drops[k]:8.4f}")


if __name__ == "__main__":
    main()
