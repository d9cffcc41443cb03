"""Train a small network that predicts credit-card defaults; evaluate it by group; permutation importance."""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from dataset import MONEY, STATUS, TARGET, CreditDataset, Scaler, load_frame, split
from torch import nn
from torch.utils.data import DataLoader

HERE = Path(__file__).resolve().parent


@dataclass
class Config:
    rows: int = 8000
    hidden: tuple = (32, 16)
    dropout: float = 0.1
    batch_size: int = 64
    learning_rate: float = 0.03
    momentum: float = 0.9
    weight_decay: float = 1e-4
    max_epochs: int = 12
    patience: int = 3
    repeats: int = 2
    seed: int = 13


class Net(nn.Module):
    def __init__(self, n_features, config):
        super().__init__()
        layers = []
        width = n_features
        for size in config.hidden:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(config.dropout)]
            width = size
        layers.append(nn.Linear(width, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x).squeeze(-1)


class Momentum:
    """Stochastic gradient descent with momentum and weight decay; no optimiser state to carry around but one list."""

    def __init__(self, parameters, config):
        self.parameters = list(parameters)
        self.velocity = [torch.zeros_like(p) for p in self.parameters]
        self.config = config

    def step(self):
        with torch.no_grad():
            for p, v in zip(self.parameters, self.velocity):
                v.mul_(self.config.momentum).add_(p.grad).add_(p, alpha=self.config.weight_decay)
                p.sub_(v, alpha=self.config.learning_rate)
                p.grad = None


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


def predict(model, loader):
    """Probabilities and labels, as lists."""
    model.eval()
    probabilities, labels = [], []
    with torch.no_grad():
        for x, y in loader:
            p = torch.sigmoid(model(x))
            for value, label in zip(p, y):
                probabilities.append(value.item())
                labels.append(int(label.item()))
    return probabilities, labels


def log_loss(probabilities, labels):
    total = 0.0
    for p, y in zip(probabilities, labels):
        p = min(max(p, 1e-7), 1 - 1e-7)
        total -= np.log(p) if y == 1 else np.log(1 - p)
    return total / len(labels)


def roc_auc(probabilities, labels):
    """Probability that a default gets a higher score than a good client."""
    ranked = sorted(zip(probabilities, labels))
    n_good = n_pairs = 0
    i = 0
    while i < len(ranked):
        j = i
        good = bad = 0
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            if ranked[j][1] == 1:
                bad += 1
            else:
                good += 1
            j += 1
        n_pairs += bad * n_good + 0.5 * bad * good
        n_good += good
        i = j
    return n_pairs / (n_good * (len(labels) - n_good))


def fit(model, train_loader, val_loader, config):
    criterion = nn.BCEWithLogitsLoss()
    optimizer = Momentum(model.parameters(), config)
    best_loss, best_state, waited = float("inf"), None, 0
    for epoch in range(1, config.max_epochs + 1):
        train_loss = train_epoch(model, train_loader, criterion, optimizer)
        probabilities, labels = predict(model, val_loader)
        val_loss = log_loss(probabilities, labels)
        auc = roc_auc(probabilities, labels)
        print(f"epoch {epoch:2d}  train {train_loss:.4f}  validation {val_loss:.4f}  auc {auc:.4f}")
        if val_loss < best_loss - 1e-4:
            best_loss, best_state, waited = val_loss, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited >= config.patience:
                print("no better for a while, stopping")
                break
    model.load_state_dict(best_state)


def evaluate_groups(frame, probabilities, labels, column, threshold=0.5):
    print(f"\n{column:10}  clients  defaults  predicted     auc  recall  false alarms")
    for group in sorted(frame[column].unique()):
        members = [i for i, value in enumerate(frame[column]) if value == group]
        p = [probabilities[i] for i in members]
        y = [labels[i] for i in members]
        flagged = [1 if v >= threshold else 0 for v in p]
        recall = sum(f for f, t in zip(flagged, y) if t == 1) / max(1, sum(y))
        alarms = sum(f for f, t in zip(flagged, y) if t == 0) / max(1, len(y) - sum(y))
        print(
            f"{group:10} {len(y):8d} {sum(y) / len(y):9.4f} {sum(p) / len(p):10.4f} {roc_auc(p, y):7.4f} "
            f"{recall:7.4f} {alarms:13.4f}"
        )


def permutation_importance(model, features, labels, names, base, config):
    """How much the AUC falls when a column is shuffled."""
    rng = np.random.default_rng(config.seed)
    drops = {}
    for k, name in enumerate(names):
        falls = []
        for _ in range(config.repeats):
            shuffled = features.copy()
            shuffled[:, k] = rng.permutation(shuffled[:, k])
            loader = DataLoader(CreditDataset(shuffled, labels), batch_size=256)
            falls.append(base - roc_auc(*predict(model, loader)))
        drops[name] = np.mean(falls)
    return drops


def main():
    config = Config()
    torch.manual_seed(config.seed)
    torch.set_num_threads(1)

    frame = load_frame(HERE / "data" / "credit.csv", config.rows)
    columns = MONEY + STATUS + ["AGE", "SEX"]
    train, val, test = split(frame, config.seed)
    scaler = Scaler().fit(train, columns)
    datasets = [CreditDataset(scaler.transform(part), part[TARGET].to_numpy()) for part in (train, val, test)]
    train_loader = DataLoader(datasets[0], batch_size=config.batch_size, shuffle=True)
    val_loader = DataLoader(datasets[1], batch_size=256)
    test_loader = DataLoader(datasets[2], batch_size=256)

    model = Net(len(columns), config)
    print(f"{len(train)} to train, {len(val)} to validate, {len(test)} to test")
    print(f"{sum(p.numel() for p in model.parameters())} parameters\n")
    fit(model, train_loader, val_loader, config)

    probabilities, labels = predict(model, test_loader)
    base = roc_auc(probabilities, labels)
    print(f"\ntest: log loss {log_loss(probabilities, labels):.4f}, auc {base:.4f}")
    for column in ("sex", "age_band"):
        evaluate_groups(test, probabilities, labels, column)

    print("\nimportance (fall of the auc)")
    drops = permutation_importance(model, datasets[2].features, datasets[2].labels, columns, base, config)
    for name, drop in sorted(drops.items(), key=lambda item: -item[1])[:12]:
        print(f"  {name:10} {drop:8.4f}")


if __name__ == "__main__":
    main()
