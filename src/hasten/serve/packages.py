"""How packages are called where they are installed from."""

from __future__ import annotations

from collections.abc import Iterable

# import names that are no names of what to install
DISTRIBUTIONS = {"sklearn": "scikit-learn", "daal4py": "scikit-learn-intelex", "sklearnex": "scikit-learn-intelex"}


def to_install(packages: Iterable[str]) -> str:
    """What `pip install` is told, for packages by their import names."""
    return " ".join(dict.fromkeys(DISTRIBUTIONS.get(p, p) for p in packages))
