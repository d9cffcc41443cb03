"""Vehicle routes under time windows: savings, then 2-opt, or-opt, moves and swaps between routes until nothing is better."""

import csv
import json
import math
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
Stop = namedtuple("Stop", "name x y parcels ready due service")
EPS = 1e-6

fleet = json.loads((HERE / "data" / "fleet.json").read_text())
DEPOT = Stop("depot", fleet["depot"][0], fleet["depot"][1], 0, fleet["open"], fleet["close"], 0)


def read_days():
    days = {}
    with open(HERE / "data" / "stops.csv", newline="") as f:
        for r in csv.DictReader(f):
            stop = Stop(r["stop"], float(r["x"]), float(r["y"]), int(r["parcels"]), int(r["ready"]), int(r["due"]), int(r["service"]))
            days.setdefault(r["day"], []).append(stop)
    return days


def distance(a, b):
    return math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2)


def travel_time(a, b):
    """Minutes."""
    return distance(a, b) / fleet["speed"]


def length(route):
    path = [DEPOT] + route + [DEPOT]
    return sum(distance(a, b) for a, b in zip(path, path[1:]))


def schedule(route):
    """Arrival, start of service and departure at each stop and back at the depot; None when a window is missed."""
    times = []
    now, here = DEPOT.ready, DEPOT
    for stop in route + [DEPOT]:
        arrival = now + travel_time(here, stop)
        start = max(arrival, stop.ready)
        if start > stop.due:
            return None
        now = start + stop.service
        times.append((arrival, start, now))
        here = stop
    return times


def feasible(route):
    if sum(stop.parcels for stop in route) > fleet["capacity"]:
        return False
    return schedule(route) is not None


# ---------------------------------------------------------------- Clarke and Wright
def find(routes, stop):
    for route in routes:
        if stop in route:
            return route
    return None


def savings(stops):
    pairs = []
    for a in stops:
        for b in stops:
            if a is not b:
                pairs.append((distance(a, DEPOT) + distance(DEPOT, b) - distance(a, b), a.name, b.name, a, b))
    pairs.sort(key=lambda p: (-p[0], p[1], p[2]))
    routes = [[stop] for stop in stops]
    for saving, _, _, a, b in pairs:
        if saving <= 0:
            break
        first, second = find(routes, a), find(routes, b)
        if first is second or first[-1] != a or second[0] != b:
            continue
        if feasible(first + second):
            routes.remove(first)
            routes.remove(second)
            routes.append(first + second)
    return sorted(routes, key=lambda r: r[0].name)


# ---------------------------------------------------------------- local search: each makes one better step or says no
def two_opt(routes):
    for k, route in enumerate(routes):
        for i in range(len(route) - 1):
            for j in range(i + 2, len(route) + 1):
                new = route[:i] + route[i:j][::-1] + route[j:]
                if length(new) < length(route) - EPS and feasible(new):
                    routes[k] = new
                    return True
    return False


def or_opt(routes):
    """A piece of one to three stops to another place of its route, both ways round."""
    for k, route in enumerate(routes):
        for size in (1, 2, 3):
            for i in range(len(route) - size + 1):
                piece, rest = route[i : i + size], route[:i] + route[i + size :]
                for j in range(len(rest) + 1):
                    for part in (piece, piece[::-1]):
                        new = rest[:j] + part + rest[j:]
                        if length(new) < length(route) - EPS and feasible(new):
                            routes[k] = new
                            return True
    return False


def relocate(routes):
    """A piece of one or two stops to another route."""
    for a in range(len(routes)):
        for b in range(len(routes)):
            if a == b:
                continue
            before = length(routes[a]) + length(routes[b])
            for size in (1, 2):
                for i in range(len(routes[a]) - size + 1):
                    piece, rest = routes[a][i : i + size], routes[a][:i] + routes[a][i + size :]
                    for j in range(len(routes[b]) + 1):
                        new = routes[b][:j] + piece + routes[b][j:]
                        if length(rest) + length(new) < before - EPS and feasible(rest) and feasible(new):
                            routes[a], routes[b] = rest, new
                            if not rest:
                                del routes[a]
                            return True
    return False


def swap(routes):
    """Two stops of different routes change places."""
    for a in range(len(routes)):
        for b in range(a + 1, len(routes)):
            before = length(routes[a]) + length(routes[b])
            for i in range(len(routes[a])):
                for j in range(len(routes[b])):
                    one, two = routes[a][:], routes[b][:]
                    one[i], two[j] = two[j], one[i]
                    if length(one) + length(two) < before - EPS and feasible(one) and feasible(two):
                        routes[a], routes[b] = one, two
                        return True
    return False


def improve(routes):
    counts = {"two_opt": 0, "or_opt": 0, "relocate": 0, "swap": 0}
    while True:
        for step in (two_opt, or_opt, relocate, swap):
            if step(routes):
                counts[step.__name__] += 1
                break
        else:
            return counts


def clock(minutes):
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def main():
    plans = []
    totals = [0.0, 0.0]
    for day, stops in read_days().items():
        routes = savings(stops)
        alone = sum(length([s]) for s in stops)
        begin = sum(length(r) for r in routes)
        n_begin = len(routes)
        counts = improve(routes)
        end = sum(length(r) for r in routes)
        totals[0] += begin
        totals[1] += end
        print(f"{day}: {len(stops)} stops, {sum(s.parcels for s in stops)} parcels; alone {alone:.3f} km, savings {begin:.3f} km"
              f" ({n_begin} vans), improved {end:.3f} km ({len(routes)} vans)")
        print("  steps: " + ", ".join(f"{name} {n}" for name, n in counts.items()))
        for k, route in enumerate(sorted(routes, key=length, reverse=True), 1):
            times = schedule(route)
            waiting = sum(start - arrival for arrival, start, _ in times)
            slack = min(stop.due - start for stop, (_, start, _) in zip(route, times))
            print(f"  van {k}: {len(route):2d} stops, {sum(s.parcels for s in route):2d} parcels, {length(route):7.3f} km, back {clock(times[-1][0])},"
                  f" waits {waiting:6.1f} min, least slack {slack:6.1f} min")
            plans.append({
                "day": day,
                "van": k,
                "stops": [{"stop": s.name, "arrival": clock(t[0]), "start": clock(t[1])} for s, t in zip(route, times)],
                "km": round(length(route), 3),
            })
    print(f"all days: {totals[0]:.3f} km by savings, {totals[1]:.3f} km improved ({100 * (1 - totals[1] / totals[0]):.2f} % less)")
    with open(HERE / "plan.json", "w") as f:
        json.dump(plans, f, indent=1)


if __name__ == "__main__":
    main()
