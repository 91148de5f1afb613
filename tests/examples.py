"""Examples of the docs and of every `--help`: found in the texts, and run as printed, in a fresh clone.

An example runs on a terminal, in a network of its own where this machine can have one (Linux, `unshare`); elsewhere the
examples take turns, as all of them use port 8080. `Run` says what a line needs and how it ends; a line without one must
end by itself with exit code 0.
"""

import atexit
import contextlib
import fcntl
import functools
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".venv" / "bin"
LONGEST_S = 100
PATIENCE_S = 20  # after a signal, before the next one
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NETWORK = """
import fcntl, os, socket, struct, subprocess, sys
name = struct.pack("16sh", b"lo", 1)
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, name)
lan = "addr add 192.168.1.5/24 dev lo", "route add default via 192.168.1.5 dev lo"
for words in lan:
    subprocess.run(["ip", *words.split()], check=False, stderr=subprocess.DEVNULL)
print("ready", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Run:
    """How an example runs. `until`: what it shows before Ctrl-C, None when it ends by itself. `code`: its exit code.

    `beside`: a server that runs meanwhile. `after`: one that ran before. `first`: what else is done before.
    `made`: files that it must have written.
    """

    until: str | None = None
    code: int = 0
    beside: str | None = None
    after: str | None = None
    first: str | None = None
    made: tuple[str, ...] = ()
    ends_by: int = signal.SIGINT


@dataclass
class Block:
    """One fenced block, or the examples of one verb's help."""

    where: str
    language: str
    text: str

    def lines(self) -> list[str]:
        """Commands, in order; without the comments behind them."""
        whole = textwrap.dedent(self.text).replace("\\\n", " ")
        if self.language == "python":
            return [whole]
        return [said for line in whole.splitlines() if (said := re.sub(r"(^|\s)#.*", "", line).strip())]


def blocks_of(path: str) -> list[Block]:
    """The blocks of one document that a reader may run."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = []
    for fence in FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        if fence[2] in ("sh", "python", "bash", "shell", "console"):
            found.append(Block(f"{path}:{line}", fence[2], fence[3]))
    return found


@functools.cache
def _template() -> Path:
    """What every clone is a copy of: the tracked files in a new repository, and their bytecode, which stays valid."""
    kept = tempfile.TemporaryDirectory(prefix="labkit-clone-")
    atexit.register(kept.cleanup)
    template = Path(kept.name) / "clone"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = [Path(name) for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
    bytecode = [path.relative_to(ROOT) for path in (ROOT / "labkit").rglob(f"*.{sys.implementation.cache_tag}.pyc")]
    for name in (*names, *bytecode):
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, template / name)
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=template, check=True, capture_output=True)
    return template


class Clone:
    """A fresh clone after `make setup`, with a home and a network of its own."""

    def __init__(self, folder: Path, *, is_labkit_on_path: bool) -> None:
        self.folder = folder / "clone"
        subprocess.run(["cp", "-a", _template(), self.folder], check=True)
        (self.folder / ".venv").mkdir()  # not a link as a whole: `make` must never set up the real one from here
        for part in ("bin", "lib", "share", "etc", "pyvenv.cfg"):
            (self.folder / ".venv" / part).symlink_to(ROOT / ".venv" / part)
        for stamp in ("ready-lab", "ready"):
            (self.folder / ".venv" / stamp).touch()
        (folder / "home").mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        path = [folder for folder in kept["PATH"].split(os.pathsep) if not (Path(folder) / "labkit").exists()]
        if is_labkit_on_path:
            path.insert(0, str(BIN))
        self.environment = kept | {
            "PATH": os.pathsep.join(path),
            "HOME": str(folder / "home"),
            "BROWSER": "true",
            "PYTHONPATH": str(self.folder),
            "TERM": "dumb",
        }
        self.enter: list[str] = []

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """A network in which nobody else uses port 8080; else a turn."""
        command = ["unshare", "--net", *(["--map-root-user"] if os.geteuid() else []), sys.executable, "-c", NETWORK]
        with contextlib.ExitStack() as stack:
            try:
                pipe = subprocess.PIPE
                holder = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
                assert holder.stdout is not None
                is_apart = holder.stdout.readline() == "ready\n"
            except FileNotFoundError:
                is_apart = False
            if is_apart:
                user = ["--user", "--preserve-credentials"] if os.geteuid() else []
                self.enter = ["nsenter", "--target", str(holder.pid), "--net", *user]
            else:
                turn = stack.enter_context((Path(tempfile.gettempdir()) / "labkit-examples.lock").open("w"))
                fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def run(self, line: str, how: Run, language: str = "sh") -> str:
        """Run one example and judge how it ended; what it printed."""
        with contextlib.ExitStack() as stack:
            if how.after is not None:
                Terminal(self, how.after).serves().stop(signal.SIGTERM)
            if how.first is not None:
                Terminal(self, how.first).ended(0)
            if how.beside is not None:
                beside = Terminal(self, how.beside)
                stack.callback(beside.stop, signal.SIGTERM)
                beside.serves()
            terminal = Terminal(self, line if language == "sh" else f"ipython --no-banner -c {shlex.quote(line)}")
            if how.until is not None:
                terminal.shows(how.until)
                terminal.stop(how.ends_by)
            printed = terminal.ended(how.code)
        for name in how.made:
            assert (self.folder / name).stat().st_size > 0, name
        return printed


@dataclass
class Terminal:
    """One command on a terminal of its own."""

    clone: Clone
    line: str
    printed: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._ours, theirs = pty.openpty()
        environment = self.clone.environment
        if self.line.startswith("ipython"):
            environment = environment | {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}"}
        self.process = subprocess.Popen(
            [*self.clone.enter, "bash", "-c", self.line],
            cwd=self.clone.folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: nobody is at the other end any more
            while told := os.read(self._ours, 65536):
                self.printed += told.decode("utf-8", "replace")

    def shows(self, words: str) -> None:
        """Wait until it has printed these words, a regular expression."""
        ends = time.monotonic() + LONGEST_S
        while not re.search(words, self.printed):
            assert self.process.poll() is None, f"{self.line}\nended before it showed {words!r}:\n{self.printed}"
            assert time.monotonic() < ends, f"{self.line}\ndoes not show {words!r}:\n{self.printed}"
            time.sleep(0.05)

    def serves(self) -> "Terminal":
        """Wait until a server is ready."""
        self.shows("[Ll]istening (on|for)")
        return self

    def stop(self, by: int) -> None:
        """Ctrl-C, or another signal, for all that the line has started; returns when the line has ended."""
        ends = time.monotonic() + LONGEST_S
        while self.process.poll() is None and time.monotonic() < ends:  # JupyterLab misses one while it starts
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, by)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S)

    def ended(self, code: int) -> str:
        """Wait for its end, and check its exit code."""
        try:
            self.process.wait(LONGEST_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join(5)
        os.close(self._ours)
        assert self.process.returncode == code, f"{self.line}\nexit {self.process.returncode}:\n{self.printed}"
        return self.printed
