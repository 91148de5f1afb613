"""Wine, and Python for Windows in the user's cache, before any test."""

import pytest

from tests.e2e.need import missing
from tests.windows import wine


@pytest.fixture(scope="session", autouse=True)
def windows() -> None:
    """Fetch what is missing: half a minute on a new machine."""
    if wine.wine() is None:
        missing("Wine, which runs Python for Windows,")
    wine.prepare()
