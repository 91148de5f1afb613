"""Run all cells as JupyterLab's Run All does: send every cell at once, then collect the replies. Needs the extra `lab`.

Tools that check notebooks send one cell at a time, so they never notice when a cell is silently lost, which
nest_asyncio can cause.
"""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from time import monotonic

from jupyter_client.manager import KernelManager

from labkit.platform.sockets import HAS_UNIX_SOCKETS

START_S = 60.0


def answers(cells: Sequence[str], seconds: float = 60.0, folder: Path | None = None) -> list[str]:
    """Run cells in a new kernel.

    Return each cell's status: `ok`, `error`, or `lost` if no reply came within `seconds`.
    """
    with TemporaryDirectory(prefix="labkit-") as runtime:
        where = {"transport": "ipc", "ip": f"{runtime}/kernel"} if HAS_UNIX_SOCKETS else {}  # else free TCP ports
        return _run(KernelManager(kernel_name="python3", **where), cells, seconds, folder)


def _run(manager: KernelManager, cells: Sequence[str], seconds: float, folder: Path | None) -> list[str]:
    # A file in that folder must not replace a library before IPython moves the folder behind the standard library.
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    manager.start_kernel(cwd=str(folder or Path.cwd()), stderr=subprocess.DEVNULL, env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_S)
        sent = [client.execute(cell) for cell in cells]
        statuses: dict[str, str] = {}
        ends = monotonic() + seconds
        while not statuses.keys() >= set(sent) and monotonic() < ends:  # late replies to other messages arrive too
            try:
                reply = client.get_shell_msg(timeout=max(0.1, ends - monotonic()))
            except Empty:
                break
            statuses[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        return [statuses.get(message, "lost") for message in sent]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


async def run_all(cells: Sequence[str], seconds: float = 60.0) -> list[str]:
    """Run cells as `answers` does, without blocking the notebook that calls it."""
    return await asyncio.to_thread(answers, cells, seconds)
