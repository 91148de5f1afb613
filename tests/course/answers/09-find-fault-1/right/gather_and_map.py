import asyncio
import json

where = {}


def present(room):
    return [one for one, its in where.items() if its == room]


async def handler(connection):
    where[connection] = None
    try:
        async for text in connection:
            said = json.loads(text)
            if said["type"] == "join":
                where[connection] = said["roomId"]
                await connection.send(json.dumps({"type": "joined", "roomId": said["roomId"]}))
            if said["type"] == "who":
                count = len(present(where[connection]))
                await connection.send(json.dumps({"type": "who", "members": count}))
            if said["type"] == "chat":
                told = json.dumps({"type": "chat", "text": said["text"]})
                sends = [one.send(told) for one in present(where[connection])]
                await asyncio.gather(*sends, return_exceptions=True)
    finally:
        del where[connection]
