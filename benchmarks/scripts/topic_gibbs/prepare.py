"""data/articles.txt: short made-up articles, one a line: id, tab, text. Five themes, mixed, with everyday words (seeded)."""

import random
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "data"
THEMES = [
    """match team goal season player coach league stadium injury referee penalty transfer defender striker champion trophy
    training supporters derby midfield keeper tournament final victory defeat""",
    """bank market shares investors profit inflation currency interest loan bonds quarter revenue merger tariff exports budget
    deficit dividend mortgage economist growth recession taxes credit hedge""",
    """patient hospital doctor vaccine therapy symptom surgery clinic nurse infection diagnosis trial dosage virus treatment
    disease tumour blood heart immune recovery medicine genetic screening pharmacy""",
    """planet orbit telescope galaxy rocket satellite astronaut comet gravity launch probe lunar mission solar spacecraft
    asteroid crater nebula observatory signal radiation spectrum module payload stars""",
    """recipe oven butter garlic onion flavour sauce chef kitchen roast pepper dough basil simmer restaurant menu dessert
    pastry vinegar lemon grill cheese harvest tomato olive""",
]
COMMON = """today people report week city year plan public problem local change early number group system open result
question large simple""".split()
STOP = "the a of and to in is it for on with was by from that this as at are be".split()


def main():
    rng = random.Random(2003)
    FOLDER.mkdir(exist_ok=True)
    themes = [t.split() for t in THEMES]
    syllables = "ba co di fe gu la mi no pe ra si to ve zu".split()
    rare = ["".join(rng.choice(syllables) for _ in range(3)) for _ in range(500)]
    with (FOLDER / "articles.txt").open("w", encoding="utf-8") as sink:
        for number in range(240):
            first, second = rng.sample(range(5), 2)
            share = rng.uniform(0.5, 1.0)
            words = []
            for _ in range(rng.randint(50, 110)):
                u = rng.random()
                if u < 0.35:
                    words.append(rng.choice(STOP))
                elif u < 0.47:
                    words.append(rng.choice(COMMON))
                elif u < 0.53:
                    words.append(rng.choice(rare))
                else:
                    theme = themes[first if rng.random() < share else second]
                    words.append(theme[min(int(rng.expovariate(0.12)), len(theme) - 1)])
                if rng.random() < 0.08:
                    words[-1] += rng.choice([",", ".", ";"])
            text = " ".join(words)
            sink.write(f"a{number:03d}\t{text[0].upper()}{text[1:]}.\n")


if __name__ == "__main__":
    main()
