"""Route new support tickets: find the most similar solved tickets, vote on the category, report near duplicates."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from bm25 import BM25
from text import shingles, tokenize

HERE = Path(__file__).resolve().parent
NEIGHBOURS = 9
DUPLICATE = 0.5


@dataclass
class Ticket:
    id: str
    opened: str
    product: str
    subject: str
    body: str
    category: str
    status: str

    @property
    def text(self) -> str:
        return f"{self.subject} {self.product} {self.body}"


@dataclass
class Routing:
    ticket: Ticket
    category: str
    confidence: float
    similar: list[tuple[str, float]]

    @property
    def correct(self) -> bool:
        return self.category == self.ticket.category


def read_tickets(path: Path) -> list[Ticket]:
    with path.open() as source:
        return [Ticket(**json.loads(line)) for line in source]


def route(ticket: Ticket, solved: list[Ticket], index: BM25) -> Routing:
    """Category of the most similar solved tickets, each of which votes with its score."""
    hits = index.top(tokenize(ticket.text), NEIGHBOURS)
    votes: dict[str, float] = defaultdict(float)
    for score, number in hits:
        votes[solved[number].category] += score
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    category, best = ranked[0]
    confidence = best / sum(votes.values())
    return Routing(ticket, category, confidence, [(solved[n].id, round(s, 4)) for s, n in hits[:3]])


def near_duplicates(tickets: list[Ticket]) -> list[tuple[float, str, str]]:
    """Pairs of tickets whose texts share at least half of their three-word shingles."""
    sets = [shingles(ticket.body) for ticket in tickets]
    pairs = []
    for i in range(len(tickets)):
        for j in range(i + 1, len(tickets)):
            common = len(sets[i] & sets[j])
            jaccard = common / len(sets[i] | sets[j])
            if jaccard >= DUPLICATE:
                pairs.append((jaccard, tickets[i].id, tickets[j].id))
    pairs.sort(key=lambda p: (-p[0], p[1], p[2]))
    return pairs


def report(routings: list[Routing]) -> None:
    right = sum(r.correct for r in routings)
    print(f"{right} of {len(routings)} tickets routed correctly ({right / len(routings):.2%})")
    print("\ncategory    tickets  recall  precision")
    for category in sorted({r.ticket.category for r in routings}):
        of_category = [r for r in routings if r.ticket.category == category]
        said = [r for r in routings if r.category == category]
        recall = sum(r.correct for r in of_category) / len(of_category)
        precision = sum(r.correct for r in said) / len(said) if said else 0.0
        print(f"{category:12}{len(of_category):7d} {recall:7.3f} {precision:10.3f}")
    print("\nconfidence  tickets  correct")
    for low, high in [(0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)]:
        part = [r for r in routings if low <= r.confidence < high]
        if part:
            print(f"{low:.1f} - {min(high, 1.0):.1f}   {len(part):8d} {sum(r.correct for r in part) / len(part):8.3f}")
    confused = Counter((r.ticket.category, r.category) for r in routings if not r.correct)
    print("\nmost frequent mistakes")
    for (true, said), count in sorted(confused.items(), key=lambda item: (-item[1], item[0]))[:5]:
        print(f"  {true} routed to {said}: {count}")


def main() -> None:
    tickets = read_tickets(HERE / "data" / "tickets.jsonl")
    solved = [t for t in tickets if t.status == "solved"]
    new = [t for t in tickets if t.status == "new"]
    index = BM25([tokenize(t.text) for t in solved])
    print(f"{len(solved)} solved tickets, {len(new)} new ones, {len(index.document_frequency)} terms\n")

    routings = [route(ticket, solved, index) for ticket in new]
    report(routings)

    recent = solved[-400:] + new
    pairs = near_duplicates(recent)
    print(f"\n{len(pairs)} near duplicates among the last {len(recent)} tickets")
    for jaccard, first, second in pairs[:12]:
        print(f"  {first} {second} {jaccard:.3f}")

    answer = {
        "routed": [
            {"id": r.ticket.id, "category": r.category, "confidence": round(r.confidence, 4), "similar": r.similar}
            for r in routings
        ],
        "duplicates": [[a, b] for _, a, b in pairs],
    }
    (HERE / "out").mkdir(exist_ok=True)
    (HERE / "out" / "routing.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
