"""The whole course on a machine whose proxies are prescribed and dead: nothing on loopback asks them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEAD = "http://127.0.0.1:9"  # nothing listens there
SPELLINGS = {"upper": str.upper, "lower": str.lower}
NBVAL = "-p tests.nbval_guard --nbval --nbval-current-env --nbval-cell-timeout 60 --nbval-sanitize-with"
pytestmark = [pytest.mark.matrix, pytest.mark.timeout(1800)]


def behind_dead_proxies(spelling: str) -> dict[str, str]:
    """This environment with those proxies, and no exemption."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {SPELLINGS[spelling](f"{scheme}_proxy"): DEAD for scheme in ("http", "https", "all")}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_notebook_and_exercise_is_green(spelling: str) -> None:
    """As `make test` runs them."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", *NBVAL.split()]
    done = subprocess.run(
        [*command, "tests/nbval_sanitize.cfg", "notebooks", "exercises"],
        cwd=ROOT,
        env=behind_dead_proxies(spelling),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
