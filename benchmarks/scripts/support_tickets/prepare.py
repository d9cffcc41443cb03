"""data/tickets.jsonl: solved and new support tickets of a software company, some of them sent twice (seeded)."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
WORDS = {
    "login": (
        "password reset login account locked token session expired two-factor code email verification "
        "sso redirect denied username"
    ),
    "billing": (
        "invoice charged twice refund credit card payment declined vat receipt subscription renewal "
        "price discount currency bank"
    ),
    "sync": (
        "sync folder files missing upload stuck conflict copy desktop client cloud offline version "
        "delete restore queue slow"
    ),
    "printing": ("printer paper tray driver scan network queue blank page colour toner spooler duplex label margin"),
    "reports": (
        "report dashboard chart export excel pdf filter column total wrong numbers date range empty refresh scheduled"
    ),
    "mobile": (
        "app phone android ios crash update notification battery screen button tablet install store version freeze"
    ),
    "api": (
        "api endpoint request timeout json error response rate limit webhook key header version "
        "documentation status payload"
    ),
}
COMMON = (
    "hello please help i we cannot since yesterday the is not working when try to it says our team need "
    "urgent after last with on in and again still problem issue error message what should do thanks "
    "regards computer user customer office"
).split()
PRODUCTS = ["Atlas", "Beacon", "Cobalt", "Delta", "Ember"]


def sentence(rng, category, odds):
    own = WORDS[category].split()
    words = []
    for _ in range(int(rng.integers(14, 40))):
        draw = rng.random()
        if draw < 0.22:
            words.append(own[int(rng.choice(len(own), p=odds[category]))])
        elif draw < 0.36:
            other = WORDS[list(WORDS)[int(rng.integers(len(WORDS)))]].split()
            words.append(other[int(rng.integers(len(other)))])
        elif draw < 0.40:
            words.append(f"ERR-{rng.integers(1000, 1400)}")
        else:
            words.append(COMMON[int(rng.integers(len(COMMON)))])
        if rng.random() < 0.08:
            words[-1] += str(rng.choice([".", ",", "!", "?"]))
        if rng.random() < 0.03 and len(words[-1]) > 4:  # a typing mistake
            k = int(rng.integers(1, len(words[-1]) - 1))
            words[-1] = words[-1][:k] + words[-1][k + 1 :]
    text = " ".join(words)
    return text[0].upper() + text[1:]


def main():
    rng = np.random.default_rng(2611)
    FOLDER.mkdir(exist_ok=True)
    odds = {name: rng.dirichlet(np.ones(len(text.split()))) for name, text in WORDS.items()}
    share = rng.dirichlet(np.full(len(WORDS), 6.0))
    clock = datetime(2025, 1, 6, 8)
    tickets = []
    for number in range(1, 3001):
        clock += timedelta(minutes=int(rng.exponential(40)))
        category = list(WORDS)[int(rng.choice(len(WORDS), p=share))]
        body = sentence(rng, category, odds)
        if tickets and rng.random() < 0.05:  # sent again, with a few words changed
            earlier = tickets[-int(rng.integers(1, min(len(tickets), 40) + 1))]
            category, words = earlier["category"], earlier["body"].split()
            for _ in range(int(rng.integers(0, 4))):
                words[int(rng.integers(len(words)))] = COMMON[int(rng.integers(len(COMMON)))]
            body = " ".join(words)
        tickets.append(
            {
                "id": f"T{number:05d}",
                "opened": clock.isoformat(),
                "product": PRODUCTS[int(rng.integers(len(PRODUCTS)))],
                "subject": " ".join(body.split()[:5]),
                "body": body,
                "category": category,
                "status": "solved" if number <= 2700 else "new",
            }
        )
    with (FOLDER / "tickets.jsonl").open("w") as sink:
        for ticket in tickets:
            sink.write(json.dumps(ticket) + "\n")


if __name__ == "__main__":
    main()
