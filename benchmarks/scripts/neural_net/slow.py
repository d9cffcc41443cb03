"""A two-layer network for digits, written from scratch with lists: forward, backward, momentum, mini-batches."""

import math
import random
from pathlib import Path

import numpy as np


def load(count):
    data = np.load(Path(__file__).parent / "data" / "digits.npz")
    images = data["images"]
    X = []
    for i in range(count):
        pixels = []
        for by in range(0, 28, 4):
            for bx in range(0, 28, 4):
                pixels.append(float(images[i, by : by + 4, bx : bx + 4].mean()) / 255)
        X.append(pixels)
    y = [int(v) for v in data["labels"][:count]]
    return X, y


def matrix(rows, cols, scale):
    return [[random.gauss(0, scale) for _ in range(cols)] for _ in range(rows)]


def zeros(rows, cols):
    return [[0.0] * cols for _ in range(rows)]


class Network:
    def __init__(self, n_in, n_hidden, n_out, lr=0.05, momentum=0.9):
        self.w1 = matrix(n_in, n_hidden, 1 / math.sqrt(n_in))
        self.b1 = [0.0] * n_hidden
        self.w2 = matrix(n_hidden, n_out, 1 / math.sqrt(n_hidden))
        self.b2 = [0.0] * n_out
        self.v1 = zeros(n_in, n_hidden)
        self.v2 = zeros(n_hidden, n_out)
        self.n_in, self.n_hidden, self.n_out = n_in, n_hidden, n_out
        self.lr = lr
        self.momentum = momentum

    def forward(self, x):
        hidden = []
        for h in range(self.n_hidden):
            total = self.b1[h]
            for i in range(self.n_in):
                total += x[i] * self.w1[i][h]
            hidden.append(math.tanh(total))
        out = []
        for o in range(self.n_out):
            total = self.b2[o]
            for h in range(self.n_hidden):
                total += hidden[h] * self.w2[h][o]
            out.append(total)
        top = max(out)
        exps = [math.exp(v - top) for v in out]
        s = sum(exps)
        return hidden, [e / s for e in exps]

    def train_batch(self, xs, ys):
        g1 = zeros(self.n_in, self.n_hidden)
        g2 = zeros(self.n_hidden, self.n_out)
        gb1 = [0.0] * self.n_hidden
        gb2 = [0.0] * self.n_out
        loss = 0.0
        for x, y in zip(xs, ys):
            hidden, probs = self.forward(x)
            loss -= math.log(probs[y] + 1e-12)
            delta2 = [p - (1 if o == y else 0) for o, p in enumerate(probs)]
            delta1 = []
            for h in range(self.n_hidden):
                back = 0.0
                for o in range(self.n_out):
                    back += self.w2[h][o] * delta2[o]
                    g2[h][o] += hidden[h] * delta2[o]
                delta1.append(back * (1 - hidden[h] ** 2))
                gb1[h] += delta1[h]
            for o in range(self.n_out):
                gb2[o] += delta2[o]
            for i in range(self.n_in):
                if x[i] != 0:
                    for h in range(self.n_hidden):
                        g1[i][h] += x[i] * delta1[h]
        n = len(xs)
        for i in range(self.n_in):
            for h in range(self.n_hidden):
                self.v1[i][h] = self.momentum * self.v1[i][h] - self.lr * g1[i][h] / n
                self.w1[i][h] += self.v1[i][h]
        for h in range(self.n_hidden):
            self.b1[h] -= self.lr * gb1[h] / n
            for o in range(self.n_out):
                self.v2[h][o] = self.momentum * self.v2[h][o] - self.lr * g2[h][o] / n
                self.w2[h][o] += self.v2[h][o]
        for o in range(self.n_out):
            self.b2[o] -= self.lr * gb2[o] / n
        return loss

    def predict(self, x):
        _, probs = self.forward(x)
        return probs.index(max(probs))


def main():
    random.seed(3)
    X, y = load(2500)
    train_X, train_y, test_X, test_y = X[:2000], y[:2000], X[2000:], y[2000:]
    net = Network(49, 30, 10)
    order = list(range(len(train_X)))
    for epoch in range(18):
        random.shuffle(order)
        loss = 0.0
        for start in range(0, len(order), 20):
            batch = order[start : start + 20]
            loss += net.train_batch([train_X[i] for i in batch], [train_y[i] for i in batch])
        print(f"epoch {epoch} loss {loss / len(order):.8f}")
    right = sum(1 for x, t in zip(test_X, test_y) if net.predict(x) == t)
    print("accuracy", right / len(test_y))


if __name__ == "__main__":
    main()
