import asyncio
import collections
import contextlib
import json
import websockets


members = collections.defaultdict(set)
where = {}  # connection -> its one room
unfinished = set()


def move(connection, room):
    old = where.pop(connection, None)
    if old is not None:
        members[old].discard(connection)
        if not members[old]:
            del members[old]
    if room is not None:
        where[connection] = room
        members[room].add(connection)


async def send(connection, **message):
    try:
        await connection.send(json.dumps(message))
    except websockets.ConnectionClosed:
        move(connection, None)


def people_with(connection):
    room = where.get(connection)
    return set() if room is None else set(members[room])


async def handler(connection):
    with contextlib.suppress(websockets.ConnectionClosed):
        try:
            async for text in connection:
                match json.loads(text):
                    case {"type": "join", "roomId": str(room)}:
                        move(connection, room)
                        await send(connection, type="joined", roomId=room)
                    case {"type": "chat", "text": text}:
                        tasks = {asyncio.create_task(send(m, type="chat", text=text)) for m in people_with(connection)}
                        if tasks:  # who cannot take it within a second gets it later; nobody waits longer for it
                            _, late = await asyncio.wait(tasks, timeout=1)
                            unfinished.update(late)
                            for task in late:
                                task.add_done_callback(unfinished.discard)
                    case {"type": "who"}:
                        await send(connection, type="who", members=len(people_with(connection)))
        finally:
            move(connection, None)
