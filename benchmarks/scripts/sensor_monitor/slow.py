"""A streaming monitor: every reading updates moving statistics, a Kalman filter, CUSUM and a histogram; alarms come out."""

import math
from pathlib import Path

import pandas as pd


class RingBuffer:
    def __init__(self, size):
        self.size = size
        self.items = []

    def push(self, value):
        self.items.append(value)
        if len(self.items) > self.size:
            self.items.pop(0)

    def mean(self):
        return sum(self.items) / len(self.items)

    def median(self):
        ordered = sorted(self.items)
        n = len(ordered)
        if n % 2 == 1:
            return ordered[n // 2]
        return (ordered[n // 2 - 1] + ordered[n // 2]) / 2


class Kalman:
    """Level and slope of a reading that comes every five minutes."""

    def __init__(self, noise, drift=0.01):
        self.level = None
        self.slope = 0.0
        self.p = [[10.0, 0.0], [0.0, 1.0]]
        self.noise = noise
        self.drift = drift

    def update(self, value):
        if self.level is None:
            self.level = value
            return 0.0
        p = self.p
        level = self.level + self.slope
        p00 = p[0][0] + p[0][1] + p[1][0] + p[1][1] + self.drift
        p01 = p[0][1] + p[1][1]
        p10 = p[1][0] + p[1][1]
        p11 = p[1][1] + self.drift / 10
        surprise = value - level
        s = p00 + self.noise
        k0 = p00 / s
        k1 = p10 / s
        self.level = level + k0 * surprise
        self.slope = self.slope + k1 * surprise
        self.p = [[(1 - k0) * p00, (1 - k0) * p01], [p10 - k1 * p00, p11 - k1 * p01]]
        return surprise / math.sqrt(s)


class Cusum:
    def __init__(self, slack, limit):
        self.slack = slack
        self.limit = limit
        self.high = 0.0
        self.low = 0.0
        self.alarms = 0

    def update(self, z):
        self.high = max(0.0, self.high + z - self.slack)
        self.low = max(0.0, self.low - z - self.slack)
        if self.high > self.limit or self.low > self.limit:
            self.high = 0.0
            self.low = 0.0
            self.alarms += 1
            return True
        return False


class Monitor:
    def __init__(self, name, scale, noise):
        self.name = name
        self.scale = scale
        self.count = 0
        self.mean = 0.0
        self.m2 = 0.0
        self.short = RingBuffer(61)
        self.long = RingBuffer(288)
        self.kalman = Kalman(noise)
        self.cusum = Cusum(0.5, 8.0)
        self.histogram = {}
        self.alarms = []
        self.spread = 0.0

    def update(self, stamp, value):
        value = value / self.scale
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self.m2 += delta * (value - self.mean)
        self.short.push(value)
        self.long.push(value)
        middle = self.short.median()
        self.spread += abs(middle - self.long.mean())
        surprise = self.kalman.update(value)
        bucket = int(math.floor(value / 5))
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1
        if self.cusum.update(surprise):
            self.alarms.append((stamp, middle, surprise))

    def report(self):
        print(self.name, self.count, f"mean {self.mean:.8f} std {math.sqrt(self.m2 / (self.count - 1)):.8f}")
        print("  alarms", self.cusum.alarms, f"level {self.kalman.level:.8f} slope {self.kalman.slope:.8f}")
        print("  spread", f"{self.spread / self.count:.8f}")
        for stamp, middle, surprise in self.alarms[:5]:
            print("  ", stamp, f"{middle:.6f} {surprise:.6f}")
        print("  ", sorted(self.histogram.items()))


def main():
    here = Path(__file__).parent / "data"
    for name, scale in [("machine_temperature_system_failure", 1.0), ("nyc_taxi", 200.0)]:
        df = pd.read_csv(here / f"{name}.csv")
        # how much noise to expect is a matter of taste: try some
        for noise in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]:
            monitor = Monitor(f"{name} noise {noise}", scale, noise)
            for _, row in df.iterrows():
                monitor.update(row["timestamp"], row["value"])
            monitor.report()


if __name__ == "__main__":
    main()
