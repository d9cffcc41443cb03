"""Which pumps should the maintenance crew look at first?

Reads the alarm log of the pump stations and prints
  * the time between failures per model, with a Weibull fit,
  * alarm sequences that come before failures (and not in quiet times),
  * a ranked list of pumps, which also goes to out/maintenance.csv.
"""

import math
from collections import Counter
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
FAILURE = "TRIP"
WINDOW = pd.Timedelta(hours=72)
STEP = pd.Timedelta(days=10)
CHATTER = pd.Timedelta(minutes=10)


def load_alarms():
    """Alarm log in order of time, without alarms that come again within ten minutes."""
    alarms = pd.read_csv(HERE / "data" / "alarms.csv", parse_dates=["timestamp"])
    alarms = alarms.sort_values(["pump", "timestamp"]).reset_index(drop=True)
    last_seen = {}
    keep = []
    for row in alarms.itertuples():
        key = (row.pump, row.code)
        previous = last_seen.get(key)
        keep.append(previous is None or row.timestamp - previous > CHATTER)
        last_seen[key] = row.timestamp
    print(f"{len(alarms)} alarms, {len(alarms) - sum(keep)} of them chatter")
    return alarms[keep].reset_index(drop=True)


def hours(delta):
    return delta.total_seconds() / 3600


def times_between_failures(log):
    """Hours from failure to failure of one pump."""
    failures = log[log["code"] == FAILURE]["timestamp"].tolist()
    return [hours(b - a) for a, b in zip(failures[:-1], failures[1:])]


def fit_weibull(times):
    """Shape and scale by maximum likelihood; the shape by bisection."""
    mean_log = sum(math.log(t) for t in times) / len(times)

    def score(shape):
        powers = [t**shape for t in times]
        weighted = sum(p * math.log(t) for p, t in zip(powers, times))
        return weighted / sum(powers) - 1 / shape - mean_log

    low, high = 0.05, 20.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if score(middle) > 0:
            high = middle
        else:
            low = middle
    shape = (low + high) / 2
    scale = (sum(t**shape for t in times) / len(times)) ** (1 / shape)
    return shape, scale


def failure_probability(age, shape, scale, horizon=30 * 24):
    """Probability of a failure within the horizon, given that the pump has run `age` hours since its last one."""
    return 1 - math.exp((age / scale) ** shape - ((age + horizon) / scale) ** shape)


def sequences(log, start, end):
    """All pairs and triples of consecutive alarms in (start, end]."""
    window = log[(log["timestamp"] > start) & (log["timestamp"] <= end)]
    codes = [code for code in window["code"] if code != FAILURE]
    found = set()
    for length in (2, 3):
        for i in range(len(codes) - length + 1):
            found.add(tuple(codes[i : i + length]))
    return found


def mine_sequences(logs, first, last):
    """How often a sequence comes in the three days before a failure and in quiet windows."""
    before, quiet = Counter(), Counter()
    n_before = n_quiet = 0
    for log in logs.values():
        failures = log[log["code"] == FAILURE]["timestamp"]
        for moment in failures:
            before.update(sequences(log, moment - WINDOW, moment))
            n_before += 1
        moment = first + WINDOW
        while moment + WINDOW <= last:
            coming = failures[(failures > moment) & (failures <= moment + WINDOW)]
            if len(coming) == 0:
                quiet.update(sequences(log, moment - WINDOW, moment))
                n_quiet += 1
            moment += STEP
    rules = []
    for sequence, count in before.items():
        if count < 8:
            continue
        support = count / n_before
        usual = (quiet[sequence] + 1) / (n_quiet + 1)
        rules.append((support / usual, count, quiet[sequence], sequence))
    rules.sort(key=lambda r: (-r[0], -r[1], r[3]))
    print(f"{n_before} failures, {n_quiet} quiet windows, {len(before)} sequences before failures\n")
    return rules


def main():
    pumps = pd.read_csv(HERE / "data" / "pumps.csv")
    alarms = load_alarms()
    first, last = alarms["timestamp"].min(), alarms["timestamp"].max()
    logs = {pump: alarms[alarms["pump"] == pump] for pump in pumps["pump"]}

    fits = {}
    print("\nmodel    pumps  failures   MTBF h  median h  shape   scale")
    for model in sorted(pumps["model"].unique()):
        members = pumps[pumps["model"] == model]["pump"]
        times = []
        for pump in members:
            times.extend(times_between_failures(logs[pump]))
        fits[model] = fit_weibull(times)
        shape, scale = fits[model]
        print(
            f"{model:8} {len(members):5d} {len(times):9d} {sum(times) / len(times):8.1f} "
            f"{sorted(times)[len(times) // 2]:9.1f} {shape:6.3f} {scale:7.1f}"
        )

    print()
    rules = mine_sequences(logs, first, last)
    print("lift   before  quiet  sequence")
    for lift, count, usual, sequence in rules[:15]:
        print(f"{lift:6.2f} {count:5d} {usual:6d}  {' > '.join(sequence)}")
    warnings = {sequence: lift for lift, _, _, sequence in rules if lift >= 2}

    rows = []
    for _, pump in pumps.iterrows():
        log = logs[pump["pump"]]
        failures = log[log["code"] == FAILURE]["timestamp"]
        since = hours(last - (failures.max() if len(failures) else first))
        shape, scale = fits[pump["model"]]
        probability = failure_probability(since, shape, scale)
        matched = [s for s in sequences(log, last - WINDOW, last) if s in warnings]
        recent = len(log[log["timestamp"] > last - pd.Timedelta(days=14)]) / 14
        usual = len(log) / (hours(last - first) / 24)
        score = 0.5 * probability + 0.15 * min(2, len(matched)) + 0.2 * min(1.0, recent / usual / 3)
        rows.append(
            {
                "pump": pump["pump"],
                "site": pump["site"],
                "model": pump["model"],
                "failures": len(failures),
                "hours_since_failure": round(since, 1),
                "failure_probability": round(probability, 4),
                "warnings": len(matched),
                "alarm_rate_ratio": round(recent / usual, 3),
                "score": round(score, 4),
            }
        )
    ranked = pd.DataFrame(rows).sort_values(["score", "pump"], ascending=[False, True]).reset_index(drop=True)
    ranked.index += 1
    (HERE / "out").mkdir(exist_ok=True)
    ranked.to_csv(HERE / "out" / "maintenance.csv", index_label="rank")
    print("\nlook at these first")
    print(ranked.head(15).to_string())


if __name__ == "__main__":
    main()
