"""Review broken servers, with every option except their pids; `calm` runs it as a process.

The result is a JSON object: for each fault, the broken and the unknown probes, each with its evidence. `ours` is our
own server. Several reviews run at once, because a review mostly waits.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from labkit.broken import broken
from labkit.review import Report, examine
from labkit.rules.grants import Grants
from labkit.rules.limits import Limits
from labkit.wire.http.users import User, Users
from labkit.wire.server import Server
from tests.review.full_server import LIMITS, OPS_TOKEN, promised

Found = dict[str, dict[str, dict[str, str]]]
OURS = "ours"
GUEST = Grants.of([["review:ticket", "rw"], ["review:listen", "r"]])
TICKETS = 12
AT_ONCE = 5


async def reviewed(fault: str, tmp: Path, log: Path) -> Report:
    """Review the server with a fault, or ours. All share one log; the token shows which server wrote a line."""
    kind = Server if fault == OURS else broken(fault)
    extra = {} if fault == OURS else broken(fault).reviewed_limits
    settings = [f"{name}={value}" for name, value in extra.items()]
    tmp.mkdir()
    options: dict[str, Any] = {"users": Users({"guest": User("guest-code", GUEST)}), "ops_token": OPS_TOKEN}
    limits, token = Limits().set_lines([*LIMITS, *settings]), f"token-of-{fault}"
    async with kind(port=0, token=token, limits=limits, audit=tmp / "room.db", **options) as server:
        return await examine(
            server.url,
            tokens=[token],
            token_command=_tickets(server, tmp),
            ops_token=OPS_TOKEN,
            log=log,
            audit=tmp / "room.db",
            promised=promised().set_lines(settings),
        )


def _tickets(server: Server, tmp: Path) -> str:
    """Return a shell command that takes one ticket out of a folder: faster than starting Python for each."""
    for number in range(TICKETS):
        (tmp / f"ticket-{number}").write_text(server.hub.state.sessions.ticket("guest", GUEST, time()))
    return f"cd {tmp} && for one in ticket-*; do mv $one used.$$ 2>/dev/null && cat used.$$ && break; done"


@contextmanager
def logging_to(file: Path) -> Iterator[None]:
    """Write the log of labkit to a file, with all attributes of each record."""
    logger, handler = logging.getLogger("labkit"), logging.FileHandler(file)
    handler.format = lambda record: str(record.__dict__)  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield
    handler.close()


async def main(faults: list[str], tmp: Path) -> Found:
    """Review all these faults."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(fault: str) -> Report:
        async with turns:
            return await reviewed(fault, tmp / fault, tmp / "log")

    with logging_to(tmp / "log"):
        reports = await asyncio.gather(*(one(fault) for fault in faults))
    return {fault: doubts(report) for fault, report in zip(faults, reports, strict=True)}


def doubts(report: Report) -> dict[str, dict[str, str]]:
    """Return the broken and the unknown probes, with their evidence."""
    return {
        verdict: {one.id: one.actual for one in report if one.verdict == verdict} for verdict in ("broken", "unknown")
    }


def differing(
    found: Found, found_by: Callable[[str], frozenset[str]], may_be_unknown: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Return the differences by fault: `+` found but not listed, `-` listed but not found, `?` unknown."""
    wrong = {}
    for fault, seen in found.items():
        wanted = frozenset() if fault == OURS else found_by(fault)
        broken, unknown = seen["broken"], seen["unknown"]
        differs = [f"+{one}: {actual}" for one, actual in broken.items() if one not in wanted]
        differs += [f"-{one}" for one in sorted(wanted - set(broken))]
        differs += [f"?{one}: {actual}" for one, actual in unknown.items() if one not in may_be_unknown]
        if differs:
            wrong[fault] = differs
    return wrong
