"""A room server for browser tests, as people start it: `labkit serve` in a process of its own, stopped and started."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.e2e.need import ROOT, node_module, node_path

OPS_TOKEN = "operations-1"
ARTICLE_PORT_LINE = re.compile(r"listening on ws://.*:(\d+)\s*$")


class House:
    """`with House(folder, *options) as house:` a server at `house.url`; it keeps its port over a restart."""

    def __init__(self, folder: Path, *options: str, ops_token: str | None = OPS_TOKEN) -> None:
        self._options = options
        self._log = folder / "server.log"
        self._environment = {name: value for name, value in os.environ.items() if name not in ("OPS_TOKEN", "PORT")}
        if ops_token is not None:
            self._environment["OPS_TOKEN"] = ops_token
        self.port = 0

    @property
    def url(self) -> str:
        """The address of its pages."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Until it says that it listens."""
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*self._command(), "--port", str(self.port), "--quiet", "--with-parent", *self._options],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := ARTICLE_PORT_LINE.search(line):
                self.port = int(found[1])
                return
        raise AssertionError(self._log.read_text()[-2000:])

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "labkit", "serve"]

    def kill(self) -> None:
        """SIGKILL: nothing is said to anybody."""
        self.process.kill()
        self.process.wait(timeout=20)

    def stop(self) -> None:
        """As Ctrl-C or a deployment does: it drains, telling every client when to come back."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=20) == 0

    def freeze(self) -> None:
        """It stands still: connections stay, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


class PlainHouse:
    """A server that speaks the article's protocol and nothing else: no resume, no seq, no history."""

    def __enter__(self) -> Self:
        script = Path(__file__).with_name("plain_server.mjs")
        environment = {**os.environ, "WS": str(node_module("ws") / "wrapper.mjs")}
        self.process = subprocess.Popen(
            [node_path(), script], env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        found = ARTICLE_PORT_LINE.search(self.process.stdout.readline())
        assert found is not None
        self.url = f"ws://localhost:{found[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(timeout=20)
