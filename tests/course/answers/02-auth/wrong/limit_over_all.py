# misconception: timeout-over-everything
# caught by: stays
import asyncio
import hmac
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


async def handler(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            message = json.loads(await connection.recv())
            token = message.get("token") if isinstance(message, dict) and message.get("type") == "auth" else None
            if not isinstance(token, str) or not hmac.compare_digest(token.encode(), TOKEN.encode()):
                return await connection.close(4403, "auth failed")
            await talk(connection, "ana")
    except TimeoutError:
        await connection.close(4401, "auth required")
    except ValueError:
        await connection.close(4403, "auth failed")
