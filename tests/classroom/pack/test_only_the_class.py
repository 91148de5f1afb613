"""A machine that reaches the instructor's address and nothing else: install from /setup, join, solve, be on the board.

Two network namespaces of the test's own are joined by one cable; the student's has no other route.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.classroom.pack.offering import PINNED
from tests.classroom.networks import held_class, networks
from tests.classroom.pack.small import PYTHON
from tests.course.answers import FOLDER as ANSWERS

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(1800)]
INSTRUCTOR, STUDENT = "10.77.0.1", "10.77.0.2"
EXERCISE = "02-auth"
JOIN = "import sys; from labkit import classroom; print(classroom.join(sys.argv[1], **eval(sys.argv[2])).state)"


def test_student_without_internet_is_on_the_board(tmp_path: Path) -> None:
    pack, ana, took = tmp_path / "pack.zip", tmp_path / "ana", {}
    ana.mkdir()
    answer = min((ANSWERS / EXERCISE / "right").glob("*.py"))
    making = [sys.executable, "-m", "labkit", "class", "pack", "--python", PYTHON, "--system", "linux"]
    subprocess.run([*making, "--out", str(pack)], cwd=tmp_path, check=True)
    with networks(2) as (ours, theirs):
        ours.join(theirs, INSTRUCTOR, STUDENT)
        with held_class(ours, tmp_path, "--pack", pack) as held:
            at = f"{INSTRUCTOR}:{held.port}"
            programs = ana / "labkit-class" / "venv" / "bin"
            steps = {
                "install": (sys.executable, "-c", PINNED, at, held.pin),
                "join": (programs / "python", "-c", JOIN, f"wss://{at}", repr(held.given)),
                EXERCISE: (programs / "labkit", "check", EXERCISE, "--answer", answer),
                "doctor": (programs / "labkit", "doctor"),
            }
            for name, command in steps.items():
                began = time.monotonic()
                theirs.run(ana, *command)
                took[name] = f"{time.monotonic() - began:.0f} s"
            print(took, held.board(), sep="\n")
            assert held.has_pass
