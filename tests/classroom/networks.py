"""Network namespaces of a test's own, joined by cables: machines that reach each other, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.classroom.pack.test_offering import LISTENING
from tests.e2e.need import missing, not_allowed

HELD = "print('ready', flush=True); import sys; sys.stdin.read()"
OURS = ("LABKIT", "PYTHON", "VIRTUAL")
pipe = subprocess.PIPE


class Network:
    """A network namespace, which lives as long as its holder."""

    def __init__(self, stack: ExitStack) -> None:
        holder = stack.enter_context(
            subprocess.Popen(["unshare", "--net", sys.executable, "-c", HELD], stdin=pipe, stdout=pipe, text=True)
        )
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            not_allowed("make a network namespace")
        self.pid = holder.pid
        self.ip("link", "set", "lo", "up")

    def inside(self, *command: str | Path) -> list[str]:
        """The command line that runs a command there."""
        return ["nsenter", "--target", str(self.pid), "--net", *map(str, command)]

    def ip(self, *words: str) -> None:
        """Set it up."""
        subprocess.run(self.inside("ip", *words), check=True)

    def join(self, other: "Network", ours: str, theirs: str) -> None:
        """Lay a cable to another one; each end gets its address, of one network of /24."""
        here, there = f"to{other.pid}", f"to{self.pid}"
        self.ip(*f"link add {here} type veth peer name {there} netns {other.pid}".split())
        for network, cable, address in ((self, here, ours), (other, there, theirs)):
            network.ip(*f"addr add {address}/24 dev {cable}".split())
            network.ip("link", "set", cable, "up")

    def run(self, folder: Path, *command: str | Path, code: int = 0, **more: str) -> str:
        """Run a command there, as somebody with a home of their own; return what it printed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
        environment = {**kept, "HOME": str(folder), **more}
        done = subprocess.run(
            self.inside(*command), cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@contextmanager
def networks(count: int) -> Iterator[list[Network]]:
    """So many, without cables."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter", "ip")):
        missing("unshare, nsenter or ip")
    with ExitStack() as stack:
        yield [Network(stack) for _ in range(count)]


class HeldClass:
    """A class of one student, ana, that runs in a network. `given`: what `classroom.join` needs besides the address."""

    def __init__(self, folder: Path, port: int) -> None:
        slip = (folder / "slips").read_text(encoding="utf-8")
        found = re.search(r"name='ana', code='([^']+)', fingerprint='(\w+)'", slip)
        assert found is not None, slip
        self.folder, self.port, self.pin = folder, port, found[2]
        self.given = {"name": "ana", "code": found[1], "fingerprint": self.pin}

    def board(self) -> str:
        """What `labkit class board` prints."""
        command = [sys.executable, "-m", "labkit", "class", "board", "physics", "--file", str(self.folder / "class.db")]
        return subprocess.run(command, stdout=pipe, text=True, check=True).stdout

    @property
    def has_pass(self) -> bool:
        """Whether the board shows that ana has passed an exercise."""
        return any({"ana", "pass"} <= set(line.split()) for line in self.board().splitlines())


@contextmanager
def held_class(where: Network, folder: Path, *options: str | Path) -> Iterator[HeldClass]:
    """Hold the class with TLS, until the end of the block."""
    (folder / "roster.csv").write_text("name\nana\n")
    command = [sys.executable, "-m", "labkit", "class", "start", "physics", "--file", folder / "class.db", "--lan"]
    command += ["--tls", "--port", "0", "--with-parent", "--quiet", "--roster", folder / "roster.csv"]
    command += ["--hand-out", folder / "slips", *options]
    with subprocess.Popen(where.inside(*command), cwd=folder, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        printed = ""
        while not (found := LISTENING.search(printed)):
            line = server.stdout.readline()
            assert line, printed
            printed += line
        try:
            yield HeldClass(folder, int(found[1]))
        finally:
            server.stdin.close()
