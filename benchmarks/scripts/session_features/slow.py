"""A shop's click log: cut into sessions, session features, customer table by groupby.apply, weekly cohorts."""

import os
from pathlib import Path

import pandas as pd

GAP = 1800

events = pd.read_csv(Path(__file__).parent / "data" / "events.csv")
events = events.sort_values(["user", "time"]).reset_index(drop=True)
print("events", len(events), "users", events["user"].nunique())

# a pause of more than half an hour starts a new session
session = 0
ids = []
for i in range(len(events)):
    if i == 0:
        ids.append(session)
        continue
    if events.loc[i, "user"] != events.loc[i - 1, "user"]:
        session += 1
    elif events.loc[i, "time"] - events.loc[i - 1, "time"] > GAP:
        session += 1
    ids.append(session)
events["session"] = ids

events["hour"] = events["time"].apply(lambda t: int(t // 3600) % 24)
events["part"] = events["hour"].apply(lambda h: "night" if h < 6 else ("day" if h < 18 else "evening"))


def summarise(group):
    return pd.Series(
        {
            "user": group["user"].iloc[0],
            "start": group["time"].min(),
            "seconds": group["time"].max() - group["time"].min(),
            "clicks": len(group),
            "views": (group["kind"] == "view").sum(),
            "carts": (group["kind"] == "cart").sum(),
            "bought": group["amount"].sum(),
        }
    )


sessions = events.groupby("session").apply(summarise).reset_index()
print("sessions", len(sessions), f"mean length {sessions['seconds'].mean():.6f}")

# one row per customer, put together bit by bit
customers = pd.DataFrame()
for user in sessions["user"].unique():
    mine = sessions[sessions["user"] == user]
    log = events[events["user"] == user]
    gaps = []
    starts = list(mine["start"])
    for k in range(1, len(starts)):
        gaps.append(starts[k] - starts[k - 1])
    record = pd.DataFrame(
        {
            "user": [user],
            "sessions": [len(mine)],
            "clicks": [mine["clicks"].sum()],
            "spent": [mine["bought"].sum()],
            "evening_share": [(log["part"] == "evening").mean()],
            "mean_gap": [sum(gaps) / len(gaps) if gaps else 0.0],
            "conversion": [(mine["bought"] > 0).mean()],
        }
    )
    customers = pd.concat([customers, record], ignore_index=True)


def tier(row):
    if row["spent"] > 200 and row["conversion"] > 0.2:
        return "gold"
    if row["spent"] > 80:
        return "silver"
    return "basic"


customers["tier"] = customers.apply(tier, axis=1)
for name, group in customers.groupby("tier"):
    print(name, len(group), f"{group['spent'].mean():.8f}", f"{group['mean_gap'].mean():.6f}")

# what usually follows what
transitions = {}
for i, row in events.iterrows():
    if i > 0 and ids[i] == ids[i - 1]:
        pair = (events["kind"][i - 1], row["kind"])
        transitions[pair] = transitions.get(pair, 0) + 1
for pair in sorted(transitions):
    print(pair, transitions[pair])

os.makedirs("out", exist_ok=True)
customers.to_csv("out/customers.csv", index=False, float_format="%.8f")
