"""The plain path, and the other event loop, under every test of the server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.matrix
@pytest.mark.parametrize("other", [{"LABKIT_TESTS_FAST_PATH": "off"}, {"LABKIT_TESTS_LOOP": "uvloop"}], ids=str)
def test_every_test_of_the_server_holds_the_other_way(other: dict[str, str]) -> None:
    """Those of the wire, once more with `fast_path=off`, and once more on uvloop, where a test does not choose."""
    command = [sys.executable, "-m", "pytest", "-p", "no:nbval", "-q", "-m", "not matrix", "tests/wire"]
    environment = os.environ | other
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-5_000:]
