"""Run All, as JupyterLab does it: every cell is sent at once, and the answers are counted.

Tools that check notebooks send one cell at a time, so they cannot see a cell that is silently lost. Shown in notebook
01 on the trap of nest_asyncio; the tests ask it of every notebook. Needs the extra `lab`.
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

START_S = 60.0


def answers(cells: Sequence[str], seconds: float = 60.0, folder: Path | None = None) -> list[str]:
    """Each cell's answer, `ok` or `error`, or `lost` when none came in time; in a new kernel, then stopped."""
    with TemporaryDirectory(prefix="labkit-") as place:
        return _ask(KernelManager(kernel_name="python3", transport="ipc", ip=f"{place}/kernel"), cells, seconds, folder)


def _ask(manager: KernelManager, cells: Sequence[str], seconds: float, folder: Path | None) -> list[str]:
    # No file of that folder in place of a library, before IPython has put it behind the standard library.
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    manager.start_kernel(cwd=str(folder or Path.cwd()), stderr=subprocess.DEVNULL, env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_S)
        asked = [client.execute(cell) for cell in cells]
        came: dict[str, str] = {}
        ends = monotonic() + seconds
        while not came.keys() >= set(asked) and monotonic() < ends:  # late answers to other questions come too
            try:
                reply = client.get_shell_msg(timeout=max(0.1, ends - monotonic()))
            except Empty:
                break
            came[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        return [came.get(message, "lost") for message in asked]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


async def run_all(cells: Sequence[str], seconds: float = 60.0) -> list[str]:
    """The same, without stopping the notebook that asks."""
    return await asyncio.to_thread(answers, cells, seconds)
