"""A server that hashes a password for each connection in a thread, as many web applications do.

    python -m labkit.bench.storm.hashing_server --port 0 --hash-ms 8 --rate 125

It speaks as much of the protocol as a storm needs: auth, auth_ok and windows. Every 100 ms it prints how
many passwords it has hashed. It ends when its stdin closes.
"""

import asyncio
import json
import logging
import os
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from labkit.bench.launch.server_process import READY
from labkit.bench.storm.hashing import hash_password
from labkit.rules.admission import ClientCountTracker, window_ms

REPORT_S = 0.1
BACKLOG = 4096
QUIET = logging.getLogger("labkit.hashing_server")
QUIET.disabled = True  # clients that give up are no news here


class HashingServer:
    """The members, and one thread that hashes."""

    def __init__(self, hash_ms: float, rate: float) -> None:
        self.hashed = 0
        self.members: set[ServerConnection] = set()
        self._hash_s = hash_ms / 1000
        self._rate = rate
        self._crowd = ClientCountTracker()
        self._one_core = ThreadPoolExecutor(max_workers=1)

    async def connected(self, connection: ServerConnection) -> None:
        """Check one client's password, then let the client in."""
        with suppress(ConnectionClosed):
            await connection.recv()
            await asyncio.get_running_loop().run_in_executor(self._one_core, hash_password, self._hash_s)
            self.hashed += 1
            await connection.send(self._window("auth_ok", len(self.members) + 1))  # too late if the client has left
            await self._stay(connection)

    async def _stay(self, connection: ServerConnection) -> None:
        self.members.add(connection)
        if self._crowd.changed(len(self.members)):
            broadcast(self.members, self._window("reconnect", len(self.members)))
        await connection.wait_closed()
        self.members.discard(connection)

    def _window(self, kind: str, members: int) -> str:
        window = {"windowMs": window_ms(members, self._rate)}
        return json.dumps({"type": kind, "reconnect": window, **window})


async def main(port: int, hash_ms: float, rate: float) -> None:
    """Serve, and report until the process ends."""
    server = HashingServer(hash_ms, rate)
    options: dict[str, Any] = {"compression": None, "ping_interval": None, "open_timeout": None, "logger": QUIET}
    async with serve(server.connected, "127.0.0.1", port, backlog=BACKLOG, **options) as listener:
        print(f"{READY}ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
        reported = 0
        while True:
            await asyncio.sleep(REPORT_S)
            print(server.hashed - reported)
            reported = server.hashed


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _arguments() -> dict[str, Any]:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hash-ms", type=float, default=8)
    parser.add_argument("--rate", type=float, default=125)
    return vars(parser.parse_args())


if __name__ == "__main__":
    Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(main(**_arguments()))
