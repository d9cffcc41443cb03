"""GPS points of the vans -> trips, places where they stop, speed statistics."""

import os

import numpy as np
import pandas as pd

from dbscan import NOISE, StopClusters
from geo import bearing, haversine

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_PAUSE = 300  # seconds without a point: a new trip
STANDING = 1.5  # m/s

points = pd.read_csv(os.path.join(HERE, "data", "gps.csv"))
points["time"] = pd.to_datetime(points["time"])
points = points.sort_values(["vehicle", "time"]).reset_index(drop=True)
print(len(points), "points of", points["vehicle"].nunique(), "vehicles")

# ---- steps from point to point, a new trip after a long pause
points["step"] = 0.0
points["seconds"] = 0.0
points["heading"] = np.nan
points["trip"] = 0
trip = 0
for vehicle in points["vehicle"].unique():
    track = points[points["vehicle"] == vehicle]
    trip += 1
    previous = None
    for i, p in track.iterrows():
        if previous is not None:
            pause = (p["time"] - previous["time"]).total_seconds()
            if pause > MAX_PAUSE:
                trip += 1
            else:
                points.at[i, "step"] = haversine(previous["lat"], previous["lon"], p["lat"], p["lon"])
                points.at[i, "seconds"] = pause
                points.at[i, "heading"] = bearing(previous["lat"], previous["lon"], p["lat"], p["lon"])
        points.at[i, "trip"] = trip
        previous = p

points["speed"] = points.apply(lambda p: p["step"] / p["seconds"] if p["seconds"] > 0 else 0.0, axis=1)

# ---- where do they stand?
standing = points[(points["speed"] < STANDING) & (points["seconds"] > 0)]
clusters = StopClusters().fit(list(zip(standing["lat"], standing["lon"])))
points["stop"] = NOISE
points.loc[standing.index, "stop"] = clusters.labels

print("\nstops")
stops = []
for label in sorted(set(clusters.labels)):
    if label == NOISE:
        continue
    here = points[points["stop"] == label]
    lat, lon = here["lat"].mean(), here["lon"].mean()
    radius = max(haversine(lat, lon, a, b) for a, b in zip(here["lat"], here["lon"]))
    stops.append({"stop": label, "lat": lat, "lon": lon, "points": len(here), "radius": radius,
                  "vehicles": here["vehicle"].nunique(), "waited": here["seconds"].sum()})
    print(f"  {label:2d}  {lat:.6f} {lon:.6f}  points {len(here)}  radius {radius:.3f} m  vans {here['vehicle'].nunique()}")
print("noise points:", clusters.labels.count(NOISE))


# ---- a row per trip
def turning(headings):
    total = 0.0
    last = None
    for h in headings:
        if pd.isna(h):
            continue
        if last is not None:
            d = abs(h - last)
            total += min(d, 360 - d)
        last = h
    return total


def describe(g):
    moving = g[g["speed"] >= STANDING]
    speeds = g["speed"].iloc[1:]
    direct = haversine(g["lat"].iloc[0], g["lon"].iloc[0], g["lat"].iloc[-1], g["lon"].iloc[-1])
    length = g["step"].sum()
    visited = []
    for s in g["stop"]:
        if s != NOISE and (not visited or visited[-1] != s):
            visited.append(s)
    return pd.Series({
        "vehicle": g["vehicle"].iloc[0],
        "start": g["time"].iloc[0].strftime("%Y-%m-%d %H:%M:%S"),
        "points": len(g),
        "minutes": g["seconds"].sum() / 60,
        "km": length / 1000,
        "detour": length / direct if direct > 1 else 0.0,
        "mean_speed": speeds.mean(),
        "p50": np.percentile(speeds, 50),
        "p95": np.percentile(speeds, 95),
        "top_speed": speeds.max(),
        "standing_share": 1 - len(moving) / len(g),
        "turned": turning(moving["heading"]),
        "stops": "-".join(str(s) for s in visited),
    })


trips = points.groupby("trip")[list(points.columns)].apply(describe).reset_index()
print("\n%d trips, %.4f km on average" % (len(trips), trips["km"].mean()))
for vehicle, g in trips.groupby("vehicle"):
    print(f"  {vehicle}: {len(g)} trips, {g['km'].sum():.4f} km, top speed {g['top_speed'].max():.4f} m/s")

os.makedirs(os.path.join(HERE, "out"), exist_ok=True)
trips.to_csv(os.path.join(HERE, "out", "trips.csv"), index=False, float_format="%.6f")
pd.DataFrame(stops).to_csv(os.path.join(HERE, "out", "stops.csv"), index=False, float_format="%.6f")
