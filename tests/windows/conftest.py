"""Wine, and Python for Windows in the user's cache, before any test."""

import pytest

from tests.e2e.need import missing
from tests.windows import wine


@pytest.fixture(scope="session", autouse=True)
def windows() -> None:
    """Fetch what is missing: half a minute on a new machine. Wine itself needs root, so its absence is no failure."""
    if wine.wine() is None:
        pytest.skip("Wine, which runs Python for Windows, is not on this machine; `make windows` installs it as root")
    try:
        wine.prepare()
    except OSError as error:
        missing(f"Python for Windows ({error})")
