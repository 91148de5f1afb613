# misconception: dead-member-hides-the-rest
# caught by: dead-member
# also: ghosts
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(list)


async def tell(member, **message):
    with contextlib.suppress(websockets.ConnectionClosed):
        await member.send(json.dumps(message))


def leave(room, connection):
    if connection in members[room]:
        members[room].remove(connection)


async def handler(connection):
    room = None
    try:
        async for text in connection:
            said = json.loads(text)
            match said["type"]:
                case "join":
                    leave(room, connection)
                    room = said["roomId"]
                    members[room].append(connection)
                    await tell(connection, type="joined", roomId=room)
                case "who":
                    await tell(connection, type="who", members=len(members[room]))
                case "chat":
                    with contextlib.suppress(websockets.ConnectionClosed):
                        for member in list(members[room]):
                            await member.send(json.dumps({"type": "chat", "text": said["text"]}))
        leave(room, connection)
    except ValueError:
        await connection.close(1008)
