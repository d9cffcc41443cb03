"""No imports to pay for: an item is a bit, a basket column is one Python int, a support is one AND and a bit_count.

Candidates come from frequent sets with a common beginning (sorted item numbers), which gives the sets that slow.py finds;
redundant rules are looked for among the rules with the same right side only.
"""

import csv
import math
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

MIN_SUPPORT, MIN_CONFIDENCE, MIN_LIFT, MAX_SIZE = 0.012, 0.5, 1.5, 5


def main():
    here = Path(__file__).resolve().parent
    lines = (here / "data" / "baskets.txt").read_text().splitlines()
    baskets = [{item for item in map(str.strip, line.split(",")) if item} for line in lines]
    total = len(baskets)
    print(f"INFO {total} baskets, {sum(map(len, baskets)) / total:.4f} items on average")
    least = math.ceil(MIN_SUPPORT * total)

    places = defaultdict(list)
    for k, basket in enumerate(baskets):
        for item in basket:
            places[item].append(k)
    names = sorted(item for item, where in places.items() if len(where) >= least)
    columns = {}
    for number, item in enumerate(names):
        bits = bytearray(total // 8 + 1)
        for k in places[item]:
            bits[k >> 3] |= 1 << (k & 7)
        columns[(number,)] = int.from_bytes(bits, "little")
    counts = {s: column.bit_count() for s, column in columns.items()}

    level = columns
    size = 2
    while level and size <= MAX_SIZE:
        families = defaultdict(list)
        for s in sorted(level):
            families[s[:-1]].append(s)
        tried, after = 0, {}
        for stem, members in families.items():
            for a, b in combinations(members, 2):
                union = a + b[-1:]
                if size > 2 and not all(union[:k] + union[k + 1 :] in level for k in range(size - 2)):
                    continue
                tried += 1
                column = level[a] & level[b]
                n = column.bit_count()
                if n >= least:
                    after[union] = column
                    counts[union] = n
        print(f"INFO size {size}: {tried} candidates, {len(after)} frequent")
        level = after
        size += 1

    rules = []
    by_right = defaultdict(list)
    for s, n in counts.items():
        bound = n / MIN_CONFIDENCE
        for k in range(1, len(s)):
            for left in combinations(s, k):
                if counts[left] > bound:
                    continue
                right = tuple(i for i in s if i not in left)
                confidence = n / counts[left]
                lift = confidence / (counts[right] / total)
                if confidence >= MIN_CONFIDENCE and lift >= MIN_LIFT:
                    rules.append((frozenset(left), right, n / total, confidence, lift))
                    by_right[right].append((frozenset(left), confidence))
    kept = []
    for left, right, support, confidence, lift in rules:
        if any(other < left and c >= confidence for other, c in by_right[right]):
            continue
        text = f"{' + '.join(names[i] for i in sorted(left))} -> {' + '.join(names[i] for i in right)}"
        kept.append((-lift, -confidence, text, support, right))
    kept.sort()
    print(f"INFO {len(counts)} frequent sets, {len(rules)} rules, {len(kept)} not redundant")

    (here / "out").mkdir(exist_ok=True)
    with open(here / "out" / "rules.csv", "w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["rule", "support", "confidence", "lift", "conviction"])
        for lift, confidence, text, support, _ in kept:
            conviction = math.inf if confidence == -1.0 else (1 - confidence / lift) / (1 + confidence)
            out.writerow([text, f"{support:.6f}", f"{-confidence:.6f}", f"{-lift:.6f}", f"{conviction:.6f}"])
    for lift, confidence, text, support, _ in kept[:15]:
        print(f"{text:<60} support {support:.4f}  confidence {-confidence:.4f}  lift {-lift:.4f}")
    leaders = Counter(names[i] for *_, right in kept for i in right)
    for item, n in sorted(leaders.items(), key=lambda pair: (-pair[1], pair[0]))[:8]:
        print(f"{item}: predicted by {n} rules")


if __name__ == "__main__":
    main()
