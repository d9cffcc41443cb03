"""Find the companies of the ledger in the CRM, names spelt differently.

    python slow.py [--threshold 0.8] [--block-limit 120]
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

from matching import assign, candidates, similarity
from names import load_companies

HERE = Path(__file__).resolve().parent


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--block-limit", type=int, default=120)
    return parser.parse_args()


def main():
    args = parse_args()
    crm = load_companies(HERE / "data" / "crm.csv")
    ledger = load_companies(HERE / "data" / "ledger.csv")
    print(f"crm: {len(crm)} companies, ledger: {len(ledger)} companies")

    compared = 0
    scored = []
    for a, b in candidates(crm, ledger, args.block_limit):
        compared += 1
        score = similarity(a, b)
        if score >= args.threshold:
            scored.append((score, a, b))
    print(f"{compared} pairs compared, {len(scored)} above {args.threshold}")

    matches = assign(scored)
    print(f"{len(matches)} matches")
    levels = Counter(int(score * 20) / 20 for score, _, _ in matches)
    for level in sorted(levels, reverse=True):
        print(f"  score from {level:.2f}: {levels[level]}")
    same_city = sum(1 for _, a, b in matches if a.city == b.city)
    print(f"same city: {same_city / max(len(matches), 1):.4f}")

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "matches.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["crm_id", "ledger_id", "score", "crm_name", "ledger_name"])
        for score, a, b in matches:
            writer.writerow([a.id, b.id, f"{score:.6f}", a.name, b.name])


if __name__ == "__main__":
    main()
