"""Membership where hashing and equality part ways: unhashable, NaN, custom __eq__, mutation while testing."""
nan = float("nan")
hay = [nan, 1, "x", (1, 2), [3], {4: 4}] + list(range(200))
found = 0
for i in range(4000):
    found += (nan in hay) + (float("nan") in hay) + (i in hay) + ([3] in hay) + ({4: 4} in hay) + (True in hay)
print(found)


class Close:
    def __init__(self, v):
        self.v = v

    def __eq__(self, other):
        return abs(self.v - getattr(other, "v", other)) <= 1

    __hash__ = None


class Lower(str):
    def __eq__(self, other):
        return self.lower() == str(other).lower()

    def __hash__(self):
        return hash(str(self))


points = [Close(i * 10) for i in range(100)]
near = 0
for i in range(1500):
    near += Close(i) in points
    near += 10 in points
print(near)
words = ["Alpha", "beta", "GAMMA"] * 50 + ["delta"]
hits = 0
for i in range(6000):
    hits += Lower("alpha") in words
    hits += "alpha" in words
    hits += 2.0 in [1, 2, 3]
print(hits)
seen = []
order = []
for i in range(6000):
    v = (i * 7919) % 503
    if v not in seen:
        seen.append(v)
        order.append(v)
    elif v % 2 and len(seen) > 5:
        seen.remove(v)
print(len(seen), order[:5], order[-1], len(order))
queue = [0]
visited = []
while queue:
    node = queue.pop(0)
    if node in visited:
        continue
    visited.append(node)
    for nxt in (node * 2 + 1, node * 2 + 2):
        if nxt < 3000:
            queue.append(nxt)
print(len(visited), visited[-3:], queue)
cnt = []
xs = [1, 1.0, True, 2, "1"] * 200
for i in range(600):
    cnt.append(xs.count(1) + xs.index(2))
print(sum(cnt))
try:
    for i in range(600):
        xs.index("zz" if i == 599 else 1)
except ValueError as e:
    print(e)
