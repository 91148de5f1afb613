"""The source that a notebook shows."""

import pytest

from labkit.views import show_source


class Example:
    def first(self) -> int:
        return 1

    def second(self) -> int:
        return 2


def test_methods_are_shown_without_their_indentation(capsys: pytest.CaptureFixture[str]) -> None:
    show_source(Example.first, Example.second)
    first, second = "def first(self) -> int:\n    return 1\n", "def second(self) -> int:\n    return 2\n"
    assert capsys.readouterr().out == f"{first}\n{second}\n"
