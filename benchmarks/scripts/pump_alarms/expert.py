"""NumPy: times as whole seconds, windows by searchsorted, sequences of alarms as numbers that count once a window."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
HOUR, DAY = 3600, 86400
WINDOW, STEP, CHATTER = 72 * HOUR, 10 * DAY, 600


def read_alarms(pumps):
    """Number of the pump, second and number of the code of every alarm without chatter; names of the codes."""
    lines = (HERE / "data" / "alarms.csv").read_text().split()[1:]  # "2023-01-01" "12:00:00,P-101,VIB_H"
    day = np.array(lines[0::2], dtype="datetime64[D]").astype(np.int64) * DAY
    clock, pump, code = zip(*(line.split(",") for line in lines[1::2]), strict=True)
    parts = np.array(clock, dtype="S8").view("S1").reshape(-1, 8).view(np.uint8).astype(np.int64) - 48
    second = day + parts[:, [0, 1, 3, 4, 6, 7]] @ np.array([36000, 3600, 600, 60, 10, 1])
    names = sorted(set(code))
    number = {name: k for k, name in enumerate(names)}
    place = {name: k for k, name in enumerate(pumps)}
    pump, code = np.array([place[p] for p in pump]), np.array([number[c] for c in code])
    order = np.lexsort((second, code, pump))
    chatter = np.zeros(len(order), dtype=bool)
    same = (np.diff(pump[order]) == 0) & (np.diff(code[order]) == 0)
    chatter[order[1:]] = same & (np.diff(second[order]) <= CHATTER)
    print(f"{len(pump)} alarms, {chatter.sum()} of them chatter")
    order = np.lexsort((second, pump))
    order = order[~chatter[order]]
    return pump[order], second[order], code[order], names


def fit_weibull(times):
    logs = np.log(times)
    mean_log = logs.mean()
    low, high = 0.05, 20.0
    while high - low > 1e-9:
        shape = (low + high) / 2
        powers = np.exp(shape * logs)
        if powers @ logs / powers.sum() - 1 / shape > mean_log:
            high = shape
        else:
            low = shape
    shape = (low + high) / 2
    return shape, (times**shape).mean() ** (1 / shape)


def distinct(code, begin, end, base):
    """The window and the pair or triple (as one number) of all sequences in code[begin:end], each once a window."""
    keys = []
    for length in (2, 3):
        grams = np.zeros(max(0, len(code) - length + 1), dtype=np.int64)
        for k in range(length):
            grams = grams * base + code[k : k + len(grams)] + 1
        size = np.maximum(end - begin - length + 1, 0)
        window = np.repeat(np.arange(len(size)), size)
        place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + np.repeat(begin, size)
        keys.append(window * base**3 + grams[place])
    return np.divmod(np.unique(np.concatenate(keys)), base**3)


def main():
    table = pd.read_csv(HERE / "data" / "pumps.csv")
    pumps, models = table["pump"].tolist(), table["model"].to_numpy()
    pump, second, code, names = read_alarms(pumps)
    first, last = second.min(), second.max()
    failed = code == names.index("TRIP")
    stride = 2 * (last - first) + 4 * WINDOW  # one axis of time for all pumps
    axis = pump * stride + second - first
    trip, trip_pump = axis[failed], pump[failed]
    failures = np.bincount(trip_pump, minlength=len(pumps))

    gaps = np.diff(trip) / HOUR
    within = np.diff(trip_pump) == 0
    fits = {}
    print("\nmodel    pumps  failures   MTBF h  median h  shape   scale")
    for model in np.unique(models).tolist():
        times = gaps[within & (models[trip_pump[1:]] == model)]
        shape, scale = fits[model] = fit_weibull(times)
        print(
            f"{model:8} {(models == model).sum():5d} {len(times):9d} {times.mean():8.1f} "
            f"{np.sort(times)[len(times) // 2]:9.1f} {shape:6.3f} {scale:7.1f}"
        )
    print()

    base = len(names) + 1
    calm_axis, calm_code = axis[~failed], code[~failed]

    def window_sequences(moments):
        begin = np.searchsorted(calm_axis, moments - WINDOW, side="right")
        return distinct(calm_code, begin, np.searchsorted(calm_axis, moments, side="right"), base)

    ends = np.arange(WINDOW, last - first - WINDOW + 1, STEP)
    ends = (np.arange(len(pumps))[:, None] * stride + ends).ravel()
    coming = np.searchsorted(trip, ends + WINDOW, side="right") > np.searchsorted(trip, ends, side="right")
    ends = ends[~coming]
    before, quiet = (np.bincount(window_sequences(m)[1], minlength=base**3) for m in (trip, ends))
    print(f"{len(trip)} failures, {len(ends)} quiet windows, {np.count_nonzero(before)} sequences before failures\n")

    frequent = np.flatnonzero(before >= 8)
    lifts = before[frequent] / len(trip) / ((quiet[frequent] + 1) / (len(ends) + 1))

    def spelled(gram):
        digits = [gram // base**k % base for k in (2, 1, 0)]
        return tuple(names[d - 1] for d in digits if d)

    found = zip(lifts.tolist(), frequent.tolist(), strict=True)
    rules = sorted((-lift, -before[gram], spelled(gram), quiet[gram]) for lift, gram in found)
    print("lift   before  quiet  sequence")
    for lift, count, sequence, usual in rules[:15]:
        print(f"{-lift:6.2f} {-count:5d} {usual:6d}  {' > '.join(sequence)}")

    everyone = np.arange(len(pumps))
    window, gram = window_sequences(everyone * stride + last - first)
    matched = np.bincount(window[np.isin(gram, frequent[lifts >= 2])], minlength=len(pumps)).tolist()
    newest = np.zeros(len(pumps), dtype=np.int64)
    newest[trip_pump] = trip - trip_pump * stride
    since = ((last - first - newest) / HOUR).tolist()
    recent = np.bincount(pump[second > last - 14 * DAY], minlength=len(pumps)) / 14
    ratio = (recent / (np.bincount(pump, minlength=len(pumps)) / ((last - first) / HOUR / 24))).tolist()

    rows = []
    for k, (name, site, model) in enumerate(zip(pumps, table["site"], models, strict=True)):
        shape, scale = fits[model]
        probability = 1 - math.exp((since[k] / scale) ** shape - ((since[k] + 720) / scale) ** shape)
        score = 0.5 * probability + 0.15 * min(2, matched[k]) + 0.2 * min(1.0, ratio[k] / 3)
        rounded = round(since[k], 1), round(probability, 4), matched[k], round(ratio[k], 3), round(score, 4)
        rows.append((name, site, model, failures[k], *rounded))
    rows.sort(key=lambda row: (-row[-1], row[0]))
    header = ["pump", "site", "model", "failures", "hours_since_failure", "failure_probability"]
    header += ["warnings", "alarm_rate_ratio", "score"]
    ranked = pd.DataFrame(rows, columns=header)
    ranked.index += 1
    (HERE / "out").mkdir(exist_ok=True)
    ranked.to_csv(HERE / "out" / "maintenance.csv", index_label="rank")
    print("\nlook at these first")
    print(ranked.head(15).to_string())


if __name__ == "__main__":
    main()
