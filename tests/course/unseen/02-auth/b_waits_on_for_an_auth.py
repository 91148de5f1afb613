# wrong
# Anything that is no auth is passed over, and it waits for the next message instead of closing with 4403.
import asyncio
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            async for text in connection:
                try:
                    message = json.loads(text)
                except (ValueError, RecursionError):
                    return await connection.close(1008, "invalid message")
                if isinstance(message, dict) and message.get("type") == "auth":
                    break
            else:
                return
    except TimeoutError:
        return await connection.close(4401, "auth timeout")
    if message.get("token") != TOKEN:
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
