"""Fraud rings: groups of accounts that share devices, cards and addresses; how risky each account and each ring is."""

import csv
import json
from pathlib import Path

from network import Account, Network

HERE = Path(__file__).resolve().parent


def rows(name):
    with open(HERE / "data" / name, newline="") as f:
        yield from csv.DictReader(f)


def load():
    network = Network()
    for r in rows("accounts.csv"):
        network.accounts[r["account"]] = Account(r["account"], int(r["opened_day"]), r["country"], r["reported"] == "1", r["fraud"] == "1")
    for r in rows("links.csv"):
        network.add_link(r["account"], r["kind"], r["identifier"], int(r["first_day"]))
    for r in rows("transfers.csv"):
        network.account(r["account"]).transfers.append((float(r["amount"]), r["returned"] == "1"))
    return network


class Ring:
    def __init__(self, number, members):
        self.number = number
        self.members = members

    def __len__(self):
        return len(self.members)

    def edges(self):
        found = []
        for i, a in enumerate(self.members):
            for b in self.members[i + 1 :]:
                if b in a.neighbours:
                    found.append((a, b))
        return found

    @property
    def density(self):
        n = len(self)
        return len(self.edges()) / (n * (n - 1) / 2)

    def shared(self):
        """Identifiers that two members or more use."""
        return [i for i in {i.name: i for a in self.members for i in a.identifiers}.values() if len(i.accounts) > 1]

    def reach(self, start, without=None):
        """Steps from one member to the others."""
        steps = {start.name: 0}
        queue = [start]
        while queue:
            current = queue.pop(0)
            for other in current.neighbours:
                if other is not without and other.name not in steps:
                    steps[other.name] = steps[current.name] + 1
                    queue.append(other)
        return steps

    def diameter(self):
        return max(max(self.reach(a).values()) for a in self.members)

    def brokers(self):
        """Members without whom the ring falls apart."""
        result = []
        for a in self.members:
            others = [b for b in self.members if b is not a]
            if len(self.reach(others[0], without=a)) < len(others):
                result.append(a)
        return result

    def span(self):
        days = [day for a in self.members for i in self.shared() for name, day in a.first_days.items() if name == i.name]
        return max(days) - min(days)

    @property
    def risk(self):
        return sum(a.risk for a in self.members) / len(self)

    @property
    def exposure(self):
        return sum(a.turnover * a.risk for a in self.members)


def precision_at(ranked, k):
    return sum(1 for a in ranked[:k] if a.fraud) / k


def auc(ranked):
    """Of accounts that nobody reported: how often a bad one is before a good one."""
    good = sum(1 for a in ranked if not a.fraud)
    ahead, pairs = 0, 0
    for a in ranked:
        if a.fraud:
            pairs += good - ahead
        else:
            ahead += 1
    return pairs / (good * (len(ranked) - good))


def main():
    network = load()
    shared = [i for i in network.identifiers.values() if len(i.accounts) > 1]
    print(f"{len(network.accounts)} accounts, {len(network.identifiers)} identifiers, {len(shared)} of them shared")
    for kind in ("device", "card", "address"):
        own = [len(i.accounts) for i in shared if i.kind == kind]
        print(f"  {kind:8} {len(own):4d} shared, {sum(own) / len(own):.3f} accounts each, at most {max(own)}")

    groups = network.components()
    sizes = {}
    for group in groups:
        sizes[len(group)] = sizes.get(len(group), 0) + 1
    print("\nsize of the groups: " + ", ".join(f"{size}: {n}" for size, n in sorted(sizes.items())))

    rounds, change = network.propagate()
    print(f"risk after {rounds} rounds, last change {change:.2e}")

    rings = [Ring(k, group) for k, group in enumerate(groups) if len(group) >= 4]
    rings.sort(key=lambda ring: (-ring.risk, ring.number))
    print("\nring  members  links  density  diameter  brokers  shared  days    risk  reported  fraud    exposure")
    report = []
    for ring in rings[:25]:
        reported = sum(1 for a in ring.members if a.reported)
        fraud = sum(1 for a in ring.members if a.fraud)
        brokers = ring.brokers()
        print(
            f"{ring.number:4d} {len(ring):8d} {len(ring.edges()):6d} {ring.density:8.4f} {ring.diameter():9d} {len(brokers):8d}"
            f" {len(ring.shared()):7d} {ring.span():5d} {ring.risk:7.4f} {reported:9d} {fraud:6d} {ring.exposure:11.2f}"
        )
        report.append({
            "ring": ring.number,
            "members": [a.name for a in ring.members],
            "risk": round(ring.risk, 5),
            "brokers": [a.name for a in brokers],
            "identifiers": sorted(i.name for i in ring.shared()),
        })

    unknown = [a for a in network.accounts.values() if not a.reported]
    ranked = sorted(unknown, key=lambda a: (-a.risk, a.name))
    alone = sorted(unknown, key=lambda a: (-a.returned_share, a.name))
    print(f"\n{len(unknown)} accounts not reported, {sum(1 for a in unknown if a.fraud)} of them bad")
    print("ranking       P@25    P@50   P@100   P@200     auc")
    for name, ranking in (("network", ranked), ("returns", alone)):
        print(f"{name:9}" + "".join(f" {precision_at(ranking, k):7.4f}" for k in (25, 50, 100, 200)) + f" {auc(ranking):7.4f}")

    print("\ncountry  accounts  mean risk  in rings")
    inside = {a.name for ring in rings for a in ring.members}
    for country in sorted({a.country for a in network.accounts.values()}):
        own = [a for a in network.accounts.values() if a.country == country]
        print(f"{country:7} {len(own):9d} {sum(a.risk for a in own) / len(own):10.6f} {sum(1 for a in own if a.name in inside):9d}")

    print("\nto look at first")
    for a in ranked[:10]:
        friends = sorted(a.neighbours, key=lambda b: (-a.strength(b), b.name))[:3]
        print(f"  {a.name} {a.risk:.5f}, opened day {a.opened}, linked to " + ", ".join(f"{b.name} ({a.strength(b):.3f})" for b in friends))
    with open(HERE / "rings.json", "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
