"""data/crm.csv and data/ledger.csv: company names of two systems; a part of them is the same firm spelt otherwise (seeded)."""

import csv
import random
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "data"
SIZE = 580
FIRST = """Alpha Nord Blue River Stone Golden Summit Harbour Velvet Iron Cedar Maple Silver Falcon Orchid Prime Vertex Quantum
Lunar Solar Atlas Delta Granite Meadow Willow Crystal Phoenix Sterling Ember Copper Ocean Aurora Polar Rapid Fresh Noble
Weber Schmidt Keller Rossi Moreau Dubois Janssen Novak Larsen Murphy Kowalski Fernandez Okafor Tanaka Castellan""".split()
SECOND = """Logistics Foods Systems Textiles Energy Consulting Pharma Robotics Plastics Media Analytics Machinery Packaging
Furniture Chemicals Motors Electronics Trading Services Insurance Partners Software Interiors Laboratories""".split()
THIRD = "International Europe Group Holding Solutions Industries Worldwide Technologies".split()
LEGAL = ["Ltd", "Limited", "GmbH", "Inc.", "Incorporated", "S.A.", "AG", "B.V.", "LLC", "Corp.", "Corporation", "Co."]
CITIES = ["London", "Berlin", "Paris", "Madrid", "Milano", "Wien", "Oslo", "Dublin", "Praha", "Lisboa"]


def spelt_otherwise(rng, name):
    letters = list(name)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        k = rng.randrange(1, len(letters) - 1)
        what = rng.random()
        if what < 0.35:
            del letters[k]
        elif what < 0.7:
            letters[k] = rng.choice("aeiourstnl")
        else:
            letters[k], letters[k - 1] = letters[k - 1], letters[k]
    text = "".join(letters)
    if rng.random() < 0.2:
        text = text.upper()
    if rng.random() < 0.15:
        text = text.replace(" ", "-", 1)
    if rng.random() < 0.1:
        text = "The " + text
    return text


def main():
    rng = random.Random(99)
    FOLDER.mkdir(exist_ok=True)

    def company():
        words = [rng.choice(FIRST)]
        if rng.random() < 0.5:
            words.append(rng.choice(["&", "and"]) + " " + rng.choice(FIRST) if rng.random() < 0.3 else rng.choice(FIRST))
        words.append(rng.choice(SECOND))
        if rng.random() < 0.45:
            words.append(rng.choice(THIRD))
        return " ".join(words)

    crm = [(company(), rng.choice(CITIES)) for _ in range(SIZE)]
    ledger = []
    for name, city in rng.sample(crm, SIZE // 2):
        ledger.append((spelt_otherwise(rng, name), city if rng.random() < 0.85 else rng.choice(CITIES)))
    ledger += [(company(), rng.choice(CITIES)) for _ in range(SIZE - len(ledger))]
    rng.shuffle(ledger)
    for title, rows in (("crm", crm), ("ledger", ledger)):
        with (FOLDER / f"{title}.csv").open("w", newline="", encoding="utf-8") as sink:
            out = csv.writer(sink)
            out.writerow(["id", "name", "city"])
            for number, (name, city) in enumerate(rows, start=1):
                legal = rng.choice(LEGAL) if rng.random() < 0.85 else ""
                comma = "," if legal and rng.random() < 0.2 else ""
                out.writerow([f"{title[0].upper()}{number:04d}", f"{name}{comma} {legal}".strip(), city])


if __name__ == "__main__":
    main()
