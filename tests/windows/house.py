"""`labkit serve` of Windows: started as people start it, and ended by closing its stdin."""

import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.windows import wine

TOKEN = "of-this-test-alone"
LISTENING = re.compile(r"listening on (ws://\S+:\d+)\s*$")


class House:
    """`with House(*options) as house:` a server at `house.url`; `stop` drains it and returns its exit code."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.log: list[str] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            wine.command("-m", "labkit", "serve", "--with-parent", "--port", "0", *self._options),
            env=wine.environment(DEV_TOKEN=TOKEN),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.url = self._wait()
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _wait(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log.append(line.rstrip())
            if found := LISTENING.search(line):
                return found[1]
        raise AssertionError("\n".join(self.log))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log.append(line.rstrip())

    def stop(self) -> int:
        """Close its stdin."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(timeout=60)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


def on_windows(paths: Sequence[Path]) -> list[str]:
    """Return paths as Windows names them."""
    return [wine.windows_path(path) for path in paths]
