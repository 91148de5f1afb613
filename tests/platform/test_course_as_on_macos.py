"""The course where the system is less than Linux; see as_on_macos.py. `make test` has one exercise, the matrix all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.exercises import exercises
from tests.course.answers import FOLDER as ANSWERS

ROOT = Path(__file__).parents[2]
AS_ON_MACOS = [sys.executable, "-m", "tests.platform.as_on_macos"]
AT_ONCE = ("02-auth",)  # a server
IDS = [name if name in AT_ONCE else pytest.param(name, marks=pytest.mark.matrix) for name in exercises()]
NBVAL = "-p tests.nbval_guard --nbval --nbval-kernel-name as-on-macos --nbval-cell-timeout 60 --nbval-sanitize-with"
NO_APPNOPE = "--Kernel._darwin_app_nap=False"  # a package that pip installs on macOS alone
NEEDS_CLUSTER = "10_"
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").glob("*.ipynb") if not path.name.startswith(NEEDS_CLUSTER))
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("name", IDS)
def test_right_answer_passes(name: str, tmp_path: Path) -> None:
    answer = min((ANSWERS / name / "right").glob("*.py"))
    done = subprocess.run(
        [*AS_ON_MACOS, "check", name, "--answer", str(answer)],
        cwd=ROOT,
        env=os.environ | {"LABKIT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.matrix
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_what_is_saved(notebook: Path, tmp_path: Path) -> None:
    """As `make test` runs it, in a kernel that is patched."""
    kernel = tmp_path / "jupyter" / "kernels" / "as-on-macos"
    kernel.mkdir(parents=True)
    argv = [*AS_ON_MACOS, "kernel", "-f", "{connection_file}", NO_APPNOPE]
    spec = {"argv": argv, "display_name": "macOS", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec | {"env": {"PYTHONPATH": str(ROOT)}}))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *NBVAL.split(), "tests/nbval_sanitize.cfg", str(notebook)],
        cwd=ROOT,
        env=os.environ | {"JUPYTER_PATH": str(tmp_path / "jupyter"), "LABKIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
