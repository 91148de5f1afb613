"""Processes that are started without standard streams."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OPEN_ONE = """
import os, sys
from labkit.platform.standard_streams import fill_standard_streams
fill_standard_streams()
mine = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.write(2, b"printed by the C library")
os.write(mine, str((mine > 2, sys.stderr is None)).encode())
"""


def without(*streams: int) -> Callable[[], None]:
    """Closes them in the child."""
    return lambda: [os.close(stream) for stream in streams] and None


@pytest.mark.parametrize("streams", [(2,), (0, 2), (0, 1, 2)])
def test_a_file_never_gets_the_number_of_a_closed_stream(streams: tuple[int, ...], tmp_path: Path) -> None:
    """What is printed past sys.stderr does not land in it."""
    file = tmp_path / "audit"
    subprocess.run([sys.executable, "-c", OPEN_ONE, file], preexec_fn=without(*streams), timeout=20, check=True)
    assert file.read_text() == "(True, True)"
