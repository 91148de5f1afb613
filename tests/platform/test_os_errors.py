"""Errors of the operating system in words: the file, what failed, what to do."""

import errno
import os
from pathlib import Path

import pytest

from labkit.platform.os_errors import clock_fault, describe


@pytest.mark.parametrize(
    ("code", "way_out"),
    [(errno.ENOSPC, "free some space"), (errno.EDQUOT, "quota"), (errno.EROFS, "another folder"),
     (errno.EACCES, "permissions"), (errno.EMFILE, "ulimit -n"), (errno.ENOLCK, "local disk"),
     (errno.EADDRINUSE, "another port")],
)  # fmt: skip
def test_os_error_is_described_with_advice(code: int, way_out: str) -> None:
    """And with the file that it is about."""
    said = describe(OSError(code, os.strerror(code), "/somewhere/file"))
    assert said.startswith(f"/somewhere/file: {os.strerror(code)}; ") and way_out in said


def test_unknown_os_error_is_described_unchanged(tmp_path: Path) -> None:
    """With no advice rather than a wrong one."""
    assert describe(OSError("nothing known")) == "nothing known"
    assert describe(OSError(errno.EPIPE, "Broken pipe")) == "Broken pipe"
    assert clock_fault(OSError(errno.EPIPE, "Broken pipe")) is None
