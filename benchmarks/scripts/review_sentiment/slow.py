"""Sentiment of film reviews: naive Bayes on n-grams, features by mutual information, five-fold cross-validation."""
import random
from pathlib import Path

from bayes import NaiveBayes, select_features
from text import features, read_reviews

DATA = Path(__file__).parent / "data"
PER_CLASS = 2300
FOLDS = 5
SETTINGS = [
    # largest n-gram, number of features, smoothing, binary counts
    (1, 500, 1.0, False),
    (1, 2000, 1.0, False),
    (1, 2000, 0.5, True),
    (2, 2000, 1.0, True),
    (2, 5000, 0.5, True),
    (3, 5000, 0.5, True),
]


def evaluate(margins, labels):
    tp = fp = tn = fn = 0
    for margin, label in zip(margins, labels):
        predicted = "pos" if margin > 1e-9 else "neg"
        if predicted == "pos" and label == "pos":
            tp += 1
        elif predicted == "pos":
            fp += 1
        elif label == "neg":
            tn += 1
        else:
            fn += 1
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"accuracy": (tp + tn) / len(labels), "precision": precision, "recall": recall, "f1": f1}


def main():
    random.seed(11)
    reviews = [(text, "pos") for text in read_reviews(DATA / "pos.txt", PER_CLASS)]
    reviews += [(text, "neg") for text in read_reviews(DATA / "neg.txt", PER_CLASS)]
    random.shuffle(reviews)
    texts = [text for text, _ in reviews]
    labels = [label for _, label in reviews]
    print(len(texts), "reviews, %.4f words on average" % (sum(len(t.split()) for t in texts) / len(texts)))

    best = None
    all_margins = {}
    print("\nn  features  alpha  binary  accuracy  std     precision  recall  f1")
    for setting in SETTINGS:
        largest, k, alpha, binary = setting
        documents = [features(t, largest) for t in texts]
        results = []
        margins_of_setting = [0.0] * len(texts)
        for fold in range(FOLDS):
            train = [i for i in range(len(texts)) if i % FOLDS != fold]
            test = [i for i in range(len(texts)) if i % FOLDS == fold]
            train_docs = [documents[i] for i in train]
            train_labels = [labels[i] for i in train]
            chosen = select_features(train_docs, train_labels, k)
            model = NaiveBayes(alpha, binary).fit(train_docs, train_labels, [f for f, _ in chosen])
            margins = [model.margin(documents[i]) for i in test]
            for i, m in zip(test, margins):
                margins_of_setting[i] = m
            results.append(evaluate(margins, [labels[i] for i in test]))
        mean = {key: sum(r[key] for r in results) / FOLDS for key in results[0]}
        std = (sum((r["accuracy"] - mean["accuracy"]) ** 2 for r in results) / (FOLDS - 1)) ** 0.5
        print(f"{largest}  {k:8d}  {alpha:5.2f}  {str(binary):6s}  {mean['accuracy']:.4f}    {std:.4f}  "
              f"{mean['precision']:.4f}     {mean['recall']:.4f}  {mean['f1']:.4f}")
        all_margins[setting] = margins_of_setting
        if best is None or mean["accuracy"] > best[0]:
            best = (mean["accuracy"], setting)

    setting = best[1]
    print("\nbest setting:", setting)
    margins = all_margins[setting]
    print("margin   reviews  positive")
    edges = [-1000, -6, -3, -1, 0, 1, 3, 6, 1000]
    for low, high in zip(edges[:-1], edges[1:]):
        inside = [label for m, label in zip(margins, labels) if low <= m < high]
        share = inside.count("pos") / len(inside) if inside else 0.0
        print(f"{low:5d} to {high:4d}  {len(inside):5d}  {share:.4f}")

    documents = [features(t, setting[0]) for t in texts]
    chosen = select_features(documents, labels, setting[1])
    model = NaiveBayes(setting[2], setting[3]).fit(documents, labels, [f for f, _ in chosen])
    print("\nmost informative")
    for feature, mi in chosen[:15]:
        odds = model.log_likelihood(feature, "pos") - model.log_likelihood(feature, "neg")
        print(f"  {feature:20s} {mi:.6f}  {odds:+.4f}")

    print("\nworst mistakes")
    mistakes = sorted(range(len(texts)), key=lambda i: margins[i] if labels[i] == "pos" else -margins[i])
    for i in mistakes[:5]:
        print(f"  {labels[i]} {margins[i]:+.4f} {texts[i][:70]}")


if __name__ == "__main__":
    main()
