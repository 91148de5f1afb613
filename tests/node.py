"""Where node is, for the tests that ask a real JavaScript engine."""

import os
import shutil

import pytest


def node() -> str:
    """The path of node. On a developer's machine without it the test is skipped; on CI that is a failure."""
    found = shutil.which("node")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("node is missing, and CI must have it: install Node.js 20 or newer")
    if found is None:
        pytest.skip("node is not installed here; CI runs this test")
    return found
