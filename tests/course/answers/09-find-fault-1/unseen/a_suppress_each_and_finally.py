import asyncio
import collections
import contextlib
import json
import websockets


members = collections.defaultdict(set)


async def tell(room, message):
    text = json.dumps(message)
    for member in list(members[room]):
        with contextlib.suppress(websockets.ConnectionClosed):
            await member.send(text)


async def answer(connection, room, said):
    match said["type"]:
        case "join":
            members[room].discard(connection)
            room = said["roomId"]
            members[room].add(connection)
            await connection.send(json.dumps({"type": "joined", "roomId": room}))
        case "who":
            await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
        case "chat" if room is not None:
            await tell(room, {"type": "chat", "text": said["text"]})
    return room


async def handler(connection):
    room = None
    try:
        async for text in connection:
            try:
                room = await answer(connection, room, json.loads(text))
            except websockets.ConnectionClosed:
                break
    except websockets.ConnectionClosed:
        pass
    finally:
        for people in members.values():
            people.discard(connection)
