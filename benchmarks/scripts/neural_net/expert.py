"""The same network with one matrix product per layer and mini-batch."""

import math
import random
from pathlib import Path

import numpy as np


def load(count):
    with np.load(Path(__file__).parent / "data" / "digits.npz") as data:
        images, labels = data["images"][:count], data["labels"][:count].astype(int)
    return images.reshape(count, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(count, 49) / 255, labels


def matrix(rows, cols, scale):
    return np.array([[random.gauss(0, scale) for _ in range(cols)] for _ in range(rows)])


class Network:
    def __init__(self, n_in, n_hidden, n_out, lr=0.05, momentum=0.9):
        self.w1, self.b1 = matrix(n_in, n_hidden, 1 / math.sqrt(n_in)), np.zeros(n_hidden)
        self.w2, self.b2 = matrix(n_hidden, n_out, 1 / math.sqrt(n_hidden)), np.zeros(n_out)
        self.v1, self.v2 = np.zeros_like(self.w1), np.zeros_like(self.w2)
        self.lr, self.momentum = lr, momentum

    def forward(self, x):
        hidden = np.tanh(x @ self.w1 + self.b1)
        out = hidden @ self.w2 + self.b2
        exps = np.exp(out - out.max(axis=1, keepdims=True))
        return hidden, exps / exps.sum(axis=1, keepdims=True)

    def train_batch(self, x, y):
        hidden, probs = self.forward(x)
        rows = np.arange(len(y))
        loss = -np.log(probs[rows, y] + 1e-12).sum()
        delta2 = probs
        delta2[rows, y] -= 1
        delta1 = (delta2 @ self.w2.T) * (1 - hidden**2)
        rate = self.lr / len(y)
        self.v1 = self.momentum * self.v1 - rate * (x.T @ delta1)
        self.v2 = self.momentum * self.v2 - rate * (hidden.T @ delta2)
        self.w1 += self.v1
        self.w2 += self.v2
        self.b1 -= rate * delta1.sum(axis=0)
        self.b2 -= rate * delta2.sum(axis=0)
        return loss


def main():
    random.seed(3)
    X, y = load(2500)
    net = Network(49, 30, 10)
    order = list(range(2000))
    for epoch in range(18):
        random.shuffle(order)
        loss = 0.0
        for start in range(0, len(order), 20):
            batch = order[start : start + 20]
            loss += net.train_batch(X[batch], y[batch])
        print(f"epoch {epoch} loss {loss / len(order):.8f}")
    print("accuracy", (net.forward(X[2000:])[1].argmax(axis=1) == y[2000:]).sum() / 500)


if __name__ == "__main__":
    main()
