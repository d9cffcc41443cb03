"""Links between accounts are worked out once; the risk walks over arrays of edges, distances are sets of bits in integers,
members without whom a ring falls apart come from one depth-first walk. No pandas and no SciPy: they take longer to import.
"""

import csv
import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
WEIGHTS = {"device": 1.0, "card": 0.8, "address": 0.3}
RESTART, ROUNDS, TOLERANCE = 0.35, 35, 1e-7


def columns(name):
    with open(HERE / "data" / name, newline="") as f:
        return list(zip(*list(csv.reader(f))[1:]))


def components(near):
    """The group of each account that has neighbours, every group sorted."""
    seen, groups = set(), []
    for start in near:
        if start not in seen:
            seen.add(start)
            group = [start]
            for k in group:
                fresh = near[k] - seen
                seen |= fresh
                group += fresh
            groups.append(sorted(group))
    return groups


def propagate(a, b, w, start):
    """Arrays of edges in both directions."""
    n = len(start)
    weight = np.bincount(a, w, n)
    share = w / weight[a]
    risk = start
    for round_ in range(1, ROUNDS + 1):
        new = RESTART * start + (1 - RESTART) * np.bincount(a, share * risk[b], n)
        change = np.abs(new - risk).max()
        risk = new
        if change < TOLERANCE:
            break
    return np.round(risk, 8), round_, change


def diameter(members, near):
    place = {k: i for i, k in enumerate(members)}
    around = [[place[o] for o in near[k]] for k in members]
    reach, full, steps = [1 << i for i in range(len(members))], (1 << len(members)) - 1, 0
    while any(r != full for r in reach):
        new = []
        for r, others in zip(reach, around):
            for o in others:
                r |= reach[o]
            new.append(r)
        reach, steps = new, steps + 1
    return steps


def brokers(members, near):
    """Articulation points (Hopcroft and Tarjan), without recursion."""
    root = members[0]
    order, low, found, children = {root: 0}, {root: 0}, set(), 0
    stack = [(root, None, iter(near[root]))]
    while stack:
        k, parent, rest = stack[-1]
        for o in rest:
            if o not in order:
                order[o] = low[o] = len(order)
                stack.append((o, k, iter(near[o])))
                break
            if o != parent:
                low[k] = min(low[k], order[o])
        else:
            stack.pop()
            if parent is not None:
                low[parent] = min(low[parent], low[k])
                if parent == root:
                    children += 1
                elif low[k] >= order[parent]:
                    found.add(parent)
    if children > 1:
        found.add(root)
    return sorted(found)


def auc(bad):
    good = np.cumsum(~bad)
    return int((good[-1] - good[bad]).sum()) / (int(good[-1]) * int(bad.sum()))


def main():
    names, opened, countries, reported, fraud = columns("accounts.csv")
    number = {name: k for k, name in enumerate(names)}
    reported, fraud = np.array(reported) == "1", np.array(fraud) == "1"
    n = len(names)
    owner, kind_of, identifier, first_day = columns("links.csv")
    users, kinds = {}, {}
    for account, kind, name, day in zip(owner, kind_of, identifier, first_day):
        own, k, day = users.setdefault(name, {}), number[account], int(day)
        own[k] = min(day, own.get(k, day))
        kinds[name] = kind
    payer, amount, returned = columns("transfers.csv")
    payer = np.array([number[a] for a in payer])
    turnover = np.bincount(payer, np.array(amount, dtype=float), n)
    share = np.bincount(payer, np.array(returned) == "1", n) / np.maximum(1, np.bincount(payer, minlength=n))

    shared = {name: own for name, own in users.items() if len(own) > 1}
    weight = {name: WEIGHTS[kinds[name]] / (len(own) - 1) ** 0.5 for name, own in shared.items()}
    print(f"{n} accounts, {len(users)} identifiers, {len(shared)} of them shared")
    for kind in WEIGHTS:
        own = [len(members) for name, members in shared.items() if kinds[name] == kind]
        print(f"  {kind:8} {len(own):4d} shared, {sum(own) / len(own):.3f} accounts each, at most {max(own)}")

    edges, near, uses = {}, {}, {}
    for name, own in shared.items():
        for a, b in combinations(sorted(own), 2):
            edges[a, b] = edges.get((a, b), 0.0) + weight[name]
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
        for a in own:
            uses.setdefault(a, []).append(name)
    groups = sorted(components(near), key=lambda g: (-len(g), g[0]))
    sizes = Counter(map(len, groups))
    sizes[1] = n - len(near)
    print("\nsize of the groups: " + ", ".join(f"{size}: {count}" for size, count in sorted(sizes.items())))

    ends, strength = np.array(list(edges)).T, np.array(list(edges.values()))
    start = np.where(reported, 1.0, 0.6 * share)
    risk, rounds, change = propagate(np.r_[ends[0], ends[1]], np.r_[ends[1], ends[0]], np.r_[strength, strength], start)
    print(f"risk after {rounds} rounds, last change {change:.2e}")

    rings = [(k, group) for k, group in enumerate(groups) if len(group) >= 4]
    mean = {k: sum(risk[group].tolist()) / len(group) for k, group in rings}
    rings.sort(key=lambda ring: (-mean[ring[0]], ring[0]))
    print("\nring  members  links  density  diameter  brokers  shared  days    risk  reported  fraud    exposure")
    report = []
    for k, group in rings[:25]:
        own = {name for a in group for name in uses[a]}
        days = [day for name in own for day in shared[name].values()]
        links, size, cut = sum(len(near[a]) for a in group) // 2, len(group), brokers(group, near)
        print(
            f"{k:4d} {size:8d} {links:6d} {links / (size * (size - 1) / 2):8.4f} {diameter(group, near):9d} {len(cut):8d}"
            f" {len(own):7d} {max(days) - min(days):5d} {mean[k]:7.4f} {reported[group].sum():9d} {fraud[group].sum():6d}"
            f" {turnover[group] @ risk[group]:11.2f}"
        )
        report.append({
            "ring": k,
            "members": [names[a] for a in group],
            "risk": round(mean[k], 5),
            "brokers": [names[a] for a in cut],
            "identifiers": sorted(own),
        })

    unknown = np.flatnonzero(~reported)
    ranked = unknown[np.argsort(-risk[unknown], kind="stable")]
    alone = unknown[np.argsort(-share[unknown], kind="stable")]
    print(f"\n{len(unknown)} accounts not reported, {fraud[unknown].sum()} of them bad")
    print("ranking       P@25    P@50   P@100   P@200     auc")
    for name, ranking in (("network", ranked), ("returns", alone)):
        bad = fraud[ranking]
        print(f"{name:9}" + "".join(f" {bad[:k].sum() / k:7.4f}" for k in (25, 50, 100, 200)) + f" {auc(bad):7.4f}")

    print("\ncountry  accounts  mean risk  in rings")
    inside = np.zeros(n, dtype=bool)
    inside[[a for _, group in rings for a in group]] = True
    land = np.array(countries)
    for country in sorted(set(countries)):
        own = land == country
        print(f"{country:7} {own.sum():9d} {risk[own].mean():10.6f} {inside[own].sum():9d}")

    print("\nto look at first")
    used_by = {}
    for account, name in zip(owner, identifier):
        used_by.setdefault(account, {})[name] = None  # in the order of the file
    for a in ranked[:10].tolist():
        close = {b: sum(weight[i] for i in used_by[names[a]] if b in users[i]) for b in near.get(a, ())}
        friends = sorted(close, key=lambda b: (-close[b], b))[:3]
        print(f"  {names[a]} {risk[a]:.5f}, opened day {opened[a]}, linked to " + ", ".join(f"{names[b]} ({close[b]:.3f})" for b in friends))
    with open(HERE / "rings.json", "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
