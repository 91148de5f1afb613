import asyncio
import json

import websockets

place = {}  # connection -> roomId, so nobody can be in two rooms


def those_in(room):
    return [] if room is None else [other for other, its in place.items() if its == room]


async def send(connection, **message):
    try:
        async with asyncio.timeout(2):
            await connection.send(json.dumps(message))
    except websockets.ConnectionClosed:
        pass
    except TimeoutError:
        place.pop(connection, None)
        connection.transport.abort()


async def handler(connection):
    telling = set()
    try:
        async for text in connection:
            said = json.loads(text)
            room = place.get(connection)
            if said["type"] == "join":
                place[connection] = said["roomId"]
                await send(connection, type="joined", roomId=said["roomId"])
            elif said["type"] == "who":
                await send(connection, type="who", members=len(those_in(room)))
            elif said["type"] == "chat":
                for member in those_in(room):
                    task = asyncio.create_task(send(member, type="chat", text=said["text"]))
                    telling.add(task)
                    task.add_done_callback(telling.discard)
                await asyncio.sleep(0)  # they begin before the next message is read
    except websockets.ConnectionClosed:
        pass
    finally:
        place.pop(connection, None)
        await asyncio.gather(*telling)
