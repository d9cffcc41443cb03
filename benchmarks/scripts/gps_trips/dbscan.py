from geo import haversine

NOISE = -1


class StopClusters:
    """DBSCAN over (lat, lon) points, distances in metres."""

    def __init__(self, eps=60.0, min_points=6):
        self.eps = eps
        self.min_points = min_points
        self.labels = None

    def neighbours(self, points, i):
        lat, lon = points[i]
        return [j for j, (la, lo) in enumerate(points) if haversine(lat, lon, la, lo) <= self.eps]

    def fit(self, points):
        labels = [None] * len(points)
        cluster = -1
        for i in range(len(points)):
            if labels[i] is not None:
                continue
            near = self.neighbours(points, i)
            if len(near) < self.min_points:
                labels[i] = NOISE
                continue
            cluster += 1
            labels[i] = cluster
            queue = list(near)
            while queue:
                j = queue.pop(0)
                if labels[j] == NOISE:
                    labels[j] = cluster  # a border point
                if labels[j] is not None:
                    continue
                labels[j] = cluster
                more = self.neighbours(points, j)
                if len(more) >= self.min_points:
                    queue.extend(more)
        self.labels = labels
        return self
