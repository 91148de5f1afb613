"""A server built from a notebook's functions, in a process of its own.

    mine = OwnServer(folder / "my_server.py", lab.store)
    mine.start("import asyncio", tell, join, handle, main)      # a second start stops the first server
    mine.url, mine.pid

`start` writes its arguments to the file (text unchanged, functions as their source) and runs it. The file is a
program that does not need the notebook. Once ready, it prints `WebSocket server listening on ws://...`. It ends when
its stdin closes. Each later line of the form `NAME NUMBER` becomes a sample in the store.
"""

import inspect
import linecache
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from labkit.bench.launch.python import python
from labkit.bench.launch.server_process import ServerProcess
from labkit.platform.shell import join
from labkit.samples import Store

Part = str | Callable[..., Any]
MAIN = """async def main():
    async with websockets.serve({handler}, "127.0.0.1", 0) as server:
        print(f"WebSocket server listening on ws://127.0.0.1:{{server.sockets[0].getsockname()[1]}}", flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until the notebook closes it
"""
RUN = 'if __name__ == "__main__":\n    asyncio.run(main())'


class OwnServer(ServerProcess):
    """The program in the file `path`. `start` writes and runs it; `terminate` and `kill` end it."""

    def __init__(self, path: Path, store: Store | None = None) -> None:
        super().__init__({})
        self.path = path
        self.store = store

    def start(self, *parts: Part) -> str:  # type: ignore[override]
        """Write the parts, run them, and return the address. Raises ServerDied with the end of the program's log."""
        self.terminate()
        self.path.write_text("\n\n\n".join([*map(_source, parts), RUN]) + "\n", encoding="utf-8")
        return super().start()

    def start_handler(self, handler: Callable[..., Any], imports: str = "import json") -> str:
        """Serve one handler with `websockets`, and return the address. Raises ServerDied, as `start` does."""
        head = f"import asyncio\nimport sys\nimport websockets\n{imports}"
        return self.start(head, handler, MAIN.format(handler=handler.__name__))

    def command(self, port: int) -> list[str]:
        """Return the command line; the program chooses its own port."""
        return python(str(self.path))

    @property
    def start_command(self) -> str:
        """The command that starts the program in a shell, as `labkit review --start` takes it."""
        return join(self.command(0))

    def _ask_to_end(self, process: "subprocess.Popen[str]") -> None:
        """End it at once: it may be blocked, and a notebook's server has nothing to drain."""
        process.terminate()

    def printed(self, line: str) -> None:
        """Store the line if it is a sample."""
        name, _, value = line.rpartition(" ")
        if self.store is not None:
            with suppress(ValueError):
                self.store.add(name, float(value))


def _source(part: Part) -> str:
    return textwrap.dedent(part if isinstance(part, str) else _source_of(part)).strip("\n")


def _source_of(part: Callable[..., Any]) -> str:
    """Return what `inspect.getsource` returns, but with lines split as Python splits them.

    IPython also splits a cell at form feeds, U+2028 and similar characters, and `inspect` then cuts the source in the
    wrong places.
    """
    file = inspect.getsourcefile(part) or ""
    known = [line.removesuffix("\n") for line in linecache.getlines(file)]
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    cells = shell.user_ns.get("In", []) if shell is not None else []
    cell = next((cell for cell in cells if cell.splitlines() == known), None)
    if cell is not None:
        linecache.cache[file] = len(cell), None, [f"{line}\n" for line in cell.split("\n")], file
    return inspect.getsource(part)
