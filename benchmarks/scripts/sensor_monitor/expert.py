"""Moving mean and median by pandas and SciPy, the two recurrences in one Numba loop."""

import math
from pathlib import Path

import numba
import numpy as np
import pandas as pd

DRIFT, SLACK, LIMIT = 0.01, 0.5, 8.0


@numba.njit(cache=True)
def filter_and_alarm(values, noise):
    n = len(values)
    surprises = np.zeros(n)
    alarm = np.zeros(n, dtype=np.bool_)
    level, slope = values[0], 0.0
    p00, p01, p10, p11 = 10.0, 0.0, 0.0, 1.0
    high = low = 0.0
    for i in range(n):
        if i > 0:
            level += slope
            p00, p01, p10, p11 = p00 + p01 + p10 + p11 + DRIFT, p01 + p11, p10 + p11, p11 + DRIFT / 10
            surprise = values[i] - level
            s = p00 + noise
            k0, k1 = p00 / s, p10 / s
            level += k0 * surprise
            slope += k1 * surprise
            p00, p01, p10, p11 = (1 - k0) * p00, (1 - k0) * p01, p10 - k1 * p00, p11 - k1 * p01
            surprises[i] = surprise / math.sqrt(s)
        high = max(0.0, high + surprises[i] - SLACK)
        low = max(0.0, low - surprises[i] - SLACK)
        if high > LIMIT or low > LIMIT:
            high = low = 0.0
            alarm[i] = True
    return surprises, alarm, level, slope


def main():
    here = Path(__file__).parent / "data"
    for name, scale in [("machine_temperature_system_failure", 1.0), ("nyc_taxi", 200.0)]:
        df = pd.read_csv(here / f"{name}.csv")
        values = df["value"].to_numpy(float) / scale
        series = pd.Series(values)
        middle = series.rolling(61, min_periods=1).median().to_numpy()
        sums = np.concatenate([[0.0], np.cumsum(values)])
        width = np.minimum(np.arange(1, len(values) + 1), 288)
        ends = np.arange(1, len(values) + 1)
        long = (sums[ends] - sums[ends - width]) / width
        spread = np.abs(middle - long).mean()
        buckets, counts = np.unique(np.floor(values / 5).astype(int), return_counts=True)
        for noise in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]:
            surprises, alarm, level, slope = filter_and_alarm(values, noise)
            print(f"{name} noise {noise}", len(values), f"mean {values.mean():.8f} std {values.std(ddof=1):.8f}")
            print("  alarms", alarm.sum(), f"level {level:.8f} slope {slope:.8f}")
            print("  spread", f"{spread:.8f}")
            for i in np.flatnonzero(alarm)[:5]:
                print("  ", df["timestamp"].iat[i], f"{middle[i]:.6f} {surprises[i]:.6f}")
            print("  ", list(zip(buckets.tolist(), counts.tolist())))


if __name__ == "__main__":
    main()
