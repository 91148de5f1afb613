import asyncio
import hmac
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            text = await connection.recv()
    except TimeoutError:
        return await connection.close(4401, "auth required")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return await connection.close(1008, "invalid message")
    if not isinstance(message, dict) or message.get("type") != "auth":
        return await connection.close(4403, "auth failed")
    token = message.get("token")
    if not isinstance(token, str) or not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), TOKEN.encode()):
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
