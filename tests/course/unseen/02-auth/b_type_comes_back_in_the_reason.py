# wrong
# The reason quotes the type that the peer sent.
import asyncio
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    except TimeoutError:
        return await connection.close(4401, "auth timeout")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return await connection.close(1008, "invalid message")
    if not isinstance(message, dict):
        return await connection.close(4403, "auth first")
    if message.get("type") != "auth":
        return await connection.close(4403, f"auth first, not {str(message.get('type'))[:20]!a}")
    if message.get("token") != TOKEN:
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
