"""Pure Python, so nothing to import: an inverted index for the candidates, bounds that rule most of them out before any
distance, and the distance bit-parallel (Myers, as Hyyrö wrote it) with one Python int for a column of the table."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
THRESHOLD, BLOCK_LIMIT = 0.8, 120
DROP = {"ltd", "limited", "gmbh", "inc", "incorporated", "sa", "ag", "bv", "llc", "corp", "corporation", "co"}
DROP |= {"the", "and", "of"}
CLEAN = str.maketrans({**{c: None for c in "!\"#$%'()*+,.:;<=>?@[\\]^_`{|}~"}, "-": " ", "&": " ", "/": " "})


def load(path):
    companies = []
    with open(path, newline="", encoding="utf-8") as handle:
        rows = csv.reader(handle)
        next(rows)
        for ident, name, city in rows:
            tokens = [w for w in name.lower().translate(CLEAN).split() if w not in DROP]
            keys = {"w:" + t for t in tokens}
            keys.update("p:" + t[:4] for t in tokens if len(t) >= 5)
            if tokens:
                keys.add("i:" + "".join(t[0] for t in tokens))
            companies.append((ident, name, city, " ".join(tokens), frozenset(tokens), keys))
    return companies


def masks_of(text):
    masks = {}
    bit = 1
    for char in text:
        masks[char] = masks.get(char, 0) | bit
        bit <<= 1
    return masks


def distance(masks, size, text):
    """Levenshtein distance of `text` to the word of `size` letters that `masks` describes."""
    if not size:
        return len(text)
    full = (1 << size) - 1
    top = 1 << (size - 1)
    plus, minus, score = full, 0, size
    get = masks.get
    for char in text:
        same = get(char, 0) | minus
        across = (((same & plus) + plus) ^ plus) | same
        up = minus | ~(across | plus)
        down = plus & across
        if up & top:
            score += 1
        elif down & top:
            score -= 1
        up = (up << 1) | 1
        plus = ((down << 1) | ~(across | up)) & full
        minus = up & across & full
    return score


def main():
    crm, ledger = load(HERE / "data" / "crm.csv"), load(HERE / "data" / "ledger.csv")
    print(f"crm: {len(crm)} companies, ledger: {len(ledger)} companies")
    counts = Counter()
    for company in crm + ledger:
        counts.update(company[5])
    holders = defaultdict(set)
    for j, company in enumerate(ledger):
        for key in company[5]:
            if counts[key] <= BLOCK_LIMIT:
                holders[key].add(j)

    compared = 0
    scored = []
    nobody = set()
    for a in crm:
        near = nobody.union(*(holders[key] for key in a[5] if key in holders))
        compared += len(near)
        city, clean, tokens = a[2], a[3], a[4]
        size = len(clean)
        masks = None
        for j in near:
            b = ledger[j]
            other = b[3]
            length = len(other)
            longest = size if size > length else length
            words = len(tokens & b[4])
            words = 0.25 * (words / (len(tokens) + len(b[4]) - words)) if tokens and b[4] else 0.25 * 0.0
            bonus = 0.05 if city == b[2] else 0.0
            # the distance is at least the difference of the lengths
            if longest and 0.7 * (1 - abs(size - length) / longest) + words + bonus < THRESHOLD - 1e-9:
                continue
            if masks is None:
                masks = masks_of(clean)
            edits = 1 - distance(masks, size, other) / longest if longest else 0.0
            score = 0.7 * edits + words
            if bonus:
                score += bonus
            if score >= THRESHOLD:
                scored.append((-score, a[0], b[0], a, b))
    print(f"{compared} pairs compared, {len(scored)} above {THRESHOLD}")

    scored.sort(key=lambda s: s[:3])
    used_left, used_right, matches = set(), set(), []
    for score, left, right, a, b in scored:
        if left not in used_left and right not in used_right:
            used_left.add(left)
            used_right.add(right)
            matches.append((-score, a, b))
    print(f"{len(matches)} matches")
    levels = Counter(int(score * 20) / 20 for score, _, _ in matches)
    for level in sorted(levels, reverse=True):
        print(f"  score from {level:.2f}: {levels[level]}")
    print(f"same city: {sum(a[2] == b[2] for _, a, b in matches) / max(len(matches), 1):.4f}")

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "matches.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["crm_id", "ledger_id", "score", "crm_name", "ledger_name"])
        writer.writerows([a[0], b[0], f"{score:.6f}", a[1], b[1]] for score, a, b in matches)


if __name__ == "__main__":
    main()
