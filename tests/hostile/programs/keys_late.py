"""Nested loops that join by key: missing keys, NaN, True and 1.0, rows that change, generators."""


def near(points, lim):
    out = []
    for p in points:
        for q in points:
            if p["g"] == q["g"] and p is not q:
                out.append((p["n"], q["n"]))
    return out


def join(users, orders):
    res = []
    for o in orders:
        for u in users:
            if u["id"] == o["uid"]:
                res.append({**o, "name": u["name"]})
                break
        else:
            res.append({**o, "name": None})
    return res


class User:
    def __init__(self, i, name):
        self.id = i
        self.name = name


def join2(users, ids):
    out = []
    for i in ids:
        match = None
        for u in users:
            if u.id == i:
                match = u
        out.append(match.name if match else "?")
    return out


def join3(users, ids):
    return [[u.name for u in users if u.id == i] for i in ids]


def find(users, i):
    for u in users:
        if u.id == i:
            return u
    return None


ps = [{"g": i % 5, "n": i} for i in range(60)]
print(len(near(ps, 1)), near(ps, 1)[-1])
us = [{"id": i, "name": f"u{i}"} for i in range(80)]
os_ = [{"uid": i * 3 % 100, "n": i} for i in range(150)]
for _ in range(5):
    r = join(us, os_)
print(r[-1], sum(x["name"] is None for x in r))
print(
    join(
        [{"id": True, "name": "t"}, {"id": 1.0, "name": "f"}, {"id": "1", "name": "s"}],
        [{"uid": 1}, {"uid": "1"}, {"uid": 1.0}],
    )
)
print(join([], [{"uid": 1}]), join(us, []))
nan = float("nan")
print(
    join(
        [{"id": nan, "name": "nan"}, {"id": None, "name": "none"}, {"id": [1], "name": "list"}],
        [{"uid": nan}, {"uid": None}, {"uid": [1]}],
    )
)
try:
    join([{"id": 1, "name": "x"}, {"name": "y"}], [{"uid": 1}, {"uid": 2}])
except KeyError as e:
    print("missing", e)
try:
    join([{"id": 1}], [{"uid": 2}, {"uid": 1}])
except KeyError as e:
    print("missing", e)
try:
    join(us, [{"uid": 1}, {}])
except KeyError as e:
    print("missing", e)
uu = [User(i % 40, f"n{i}") for i in range(90)]
for _ in range(5):
    a = join2(uu, range(60))
    b = join3(uu, range(60))
print(a[:3], a[-1], b[0], b[-1])
uu[5].id = 1.0
uu[6].id = "6"
uu[7].id = None
print(join2(uu, [1, "6", None, nan, (1,)]), join3(uu, [1, True, "6", None]))
print(sum(find(uu, i % 50) is not None for i in range(400)), find(uu, 3) is uu[3], find(uu, 39).name)
del uu[10].id
try:
    print(join2(uu, [3, 4]))
except AttributeError as e:
    print(e)
g = (x for x in us)
print(len(join(g, os_)), join(g, os_[:1]))
rows = [(i % 10, i) for i in range(100)]
keys = [3, 3.0, "3", 4]
acc = []
for k in keys * 20:
    for a, b in rows:
        if a == k:
            acc.append(b)
print(len(acc), a, b)
for k in keys * 20:
    for row in rows:
        if row[0] == k and row[1] > 50:
            acc.append(row[1])
            if len(acc) == 500:
                rows.append((3, 1000))
print(len(acc), row, k)
for k in range(30):
    for row in rows:
        if k == row[0]:
            k = row[1]
print(k)
cust = {"a": [1, 2], "b": [2, 3]}
m = 0
for x in range(300):
    for name, vals in cust.items():
        if x % 4 in vals:
            m += 1
            if x == 150:
                vals.append(0)
print(m)
