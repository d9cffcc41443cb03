"""A map of handwritten digits: t-SNE written out (van der Maaten, Hinton 2008), and how far the map can be trusted."""

from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data" / "digits.npz"


def principal_components(X, k):
    X = X - X.mean(axis=0)
    _, s, vt = np.linalg.svd(X, full_matrices=False)
    print(f"{k} principal components keep {(s[:k] ** 2).sum() / (s**2).sum():.4f} of the variance")
    return X @ vt[:k].T


def squared_distances(X):
    n = len(X)
    D = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            D[i, j] = D[j, i] = np.sum((X[i] - X[j]) ** 2)
    return D


def entropy_and_row(distances, beta):
    p = np.exp(-distances * beta)
    total = np.sum(p)
    h = np.log(total) + beta * np.sum(distances * p) / total
    return h, p / total


def input_probabilities(D, perplexity):
    """Find for every point the precision with the wanted perplexity, by bisection; then symmetrise."""
    n = len(D)
    P = np.zeros((n, n))
    target = np.log(perplexity)
    betas = np.ones(n)
    for i in range(n):
        others = np.concatenate([np.arange(0, i), np.arange(i + 1, n)])
        low, high = -np.inf, np.inf
        beta = 1.0 / np.mean(D[i, others])
        h, row = entropy_and_row(D[i, others], beta)
        tries = 0
        while abs(h - target) > 1e-6 and tries < 60:
            if h > target:
                low = beta
                beta = beta * 2 if np.isinf(high) else (beta + high) / 2
            else:
                high = beta
                beta = beta / 2 if np.isinf(low) else (beta + low) / 2
            h, row = entropy_and_row(D[i, others], beta)
            tries += 1
        P[i, others] = row
        betas[i] = beta
    sigma = np.sqrt(0.5 / betas)
    print(f"width of the kernels: mean {sigma.mean():.4f}, from {sigma.min():.4f} to {sigma.max():.4f}")
    P = (P + P.T) / (2 * n)
    return np.maximum(P, 1e-12)


def gradient(P, Y):
    """Gradient of the Kullback-Leibler divergence, and the similarities in the map."""
    n = len(Y)
    sums = np.sum(Y**2, axis=1)
    kernel = 1 / (1 + sums[:, None] + sums[None, :] - 2 * Y @ Y.T)
    np.fill_diagonal(kernel, 0)
    Q = np.maximum(kernel / kernel.sum(), 1e-12)
    grad = np.zeros_like(Y)
    for i in range(n):
        force = (P[i] - Q[i]) * kernel[i]
        grad[i] = 4 * np.sum(force[:, None] * (Y[i] - Y), axis=0)
    return grad, Q


def tsne(X, perplexity=20, iterations=280, learning_rate=60, seed=3):
    P = input_probabilities(squared_distances(X), perplexity)
    rng = np.random.default_rng(seed)
    Y = rng.normal(0, 1e-2, (len(X), 2))
    velocity = np.zeros_like(Y)
    for step in range(1, iterations + 1):
        exaggeration = 4 if step <= 80 else 1
        momentum = 0.5 if step <= 80 else 0.8
        grad, Q = gradient(P * exaggeration, Y)
        velocity = momentum * velocity - learning_rate * grad
        Y = Y + velocity
        Y = Y - Y.mean(axis=0)
        if step % 40 == 0:
            divergence = np.sum(P * np.log(P / Q))
            print(f"step {step:4d}   divergence {divergence:.4f}   spread {np.sqrt((Y**2).sum(axis=1).mean()):.4f}")
    return Y


def order_of_neighbours(D):
    """For every point the others, nearest first."""
    orders = []
    for i in range(len(D)):
        orders.append([int(j) for j in np.argsort(D[i], kind="stable") if j != i])
    return orders


def trustworthiness(true_orders, map_orders, k):
    """Venna, Kaski 2001: neighbours in the map that are none in the data cost their rank."""
    n = len(true_orders)
    penalty = 0
    for i in range(n):
        for j in map_orders[i][:k]:
            rank = true_orders[i].index(j) + 1
            if rank > k:
                penalty += rank - k
    return 1 - penalty * 2 / (n * k * (2 * n - 3 * k - 1))


def nearest_neighbour_accuracy(orders, labels, k):
    right = 0
    for i, order in enumerate(orders):
        votes = [0] * 10
        for j in order[:k]:
            votes[labels[j]] += 1
        right += votes.index(max(votes)) == labels[i]
    return right / len(orders)


def main():
    with np.load(DATA) as data:
        images, labels = data["images"][:360], data["labels"][:360]
    X = principal_components(images.reshape(len(images), -1) / 255, 30)
    Y = tsne(X)

    in_data = order_of_neighbours(squared_distances(X))
    in_map = order_of_neighbours(squared_distances(Y))
    print("\nneighbours  trustworthiness  continuity  accuracy data  accuracy map")
    for k in (1, 5, 10, 20):
        trust, continuity = trustworthiness(in_data, in_map, k), trustworthiness(in_map, in_data, k)
        data_accuracy = nearest_neighbour_accuracy(in_data, labels, k)
        map_accuracy = nearest_neighbour_accuracy(in_map, labels, k)
        print(f"{k:10d} {trust:16.4f} {continuity:11.4f} {data_accuracy:14.4f} {map_accuracy:13.4f}")

    print("\ndigit  points  centre x  centre y  radius")
    for digit in range(10):
        points = Y[labels == digit]
        centre = points.mean(axis=0)
        radius = np.mean(np.sqrt(((points - centre) ** 2).sum(axis=1)))
        print(f"{digit:5d} {len(points):7d} {centre[0]:9.3f} {centre[1]:9.3f} {radius:7.3f}")


if __name__ == "__main__":
    main()
