"""Numba for the map: one pass over the pairs for the kernel, one for the forces; distances and ranks by NumPy.

The sums run in another order than in slow.py; the positions differ in digits that are not printed.
"""

from pathlib import Path

import numpy as np
from numba import njit

DATA = Path(__file__).resolve().parent / "data" / "digits.npz"
PERPLEXITY, STEPS, RATE, COUNT = 20, 280, 60, 360


@njit(cache=True)
def input_probabilities(D, perplexity):
    n = len(D)
    P, betas = np.zeros((n, n)), np.zeros(n)
    target = np.log(perplexity)
    row = np.zeros(n)
    for i in range(n):
        low, high = -np.inf, np.inf
        beta = (n - 1) / D[i].sum()
        tries = 0
        while True:
            total = weighted = 0.0
            for j in range(n):
                row[j] = np.exp(-D[i, j] * beta) if j != i else 0.0
                total += row[j]
                weighted += D[i, j] * row[j]
            h = np.log(total) + beta * weighted / total
            if abs(h - target) <= 1e-6 or tries == 60:
                break
            if h > target:
                low = beta
                beta = beta * 2 if np.isinf(high) else (beta + high) / 2
            else:
                high = beta
                beta = beta / 2 if np.isinf(low) else (beta + low) / 2
            tries += 1
        P[i] = row / total
        betas[i] = beta
    return np.maximum((P + P.T) / (2 * n), 1e-12), np.sqrt(0.5 / betas)


@njit(cache=True)
def descend(P, Y, velocity, kernel, exaggeration, momentum, steps):
    """`steps` steps; Y and velocity change in place. Divergence of the last step."""
    n = len(Y)
    grad = np.empty((n, 2))
    divergence = 0.0
    for step in range(steps):
        total = 0.0
        for i in range(n):
            for j in range(i):
                x, y = Y[i, 0] - Y[j, 0], Y[i, 1] - Y[j, 1]
                kernel[i, j] = 1 / (1 + x * x + y * y)
                total += 2 * kernel[i, j]
        grad[:] = 0.0
        for i in range(n):
            for j in range(i):
                q = max(kernel[i, j] / total, 1e-12)
                force = 4 * (exaggeration * P[i, j] - q) * kernel[i, j]
                x, y = force * (Y[i, 0] - Y[j, 0]), force * (Y[i, 1] - Y[j, 1])
                grad[i, 0] += x
                grad[i, 1] += y
                grad[j, 0] -= x
                grad[j, 1] -= y
        if step == steps - 1:
            for i in range(n):
                for j in range(i):
                    divergence += 2 * P[i, j] * np.log(P[i, j] / max(kernel[i, j] / total, 1e-12))
        centre_x = centre_y = 0.0
        for i in range(n):
            for d in range(2):
                velocity[i, d] = momentum * velocity[i, d] - RATE * grad[i, d]
                Y[i, d] += velocity[i, d]
            centre_x += Y[i, 0]
            centre_y += Y[i, 1]
        for i in range(n):
            Y[i, 0] -= centre_x / n
            Y[i, 1] -= centre_y / n
    return divergence


def squared_distances(X):
    squares = (X**2).sum(axis=1)
    return np.maximum(squares[:, None] + squares - 2 * X @ X.T, 0)


def neighbours(D):
    """The others of every point, nearest first, and the rank of every point seen from every other."""
    D = D.copy()
    np.fill_diagonal(D, -1)
    order = np.argsort(D, axis=1, kind="stable")[:, 1:]
    rank = np.zeros(D.shape, dtype=int)
    np.put_along_axis(rank, order, np.arange(1, len(D)), axis=1)
    return order, rank


def trustworthiness(true_rank, map_order, k):
    n = len(map_order)
    rank = np.take_along_axis(true_rank, map_order[:, :k], axis=1)
    return 1 - np.maximum(rank - k, 0).sum() * 2 / (n * k * (2 * n - 3 * k - 1))


def accuracy(order, labels, k):
    votes = (labels[order[:, :k], None] == np.arange(10)).sum(axis=1)
    return (votes.argmax(axis=1) == labels).mean()


def main():
    with np.load(DATA) as data:
        images, labels = data["images"][:COUNT], data["labels"][:COUNT]
    X = images.reshape(COUNT, -1) / 255
    X -= X.mean(axis=0)
    values, vectors = np.linalg.eigh(X @ X.T)  # smaller than X itself; the signs do not matter to distances
    print(f"30 principal components keep {values[-30:].sum() / values.sum():.4f} of the variance")
    X = vectors[:, -30:] * np.sqrt(values[-30:])
    D = squared_distances(X)
    P, sigma = input_probabilities(D, PERPLEXITY)
    print(f"width of the kernels: mean {sigma.mean():.4f}, from {sigma.min():.4f} to {sigma.max():.4f}")

    Y = np.random.default_rng(3).normal(0, 1e-2, (COUNT, 2))
    velocity, kernel = np.zeros_like(Y), np.empty((COUNT, COUNT))
    for done in range(0, STEPS, 40):
        early = done < 80
        divergence = descend(P, Y, velocity, kernel, 4.0 if early else 1.0, 0.5 if early else 0.8, 40)
        spread = np.sqrt((Y**2).sum(axis=1).mean())
        print(f"step {done + 40:4d}   divergence {divergence:.4f}   spread {spread:.4f}")

    (in_data, data_rank), (in_map, map_rank) = neighbours(D), neighbours(squared_distances(Y))
    print("\nneighbours  trustworthiness  continuity  accuracy data  accuracy map")
    for k in (1, 5, 10, 20):
        trust, continuity = trustworthiness(data_rank, in_map, k), trustworthiness(map_rank, in_data, k)
        right = accuracy(in_data, labels, k), accuracy(in_map, labels, k)
        print(f"{k:10d} {trust:16.4f} {continuity:11.4f} {right[0]:14.4f} {right[1]:13.4f}")

    print("\ndigit  points  centre x  centre y  radius")
    for digit in range(10):
        points = Y[labels == digit]
        centre = points.mean(axis=0)
        radius = np.sqrt(((points - centre) ** 2).sum(axis=1)).mean()
        print(f"{digit:5d} {len(points):7d} {centre[0]:9.3f} {centre[1]:9.3f} {radius:7.3f}")


if __name__ == "__main__":
    main()
