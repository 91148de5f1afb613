import asyncio
import hmac
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    except TimeoutError:
        return await connection.close(4401, "auth required")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return await connection.close(1008, "invalid message")
    token = message.get("token") if isinstance(message, dict) and message.get("type") == "auth" else None
    if not isinstance(token, str) or not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), TOKEN.encode()):
        return await connection.close(4403, "auth failed")
    await talk(connection, "ana")
