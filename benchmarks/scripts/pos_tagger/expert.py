"""Features become numbers before the training; weights, totals and stamps are arrays, and one compiled loop reads, scores
and updates. Features with the tags before are computed as numbers too. Sums run in slow.py's order.
"""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from numba import njit

DATA = Path(__file__).resolve().parent / "data"
EPOCHS, STATIC = 6, 11
NAMES = ("bias", "suffix", "first", None, "word", "word-1", "suffix-1", "word-2", "word+1", "suffix+1", "word+2")


def read(path):
    with open(path) as f:
        return [[tuple(token.rsplit("/", 1)) for token in line.split()] for line in f]


def normalize(word):
    if word.isdigit() and len(word) == 4:
        return "!YEAR"
    return "!DIGITS" if word[0].isdigit() else word.lower()


def encode(sentences, numbers, words, grow):
    """Rows of features without tags (-1: never seen), the number of each word, where each sentence begins."""
    rows, own, starts = [], [], [0]
    for sentence in sentences:
        context = ["-START-", "-START2-", *(normalize(w) for w, _ in sentence), "-END-", "-END2-"]
        for i, (word, _) in enumerate(sentence, 2):
            here, left, right = context[i], context[i - 1], context[i + 1]
            case = "capital" if word[0].isupper() else "small"
            values = (None, word[-3:], word[0], case, here, left, left[-3:], context[i - 2], right, right[-3:], context[i + 2])
            keys = list(zip(NAMES, values))
            if grow:
                rows.append([numbers.setdefault(key, len(numbers)) for key in keys])
                own.append(words.setdefault(here, len(words)))
            else:
                rows.append([numbers.get(key, -1) for key in keys])
                own.append(words.get(here, -1))
        starts.append(len(rows))
    return np.array(rows), np.array(own), np.array(starts)


@njit(cache=True)
def fill(found, row, word, prev, prev2, base, tags, words):
    for k in range(4):
        found[k] = row[k]
    marks = tags + 2
    found[4] = base + prev
    found[5] = base + marks + prev2
    found[6] = base + 2 * marks + prev * marks + prev2
    found[7] = row[4]
    found[8] = base + (2 + marks) * marks + prev * words + word if word >= 0 else -1
    for k in range(5, 11):
        found[k + 4] = row[k]


@njit(cache=True)
def best(found, weights, scores):
    scores[:] = 0.0
    for f in found:
        if f >= 0:
            for t in range(len(scores)):
                scores[t] += weights[f, t]
    guess = 0
    for t in range(1, len(scores)):
        if scores[t] >= scores[guess]:
            guess = t
    return guess


@njit(cache=True)
def epoch(rows, own, truth, starts, order, base, words, weights, totals, stamps, touched, instances):
    tags = weights.shape[1]
    found, scores = np.empty(15, dtype=np.int64), np.empty(tags)
    right = 0
    for s in order:
        prev, prev2 = tags, tags + 1
        for i in range(starts[s], starts[s + 1]):
            fill(found, rows[i], own[i], prev, prev2, base, tags, words)
            guess = best(found, weights, scores)
            instances += 1
            if guess == truth[i]:
                right += 1
            else:
                for f in found:
                    for t, change in ((truth[i], 1.0), (guess, -1.0)):
                        totals[f, t] += (instances - stamps[f, t]) * weights[f, t]
                        stamps[f, t] = instances
                        touched[f, t] = True
                        weights[f, t] += change
            prev2, prev = prev, guess
    return right, instances


@njit(cache=True)
def tag(rows, own, starts, base, words, weights):
    tags = weights.shape[1]
    found, scores = np.empty(15, dtype=np.int64), np.empty(tags)
    result = np.empty(len(rows), dtype=np.int64)
    for s in range(len(starts) - 1):
        prev, prev2 = tags, tags + 1
        for i in range(starts[s], starts[s + 1]):
            fill(found, rows[i], own[i], prev, prev2, base, tags, words)
            result[i] = best(found, weights, scores)
            prev2, prev = prev, result[i]
    return result


def feature_names(used, numbers, words, tags):
    """Names of the rows that are used, as slow.py calls them."""
    static = [" ".join(part for part in key if part) for key in numbers]
    marks, words = [*tags, "-START-", "-START2-"], list(words)
    m, base = len(marks), len(static)
    for f in used.tolist():
        k = f - base
        if k < 0:
            yield static[f]
        elif k < 2 * m:
            yield f"tag-{1 + k // m} {marks[k % m]}"
        elif k < (2 + m) * m:
            yield f"tags {marks[k // m - 2]} {marks[k % m]}"
        else:
            k -= (2 + m) * m
            yield f"tag-1 word {marks[k // len(words)]} {words[k % len(words)]}"


def share(flags):
    return np.count_nonzero(flags) / len(flags)


def main():
    train, test = read(DATA / "train.txt"), read(DATA / "test.txt")
    flat = [token for sentence in test for token in sentence]
    print(f"{len(train)} sentences to train, {len(test)} to test, {len(flat)} words")
    tags = sorted({t for sentence in train for _, t in sentence})
    place = {t: k for k, t in enumerate(tags)}
    n = len(tags)
    numbers, words = {}, {}
    rows, own, starts = encode(train, numbers, words, True)
    truth = np.array([place[t] for sentence in train for _, t in sentence])
    base, marks = len(numbers), n + 2
    shape = (base + (2 + marks) * marks + marks * len(words), n)
    weights, totals, stamps, touched = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    order, instances, rng = list(range(len(train))), 0, random.Random(1)
    for k in range(1, EPOCHS + 1):
        right, instances = epoch(rows, own, truth, starts, np.array(order), base, len(words), weights, totals, stamps, touched, instances)
        rng.shuffle(order)
        print(f"epoch {k}: {right} of {len(rows)} ({right / len(rows):.4f}), {np.count_nonzero(touched)} weights")
    weights = np.where(touched, (totals + (instances - stamps) * weights) / instances, 0.0)
    print(f"averaged: {np.count_nonzero(weights)} weights")

    counts = {}
    for sentence in train:
        for word, t in sentence:
            own_counts = counts.setdefault(word.lower(), {})
            own_counts[t] = own_counts.get(t, 0) + 1
    frequent = {word: place[min(c, key=lambda t: (-c[t], t))] for word, c in counts.items()}
    rows, own, starts = encode(test, numbers, words, False)
    guess = tag(rows, own, starts, base, len(words), weights)
    truth = np.array([place[t] for _, t in flat])
    usual = np.array([frequent.get(w.lower(), place["NOUN"]) for w, _ in flat])
    known = np.array([w.lower() in frequent for w, _ in flat])
    hit = guess == truth
    print(f"\nall words     {share(hit):.4f}  most frequent tag {share(usual == truth):.4f}")
    print(f"known words   {share(hit[known]):.4f}  ({known.sum()})")
    print(f"unknown words {share(hit[~known]):.4f}  ({(~known).sum()})")
    print(f"sentences     {share(np.logical_and.reduceat(hit, starts[:-1])):.4f}")

    table = np.bincount(truth * n + guess, minlength=n * n).reshape(n, n)
    print("\ntag    words  precision  recall      f1")
    for k, t in enumerate(tags):
        good, said, real = table[k, k], table[:, k].sum(), table[k].sum()
        precision, recall = good / said if said else 0.0, good / real if real else 0.0
        f1 = 2 * precision * recall / (precision + recall) if good else 0.0
        print(f"{t:6} {real:5d} {precision:10.4f} {recall:7.4f} {f1:7.4f}")
    print("\nconfusion      " + "".join(f"{t:>6}" for t in tags))
    for t, row in zip(tags, table.tolist()):
        print(f"{t:15}" + "".join(f"{c:6d}" for c in row))

    wrong = Counter((flat[i][0].lower(), flat[i][1], tags[guess[i]]) for i in np.flatnonzero(~hit))
    print("\nmistakes: " + ", ".join(f"{w} {t} as {g} ({c})" for (w, t, g), c in sorted(wrong.items(), key=lambda m: (-m[1], m[0]))[:10]))
    used = np.flatnonzero(weights.any(axis=1))
    names, kept = list(feature_names(used, numbers, words, tags)), weights[used].tolist()
    for t in ("NOUN", "VERB"):
        k = place[t]
        top = sorted(((w[k], f) for w, f in zip(kept, names) if w[k] > 1), key=lambda p: (-round(p[0], 6), p[1]))[:6]
        print(f"for {t}: " + ", ".join(f"{feature} {weight:.4f}" for weight, feature in top))
    for a, b in zip(starts[:5], starts[1:]):
        print(" ".join(f"{flat[i][0]}/{tags[guess[i]]}" for i in range(a, b)))
    rounded = {f: {t: round(w, 4) for t, w in zip(tags, ws) if w} for f, ws in sorted(zip(names, kept))}
    (DATA.parent / "weights.json").write_text(json.dumps(rounded))


if __name__ == "__main__":
    main()
