"""A server with shortened limits, and every option that a review of it can use."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from labkit.review.promised_limits import Promised
from tests.wire.raw import TOKEN, process

LIMITS = (
    "auth_timeout_s=1",
    "ping_interval_s=0.8",
    "ping_timeout_s=0.5",
    "close_deadline_s=0.2",
    "outbox_age_s=1",
    "outbox_bytes=65536",
    "handshakes_per_s=120",
    "send_buffer_bytes=16384",
)
USERS = "name,code,rooms\nguest,guest-code,review:ticket review:listen=r\n"
OPS_TOKEN = "operations-token"
FETCH = """\
import json, sys, urllib.request
ask = urllib.request.Request(sys.argv[1], method="POST", headers={"Authorization": "Basic Z3Vlc3Q6Z3Vlc3QtY29kZQ=="})
print(json.load(urllib.request.urlopen(ask))["ticket"])
"""


def promised() -> Promised:
    """Return the shortened limits as promises."""
    return Promised().set_lines(LIMITS)


def ticket_command(tmp: Path, url: str) -> str:
    """Return a command that prints a fresh ticket of the guest."""
    fetch = tmp / "fetch.py"
    fetch.write_text(FETCH)
    return f"{sys.executable} -S -E {fetch} {url.replace('ws:', 'http:')}/ticket"


@asynccontextmanager
async def full_server(tmp: Path) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Run `labkit serve` with all features on; yield its URL and all options for a review."""
    users, audit = tmp / "users.csv", tmp / "room.db"
    users.write_text(USERS)
    settings = [part for line in LIMITS for part in ("--set", line)]
    arguments = ["--users", str(users), "--audit", str(audit), *settings]
    async with process(tmp, *arguments, OPS_TOKEN=OPS_TOKEN) as served:
        yield (
            served.url,
            {
                "tokens": [TOKEN],
                "token_command": ticket_command(tmp, served.url),
                "ops_token": OPS_TOKEN,
                "pid": served.child.pid,
                "log": served.log,
                "audit": audit,
                "promised": promised(),
            },
        )
