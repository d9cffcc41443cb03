"""Will this user like this film? Embeddings of users and films, and a perceptron on both (He et al. 2017).

    python ratings.py                                                  trains it: data/ratings.pt
    hasten run ratings.py::workload --metric roc_auc --max-drop 0.5%   makes it faster and smaller

Reads data/ratings.csv: user, item, rating (0.5 to 5).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

DATA = Path(__file__).resolve().parent / "data"
LIKED = 4.0


class Recommender(nn.Module):
    def __init__(self, users, items, width=24):
        super().__init__()
        self.user_factors = nn.Embedding(users, width)
        self.item_factors = nn.Embedding(items, width)
        self.user_vectors = nn.Embedding(users, width)
        self.item_vectors = nn.Embedding(items, width)
        self.perceptron = nn.Sequential(
            nn.Linear(2 * width, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 32), nn.ReLU()
        )
        self.head = nn.Linear(width + 32, 2)
        for embedding in (self.user_factors, self.item_factors, self.user_vectors, self.item_vectors):
            nn.init.normal_(embedding.weight, std=0.05)

    def forward(self, user, item):
        product = self.user_factors(user) * self.item_factors(item)
        both = self.perceptron(torch.cat([self.user_vectors(user), self.item_vectors(item)], 1))
        return self.head(torch.cat([product, both], 1))


def read():
    """Inputs by name and what is to be told, of the parts train, validation and test."""
    table = pd.read_csv(DATA / "ratings.csv")
    user = np.unique(table["user"], return_inverse=True)[1].astype(np.int64)
    item = np.unique(table["item"], return_inverse=True)[1].astype(np.int64)
    liked = (table["rating"] >= LIKED).to_numpy().astype(np.int64)
    order = np.random.default_rng(9).permutation(len(table))
    cuts = [0, int(0.7 * len(order)), int(0.85 * len(order)), len(order)]
    rows = [order[a:b] for a, b in zip(cuts, cuts[1:])]
    return [({"user": user[some], "item": item[some]}, liked[some]) for some in rows], user.max() + 1, item.max() + 1


def train(net, inputs, liked, epochs=2, batch=512):
    user, item, y = torch.from_numpy(inputs["user"]), torch.from_numpy(inputs["item"]), torch.from_numpy(liked)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.05)
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for some in torch.randperm(len(y)).split(batch):
            loss = F.cross_entropy(net(user[some], item[some]), y[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(some)
        print(f"epoch {epoch + 1}: loss {total / len(y):.4f}")
    return net.eval()


def workload():
    """What hasten is given: the net as it was trained, and the ratings that judge it."""
    import hasten

    (learnt, valid, test), users, items = read()
    net = Recommender(users, items)
    net.load_state_dict(torch.load(DATA / "ratings.pt"))
    return hasten.ModelWorkload(net.eval(), train=learnt, valid=valid, test=test)


def main():
    torch.manual_seed(9)
    (learnt, _, (inputs, liked)), users, items = read()
    net = train(Recommender(users, items), *learnt)
    with torch.inference_mode():
        scores = net(torch.from_numpy(inputs["user"]), torch.from_numpy(inputs["item"]))
    right = (scores.argmax(1).numpy() == liked).mean()
    print(f"{users} users, {items} films; accuracy on the test part {right:.4f}, {liked.mean():.4f} of them liked")
    torch.save(net.state_dict(), DATA / "ratings.pt")


if __name__ == "__main__":
    main()
