"""data/accounts.csv, data/links.csv and data/transfers.csv: customers, the devices, cards and addresses they use, what they pay (seeded)."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
ACCOUNTS, RINGS = 9000, 112


def main():
    rng = np.random.default_rng(419)
    FOLDER.mkdir(exist_ok=True)
    ring_of = np.full(ACCOUNTS, -1)
    free = rng.permutation(ACCOUNTS)
    at = 0
    for ring in range(RINGS):
        size = int(rng.integers(4, 26))
        ring_of[free[at : at + size]] = ring
        at += size
    links = []
    next_id = {"device": 0, "card": 0, "address": 0}

    def fresh(kind):
        next_id[kind] += 1
        return f"{kind[0].upper()}{next_id[kind]:05d}"

    opened = rng.integers(0, 700, ACCOUNTS)
    for k in range(ACCOUNTS):
        for kind, most in (("device", 3), ("card", 2), ("address", 1)):
            for _ in range(int(rng.integers(1, most + 1))):
                links.append((f"A{k:05d}", kind, fresh(kind), int(opened[k] + rng.integers(0, 60))))
    for ring in range(RINGS):
        members = np.flatnonzero(ring_of == ring)
        pool = [(kind, fresh(kind)) for kind in rng.choice(["device", "card", "address"], max(2, len(members) // 3), p=[0.5, 0.35, 0.15])]
        for k in members:
            for kind, name in (pool[i] for i in rng.choice(len(pool), int(rng.integers(1, 3)), replace=False)):
                links.append((f"A{k:05d}", kind, name, int(opened[k] + rng.integers(0, 30))))
    for _ in range(1080):  # families and flats: honest sharing
        a, b = rng.integers(0, ACCOUNTS, 2)
        kind = str(rng.choice(["address", "device"], p=[0.6, 0.4]))
        name = fresh(kind)
        links += [(f"A{a:05d}", kind, name, int(opened[a] + 5)), (f"A{b:05d}", kind, name, int(opened[b] + 5))]
    order = rng.permutation(len(links))
    with (FOLDER / "links.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["account", "kind", "identifier", "first_day"])
        out.writerows(links[i] for i in order)
    bad = np.where(ring_of >= 0, rng.random(ACCOUNTS) < 0.8, rng.random(ACCOUNTS) < 0.012)
    known = bad & (rng.random(ACCOUNTS) < 0.35)
    with (FOLDER / "accounts.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["account", "opened_day", "country", "reported", "fraud"])
        for k in range(ACCOUNTS):
            out.writerow([f"A{k:05d}", opened[k], rng.choice(["DE", "AT", "CH", "PL"], p=[0.7, 0.1, 0.1, 0.1]), int(known[k]), int(bad[k])])
    with (FOLDER / "transfers.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["account", "amount", "returned"])
        for k in range(ACCOUNTS):
            for _ in range(int(rng.integers(1, 9))):
                lost = rng.random() < (0.3 if bad[k] else 0.01)
                out.writerow([f"A{k:05d}", f"{rng.lognormal(4.6 if bad[k] else 4.0, 0.9):.2f}", int(lost)])


if __name__ == "__main__":
    main()
