"""Memory stays flat under thousands of connections and mixed faults; nothing is left behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak import Sample, slope_mb_per_min

ROOT = Path(__file__).parent.parent
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


def soaked(*options: str) -> dict[str, int]:
    """The figures of a run, whatever it found."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr[-2000:]
    figures: dict[str, int] = json.loads(done.stdout)
    return figures


@NEEDS_PROC
def test_nothing_is_left_behind_by_fifty_connections_in_five_seconds() -> None:
    """Too short to say anything of memory; long enough for a socket that nobody closes."""
    found = soaked("--connections", "50", "--seconds", "5")
    assert found["heard"] > 50
    assert found["sockets_left"] == found["tasks_left"] == 0


@NEEDS_PROC
@pytest.mark.matrix
@pytest.mark.timeout(1500)
def test_memory_is_flat_under_two_thousand_connections_for_twenty_minutes() -> None:
    """The last third grows by less than 1 MB a minute."""
    found = soaked("--connections", "2000", "--seconds", "1200")
    assert found["mb_per_min"] < 1
    assert found["sockets_left"] == found["tasks_left"] == 0
    assert len(found["closes"]) >= 2, "those were no mixed faults"  # type: ignore[arg-type]


def test_growth_is_seen_in_the_last_third_alone() -> None:
    """A memory that fills up at first is flat; a leak is not."""
    filling = [Sample(at, 50_000 + 1_000 * min(at, 20), 5) for at in range(60)]
    leaking = [Sample(at, 50_000 + 100 * at, 5) for at in range(60)]
    assert abs(slope_mb_per_min(filling)) < 0.001
    assert slope_mb_per_min(leaking) == pytest.approx(100 * 60 / 1024)
