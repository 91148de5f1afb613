import asyncio
import hmac
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


async def handler(connection):
    try:
        first = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    except TimeoutError:
        await connection.close(4401, "auth timeout")
        return
    except ConnectionClosed:
        return
    try:
        message = json.loads(first)
    except (ValueError, RecursionError):
        await connection.close(1008, "invalid message")
        return
    token = message.get("token") if isinstance(message, dict) and message.get("type") == "auth" else None
    if not isinstance(token, str) or not hmac.compare_digest(
        token.encode("utf-8", "surrogatepass"), TOKEN.encode()
    ):
        await connection.close(4403, "auth failed")
        return
    await talk(connection, "ana")
