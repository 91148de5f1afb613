import asyncio
import json

from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk


class Refused(Exception):
    pass


async def first_message(connection):
    try:
        return json.loads(await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S))
    except TimeoutError:
        raise Refused(4401, "auth required") from None
    except (ValueError, RecursionError):
        raise Refused(4403, "auth failed") from None


async def handler(connection):
    try:
        match await first_message(connection):
            case {"type": "auth", "token": str(token)} if token == TOKEN:
                pass
            case _:
                raise Refused(4403, "auth failed")
    except Refused as refused:
        await connection.close(*refused.args)
    else:
        await talk(connection, "somebody")
