# wrong
# A first message that is JSON but no object (a list, a number) raises in the handler: 1011.
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
        message = json.loads(text)
    except (ValueError, RecursionError):
        await connection.close(4403, "auth failed")
        return
    if message.get("type") != "auth" or message.get("token") != TOKEN:
        await connection.close(4403, "auth failed")
        return
    await talk(connection, "ana")
