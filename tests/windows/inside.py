"""What runs as Python for Windows: `python -m tests.windows.inside NAME [ARGUMENT]...`; JSON is its last line."""

import asyncio
import importlib
import json
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import labkit
from labkit.platform.signals import stop_early

PACKAGE = Path(labkit.__file__).parent
NEEDS_EXTRA = ("nats", "uvloop", "aiohttp", "nbgrader")  # packages that only an extra brings


def imports(*folders: str) -> dict[str, object]:
    """Import every module of these folders, or of all, but the programs that start as they are imported."""
    failed, needing = {}, []
    below = [PACKAGE / folder for folder in folders or (".",)]
    paths = sorted(path for folder in below for path in folder.rglob("*.py") if path.stem != "__main__")
    paths = [path for path in paths if "drafts" not in path.parts]  # programs of others: they start when imported
    for path in paths:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        try:
            importlib.import_module(name)
        except ImportError as error:
            if (error.name or "").partition(".")[0] in NEEDS_EXTRA:
                needing.append(name)
            else:
                failed[name] = f"{type(error).__name__}: {error}"
        except BaseException as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return {"modules": len(paths), "failed": failed, "need an extra": needing}


def client(url: str, token: str, messages: str) -> dict[str, object]:
    """Two clients in a room of a server elsewhere: one sends, and both receive all of it in order."""
    return asyncio.run(_client(url, token, int(messages)))


async def _client(url: str, token: str, messages: int) -> dict[str, object]:
    async with labkit.connect(url, token) as ana, labkit.connect(url, token) as ben:
        rooms = [await ana.join("room:windows"), await ben.join("room:windows")]
        for number in range(messages):
            await rooms[0].chat(f"{number} \u2713")
        received = [[(await anext(room))["text"] for _ in range(messages)] for room in rooms]
        return {"same": received[0] == received[1] == [f"{number} \u2713" for number in range(messages)]}


def signals() -> dict[str, object]:
    """Ctrl-C and Ctrl-Break stop the idle loop of a verb, as `labkit serve` waits for them."""
    return {number.name: asyncio.run(_stopped_by(number)) for number in (signal.SIGINT, signal.SIGBREAK)}


async def _stopped_by(number: signal.Signals) -> bool:
    stop = asyncio.Event()
    stop_early(stop.set)
    threading.Timer(0.5, signal.raise_signal, [number]).start()
    async with asyncio.timeout(30):
        return await stop.wait()


def cells(*paths: str) -> dict[str, object]:
    """Execute the code cells of each notebook in an IPython shell of its own process's kind, and count."""
    return {Path(path).stem: _cells(Path(path)) for path in paths}


def _cells(path: Path) -> dict[str, object]:
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_cell("import matplotlib; matplotlib.use('agg')")  # the magic wants a shell with a window
    book = json.loads(path.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    failed = {}
    for number, source in enumerate(sources):
        result = shell.run_cell(source, store_history=True)
        if not result.success:
            failed[number] = repr(result.error_before_exec or result.error_in_exec)[:300]
    return {"cells": len(sources), "failed": failed}


SCENES: dict[str, Callable[..., dict[str, object]]] = {
    "imports": imports,
    "client": client,
    "signals": signals,
    "cells": cells,
}

if __name__ == "__main__":
    print("\n" + json.dumps(SCENES[sys.argv[1]](*sys.argv[2:])), flush=True)  # a cell's last line may be without an end
