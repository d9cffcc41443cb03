"""data/forecast.csv (calls expected by half-hour and skill) and data/shifts.csv (the agents' shifts and skills)."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
SKILLS = {"sales": 14, "billing": 19, "tech": 11}


def main():
    rng = np.random.default_rng(1917)
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "forecast.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["start", "skill", "calls"])
        for slot in range(24):  # 8:00 to 20:00
            bumps = np.exp(-(((slot - 5) / 4) ** 2)) + 0.8 * np.exp(-(((slot - 15) / 4) ** 2))
            for skill, scale in SKILLS.items():
                calls = scale * (0.35 + bumps) * rng.uniform(0.9, 1.1)
                out.writerow([f"{8 + slot // 2:02d}:{30 * (slot % 2):02d}", skill, f"{calls:.1f}"])
    with (FOLDER / "shifts.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["agent", "begin", "end", "skills", "speed"])
        for k in range(22):
            begin = float(rng.choice([8, 8, 9, 10, 12, 12, 12]))
            first = ["sales", "billing", "billing", "tech"][k % 4]
            skills = {first} if rng.random() < 0.5 else {first, str(rng.choice(list(SKILLS)))}
            row = [f"agent{k:02d}", f"{int(begin):02d}:00", f"{int(begin) + 8:02d}:00", "+".join(sorted(skills))]
            out.writerow([*row, f"{rng.uniform(0.85, 1.2):.2f}"])


if __name__ == "__main__":
    main()
