"""The order of a whole run: what takes longest begins first, so that nobody waits for it at the end."""

import signal

import pytest

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born deaf to Ctrl-C

LONGEST_FIRST = (
    "notebooks/",
    "tests/test_style.py",
    "tests/review/",
    "tests/course/",
    "tests/wire/",
    "",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same for every worker: files keep their own order within a place."""
    items.sort(key=lambda item: next(n for n, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start)))
