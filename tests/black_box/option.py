"""`--checkout`, known before pytest reads its words: what follows it would else be taken for a folder of tests."""

from pathlib import Path

import pytest

FIRST = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--checkout", type=Path, default=FIRST, help="What tests/black_box plays against, after `make setup`."
    )
