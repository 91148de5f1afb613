import asyncio
import json
import secrets

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    async def ring():
        await asyncio.sleep(AUTH_TIMEOUT_S)
        await connection.close(4401, "auth required")

    timer = asyncio.create_task(ring())
    async for text in connection:
        timer.cancel()
        token = None
        try:
            message = json.loads(text)
            if message["type"] == "auth":
                token = message["token"]
        except (ValueError, RecursionError, TypeError, KeyError):
            token = None
        if type(token) is str and secrets.compare_digest(token.encode("utf-8", "surrogatepass"), TOKEN.encode()):
            await talk(connection, "ana")
        else:
            await connection.close(4403, "auth failed")
        return
    timer.cancel()
