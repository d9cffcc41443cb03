"""The cases: what each program or model does, and how hasten is run on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One run of hasten in a case's folder. `before` are scripts that must have run, by what each of them makes."""

    name: str
    file: str  # the program, or what makes the model
    title: str
    about: str
    words: tuple[str, ...]  # of `hasten run`
    budget_s: float
    before: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One page. `name` is also that of the folder in `examples/`."""

    name: str
    title: str
    about: str
    runs: tuple[Run, ...]


CASES = (
    Case(
        "predictive_maintenance",
        "Predictive maintenance",
        """A milling machine has made 10,000 workpieces, and 339 of them ended in a failure. One program turns its
measurements into features, another fits a random forest that warns before the next failure. The first is slow where data are
prepared, the second where the model answers for one workpiece at a time, beside the machine.""",
        (
            Run(
                "features",
                "features.py",
                "Features, a row at a time",
                """`features.py` is written as one writes such a program in an afternoon: `df.loc[i, ...]` in loops, `df.apply` over rows,
windows over workpieces of the same tool in plain Python, and the distance of each workpiece to the 400 before it.""",
                ("features.py",),
                90,
                {},
            ),
            Run(
                "model",
                "failure_model.py",
                "The model, one workpiece at a time",
                """`failure_model.py` fits a pipeline of scikit-learn (one-hot encoding, imputation, a forest of 150 trees) on these features.
No budget of quality is given, so every prediction must stay as it was.""",
                (
                    "data/model.joblib", "--trust", "--data", "data/valid.csv", "--test", "data/test.csv",
                    "--target", "failure",
                ),
                50,
                {"data/features.csv": "features.py", "data/model.joblib": "failure_model.py"},
            ),
        ),
    ),
    Case(
        "portfolio",
        "Portfolio",
        """Does weighting by risk pay? Twenty stocks, twelve years of daily prices, three rules for the weights, a new
decision every week, costs of trading included, and a bootstrap that says how sure the Sharpe ratios are.""",
        (
            Run(
                "backtest",
                "backtest.py",
                "A backtest in plain Python",
                """`backtest.py` uses no library at all: covariances are sums over lists of lists, equal risk contributions come from coordinate
descent, and the bootstrap draws with `random.Random`. The same random numbers must be drawn in the same order, or the intervals that
it prints are others.""",
                ("backtest.py",),
                90,
                {},
            ),
        ),
    ),
    Case(
        "medical_images",
        "Medical images",
        """Pneumonia or not? A convolutional net looks at chest X-rays of children. It is to run where there is no
graphics card, one image at a time.""",
        (
            Run(
                "xray",
                "xray.py",
                "A convolutional net, one image at a time",
                """`xray.py` trains the net and says what hasten may do: the area under the ROC curve may become worse by half a per cent of its
value at most, with the whole 95% interval of the paired difference inside. What is found is certified on the test part of the data set,
which no search has seen.""",
                ("xray.py::workload", "--metric", "roc_auc", "--max-drop", "0.5%", "--batches", "1,64"),
                110,
                {"data/xray.pt": "xray.py"},
            ),
        ),
    ),
    Case(
        "text",
        "Text",
        """Spam or not? A convolutional net over the words of short messages, with a tokeniser that its user wrote: what
is timed is from the text to the answer.""",
        (
            Run(
                "spam",
                "spam.py",
                "A classifier with its tokeniser",
                """`spam.py` holds the tokeniser, a Python class with regular expressions and a vocabulary, and the net. Texts of a call are
padded to 48 words. The accuracy may become worse by one per cent of its value at most.""",
                ("spam.py::workload", "--metric", "accuracy", "--max-drop", "1%", "--batches", "1,64"),
                90,
                {"data/spam.pt": "spam.py"},
            ),
        ),
    ),
    Case(
        "recommendation",
        "Recommendation",
        """Will this user like this film? Embeddings of users and films, their product, and a small perceptron: a net of
which nearly all is tables, and which is asked for one pair at a time as well as for many.""",
        (
            Run(
                "ratings",
                "ratings.py",
                "Embeddings and a perceptron",
                """`ratings.py` trains the net on seven tenths of the ratings. The area under the ROC curve may become worse by half a per cent of
its value at most.""",
                ("ratings.py::workload", "--metric", "roc_auc", "--max-drop", "0.5%", "--batches", "1,256"),
                80,
                {"data/ratings.pt": "ratings.py"},
            ),
        ),
    ),
)  # fmt: skip


def case(name: str) -> Case:
    """Raises `KeyError` with the names that there are."""
    found = next((c for c in CASES if c.name == name), None)
    if found is None:
        raise KeyError(f"no case {name!r}; there are {', '.join(c.name for c in CASES)}")
    return found
