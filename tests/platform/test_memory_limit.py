"""The limit of this process's memory."""

import subprocess
import sys

import pytest

from labkit.platform import memory_limit

ASK = "from labkit.platform import memory_limit; print(memory_limit.most())"


@pytest.mark.skipif(sys.platform != "linux", reason="has no such limit, or refuses it")
@pytest.mark.parametrize(("limit", "most"), [("unlimited", "None"), ("500000", "512000000")])
def test_limit_of_the_shell_is_returned(limit: str, most: str) -> None:
    shell = ["sh", "-c", f'ulimit -v {limit}; exec "$0" -c "$1"', sys.executable, ASK]
    assert subprocess.run(shell, capture_output=True, text=True).stdout.strip() == most


def test_system_without_the_limit_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows."""
    monkeypatch.setattr(memory_limit, "resource", None)
    assert memory_limit.most() is None
