# wrong
# Valid JSON that is no object has no .get: AttributeError, which the peer sees as 1011.
import asyncio
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        message = json.loads(await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S))
    except TimeoutError:
        return await connection.close(4401, "auth timeout")
    except (ValueError, RecursionError):
        return await connection.close(1008, "invalid message")
    if message.get("type") != "auth" or message.get("token") != TOKEN:
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
