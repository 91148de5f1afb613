import asyncio
import functools
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


def quiet(coroutine):
    """Whatever ends the connection is no error of the handler."""

    @functools.wraps(coroutine)
    async def wrapped(connection):
        try:
            await coroutine(connection)
        except ConnectionClosed:
            return

    return wrapped


def verdict(text):
    """None to let in, or a close code."""
    try:
        message = json.loads(text)
        return None if (message["type"], message["token"]) == ("auth", TOKEN) else 4403
    except (ValueError, RecursionError, TypeError, KeyError, IndexError):
        return 1008


@quiet
async def handler(connection):
    """Let in who brings the token in the first message; everybody else is gone within AUTH_TIMEOUT_S."""
    waiting = asyncio.ensure_future(connection.recv())
    done, _ = await asyncio.wait({waiting}, timeout=AUTH_TIMEOUT_S)
    if not done:
        waiting.cancel()
        await asyncio.wait({waiting})
        return await connection.close(4401, "time is up")
    if code := verdict(waiting.result()):
        return await connection.close(code, "not with this")
    await talk(connection, "ana")
