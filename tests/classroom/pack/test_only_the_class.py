"""A machine that reaches the instructor's address and nothing else: install from /setup, join, solve, be on the board.

Two network namespaces of the test's own are joined by one cable; the student's has no other route.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from labkit.classroom.pack.offering import PINNED
from tests.classroom.pack.small import PYTHON
from tests.classroom.pack.test_offering import LISTENING
from tests.course.answers import FOLDER as ANSWERS
from tests.e2e.need import missing

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(1800)]
INSTRUCTOR, STUDENT = "10.77.0.1", "10.77.0.2"
EXERCISE = "02-auth"
HELD = "print('ready', flush=True); import sys; sys.stdin.read()"
JOIN = "import sys; from labkit import classroom; print(classroom.join(sys.argv[1], **eval(sys.argv[2])).state)"
pipe = subprocess.PIPE


class Network:
    """A network namespace, which lives as long as its holder."""

    def __init__(self, stack: ExitStack) -> None:
        holder = stack.enter_context(
            subprocess.Popen(["unshare", "--net", sys.executable, "-c", HELD], stdin=pipe, stdout=pipe, text=True)
        )
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            missing("a network namespace (root, and unshare)")
        self.pid = holder.pid

    def inside(self, *command: str | Path) -> list[str]:
        """The command line that runs a command there."""
        return ["nsenter", "--target", str(self.pid), "--net", *map(str, command)]

    def ip(self, *words: str) -> None:
        """Set it up."""
        subprocess.run(self.inside("ip", *words), check=True)


@contextmanager
def two_networks() -> Iterator[tuple[Network, Network]]:
    """The instructor's and the student's, joined."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter", "ip")):
        missing("unshare, nsenter or ip")
    with ExitStack() as stack:
        ours, theirs = Network(stack), Network(stack)
        ours.ip(*f"link add cable type veth peer name cable netns {theirs.pid}".split())
        for network, address in ((ours, INSTRUCTOR), (theirs, STUDENT)):
            for words in (f"addr add {address}/24 dev cable", "link set cable up", "link set lo up"):
                network.ip(*words.split())
        yield ours, theirs


def run(where: Network, folder: Path, *command: str | Path) -> str:
    """Run a command there, as somebody with a home of their own; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LABKIT", "PYTHON", "VIRTUAL"))}
    done = subprocess.run(
        where.inside(*command), cwd=folder, env={**kept, "HOME": str(folder)}, stdout=pipe, stderr=pipe, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_student_without_internet_is_on_the_board(tmp_path: Path) -> None:
    pack, ana, took = tmp_path / "pack.zip", tmp_path / "ana", {}
    ana.mkdir()
    answer = min((ANSWERS / EXERCISE / "right").glob("*.py"))
    (tmp_path / "roster.csv").write_text("name\nana\n")
    labkit = [sys.executable, "-m", "labkit", "class"]
    system = [*labkit, "pack", "--python", PYTHON, "--system", "linux", "--out", str(pack)]
    subprocess.run(system, cwd=tmp_path, check=True)
    file = ("physics", "--file", str(tmp_path / "class.db"))
    start = [*labkit, "start", *file, "--lan", "--tls", "--port", "0", "--pack", str(pack), "--with-parent", "--quiet"]
    start += ["--roster", str(tmp_path / "roster.csv"), "--hand-out", str(tmp_path / "slips")]
    with (
        two_networks() as (ours, theirs),
        subprocess.Popen(ours.inside(*start), cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as server,
    ):
        assert server.stdout is not None and server.stdin is not None
        printed = ""
        while not (found := LISTENING.search(printed)):
            line = server.stdout.readline()
            assert line, printed
            printed += line
        at = f"{INSTRUCTOR}:{found[1]}"
        slip = (tmp_path / "slips").read_text().partition("name='ana', ")[2]
        code, pin = (slip.partition(f"{name}='")[2].partition("'")[0] for name in ("code", "fingerprint"))
        programs = ana / "labkit-class" / "venv" / "bin"
        given = {"name": "ana", "code": code, "fingerprint": pin}
        steps = {
            "install": (sys.executable, "-c", PINNED, at, pin),
            "join": (programs / "python", "-c", JOIN, f"wss://{at}", repr(given)),
            EXERCISE: (programs / "labkit", "check", EXERCISE, "--answer", answer),
        }
        for name, command in steps.items():
            began = time.monotonic()
            run(theirs, ana, *command)
            took[name] = f"{time.monotonic() - began:.0f} s"
        board = subprocess.run([*labkit, "board", *file], stdout=pipe, text=True, check=True).stdout
        server.stdin.close()
    print(took, board, sep="\n")
    assert any({"ana", "pass"} <= set(line.split()) for line in board.splitlines()), board
