"""Distances in a table, moves judged by the few legs they change, windows looked at only for moves that are shorter; routes
(or pairs of routes) in which a search has found nothing are not searched again. Plain Python: nothing to import or compile.
"""

import csv
import json
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPS = 1e-6


class Day:
    """The stops of a day as numbers from 1, the depot is 0."""

    def __init__(self, rows, fleet):
        points = [tuple(fleet["depot"])] + [(float(r["x"]), float(r["y"])) for r in rows]
        self.names = ["depot"] + [r["stop"] for r in rows]
        self.parcels = [0] + [int(r["parcels"]) for r in rows]
        self.ready = [fleet["open"]] + [int(r["ready"]) for r in rows]
        self.due = [fleet["close"]] + [int(r["due"]) for r in rows]
        self.service = [0] + [int(r["service"]) for r in rows]
        self.capacity = fleet["capacity"]
        self.d = [[math.sqrt((x - u) ** 2 + (y - v) ** 2) for u, v in points] for x, y in points]
        self.minutes = [[km / fleet["speed"] for km in row] for row in self.d]
        self.nothing = set()  # (step, route or routes) in which there is no better step
        self.fits = {}

    def load(self, route):
        return sum(self.parcels[k] for k in route)

    def length(self, route):
        path = (0, *route, 0)
        return sum(self.d[a][b] for a, b in zip(path, path[1:]))

    def schedule(self, route):
        minutes, ready, due, service = self.minutes, self.ready, self.due, self.service
        times, now, here = [], ready[0], 0
        for k in (*route, 0):
            arrival = now + minutes[here][k]
            start = arrival if arrival >= ready[k] else ready[k]
            if start > due[k]:
                return None
            now = start + service[k]
            times.append((arrival, start, now))
            here = k
        return times

    def feasible(self, route):
        known = self.fits.get(route)
        if known is None:
            known = self.fits[route] = self.load(route) <= self.capacity and self.schedule(route) is not None
        return known

    def savings(self):
        n, d = len(self.names), self.d
        pairs = [(-(d[a][0] + d[0][b] - d[a][b]), a, b) for a in range(1, n) for b in range(1, n) if a != b]
        pairs.sort()
        route_of = {k: (k,) for k in range(1, n)}
        for saving, a, b in pairs:
            if saving >= 0:
                break
            first, second = route_of[a], route_of[b]
            if first is second or first[-1] != a or second[0] != b:
                continue
            merged = first + second
            if self.feasible(merged):
                for k in merged:
                    route_of[k] = merged
        return sorted({r[0]: r for r in route_of.values()}.values())

    def two_opt(self, route):
        d, path, n = self.d, (0, *route, 0), len(route)
        for i in range(n - 1):
            before, first = d[path[i]], d[route[i]]
            leave = before[route[i]] - EPS
            for j in range(i + 2, n + 1):
                last, after = route[j - 1], path[j + 1]
                if before[last] + first[after] < leave + d[last][after]:
                    new = route[:i] + route[i:j][::-1] + route[j:]
                    if self.feasible(new):
                        return new
        return None

    def or_opt(self, route):
        d, n = self.d, len(route)
        path = (0, *route, 0)
        for size in (1, 2, 3):
            for i in range(n - size + 1):
                piece, rest = route[i : i + size], route[:i] + route[i + size :]
                first, last = d[piece[0]], d[piece[-1]]
                gain = first[path[i]] + last[path[i + size + 1]] - d[path[i]][path[i + size + 1]] - EPS
                places = (0, *rest, 0)
                for j in range(len(rest) + 1):
                    a, b = places[j], places[j + 1]
                    limit = gain + d[a][b]
                    for near, far, part in ((first, last, 1), (last, first, -1)):
                        if near[a] + far[b] < limit:
                            new = rest[:j] + piece[::part] + rest[j:]
                            if self.feasible(new):
                                return new
        return None

    def relocate(self, giver, taker):
        d, path, legs = self.d, (0, *giver, 0), (0, *taker, 0)
        legs = [(j, d[a], d[b], d[a][b]) for j, (a, b) in enumerate(zip(legs, legs[1:]))]
        room = self.capacity - self.load(taker)
        for size in (1, 2):
            for i in range(len(giver) - size + 1):
                piece = giver[i : i + size]
                if self.load(piece) > room:
                    continue
                first, last = piece[0], piece[-1]
                gain = d[path[i]][first] + d[last][path[i + size + 1]] - d[path[i]][path[i + size + 1]] - EPS
                for j, a, b, leg in legs:
                    if a[first] + b[last] < gain + leg:
                        rest, new = giver[:i] + giver[i + size :], taker[:j] + piece + taker[j:]
                        if self.feasible(new) and self.feasible(rest):
                            return rest, new
        return None

    def swap(self, one, two):
        d, p, q = self.d, (0, *one, 0), (0, *two, 0)
        legs = [(j, k, d[q[j]], d[q[j + 2]], d[q[j]][k] + d[k][q[j + 2]]) for j, k in enumerate(two)]
        for i, k in enumerate(one):
            before, after, own = d[p[i]], d[p[i + 2]], d[k]
            limit = before[k] + own[p[i + 2]] - EPS
            for j, other, a, b, leg in legs:
                if before[other] + after[other] + a[k] + b[k] < limit + leg:
                    first, second = one[:i] + (other,) + one[i + 1 :], two[:j] + (k,) + two[j + 1 :]
                    if self.feasible(first) and self.feasible(second):
                        return first, second
        return None

    def step(self, routes, counts):
        for search in (self.two_opt, self.or_opt):
            for k, route in enumerate(routes):
                if (search.__name__, route) in self.nothing:
                    continue
                new = search(route)
                if new is not None:
                    routes[k] = new
                    counts[search.__name__] += 1
                    return True
                self.nothing.add((search.__name__, route))
        for search in (self.relocate, self.swap):
            for a, one in enumerate(routes):
                for b, two in enumerate(routes):
                    if a == b or (b < a and search == self.swap) or (search.__name__, one, two) in self.nothing:
                        continue
                    new = search(one, two)
                    if new is not None:
                        routes[a], routes[b] = new
                        if not routes[a]:
                            del routes[a]
                        counts[search.__name__] += 1
                        return True
                    self.nothing.add((search.__name__, one, two))
        return False


def clock(minutes):
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def main():
    fleet = json.loads((HERE / "data" / "fleet.json").read_text())
    days = {}
    with open(HERE / "data" / "stops.csv", newline="") as f:
        for row in csv.DictReader(f):
            days.setdefault(row["day"], []).append(row)
    plans, totals = [], [0.0, 0.0]
    for name, rows in days.items():
        day = Day(rows, fleet)
        routes = day.savings()
        alone = sum(2 * km for km in day.d[0])
        begin, n_begin = sum(day.length(r) for r in routes), len(routes)
        counts = {"two_opt": 0, "or_opt": 0, "relocate": 0, "swap": 0}
        while day.step(routes, counts):
            pass
        end = sum(day.length(r) for r in routes)
        totals[0] += begin
        totals[1] += end
        print(f"{name}: {len(rows)} stops, {sum(day.parcels)} parcels; alone {alone:.3f} km, savings {begin:.3f} km"
              f" ({n_begin} vans), improved {end:.3f} km ({len(routes)} vans)")
        print("  steps: " + ", ".join(f"{step} {n}" for step, n in counts.items()))
        for van, (km, route) in enumerate(sorted(((day.length(r), r) for r in routes), key=lambda pair: -pair[0]), 1):
            times = day.schedule(route)
            waiting = sum(start - arrival for arrival, start, _ in times)
            slack = min(day.due[k] - start for k, (_, start, _) in zip(route, times))
            print(f"  van {van}: {len(route):2d} stops, {day.load(route):2d} parcels, {km:7.3f} km, back {clock(times[-1][0])},"
                  f" waits {waiting:6.1f} min, least slack {slack:6.1f} min")
            stops = [{"stop": day.names[k], "arrival": clock(t[0]), "start": clock(t[1])} for k, t in zip(route, times)]
            plans.append({"day": name, "van": van, "stops": stops, "km": round(km, 3)})
    print(f"all days: {totals[0]:.3f} km by savings, {totals[1]:.3f} km improved ({100 * (1 - totals[1] / totals[0]):.2f} % less)")
    with open(HERE / "plan.json", "w") as f:
        json.dump(plans, f, indent=1)


if __name__ == "__main__":
    main()
