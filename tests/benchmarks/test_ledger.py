"""The parts of an idle member's memory add up to what the process grows by."""

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.ledger import PARTS, ledger
from tests.e2e.need import missing

ROOT = Path(__file__).parents[2]

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


def test_files_of_each_part_exist() -> None:
    """A renamed file would silently fall under "all other"."""
    ours = [f"/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "labkit").rglob("*.py")]
    libraries = ("websockets/", "asyncio/", "selectors.py", "socket.py")
    named = {name for part in PARTS.values() for name in part}.difference(libraries)
    assert [name for name in sorted(named) if not any(name in path for path in ours)] == []
