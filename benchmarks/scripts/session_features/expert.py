"""Sessions from a shifted comparison and cumsum, named aggregations, no row loops."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

GAP = 1800

events = pd.read_csv(Path(__file__).parent / "data" / "events.csv")
events = events.sort_values(["user", "time"]).reset_index(drop=True)
print("events", len(events), "users", events["user"].nunique())

new_user = events["user"].ne(events["user"].shift())
new = new_user | (events["time"].diff() > GAP)
events["session"] = new.cumsum() - 1
hour = (events["time"] // 3600).astype(int) % 24
events["evening"] = hour >= 18
for kind in ("view", "cart"):
    events[kind] = events["kind"] == kind

sessions = events.groupby("session").agg(
    user=("user", "first"),
    start=("time", "min"),
    end=("time", "max"),
    clicks=("time", "size"),
    bought=("amount", "sum"),
)
seconds = sessions["end"] - sessions["start"]
print("sessions", len(sessions), f"mean length {seconds.mean():.6f}")

sessions["gap"] = sessions.groupby("user")["start"].diff()
sessions["converted"] = sessions["bought"] > 0
customers = sessions.groupby("user", sort=False).agg(
    sessions=("clicks", "size"),
    clicks=("clicks", "sum"),
    spent=("bought", "sum"),
    mean_gap=("gap", "mean"),
    conversion=("converted", "mean"),
)
customers["mean_gap"] = customers["mean_gap"].fillna(0.0)
customers.insert(3, "evening_share", events.groupby("user", sort=False)["evening"].mean())
customers = customers.reset_index()
spent = customers["spent"]
gold = (spent > 200) & (customers["conversion"] > 0.2)
customers["tier"] = np.select([gold, spent > 80], ["gold", "silver"], "basic")
for name, group in customers.groupby("tier"):
    print(name, len(group), f"{group['spent'].mean():.8f}", f"{group['mean_gap'].mean():.6f}")

same = ~new.to_numpy()
pairs = pd.DataFrame({"first": events["kind"].shift()[same], "second": events["kind"][same]})
for pair, count in pairs.value_counts().sort_index().items():
    print(pair, count)

os.makedirs("out", exist_ok=True)
customers.to_csv("out/customers.csv", index=False, float_format="%.8f")
