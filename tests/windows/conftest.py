"""Wine, and Python for Windows in the user's cache, before any test; afterwards, how much was seen there."""

from collections import Counter

import pytest

from tests.e2e.need import missing
from tests.windows import wine

SEEN = "on windows: "


@pytest.fixture(scope="session", autouse=True)
def windows() -> None:
    """Fetch what is missing: half a minute on a new machine. Wine itself needs root, so its absence is no failure."""
    if wine.wine() is None:
        pytest.skip("Wine, which runs Python for Windows, is not on this machine; `make windows` installs it as root")
    try:
        wine.prepare()
    except OSError as error:
        missing(f"Python for Windows ({error})")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the totals that the tests have recorded as properties."""
    seen: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            seen.update({name: int(value) for name, value in report.user_properties if name.startswith(SEEN)})
    if seen:
        totals = ", ".join(f"{count} {name.removeprefix(SEEN)}" for name, count in sorted(seen.items()))
        terminalreporter.line(f"seen on Python for Windows: {totals}")
