"""Two crowds that meet a busy server: websockets' own reconnect loop, and labkit's client.

    refused = await crowd("library", lab.url, lab.token, lab.store, clients=20, seconds=2)

Each crowd runs in its own process, so it competes with the server for the processor but not with other clients. Its
refusals so far become the series "refused: KIND", a few times per second.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

import websockets

from labkit.bench.launch.python import python
from labkit.platform.children import OWN_GROUP
from labkit.rules.close_codes import CloseCode
from labkit.samples import Store
from labkit.wire.client.client import Client

SAMPLE_S = 0.1

Refused = list[Callable[[], int]]  # each counts the refusals of one client


async def crowd(kind: str, url: str, token: str, store: Store, *, clients: int, seconds: float) -> int:
    """Let a crowd of kind "library" or "kit" reconnect for some seconds. Return how many connections were refused."""
    plan = {"kind": kind, "url": url, "token": token, "clients": clients, "seconds": seconds}
    store.add(f"refused: {kind}", 0)
    return await asyncio.to_thread(_follow, plan, store)


def _follow(plan: dict[str, Any], store: Store) -> int:
    """Run the crowd's process, which ends by itself. Store each count that it prints."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8", **OWN_GROUP}
    refused = 0
    with subprocess.Popen(python("labkit.bench.storm.crowds"), stderr=subprocess.DEVNULL, **pipes) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            refused = int(line)
            store.add(f"refused: {plan['kind']}", refused)
    return refused


async def library_client(url: str, _token: str, refused: Refused) -> None:
    """Reconnect as the library does: at once, after a connection that opened and was closed."""
    closes = 0
    refused.append(lambda: closes)
    async for connection in websockets.connect(url, proxy=None):
        await connection.wait_closed()
        closes += connection.close_code == CloseCode.TRY_LATER


async def kit_client(url: str, token: str, refused: Refused) -> None:
    """Reconnect as labkit's client does: when the close reason allows it."""
    client = Client(url, token)
    refused.append(lambda: sum(each.detail["code"] == CloseCode.TRY_LATER for each in client.log.of("closed")))
    async with client:
        await asyncio.Future()


KINDS = {"library": library_client, "kit": kit_client}


async def main(kind: str, url: str, token: str, clients: int, seconds: float) -> None:
    """Run the crowd and print how many connections were refused so far, SAMPLE_S apart."""
    refused: Refused = []
    tasks = [asyncio.create_task(KINDS[kind](url, token, refused)) for _ in range(clients)]
    until = monotonic() + seconds
    while monotonic() < until:
        await asyncio.sleep(SAMPLE_S)
        print(sum(count() for count in refused))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.stdin.readline())))
