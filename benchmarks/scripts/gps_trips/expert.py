"""NumPy and the csv module (pandas takes longer to import than all the work): steps by shifted columns, DBSCAN on the
distances of all standing points at once, core points joined by the smallest number that reaches them.

Sums and means are taken in another order than slow.py's; the last bits may differ.
"""

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
EARTH, MAX_PAUSE, STANDING, NOISE = 6371008.8, 300, 1.5, -1
EPS, MIN_POINTS = 60.0, 6


def haversine(lat1, lon1, lat2, lon2):
    """Angles in radians."""
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * np.arcsin(np.sqrt(a))


def dbscan(lat, lon):
    near = haversine(lat[:, None], lon[:, None], lat, lon) <= EPS
    core = near.sum(axis=1) >= MIN_POINTS
    label = np.full(len(lat), NOISE)
    cluster = -1
    for i in range(len(lat)):
        if not core[i] or label[i] != NOISE:
            continue
        cluster += 1
        member = np.zeros(len(lat), dtype=bool)
        front = np.array([i])
        member[i] = True
        while len(front):
            reached = near[front].any(axis=0) & ~member
            member |= reached
            front = np.flatnonzero(reached & core)
        label[member & (label == NOISE)] = cluster
    return label


def main():
    with open(HERE / "data" / "gps.csv", newline="") as f:
        vehicle, time, lat, lon = zip(*list(csv.reader(f))[1:])
    vehicle = np.array(vehicle)
    time = np.array(time, dtype="datetime64[s]")
    order = np.lexsort((time, vehicle))
    vehicle, time = vehicle[order], time[order]
    lat, lon = np.array(lat, dtype=float)[order], np.array(lon, dtype=float)[order]
    phi, lam = np.radians(lat), np.radians(lon)
    names = np.unique(vehicle)
    n = len(lat)
    print(n, "points of", len(names), "vehicles")

    pause = np.diff(time).astype(np.int64)
    on = (vehicle[1:] == vehicle[:-1]) & (pause <= MAX_PAUSE)  # the same trip goes on
    step, seconds = np.zeros(n), np.zeros(n)
    step[1:] = np.where(on, haversine(phi[:-1], lam[:-1], phi[1:], lam[1:]), 0.0)
    seconds[1:] = np.where(on, pause, 0)
    turn = lam[1:] - lam[:-1]
    y = np.sin(turn) * np.cos(phi[1:])
    x = np.cos(phi[:-1]) * np.sin(phi[1:]) - np.sin(phi[:-1]) * np.cos(phi[1:]) * np.cos(turn)
    heading = np.r_[0.0, np.degrees(np.arctan2(y, x)) % 360]
    speed = np.divide(step, seconds, out=np.zeros(n), where=seconds > 0)

    standing = np.flatnonzero((speed < STANDING) & (seconds > 0))
    stop = np.full(n, NOISE)
    stop[standing] = label = dbscan(phi[standing], lam[standing])

    print("\nstops")
    stops = ["stop,lat,lon,points,radius,vehicles,waited\n"]
    for k in range(label.max() + 1):
        here = np.flatnonzero(stop == k)
        centre, across = lat[here].mean(), lon[here].mean()
        radius = haversine(np.radians(centre), np.radians(across), phi[here], lam[here]).max()
        vans = len(np.unique(vehicle[here]))
        print(f"  {k:2d}  {centre:.6f} {across:.6f}  points {len(here)}  radius {radius:.3f} m  vans {vans}")
        stops.append(f"{k},{centre:.6f},{across:.6f},{len(here)},{radius:.6f},{vans},{seconds[here].sum():.6f}\n")
    print("noise points:", np.count_nonzero(label == NOISE))

    starts = np.flatnonzero(np.r_[True, ~on])
    ends = np.r_[starts[1:], n]
    direct = haversine(phi[starts], lam[starts], phi[ends - 1], lam[ends - 1])
    lengths = np.add.reduceat(step, starts)
    minutes = np.add.reduceat(seconds, starts) / 60
    top = np.maximum.reduceat(speed, starts)
    begun = [str(t).replace("T", " ") for t in time[starts]]
    lines = ["trip,vehicle,start,points,minutes,km,detour,mean_speed,p50,p95,top_speed,standing_share,turned,stops\n"]
    for k, (a, b) in enumerate(zip(starts.tolist(), ends.tolist())):
        speeds = speed[a + 1 : b]
        moving = speed[a:b] >= STANDING
        bend = np.abs(np.diff(heading[a:b][moving]))
        turned = np.minimum(bend, 360 - bend).sum()
        visited = stop[a:b][stop[a:b] != NOISE]
        if len(visited):
            visited = visited[np.r_[True, visited[1:] != visited[:-1]]]
        half, most = np.percentile(speeds, (50, 95))
        detour = lengths[k] / direct[k] if direct[k] > 1 else 0.0
        lines.append(
            f"{k + 1},{vehicle[a]},{begun[k]},{b - a},{minutes[k]:.6f},{lengths[k] / 1000:.6f},{detour:.6f},"
            f"{speeds.mean():.6f},{half:.6f},{most:.6f},{top[k]:.6f},{1 - np.count_nonzero(moving) / (b - a):.6f},"
            f"{turned:.6f},{'-'.join(map(str, visited.tolist()))}\n"
        )
    print("\n%d trips, %.4f km on average" % (len(starts), lengths.mean() / 1000))
    owner = vehicle[starts]
    for name in names:
        mine = owner == name
        print(f"  {name}: {mine.sum()} trips, {lengths[mine].sum() / 1000:.4f} km, top speed {top[mine].max():.4f} m/s")

    (HERE / "out").mkdir(exist_ok=True)
    (HERE / "out" / "trips.csv").write_text("".join(lines))
    (HERE / "out" / "stops.csv").write_text("".join(stops))


if __name__ == "__main__":
    main()
