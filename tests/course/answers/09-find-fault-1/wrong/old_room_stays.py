# misconception: old-room-is-not-left
# caught by: two-rooms
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(set)


async def tell(member, **message):
    with contextlib.suppress(websockets.ConnectionClosed):
        await member.send(json.dumps(message))


async def handler(connection):
    room = None
    try:
        async for text in connection:
            said = json.loads(text)
            match said["type"]:
                case "join":
                    room = said["roomId"]
                    members[room].add(connection)
                    await tell(connection, type="joined", roomId=room)
                case "who":
                    await tell(connection, type="who", members=len(members[room]))
                case "chat":
                    for member in list(members[room]):
                        await tell(member, type="chat", text=said["text"])
    finally:
        members[room].discard(connection)
