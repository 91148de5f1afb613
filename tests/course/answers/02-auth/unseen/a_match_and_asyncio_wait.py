import asyncio
import hmac
import json
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
from websockets.exceptions import ConnectionClosed


async def handler(connection):
    first = asyncio.ensure_future(connection.recv())
    done, _ = await asyncio.wait({first}, timeout=AUTH_TIMEOUT_S)
    if not done:
        first.cancel()
        await connection.close(code=4401, reason="too late")
        return
    try:
        said = json.loads(first.result())
    except ConnectionClosed:
        return
    except Exception:
        said = None
    match said:
        case {"type": "auth", "token": str(token)} if token == TOKEN:
            await talk(connection, "ana")
        case _:
            await connection.close(code=4403, reason="forbidden")
