# wrong
# The timeout also holds the talk, so whoever is in is closed after AUTH_TIMEOUT_S.
import asyncio
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            try:
                message = json.loads(await connection.recv())
            except (ValueError, RecursionError):
                return await connection.close(1008, "invalid message")
            if not isinstance(message, dict) or message.get("type") != "auth" or message.get("token") != TOKEN:
                return await connection.close(4403, "auth failed")
            await talk(connection, "ana")
    except TimeoutError:
        await connection.close(4401, "auth timeout")
