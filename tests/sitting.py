"""A person at a notebook without a browser: a kernel, its cells run in any order, interrupted, restarted, killed.

with Sitting(path) as sitting:
    sitting.run(3)                      # the fourth code cell; an Ending
    sitting.run(8, interrupt_s=1)       # interrupted after a second, if it runs for so long
"""

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import NamedTuple, Self

from jupyter_client.manager import KernelManager

from tests import notebook_guards as guards

MARK = "LABKIT_SITTING"
READY_S = 60


class Ending(NamedTuple):
    """How a cell ended: ok, error or silent (nothing came in time). `says` is what an error shows, without colours."""

    status: str
    error: str = ""
    says: str = ""
    printed: str = ""
    complaints: str = ""
    seconds: float = 0.0


class Sitting:
    """One kernel on one notebook. Afterwards `left()` names the processes that it left behind."""

    def __init__(self, path: Path) -> None:
        self.cells = [guards.source(cell) for cell in guards.code_cells(guards.read(path))]
        self._folder = path.parent
        self._mark = secrets.token_hex(8)

    def __enter__(self) -> Self:
        self._place = TemporaryDirectory(prefix="labkit-")
        self._kernel = KernelManager(kernel_name="python3", transport="ipc", ip=f"{self._place.name}/kernel")
        environment = {**os.environ, MARK: self._mark}
        self._kernel.start_kernel(cwd=str(self._folder), env=environment, stderr=subprocess.DEVNULL)
        self._client = self._kernel.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=READY_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        if self._kernel.is_alive():
            self._kernel.shutdown_kernel()
        self._place.cleanup()

    def run(self, at: int, seconds: float = 60, interrupt_s: float | None = None) -> Ending:
        """Run one code cell to its end."""
        return self.say(self.cells[at], seconds, interrupt_s)

    def say(self, code: str, seconds: float = 60, interrupt_s: float | None = None) -> Ending:
        """Run any code."""
        asked, began = self._client.execute(code), monotonic()
        found = {"error": "", "says": "", "printed": "", "complaints": ""}
        while monotonic() - began < seconds:
            if interrupt_s is not None and monotonic() - began > interrupt_s:
                self._kernel.interrupt_kernel()
                interrupt_s = None
            with suppress(Empty):
                said = self._client.get_iopub_msg(timeout=0.05)
                if said["parent_header"].get("msg_id") != asked:
                    continue
                content = said["content"]
                if said["msg_type"] == "error":
                    found |= {"error": content["ename"], "says": plain("\n".join(content["traceback"]))}
                elif said["msg_type"] == "stream":
                    found["printed" if content["name"] == "stdout" else "complaints"] += content["text"]
                elif said["msg_type"] == "status" and content["execution_state"] == "idle":
                    return Ending("error" if found["error"] else "ok", **found, seconds=monotonic() - began)
        return Ending("silent", **found, seconds=seconds)

    def restart(self) -> None:
        """As the menu does."""
        self._kernel.restart_kernel()
        self._client.wait_for_ready(timeout=READY_S)

    def begin(self, at: int) -> None:
        """Run one code cell, and do not wait."""
        self._client.execute(self.cells[at])

    def kill(self, after_s: float = 0) -> None:
        """SIGKILL to the kernel: no code of it runs any more."""
        sleep(after_s)
        self._kernel.signal_kernel(signal.SIGKILL)

    def left(self, seconds: float = 15) -> list[str]:
        """The processes of this sitting that do not end."""
        ends = monotonic() + seconds
        while found := sorted(_with(f"{MARK}={self._mark}")):
            if monotonic() > ends:
                break
            sleep(0.1)
        return found


def plain(text: str) -> str:
    """Without the escapes that colour it."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _with(words: str) -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if words.encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_text().replace("\0", " ").strip()
                if command:
                    yield command
