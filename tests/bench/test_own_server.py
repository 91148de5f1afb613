"""A server made of functions is its own program, starts again, sends samples, and ends with its stdin."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.bench.launch.own_server import OwnServer
from labkit.bench.launch.server_process import ServerDied
from labkit.platform import shell
from labkit.samples import Store
from tests.bench.test_lab import runs, wait_until_gone

HEAD = "import asyncio, sys"


async def main() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"one")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print("WebSocket server listening on ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1])  # noqa: UP031
    print("largest buffer kB: mine 12.5")
    print("what is no sample")
    await asyncio.to_thread(sys.stdin.read)


def samples(store: Store) -> list[float]:
    return list(store.window("largest buffer kB: mine").values)


async def read_from(url: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    reply = await reader.read()
    writer.close()
    return reply


def test_own_server_serves_and_sends_samples(tmp_path: Path) -> None:
    store = Store()
    own = OwnServer(tmp_path / "own.py", store)
    url = own.start(HEAD, main)
    assert asyncio.run(read_from(url)) == b"one"
    while not samples(store):
        time.sleep(0.01)
    assert samples(store) == [12.5]
    assert store.names() == ["largest buffer kB: mine"]
    own.terminate()


def test_own_server_second_start_ends_the_first(tmp_path: Path) -> None:
    own = OwnServer(tmp_path / "own.py")
    own.start(HEAD, main)
    first = own.pid
    own.start(HEAD, main)
    assert first is not None and own.pid != first
    assert wait_until_gone(first)
    own.terminate()


def test_own_server_file_runs_alone_until_stdin_closes(tmp_path: Path) -> None:
    own = OwnServer(tmp_path / "own.py")
    own.start(HEAD, main)
    own.terminate()
    alone = subprocess.Popen(
        [sys.executable, "-u", str(own.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert alone.stdout is not None and alone.stdin is not None
    with alone.stdout, alone.stdin:
        assert alone.stdout.readline().startswith("WebSocket server listening on ws://127.0.0.1:")
        assert runs(alone.pid)
        alone.stdin.close()
        assert alone.wait(10) == 0


def test_own_server_is_started_again_by_its_command(tmp_path: Path) -> None:
    """As `labkit review --start` does it, in a folder whose name has a space."""
    folder = tmp_path / "my servers"
    folder.mkdir()
    own = OwnServer(folder / "own.py")
    own.start(HEAD, main)
    own.terminate()
    again = subprocess.Popen(shell.split(own.start_command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert again.stdout is not None and again.stdin is not None
    with again.stdout, again.stdin:
        assert asyncio.run(read_from(again.stdout.readline().strip())) == b"one"
        again.stdin.close()
        assert again.wait(10) == 0


def test_own_server_error_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ServerDied, match="NameError: name 'asincio' is not defined"):
        OwnServer(tmp_path / "own.py").start(HEAD, "asincio", main)


KERNEL = """
from IPython.core.interactiveshell import InteractiveShell
from labkit.bench.launch import own_server

shell = InteractiveShell.instance()
shell.history_manager.enabled = False  # keeps the cells, and writes no file
cell = "# a\\u2028b \\x0c c\\n\\n\\nasync def main():\\n    return 1\\n\\ndef other(): pass\\n"
shell.run_cell(cell, store_history=True)
print(own_server._source(shell.user_ns["main"]))
"""


def test_source_of_a_cell_is_cut_where_python_ends_lines() -> None:
    """IPython keeps a cell's lines as `str.splitlines` makes them: U+2028 in a comment would shift every function."""
    done = subprocess.run([sys.executable, "-c", KERNEL], capture_output=True, text=True, check=True)
    assert done.stdout == "async def main():\n    return 1\n"
