"""The checkout that is played against, and what every case of it shares."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.black_box.kit import Kit

HERE = Path(__file__).resolve().parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "guard: it held before the reports, too")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.matrix)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    """The checkout, with a folder and a home of its own; what it started ends with the test."""
    checkout: Path = request.config.getoption("--checkout")
    with Kit(checkout.resolve(), tmp_path).playing() as kit:
        yield kit


@pytest.fixture(scope="session")
def once() -> Callable[[str, Callable[[], str]], str]:
    """Make a text that several cases look at, such as what a kernel printed, when the first one asks."""
    made: dict[str, str] = {}

    def get(key: str, make: Callable[[], str]) -> str:
        if key not in made:
            made[key] = make()
        return made[key]

    return get
