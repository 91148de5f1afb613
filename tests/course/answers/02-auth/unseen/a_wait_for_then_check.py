import asyncio
import hmac
import json
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


async def handler(connection):
    try:
        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    except TimeoutError:
        await connection.close(4401, "auth timeout")
        return
    except ConnectionClosed:
        return
    try:
        message = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or message.get("type") != "auth" or message.get("token") != TOKEN:
        await connection.close(4403, "auth failed")
        return
    await talk(connection, "ana")
