import asyncio
import hmac
import json
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


def refusal(text):
    """A close code and a constant reason, or None for who may come in."""
    if not isinstance(text, str):
        return 4403, "auth required"
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return 1008, "invalid message"
    if not isinstance(message, dict) or message.get("type") != "auth":
        return 4403, "auth required"
    token = message.get("token")
    if not isinstance(token, str):
        return 4403, "auth failed"
    if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), TOKEN.encode()):
        return 4403, "auth failed"
    return None


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            first = await connection.recv()
    except TimeoutError:
        return await connection.close(4401, "nothing said in time")
    except ConnectionClosed:
        return
    refused = refusal(first)
    if refused:
        await connection.close(*refused)
    else:
        await talk(connection, "ana")
