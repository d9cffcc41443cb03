"""Text work: counting, joining, patterns, case, None, and dict order."""
import re
from collections import Counter, defaultdict, OrderedDict

text = ("It was the best of times, it was the WORST of times; été naïve — 3.14 and -2e5!\n" * 250).split("\n")
stop = ["the", "of", "it", "was", "a", "an", "and"]
freq = {}
for line in text:
    for w in re.findall(r"[\w']+", line.lower()):
        if w in stop:
            continue
        if w in freq:
            freq[w] += 1
        else:
            freq[w] = 1
print(list(freq.items()))
bag = defaultdict(list)
for n, line in enumerate(text):
    for m in re.finditer(r"(\d+\.?\d*)(e\d)?", line):
        bag[m.group(2)].append(m.start() + n)
print({k: (len(v), v[-1]) for k, v in bag.items()})
out = ""
for i in range(20_000):
    out = out + chr(97 + i % 26)
    if i % 1000 == 0:
        out = out.upper()
print(out[:3], out[-30:], len(out))
c = Counter()
for ch in out:
    c[ch] += 1
print(c.most_common(3), c["missing"], len(c))
od = OrderedDict()
for i in range(20_000):
    od[i % 300] = i
    if i % 7 == 0:
        od.move_to_end(i % 300)
print(list(od)[:5], od[7])
uniq = []
for w in " ".join(text).split():
    if w not in uniq:
        uniq.append(w)
print(uniq)
d = {}
for i in range(50_000):
    d.setdefault(i % 100, []).append(i)
for k in list(d.keys()):
    if k % 3 == 0:
        del d[k]
print(len(d), list(d)[:4], sum(len(v) for v in d.values()))


def lev(a, b):
    prev = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        cur = [i]
        for j, y in enumerate(b, 1):
            cur.append(min(prev[j] + 1, cur[-1] + 1, prev[j - 1] + (x != y)))
        prev = cur
    return prev[-1]


print([lev(a, b) for a in ("kitten", "été" * 20, "") for b in ("sitting", "ete" * 30, "x")])
for _ in range(60):
    lev("characteristically" * 2, "uncharacteristic" * 2)
