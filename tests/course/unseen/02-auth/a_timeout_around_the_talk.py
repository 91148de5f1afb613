# wrong
# The time limit spans talk as well, so who is in is thrown out with 4401 after it.
import asyncio
import hmac
import json
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            text = await connection.recv()
            try:
                message = json.loads(text)
            except (ValueError, RecursionError):
                await connection.close(1008, "invalid json")
                return
            if not isinstance(message, dict) or message.get("type") != "auth" or message.get("token") != TOKEN:
                await connection.close(4403, "auth failed")
                return
            await talk(connection, "ana")
    except TimeoutError:
        await connection.close(4401, "auth timeout")
    except ConnectionClosed:
        pass
