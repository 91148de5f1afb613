"""Broken servers under the reviewer, with everything but their pids given: `python -m tests.review.matrix FAULT...`.

Prints a JSON object: for each fault, what was broken and what was unknown, each with what was seen. `ours` is our own
server. Several at once, as a review mostly waits.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from labkit.broken import broken
from labkit.review import Report, examine
from labkit.rules.grants import Grants
from labkit.rules.limits import Limits
from labkit.wire.server import Server
from labkit.wire.users import User, Users
from tests.review.house import OPS_TOKEN, TOLD, promised

OURS = "ours"
GUEST = Grants.of([["review:ticket", "rw"], ["review:listen", "r"]])
TICKETS = 12
AT_ONCE = 5


async def reviewed(fault: str, tmp: Path, log: Path) -> Report:
    """The report on the server with that fault, or on ours. The log is everybody's; the token tells whose a line is."""
    kind = Server if fault == OURS else broken(fault)
    extra = {} if fault == OURS else getattr(import_module(f"labkit.broken.{fault}"), "TOLD", {})
    told = [f"{name}={value}" for name, value in extra.items()]
    tmp.mkdir()
    options: dict[str, Any] = {"users": Users({"guest": User("guest-code", GUEST)}), "ops_token": OPS_TOKEN}
    limits, token = Limits().set_lines([*TOLD, *told]), f"token-of-{fault}"
    async with kind(port=0, token=token, limits=limits, audit=tmp / "room.db", **options) as server:
        return await examine(
            server.url,
            tokens=[token],
            token_command=_tickets(server, tmp),
            ops_token=OPS_TOKEN,
            log=log,
            audit=tmp / "room.db",
            promised=promised().set_lines(told),
        )


def _tickets(server: Server, tmp: Path) -> str:
    """A shell's way to take one ticket out of a folder: quicker than a Python for each."""
    for number in range(TICKETS):
        (tmp / f"ticket-{number}").write_text(server.hub.sessions.ticket("guest", GUEST, time()))
    return f"cd {tmp} && for one in ticket-*; do mv $one used.$$ 2>/dev/null && cat used.$$ && break; done"


@contextmanager
def logging_to(file: Path) -> Iterator[None]:
    """The kit's log, with what each record carries, in a file."""
    logger, handler = logging.getLogger("labkit"), logging.FileHandler(file)
    handler.format = lambda record: str(record.__dict__)  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield
    handler.close()


async def main(faults: list[str], tmp: Path) -> dict[str, dict[str, dict[str, str]]]:
    """See above."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(fault: str) -> Report:
        async with turns:
            return await reviewed(fault, tmp / fault, tmp / "log")

    reports = await asyncio.gather(*(one(fault) for fault in faults))
    verdicts = ("broken", "unknown")
    return {
        fault: {verdict: {one.id: one.actual for one in report if one.verdict == verdict} for verdict in verdicts}
        for fault, report in zip(faults, reports, strict=True)
    }


if __name__ == "__main__":
    with TemporaryDirectory() as folder, logging_to(Path(folder) / "log"):
        print(json.dumps(asyncio.run(main(sys.argv[1:], Path(folder)))))
