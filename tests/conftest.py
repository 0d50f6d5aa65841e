"""Fixtures that several test files use."""

import pytest

from data.store import Store


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store of its own for each test."""
    return Store.open(tmp_path / "store")
