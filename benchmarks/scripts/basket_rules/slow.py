#!/usr/bin/env python
"""Which products are bought together? Apriori over the receipts, rules to out/rules.csv."""

import csv
import logging
import math
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List

log = logging.getLogger("baskets")

Itemset = FrozenSet[str]

MIN_SUPPORT = 0.012
MIN_CONFIDENCE = 0.5
MIN_LIFT = 1.5
MAX_SIZE = 5


@dataclass(frozen=True)
class Rule:
    left: Itemset
    right: Itemset
    support: float
    confidence: float
    lift: float

    @property
    def conviction(self) -> float:
        if self.confidence == 1.0:
            return math.inf
        return (1 - self.confidence / self.lift) / (1 - self.confidence)

    def __str__(self) -> str:
        return f"{' + '.join(sorted(self.left))} -> {' + '.join(sorted(self.right))}"


def load_baskets(path: Path) -> List[Itemset]:
    baskets = []
    for line in path.read_text().splitlines():
        items = [part.strip() for part in line.split(",")]
        baskets.append(frozenset(item for item in items if item))
    return baskets


def count_support(candidates: List[Itemset], baskets: List[Itemset]) -> Dict[Itemset, int]:
    counts = {}
    for candidate in candidates:
        n = 0
        for basket in baskets:
            if candidate.issubset(basket):
                n += 1
        counts[candidate] = n
    return counts


def join(frequent: List[Itemset], size: int) -> List[Itemset]:
    """Candidates of `size` items, all of whose subsets are frequent."""
    known = set(frequent)
    found = set()
    for i, a in enumerate(frequent):
        for b in frequent[i + 1:]:
            union = a | b
            if len(union) != size or union in found:
                continue
            if all(frozenset(subset) in known for subset in combinations(union, size - 1)):
                found.add(union)
    return sorted(found, key=lambda s: sorted(s))


def apriori(baskets: List[Itemset]) -> Dict[Itemset, int]:
    least = math.ceil(MIN_SUPPORT * len(baskets))
    items = Counter(item for basket in baskets for item in basket)
    level = {frozenset([item]): n for item, n in items.items() if n >= least}
    frequent = dict(level)
    size = 2
    while level and size <= MAX_SIZE:
        candidates = join(list(level), size)
        counts = count_support(candidates, baskets)
        level = {s: n for s, n in counts.items() if n >= least}
        log.info("size %d: %d candidates, %d frequent", size, len(candidates), len(level))
        frequent.update(level)
        size += 1
    return frequent


def rules_of(frequent: Dict[Itemset, int], total: int) -> Iterator[Rule]:
    for itemset, n in frequent.items():
        for size in range(1, len(itemset)):
            for chosen in combinations(sorted(itemset), size):
                left = frozenset(chosen)
                right = itemset - left
                confidence = n / frequent[left]
                lift = confidence / (frequent[right] / total)
                if confidence >= MIN_CONFIDENCE and lift >= MIN_LIFT:
                    yield Rule(left, right, n / total, confidence, lift)


def is_redundant(rule: Rule, rules: List[Rule]) -> bool:
    """A shorter left side says the same with at least as much confidence."""
    for other in rules:
        if other.right == rule.right and other.left < rule.left and other.confidence >= rule.confidence:
            return True
    return False


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
    here = Path(__file__).resolve().parent
    baskets = load_baskets(here / "data" / "baskets.txt")
    if not baskets:
        log.error("no baskets")
        return 1
    log.info("%d baskets, %.4f items on average", len(baskets), sum(len(b) for b in baskets) / len(baskets))

    frequent = apriori(baskets)
    rules = list(rules_of(frequent, len(baskets)))
    kept = [rule for rule in rules if not is_redundant(rule, rules)]
    kept.sort(key=lambda r: (-r.lift, -r.confidence, str(r)))
    log.info("%d frequent sets, %d rules, %d not redundant", len(frequent), len(rules), len(kept))

    (here / "out").mkdir(exist_ok=True)
    with open(here / "out" / "rules.csv", "w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["rule", "support", "confidence", "lift", "conviction"])
        for r in kept:
            out.writerow([str(r), f"{r.support:.6f}", f"{r.confidence:.6f}", f"{r.lift:.6f}", f"{r.conviction:.6f}"])
    for rule in kept[:15]:
        print(f"{str(rule):<60} support {rule.support:.4f}  confidence {rule.confidence:.4f}  lift {rule.lift:.4f}")
    leaders = Counter(item for rule in kept for item in rule.right)
    for item, n in sorted(leaders.items(), key=lambda pair: (-pair[1], pair[0]))[:8]:
        print(f"{item}: predicted by {n} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
