"""One matrix of meters and hours: the export is split as a whole, spikes and gaps run in Numba.

Sums of kWh that are rounded stay `math.fsum`, as in slow.py, so that no half goes the other way.
"""

import csv
import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
SPIKE_FACTOR, SHORT_GAP = 12, 3


def read():
    """Numbers of the meters, start, kWh (NaN: none), first and last hour of each meter, doubles, invalid."""
    fields = (DATA / "readings.csv").read_text().partition("\n")[2].replace("\n", ",").split(",")
    meter, stamp, text = (fields[k:-1:3] for k in range(3))
    number = {name: k for k, name in enumerate(dict.fromkeys(meter))}
    start = datetime.fromisoformat(min(set(stamp)))
    hour = {s: (datetime.fromisoformat(s) - start) // timedelta(hours=1) for s in set(stamp)}
    width = max(hour.values()) + 1
    cell = np.array([number[m] for m in meter]) * width + np.array([hour[s] for s in stamp])
    value = np.array([t or "-1" for t in text], dtype=float)
    cells, index = np.unique(cell, return_index=True)
    value = value[index]
    invalid = value < 0
    kwh = np.full(len(number) * width, np.nan)
    kwh[cells] = np.where(invalid, np.nan, value)
    begin = np.searchsorted(cells, np.arange(len(number) + 1) * width)
    first, last = cells[begin[:-1]] % width, cells[begin[1:] - 1] % width
    return number, start, kwh.reshape(-1, width), first, last, len(cell) - len(cells), int(invalid.sum())


@njit(cache=True)
def remove_spikes(kwh, first, last):
    """Takes out the spikes; how many there were."""
    found = 0
    for m in range(len(kwh)):
        values = kwh[m, first[m] : last[m] + 1].copy()
        for i in range(len(values)):
            if np.isnan(values[i]):
                continue
            around = values[max(0, i - 12) : i + 13]
            limit, low, n = values[i] / SPIKE_FACTOR * 1.001, 0, 0
            for v in around:
                low += v < limit
                n += not np.isnan(v)
            if 2 * low < n - 1:  # the median is above the limit: no need to sort
                continue
            around = np.sort(around[~np.isnan(around)])
            if values[i] > SPIKE_FACTOR * (around[(n - 1) // 2] + around[n // 2]) / 2:
                kwh[m, first[m] + i] = np.nan
                found += 1
    return found


@njit(cache=True)
def fill(kwh, first, last):
    """Fills the gaps; how many hours by a line and how many by the same hour of other weeks."""
    lines = others = 0
    for m in range(len(kwh)):
        known = kwh[m].copy()
        i = first[m]
        while i <= last[m]:
            if not np.isnan(known[i]):
                i += 1
                continue
            end = i
            while end <= last[m] and np.isnan(known[end]):
                end += 1
            if end - i <= SHORT_GAP and i > first[m] and end <= last[m]:
                for k in range(i, end):
                    kwh[m, k] = known[i - 1] + (known[end] - known[i - 1]) * (k - i + 1) / (end - i + 1)
                lines += end - i
            else:
                for k in range(i, end):
                    total, n = 0.0, 0
                    for week in (-2, -1, 1, 2):
                        t = k + week * 168
                        if first[m] <= t <= last[m] and not np.isnan(known[t]):
                            total += known[t]
                            n += 1
                    if n == 0:
                        for t in range(first[m] + (k - first[m]) % 24, last[m] + 1, 24):
                            if not np.isnan(known[t]):
                                total += known[t]
                                n += 1
                    kwh[m, k] = total / n
                others += end - i
            i = end
    return lines, others


def bill(kwh, night, tariff):
    if "price" in tariff:
        return tariff["fee"] + kwh * tariff["price"]
    if "night" in tariff:
        return tariff["fee"] + (night * tariff["night"] + (kwh - night) * tariff["day"])
    energy, rest = 0.0, kwh
    for size, price in tariff["tiers"]:
        part = rest if size is None else min(rest, size)
        energy += part * price
        rest -= part
    return tariff["fee"] + energy


def main():
    number, start, kwh, first, last, doubles, invalid = read()
    with open(DATA / "customers.csv", newline="") as f:
        customers = list(csv.DictReader(f))
    tariffs = json.loads((DATA / "tariffs.json").read_text())
    spikes = remove_spikes(kwh, first, last)
    lines, others = fill(kwh, first, last)
    print(f"{len(kwh)} meters, {(last - first + 1).sum()} hours")
    counts = {"doubles": doubles, "invalid": invalid, "spikes": spikes, "interpolated": lines, "replaced": others}
    for what, count in counts.items():
        print(f"  {what:13} {count:6d}")

    times = np.datetime64(start, "h") + np.arange(kwh.shape[1])
    days = times.astype("datetime64[D]")
    of_day = (times - days).astype(int)
    weekend = (days.astype(int) + 3) % 7 >= 5
    months = times.astype("datetime64[M]").astype(int) % 12 + 1
    night = (of_day >= 22) | (of_day < 6)
    order = [number[c["meter"]] for c in customers]

    def means(meter, part):
        columns = [np.flatnonzero(part & (of_day == hour)) for hour in range(24)]
        own = [c[(c >= first[meter]) & (c <= last[meter])] for c in columns]
        return [math.fsum(kwh[meter, c].tolist()) / len(c) for c in own]

    weekday_means = np.array([means(m, ~weekend) for m in order])
    weekend_means = np.array([means(m, weekend) for m in order])
    shapes = weekday_means / weekday_means.sum(axis=1, keepdims=True)
    apart = np.sqrt(((shapes[:, None] - shapes) ** 2).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    print("\nthe highest peaks\ncustomer  tariff     base kW   peak kW  peak hour  weekend/weekday  most alike")
    for k in np.argsort(-weekday_means.max(axis=1), kind="stable")[:15]:
        c, profile = customers[k], weekday_means[k]
        print(
            f"{c['customer']:9} {c['tariff']:10} {profile.min():7.3f} {profile.max():9.3f} {profile.argmax():10d} "
            f"{weekend_means[k].sum() / profile.sum():16.3f}  {customers[apart[k].argmin()]['customer']}"
        )

    rows = []
    for m, c in zip(order, customers, strict=True):
        measured = ~np.isnan(kwh[m])
        for month in np.unique(months[measured]).tolist():
            hours = measured & (months == month)
            total, at_night = (math.fsum(kwh[m, part].tolist()) for part in (hours, hours & night))
            amounts = {name: bill(total, at_night, tariff) for name, tariff in tariffs.items()}
            best = min(amounts, key=amounts.get)
            amount = amounts[c["tariff"]]
            rows.append((c["customer"], f"2025-{month:02d}", c["tariff"], total, amount, best, amount - amounts[best]))
    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "bills.csv", "w", newline="") as f:
        f.write("customer,month,tariff,kwh,amount,best_tariff,saving\r\n")
        for customer, month, tariff, total, amount, best, saving in rows:
            f.write(f"{customer},{month},{tariff},{total:.3f},{amount:.2f},{best},{saving:.2f}\r\n")
    print(f"\n{len(rows)} bills, {sum(r[3] for r in rows):.1f} kWh, {sum(r[4] for r in rows):.2f} EUR")
    print(f"with the best tariff each: {sum(r[6] for r in rows):.2f} EUR less")


if __name__ == "__main__":
    main()
