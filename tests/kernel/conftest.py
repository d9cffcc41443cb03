"""Fixtures for kernel tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.kernel import differential


@pytest.fixture(scope="session", autouse=True)
def _snippets_removed() -> Iterator[None]:
    """The files that snippets and Numba's cache were in go when the tests end."""
    yield
    shutil.rmtree(differential.FOLDER, ignore_errors=True)
