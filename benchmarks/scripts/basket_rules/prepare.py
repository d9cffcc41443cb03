"""data/baskets.txt: a supermarket basket a line, items by comma; some items like to go together (seeded)."""

import random
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "data"
ITEMS = """milk bread butter eggs cheese yoghurt cream apples bananas oranges grapes tomatoes potatoes onions carrots lettuce
cucumber peppers garlic rice pasta flour sugar salt oil vinegar coffee tea cocoa juice water soda beer wine crisps nuts
chocolate biscuits cereal honey jam mustard ketchup mayonnaise tuna salmon chicken beef pork sausages ham tofu soap shampoo
toothpaste detergent sponges tissues nappies wipes candles batteries napkins foil olives basil""".split()
BUNDLES = [
    ("bread", "butter", "jam"), ("milk", "cereal", "bananas"), ("pasta", "tomatoes", "garlic", "basil"), ("beer", "crisps", "nuts"),
    ("nappies", "wipes", "beer"), ("flour", "sugar", "eggs", "butter"), ("coffee", "milk", "biscuits"), ("wine", "cheese", "grapes", "olives"),
    ("lettuce", "cucumber", "tomatoes", "oil", "vinegar"), ("sausages", "mustard", "ketchup", "bread"), ("soap", "shampoo", "toothpaste"),
    ("chicken", "rice", "peppers", "onions"), ("detergent", "sponges", "tissues"), ("beef", "potatoes", "carrots", "onions"),
]


def main():
    rng = random.Random(1994)
    FOLDER.mkdir(exist_ok=True)
    weights = [1 / (k + 6) for k in range(len(ITEMS))]
    order = ITEMS[:]
    rng.shuffle(order)
    with (FOLDER / "baskets.txt").open("w") as sink:
        for _ in range(6000):
            basket = []
            for _ in range(rng.choice([0, 1, 1, 2, 3])):
                basket += [item for item in rng.choice(BUNDLES) if rng.random() < 0.8]
            basket += rng.choices(order, weights, k=rng.randint(1, 7))
            rng.shuffle(basket)
            sink.write(",".join(basket) + "\n")  # an item may come twice, as on a receipt


if __name__ == "__main__":
    main()
