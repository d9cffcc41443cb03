"""The web as a sparse matrix: power iteration, triangles as A*A masked by A, breadth-first search in Numba."""

from pathlib import Path

import numba
import numpy as np
import pandas as pd
from scipy import sparse

DAMPING = 0.85


@numba.njit(cache=True)
def distance_histogram(indptr, indices, starts):
    n = len(indptr) - 1
    histogram = np.zeros(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    for start in starts:
        far = np.full(n, -1)
        far[start] = 0
        queue[0] = start
        head, tail = 0, 1
        while head < tail:
            node = queue[head]
            head += 1
            histogram[far[node]] += 1
            for k in range(indptr[node], indptr[node + 1]):
                if far[indices[k]] < 0:
                    far[indices[k]] = far[node] + 1
                    queue[tail] = indices[k]
                    tail += 1
    return histogram


def main():
    links = pd.read_csv(Path(__file__).parent / "data" / "links.csv").drop_duplicates().to_numpy()
    n = links.max() + 1
    out = sparse.csr_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n, n))
    print("pages", n, "links", len(links))

    degree = np.diff(out.indptr)
    flow = (sparse.diags(np.divide(DAMPING, degree, out=np.zeros(n), where=degree > 0)) @ out).T.tocsr()
    rank = np.full(n, 1 / n)
    for _ in range(60):
        rank = flow @ rank + (1 - DAMPING) / n + DAMPING * rank[degree == 0].sum() / n
    for node in np.lexsort((np.arange(n), -np.round(rank, 12)))[:10]:
        print(node, f"{rank[node]:.12f}")

    near = ((out + out.T) > 0).astype(np.int64).tocsr()
    count = np.asarray((near @ near).multiply(near).sum(axis=1)).ravel() // 2
    size = np.diff(near.indptr)
    pairs = size * (size - 1) / 2
    print("triangles", count.sum() // 3)
    print("mean clustering", f"{np.divide(count, pairs, out=np.zeros(n), where=pairs > 0).mean():.10f}")

    histogram = np.trim_zeros(distance_histogram(near.indptr, near.indices, np.arange(0, n, 6)), "b")
    total = (histogram * np.arange(len(histogram))).sum()
    print("mean distance", f"{total / histogram[1:].sum():.10f}", "diameter at least", len(histogram) - 1)
    for d, times in enumerate(histogram):
        print(d, times)


if __name__ == "__main__":
    main()
