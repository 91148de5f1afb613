# wrong
# Who is gone is removed only when a chat to it fails; until then it is counted.
import asyncio
import collections
import contextlib
import json
import websockets


members = collections.defaultdict(set)


async def tell(room, message):
    gone = set()
    for member in set(members[room]):
        try:
            await member.send(json.dumps(message))
        except websockets.ConnectionClosed:
            gone.add(member)
    members[room] -= gone


async def handler(connection):
    room = None
    with contextlib.suppress(websockets.ConnectionClosed):
        async for text in connection:
            said = json.loads(text)
            if said["type"] == "join":
                members[room].discard(connection)
                room = said["roomId"]
                members[room].add(connection)
                await connection.send(json.dumps({"type": "joined", "roomId": room}))
            elif said["type"] == "who":
                await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
            elif said["type"] == "chat":
                await tell(room, {"type": "chat", "text": said["text"]})
