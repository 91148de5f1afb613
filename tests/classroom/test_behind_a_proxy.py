"""A room whose only way out is a forward proxy, Debian's tinyproxy: doctor, join, solve an exercise, be on the board.

Three network namespaces of the test's own: the student's has a cable to the proxy's, and that one to the class's.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.classroom.networks import HeldClass, Network, held_class, networks
from tests.course.answers import FOLDER as ANSWERS
from tests.e2e.need import missing

pytestmark = [pytest.mark.timeout(300)]
CLASS, OUTSIDE = "10.79.0.1", "10.79.0.2"
STUDENT, INSIDE = "10.78.0.1", "10.78.0.2"
PORT = 3128
EXERCISE = "02-auth"
JOIN = "import sys; from labkit import classroom; print(classroom.join(sys.argv[1], **eval(sys.argv[2])).state)"
LABKIT = (sys.executable, "-m", "labkit")


class Room:
    """The student's network, the class, and what the proxy has logged."""

    def __init__(self, student: Network, held: HeldClass, log: Path) -> None:
        self.student, self.held, self.log = student, held, log
        self.url = f"wss://{CLASS}:{held.port}"

    def join(self, home: Path, code: int = 0, **environment: str) -> str:
        """Join the class with these variables, and return what was printed."""
        command = (sys.executable, "-c", JOIN, self.url, repr(self.held.given))
        return self.student.run(home, *command, code=code, **environment)

    def doctor(self, home: Path, code: int = 0, **environment: str) -> str:
        """Return what `labkit doctor` says about the class."""
        printed = self.student.run(home, *LABKIT, "doctor", "--json", "--class", self.url, code=code, **environment)
        found = next(check for check in json.loads(printed)["checks"] if check["name"] == "class")
        return f"{found['status']} {found['text']}: {found['todo']}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("class")
    with networks(3) as (student, between, outside):
        student.join(between, STUDENT, INSIDE)
        between.join(outside, OUTSIDE, CLASS)
        with held_class(outside, folder) as held, tinyproxy(between, folder) as log:
            yield Room(student, held, log)


@contextmanager
def tinyproxy(where: Network, folder: Path) -> Iterator[Path]:
    program = shutil.which("tinyproxy") or shutil.which("tinyproxy", path="/usr/sbin")
    if program is None:
        missing("tinyproxy")
    log = folder / "tinyproxy.log"
    settings = [f"Port {PORT}", f"Listen {INSIDE}", f"Allow {STUDENT}", "BasicAuth ana s3cret", "Timeout 60"]
    settings += [f'LogFile "{log}"', "LogLevel Connect", "MaxClients 50"]
    (folder / "tinyproxy.conf").write_text("\n".join(settings) + "\n")
    with subprocess.Popen(
        where.inside(str(program), "-d", "-c", folder / "tinyproxy.conf"), stdout=subprocess.DEVNULL
    ) as process:
        for _ in range(100):
            if log.exists() and "Accepting connections" in log.read_text():
                break
            time.sleep(0.1)
        yield log
        process.terminate()


def proxy(login: str) -> dict[str, str]:
    return {"HTTPS_PROXY": f"http://{login}{INSIDE}:{PORT}"}


def test_class_behind_the_proxy_has_the_student_on_its_board(room: Room, tmp_path: Path) -> None:
    allowed = proxy("ana:s3cret@")
    assert room.doctor(tmp_path, **allowed) == "ok class physics answers: "
    printed = room.join(tmp_path, **allowed)
    assert printed.strip().endswith("connected")
    answer = min((ANSWERS / EXERCISE / "right").glob("*.py"))
    printed += room.student.run(tmp_path, *LABKIT, "check", EXERCISE, "--answer", answer, **allowed)
    assert room.held.has_pass, room.held.board()
    tunnels = re.findall(r"CONNECT (\S+:\d+) HTTP", room.log.read_text())
    assert len(tunnels) >= 3 and set(tunnels) == {f"{CLASS}:{room.held.port}"}
    assert "s3cret" not in printed + "".join(path.read_text() for path in tmp_path.rglob("*.jsonl"))


def test_class_behind_the_proxy_cannot_be_reached_without_it(room: Room, tmp_path: Path) -> None:
    """Or the test above would prove nothing."""
    assert room.doctor(tmp_path, code=1) == (
        f"problem this machine has no network route to {CLASS}: connect to the class's network"
    )
    assert "Traceback" not in room.join(tmp_path, code=1).splitlines()[-1]


@pytest.mark.parametrize("login", ["", "ana:other@"])
def test_proxy_that_refuses_is_named_by_doctor_and_join(room: Room, tmp_path: Path, login: str) -> None:
    assert room.doctor(tmp_path, code=1, **proxy(login)) == (
        f"problem {room.url} can only be reached through the proxy {INSIDE}:{PORT}, which needs a name and a password: "
        f"set HTTPS_PROXY=http://NAME:PASSWORD@{INSIDE}:{PORT}"
    )
    printed = room.join(tmp_path, code=1, **proxy(login))
    assert f"through the proxy {INSIDE}:{PORT} (" in printed and "the proxy needs a name and a password" in printed
