import asyncio
import json
from typing import NamedTuple

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


class Refusal(NamedTuple):
    code: int
    reason: str


LATE, WRONG, UNREADABLE = Refusal(4401, "auth timeout"), Refusal(4403, "auth failed"), Refusal(1008, "invalid message")


def judge(first):
    """None when it may come in."""
    try:
        message = json.loads(first) if isinstance(first, str) else None
    except (ValueError, RecursionError):
        return UNREADABLE
    if not isinstance(message, dict):
        return WRONG
    return None if (message.get("type"), message.get("token")) == ("auth", TOKEN) else WRONG


async def handler(connection):
    reading = asyncio.create_task(connection.recv())
    done, _ = await asyncio.wait({reading}, timeout=AUTH_TIMEOUT_S)
    if done and reading.exception() is not None:
        return
    if not done:
        reading.cancel()
    if refusal := judge(reading.result()) if done else LATE:
        await connection.close(*refusal)
    else:
        await talk(connection, "ana")
