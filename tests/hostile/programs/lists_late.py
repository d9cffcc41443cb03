"""Lists searched, counted and indexed: equal values of other types, NaN, unhashable items, lists that change."""

import collections


def dedupe(items, stop=["a", "b"]):
    out = []
    for x in items:
        if x in stop:
            continue
        if x not in out:
            out.append(x)
    return out


def common(a, b):
    return [x for x in a if x in b]


def positions(xs, ys):
    out = []
    for y in ys:
        try:
            out.append(xs.index(y))
        except ValueError as e:
            out.append(str(e))
    return out


nan = float("nan")
print(dedupe([1, 1.0, True, "a", nan, nan, (1,), (1.0,), 0, False, -0.0, 0.0, None]))
print(dedupe(["a", "c", "c"] * 200), dedupe(iter("abcabc")), dedupe("hello"))
for bad in ([[1], [1], [2]], [{1}, {1}], [{"k": 1}, {"k": 1}]):
    print(dedupe(bad))
print(common([1, 2, 3, nan], [nan, 2.0, True]), common("abc", "cab"), common([1, 2], {2: 3}), common([1], range(3)))
try:
    common([1, 2], 5)
except TypeError as e:
    print(e)
try:
    common(["a", 1], "abc")
except TypeError as e:
    print(e)
print(common([], 5))
print(positions([1, 2, 1, True, 0.0, -0.0], [True, 0, 2.0, 3, "x", nan, None]))
print(positions([nan, 1], [nan, float("nan")]), positions("abc", ["b", "z"]), positions((1, 2), [2, [2]]))
vowels = ["a", "e", "i", "o", "u"]
text = "the quick brown fox jumps over the lazy dog" * 100
n = 0
for ch in text:
    if ch in vowels:
        n += 1
print(n)
skip = list(range(0, 3000, 3))
tot = 0
for i in range(3000):
    if i not in skip:
        tot += i
    if i == 2000:
        skip.clear()
print(tot)
skip2 = list(range(0, 3000, 3))
tot = 0
for i in range(3000):
    if i in skip2:
        tot += i
        del skip2[0]
print(tot, len(skip2))
seen = []
result = []
for i in range(2000):
    v = i * i % 97
    if v in seen:
        continue
    seen += [v]
    result.append(v)
print(len(seen), result[-1])
hist = []
for i in range(1000):
    v = (i * 31) % 57
    if v not in hist:
        hist.append(v)
    if len(hist) > 20:
        hist = hist[10:]
print(hist[:5], len(hist))
lim = [5, 6]
al = lim
q = 0
for i in range(1000):
    if i in lim:
        q += 1
        al.append(i + 2)
print(q)
ks = ["x", "y", "z"]
cnts = collections.Counter()
for i in range(600):
    k = ks[i % 3]
    cnts[ks.index(k)] += ks.count(k)
    if i == 300:
        ks.reverse()
print(cnts)
d = {"a": 1, "b": 2}
h = 0
for i in range(500):
    if "a" in d.keys():
        h += 1
    if i in list(d.values()):
        h += 10
    if i == 100:
        d["c"] = 400
print(h)
