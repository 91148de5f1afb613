"""A checkout as its user has it: its commands in a folder and a home of their own, its servers, kernels and checks."""

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Environment = Mapping[str, object]  # None takes a variable away
NO_STDIN = subprocess.DEVNULL
_KERNEL = """\
import sys, nbformat, nbclient
book = nbformat.read(sys.argv[1], 4)
resources = {"metadata": {"path": sys.argv[2]}}
nbclient.NotebookClient(book, timeout=500, kernel_name="python3", allow_errors=True, resources=resources).execute()
for cell in book.cells:
    for out in cell.get("outputs", []):
        plain = out.get("data", {}).get("text/plain")
        print(out.get("text") or plain or "\\n".join(out.get("traceback", [])), flush=True)
"""


class Running(subprocess.Popen[bytes]):
    """A verb that runs: what it `printed` before it listened, its `port` and `url`, and its stderr's file `log`."""

    printed = b""
    port = 0
    log: Path | None = None

    @property
    def url(self) -> str:
        return f"ws://localhost:{self.port}"

    @property
    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(errors="replace") if self.log else ""

    def until_listening(self, limit_s: float = 120) -> None:
        """Read its output until it says where it listens."""
        ends_at = time.monotonic() + limit_s
        while b"listening" not in self.printed.lower():
            piece = self.piece(max(0, ends_at - time.monotonic()))
            assert piece, f"did not start: {self.said[-200:]!r}"
            self.printed += piece
        found = re.search(rb"wss?://\S+?:(\d+)", self.printed)
        assert found, self.printed
        self.port = int(found[1])
        self.printed += self.piece(0.2)

    def ends(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        """Send a signal; return the exit code."""
        if self.poll() is None:
            self.send_signal(number)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()
            raise AssertionError(f"it did not end within {timeout} s of {signal.Signals(number).name}") from None

    def piece(self, seconds: float) -> bytes:
        """Return what it printed next, or nothing after so many seconds."""
        assert self.stdout is not None
        is_ready = select.select([self.stdout], [], [], seconds)[0]
        return os.read(self.stdout.fileno(), 65536) if is_ready else b""


class Checked:
    """What `labkit check --json -` said."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.err = done.returncode, done.stderr
        try:
            self.verdict = json.loads(done.stdout)["verdict"]
        except (ValueError, KeyError):
            self.verdict = None

    @property
    def passed(self) -> bool:
        return (self.code, self.verdict) == (0, "pass")

    def __repr__(self) -> str:
        return f"exit {self.code}, {self.verdict}: {self.err[-300:]}"


class Kit:
    """A checkout, and a folder in which its commands run."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.folder, self.bin = checkout, folder, checkout / ".venv/bin"
        self._children: list[subprocess.Popen[Any]] = []

    @contextmanager
    def playing(self) -> Iterator["Kit"]:
        """Have a home; in the end, kill what still runs."""
        (self.folder / "home").mkdir()
        for one in (self.folder, *self.folder.parents[:2]):
            one.chmod(0o755)  # a case may be somebody else
        try:
            yield self
        finally:
            for child in self._children:
                if child.poll() is None:
                    child.kill()
                child.wait()

    def environment(self, env: Environment | None = None) -> dict[str, str]:
        """Return our variables without what belongs to a developer, with a home of its own."""
        kept: dict[str, object] = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LABKIT", "PYTHON", "VIRTUAL", "XDG", "DEV_TOKEN", "OPS_TOKEN"))
        }
        kept |= {"HOME": self.folder / "home", "PATH": f"{self.bin}:{os.environ['PATH']}"}
        kept |= {"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        return {name: str(value) for name, value in kept.items() if value is not None}

    def python(
        self, program: str, *, env: Environment | None = None, timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program in Python."""
        return self.run("-c", program, program="python", env=env, timeout=timeout)

    def run(
        self,
        *words: object,
        env: Environment | None = None,
        cwd: Path | None = None,
        timeout: float = 400,
        program: str = "labkit",
        before: tuple[str, ...] = (),
        **more: Any,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a verb to its end. `before`: words in front of the command, such as `unshare`."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": NO_STDIN} | more
        return subprocess.run(
            [*before, str(self.bin / program), *map(str, words)],
            env=self.environment(env),
            cwd=cwd or self.folder,
            timeout=timeout,
            encoding="utf-8",
            errors="replace",
            **options,
        )

    def start(
        self,
        *words: object,
        env: Environment | None = None,
        cwd: Path | None = None,
        program: str = "labkit",
        stderr: int | None = None,
        listens: bool = True,
        **more: Any,
    ) -> Running:
        """Start a verb, and wait until it listens. Its stderr goes to a file, if nothing else is given."""
        log = self.folder / f"log{len(self._children)}"
        with log.open("wb") as file:
            child = Running(
                [str(self.bin / program), *map(str, words)],
                env=self.environment(env),
                cwd=cwd or self.folder,
                stdin=NO_STDIN,
                stdout=subprocess.PIPE,
                stderr=file if stderr is None else stderr,
                **more,
            )
        self._children.append(child)
        child.log = log if stderr is None else None
        if listens:
            child.until_listening()
        return child

    def serve(self, *words: object, env: Environment | None = None, **more: Any) -> Running:
        """Start a server that takes dev-token."""
        return self.start("serve", "--port", "0", *words, env={"DEV_TOKEN": "dev-token", **(env or {})}, **more)

    def school(self, *words: object, names: tuple[str, ...] = (), **more: Any) -> Running:
        """Start the class `c`, whose slips are in the file `slips`."""
        if names:
            (self.folder / "roster.csv").write_text("\n".join(["name", *names, ""]), encoding="utf-8")
            words += ("--roster", "roster.csv")
        return self.start("class", "start", "c", "--port", "0", "--hand-out", "slips", *words, **more)

    def solution(self, exercise: str = "04-validator") -> str:
        """Return the code of a right answer."""
        book = json.loads((self.checkout / f"solutions/{exercise}.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
        return "\n\n".join(one for one in cells if "BEGIN SOLUTION" in one or re.match("(import|from) ", one))

    def answer(self, source: str | bytes, name: str = "a.py") -> Path:
        """Write an answer."""
        path = self.folder / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    def check(self, answer: Path, exercise: str = "04-validator", **more: Any) -> Checked:
        """Check an answer."""
        return Checked(self.run("check", exercise, "--answer", answer, "--json", "-", **more))

    def kernel(self, cells: list[str], env: Environment | None = None) -> str:
        """Run cells in a kernel of this folder; return what they printed. Its client runs elsewhere."""
        path = self.folder / "driven.ipynb"
        path.write_text(json.dumps(notebook(cells)))
        words = ("-P", "-c", _KERNEL, path, self.folder)
        done = self.run(*words, program="python", cwd=self.checkout, env=env, timeout=800)
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout or done.stderr)

    def clone(self) -> Path:
        """Clone the checkout."""
        where = self.folder / "clone"
        subprocess.run(["git", "clone", "-q", str(self.checkout), str(where)], check=True, capture_output=True)
        return where


def notebook(cells: list[str]) -> dict[str, Any]:
    """Return a notebook with these cells of code."""
    made = [
        {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": one}
        for n, one in enumerate(cells)
    ]
    spec = {"name": "python3", "display_name": "p", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


def last(text: str) -> str:
    """Return the last line that says something."""
    lines = [one for one in text.splitlines() if one.strip()]
    return lines[-1].strip() if lines else ""
