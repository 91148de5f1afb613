# wrong
# hmac.compare_digest raises TypeError for a token with letters that are not ASCII: 1011 instead of 4403.
import asyncio
import hmac
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
    if not isinstance(message, dict) or message.get("type") != "auth" or not isinstance(message.get("token"), str):
        return await connection.close(4403, "auth failed")
    if not hmac.compare_digest(message["token"], TOKEN):
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
