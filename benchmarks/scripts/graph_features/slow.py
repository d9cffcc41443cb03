"""Features of a web of links: PageRank, triangles and clustering, distances from sampled pages, components."""

import csv
from pathlib import Path

DAMPING = 0.85


def read_links(path):
    out_links = {}
    neighbours = {}
    with open(path) as f:
        reader = csv.reader(f)
        next(reader)
        for source, target in reader:
            source, target = int(source), int(target)
            for node in (source, target):
                if node not in out_links:
                    out_links[node] = []
                    neighbours[node] = []
            if target not in out_links[source]:
                out_links[source].append(target)
            if target not in neighbours[source]:
                neighbours[source].append(target)
            if source not in neighbours[target]:
                neighbours[target].append(source)
    return out_links, neighbours


def pagerank(out_links, rounds=60):
    nodes = list(out_links)
    n = len(nodes)
    rank = {node: 1 / n for node in nodes}
    for _ in range(rounds):
        new = {node: (1 - DAMPING) / n for node in nodes}
        dangling = 0.0
        for node in nodes:
            if len(out_links[node]) == 0:
                dangling += rank[node]
            else:
                for target in out_links[node]:
                    new[target] += DAMPING * rank[node] / len(out_links[node])
        for node in nodes:
            new[node] += DAMPING * dangling / n
        rank = new
    return rank


def clustering(neighbours):
    triangles = {}
    coefficient = {}
    for node in neighbours:
        near = neighbours[node]
        count = 0
        for i in range(len(near)):
            for j in range(i + 1, len(near)):
                if near[j] in neighbours[near[i]]:
                    count += 1
        triangles[node] = count
        pairs = len(near) * (len(near) - 1) / 2
        coefficient[node] = count / pairs if pairs > 0 else 0.0
    return triangles, coefficient


def distances(neighbours, start):
    found = {start: 0}
    queue = [start]
    while queue:
        node = queue.pop(0)
        for other in neighbours[node]:
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found


def main():
    out_links, neighbours = read_links(Path(__file__).parent / "data" / "links.csv")
    print("pages", len(out_links), "links", sum(len(v) for v in out_links.values()))

    rank = pagerank(out_links)
    for node in sorted(rank, key=lambda n: (-round(rank[n], 12), n))[:10]:
        print(node, f"{rank[node]:.12f}")

    triangles, coefficient = clustering(neighbours)
    print("triangles", sum(triangles.values()) // 3)
    print("mean clustering", f"{sum(coefficient.values()) / len(coefficient):.10f}")

    total = 0
    reached = 0
    histogram = {}
    eccentricity = []
    for start in sorted(neighbours)[::6]:
        found = distances(neighbours, start)
        eccentricity.append(max(found.values()))
        for d in found.values():
            histogram[d] = histogram.get(d, 0) + 1
            total += d
        reached += len(found) - 1
    print("mean distance", f"{total / reached:.10f}", "diameter at least", max(eccentricity))
    for d in sorted(histogram):
        print(d, histogram[d])


if __name__ == "__main__":
    main()
