"""Monthly electricity bills out of hourly meter readings.

1. read the export of the meters, sort out what cannot be right,
2. fill the gaps: short ones by a straight line, long ones with the same hour of other weeks,
3. daily profiles of the customers, which customers are alike,
4. the bill of every month by the customer's tariff  ->  out/bills.csv
"""

import csv
import json
import math
import statistics
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
SPIKE_FACTOR = 12
SHORT_GAP = 3


class Meter:
    """Readings of one meter: kWh by hour."""

    def __init__(self, name):
        self.name = name
        self.readings = {}
        self.doubles = 0
        self.invalid = 0
        self.spikes = 0
        self.interpolated = 0
        self.replaced = 0

    def add(self, time, text):
        if time in self.readings:
            self.doubles += 1
            return
        try:
            value = float(text)
        except ValueError:
            value = None
        if value is not None and value < 0:
            value = None
        if value is None:
            self.invalid += 1
        self.readings[time] = value

    def hours(self):
        first, last = min(self.readings), max(self.readings)
        time = first
        while time <= last:
            yield time
            time += HOUR

    def remove_spikes(self):
        """A reading that is many times the median of the hours around it is a fault of the meter."""
        times = list(self.hours())
        values = [self.readings.get(t) for t in times]
        for i, value in enumerate(values):
            if value is None:
                continue
            around = [v for v in values[max(0, i - 12) : i + 13] if v is not None]
            if value > SPIKE_FACTOR * statistics.median(around):
                self.readings[times[i]] = None
                self.spikes += 1

    def gaps(self):
        """Lists of consecutive hours without a reading."""
        gap = []
        for time in self.hours():
            if self.readings.get(time) is None:
                gap.append(time)
            elif gap:
                yield gap
                gap = []
        if gap:
            yield gap

    def fill(self):
        known = {t: v for t, v in self.readings.items() if v is not None}
        for gap in list(self.gaps()):
            before, after = known.get(gap[0] - HOUR), known.get(gap[-1] + HOUR)
            for k, time in enumerate(gap, start=1):
                if len(gap) <= SHORT_GAP and before is not None and after is not None:
                    self.readings[time] = before + (after - before) * k / (len(gap) + 1)
                    self.interpolated += 1
                else:
                    same_hour = [known[time + n * WEEK] for n in (-2, -1, 1, 2) if time + n * WEEK in known]
                    if not same_hour:
                        same_hour = [v for t, v in known.items() if t.hour == time.hour]
                    self.readings[time] = sum(same_hour) / len(same_hour)
                    self.replaced += 1

    def total(self, keep):
        return math.fsum(value for time, value in self.readings.items() if keep(time))

    def profile(self, weekend):
        """Mean kWh of each hour of the day."""
        means = []
        for hour in range(24):
            values = [v for t, v in self.readings.items() if t.hour == hour and (t.weekday() >= 5) == weekend]
            means.append(statistics.fmean(values))
        return means


def read_meters():
    meters = {}
    with open(DATA / "readings.csv", newline="") as f:
        for row in csv.DictReader(f):
            name = row["meter"]
            if name not in meters:
                meters[name] = Meter(name)
            meters[name].add(datetime.fromisoformat(row["time"]), row["kwh"])
    return meters


def is_night(time):
    return time.hour >= 22 or time.hour < 6


def bill(meter, tariff, month):
    """kWh and amount of a month."""
    kwh = meter.total(lambda t: t.month == month)
    if "price" in tariff:
        energy = kwh * tariff["price"]
    elif "night" in tariff:
        night = meter.total(lambda t: t.month == month and is_night(t))
        energy = night * tariff["night"] + (kwh - night) * tariff["day"]
    else:
        energy, rest = 0.0, kwh
        for size, price in tariff["tiers"]:
            part = rest if size is None else min(rest, size)
            energy += part * price
            rest -= part
    return kwh, tariff["fee"] + energy


def shape(profile):
    total = sum(profile)
    return [v / total for v in profile]


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


def main():
    meters = read_meters()
    with open(DATA / "customers.csv", newline="") as f:
        customers = list(csv.DictReader(f))
    tariffs = json.loads((DATA / "tariffs.json").read_text())

    for meter in meters.values():
        meter.remove_spikes()
        meter.fill()
    print(f"{len(meters)} meters, {sum(len(m.readings) for m in meters.values())} hours")
    for what in ("doubles", "invalid", "spikes", "interpolated", "replaced"):
        print(f"  {what:13} {sum(getattr(m, what) for m in meters.values()):6d}")

    profiles = {}
    for c in customers:
        meter = meters[c["meter"]]
        profiles[c["customer"]] = (meter.profile(weekend=False), meter.profile(weekend=True))
    print("\nthe highest peaks\ncustomer  tariff     base kW   peak kW  peak hour  weekend/weekday  most alike")
    for c in sorted(customers, key=lambda c: -max(profiles[c["customer"]][0]))[:15]:
        name = c["customer"]
        weekday, weekend = profiles[name]
        others = [(distance(shape(weekday), shape(p[0])), other) for other, p in profiles.items() if other != name]
        peak = max(weekday)
        print(
            f"{name:9} {c['tariff']:10} {min(weekday):7.3f} {peak:9.3f} {weekday.index(peak):10d} "
            f"{sum(weekend) / sum(weekday):16.3f}  {min(others)[1]}"
        )

    rows = []
    for c in customers:
        meter = meters[c["meter"]]
        for month in sorted({t.month for t in meter.readings}):
            kwh, amount = bill(meter, tariffs[c["tariff"]], month)
            best = min(tariffs, key=lambda name: bill(meter, tariffs[name], month)[1])
            saving = amount - bill(meter, tariffs[best], month)[1]
            rows.append([c["customer"], f"2025-{month:02d}", c["tariff"], kwh, amount, best, saving])
    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "bills.csv", "w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["customer", "month", "tariff", "kwh", "amount", "best_tariff", "saving"])
        for row in rows:
            writer.writerow([*row[:3], f"{row[3]:.3f}", f"{row[4]:.2f}", row[5], f"{row[6]:.2f}"])
    print(f"\n{len(rows)} bills, {sum(r[3] for r in rows):.1f} kWh, {sum(r[4] for r in rows):.2f} EUR")
    print(f"with the best tariff each: {sum(r[6] for r in rows):.2f} EUR less")


if __name__ == "__main__":
    main()
