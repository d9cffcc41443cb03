"""Dynamic time warping of two sequences of feature vectors."""
import math

INF = float("inf")


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


def dtw(first, second, band=8):
    """length-normalised cost of the cheapest path within a band, and the length of that path"""
    n, m = len(first), len(second)
    band = max(band, abs(n - m) + 2)
    cost = [[INF] * (m + 1) for _ in range(n + 1)]
    steps = [[0] * (m + 1) for _ in range(n + 1)]
    cost[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - band), min(m, i + band) + 1):
            d = distance(first[i - 1], second[j - 1])
            options = [(cost[i - 1][j - 1], steps[i - 1][j - 1]),
                       (cost[i - 1][j], steps[i - 1][j]),
                       (cost[i][j - 1], steps[i][j - 1])]
            best = min(options, key=lambda o: o[0])
            cost[i][j] = best[0] + d
            steps[i][j] = best[1] + 1
    return cost[n][m] / (n + m), steps[n][m]
