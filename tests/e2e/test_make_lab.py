"""`make lab` in a fresh clone: what a learner needs, of a known size, and nothing to do the second time."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_repository import ROOT, TRACKED

MOST_MB = 350
OURS = ("LABKIT", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS")


def make(goal: str, clone: Path) -> str:
    """Make one goal, as somebody who has nothing of ours, and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        ["make", goal], cwd=clone, env=environment | {"LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)  # an environment made from nothing, beside three other tests
def test_learner_gets_what_the_course_needs_and_no_more(tmp_path: Path) -> None:
    """The packages import, the copy is made, and neither the tests' tools nor the installer stay."""
    for name in TRACKED:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    make(".venv/ready-lab", tmp_path)
    venv = tmp_path / ".venv"
    blocks = sum(path.lstat().st_blocks for path in venv.rglob("*"))
    assert blocks * 512 / 2**20 < MOST_MB
    for left in ("uv", "pytest", "playwright", "sphinx"):
        assert not list(venv.glob(f"**/{left}")), left
    imports = "import jupyterlab.labapp, ipykernel.kernelapp, labkit.views, labkit.bench.transports.compare, pandas"
    subprocess.run([venv / "bin" / "python", "-c", imports], cwd=tmp_path, check=True)
    subprocess.run([venv / "bin" / "labkit", "lab", "--only-copy"], cwd=tmp_path, check=True)
    assert (tmp_path / "my-course" / "notebooks" / "00_start_here.ipynb").is_file()
    assert "up to date" in make(".venv/ready-lab", tmp_path)
