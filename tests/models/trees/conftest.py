"""One compiled library for all tests of trees."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.errors import TargetError
from hasten.passes.model.trees import read
from hasten.passes.model.trees.options import options_of
from hasten.passes.model.trees.pack import packed
from hasten.serve.backends import trees as backend
from hasten.serve.native import opened


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("library")
    try:
        backend.save({"nothing": np.zeros(1)}, folder)
    except TargetError as error:
        pytest.skip(str(error))
    return opened(folder / backend.LIBRARY, folder / backend.SOURCE, backend.MODULE)


@pytest.fixture(scope="session")
def served(library: Any) -> Callable[..., backend.Trees]:
    """From a fitted model to what serves it."""

    def make(model: Any, threads: int = 1) -> backend.Trees:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            forest = read(model)
            assert forest is not None
            return backend.Trees(library, packed(forest), options_of(forest, model)["answers"], threads)

    return make
