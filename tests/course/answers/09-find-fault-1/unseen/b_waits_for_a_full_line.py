# Its author called it wrong, taking a full line for a dead one. The text had left that open, and the solution waits as
# this one does; the text now says that a full line is not asked for here (exercise 10 asks for it).
# Each send is awaited in turn: a dead line without a close fills its buffer, and then the speaker waits for it.
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(set)


async def tell(room, message):
    for member in list(members[room]):
        with contextlib.suppress(websockets.ConnectionClosed):
            await member.send(json.dumps(message))


async def handler(connection):
    room = None
    try:
        async for text in connection:
            said = json.loads(text)
            match said["type"]:
                case "join":
                    members[room].discard(connection)
                    room = said["roomId"]
                    members[room].add(connection)
                    await connection.send(json.dumps({"type": "joined", "roomId": room}))
                case "who":
                    await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
                case "chat":
                    await tell(room, {"type": "chat", "text": said["text"]})
    finally:
        members[room].discard(connection)
