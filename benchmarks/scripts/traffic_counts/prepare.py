"""data/counts.csv (hourly vehicles at counting stations, with gaps and outages) and data/holidays.csv; made up, seeded."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"
HOLIDAYS = {
    "2023-04-07": "Good Friday", "2023-04-10": "Easter Monday", "2023-05-01": "Labour Day", "2023-05-18": "Ascension",
    "2023-05-29": "Whit Monday", "2023-06-08": "Corpus Christi",
}


def main():
    rng = np.random.default_rng(605)
    FOLDER.mkdir(exist_ok=True)
    hours = pd.date_range("2023-03-01", "2023-05-31 23:00", freq="h")
    hour, weekday = hours.hour.to_numpy(), hours.day_of_week.to_numpy()
    free = np.isin(hours.strftime("%Y-%m-%d"), list(HOLIDAYS)) | (weekday == 6)
    frames = []
    for k, name in enumerate(["A8 West", "Ring North", "River Bridge"]):
        size = [2600, 1800, 950][k]
        morning, evening = np.exp(-(((hour - 7.6) / 1.6) ** 2)), np.exp(-(((hour - 17.2) / 2.3) ** 2))
        noon = np.exp(-(((hour - 13.5) / 4.5) ** 2))
        work = 0.08 + morning * rng.uniform(0.7, 1) + evening * rng.uniform(0.7, 1) + 0.45 * noon
        rest = 0.07 + 0.85 * noon
        level = np.where(free, 0.75 * rest, np.where(weekday == 5, 0.9 * rest, work))
        trend = 1 + 0.0003 * np.arange(len(hours)) / 24 + 0.08 * np.sin(np.arange(len(hours)) / 24 / 11 + k)
        noise, ar = np.zeros(len(hours)), 0.0
        for i in range(len(hours)):
            ar = 0.7 * ar + rng.normal(0, 0.05)
            noise[i] = ar
        mean = size * level * trend * np.exp(noise)
        for _ in range(9):  # jams and closures
            start, long = int(rng.integers(600, len(hours) - 10)), int(rng.integers(2, 9))
            mean[start : start + long] *= rng.choice([0.15, 0.35, 1.9])
        count = rng.poisson(mean)
        for _ in range(3):
            start = int(rng.integers(0, len(hours) - 30))
            count[start : start + int(rng.integers(4, 20))] = 0  # the loop sends zeros
        keep = rng.random(len(hours)) > 0.012
        for _ in range(4):
            start = int(rng.integers(0, len(hours) - 60))
            keep[start : start + int(rng.integers(3, 40))] = False
        frames.append(pd.DataFrame({"station": name, "time": hours[keep].strftime("%d.%m.%Y %H:%M"), "vehicles": count[keep]}))
    pd.concat(frames).to_csv(FOLDER / "counts.csv", index=False)
    pd.DataFrame({"date": list(HOLIDAYS), "name": list(HOLIDAYS.values())}).to_csv(FOLDER / "holidays.csv", index=False)


if __name__ == "__main__":
    main()
