# wrong
# After a wrong token it waits for the next message instead of closing.
import asyncio
import hmac
import json
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            while True:
                try:
                    message = json.loads(await connection.recv())
                except (ValueError, RecursionError):
                    await connection.close(1008, "invalid")
                    return
                if isinstance(message, dict) and message.get("type") == "auth" and message.get("token") == TOKEN:
                    break
    except TimeoutError:
        await connection.close(4401, "auth timeout")
        return
    except ConnectionClosed:
        return
    await talk(connection, "ana")
