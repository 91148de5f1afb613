"""The parts of an idle member's memory add up to what the process grows by."""

import shutil
import sys

import pytest

from benchmarks.ledger import ledger
from tests.e2e.need import missing

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


@pytest.mark.matrix
@pytest.mark.parametrize("fast_path", ["on", "off"])
def test_the_ledger_adds_up(fast_path: str) -> None:
    """Within a tenth; and on the fast path nothing is the library's."""
    if shutil.which("gcc") is None:
        missing("gcc")
    parts, (grown, _) = ledger(fast_path)
    total = sum(parts.values())
    print(parts, total, grown)
    assert abs(total / grown - 1) < 0.1
    assert (parts["library"] == 0) == (fast_path == "on")
    assert min(size for part, size in parts.items() if part != "library") > 0
