# misconception: second-guess
# caught by: wrong-token
# also: silence
import json

from labkit.course.given import TOKEN, talk


async def handler(connection):
    async for text in connection:
        try:
            message = json.loads(text)
        except ValueError:
            return await connection.close(1008, "invalid message")
        if isinstance(message, dict) and message.get("type") == "auth" and message.get("token") == TOKEN:
            return await talk(connection, "ana")
        if not isinstance(message, dict) or message.get("type") != "auth" or not isinstance(message.get("token"), str):
            return await connection.close(4403, "auth failed")
