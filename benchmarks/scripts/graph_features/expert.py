"""The web as a sparse matrix: power iteration, triangles as A*A masked by A, breadth-first search by SciPy."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

DAMPING = 0.85


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

    near = ((out + out.T) > 0).astype(np.int64)
    count = np.asarray((near @ near).multiply(near).sum(axis=1)).ravel() // 2
    size = np.diff(near.tocsr().indptr)
    pairs = size * (size - 1) / 2
    print("triangles", count.sum() // 3)
    print("mean clustering", f"{np.divide(count, pairs, out=np.zeros(n), where=pairs > 0).mean():.10f}")

    far = dijkstra(near, directed=False, unweighted=True, indices=np.arange(0, n, 6))
    known = far[np.isfinite(far)].astype(np.int64)
    print("mean distance", f"{known.sum() / (len(known) - far.shape[0]):.10f}", "diameter at least", known.max())
    for d, times in enumerate(np.bincount(known)):
        print(d, times)


if __name__ == "__main__":
    main()
