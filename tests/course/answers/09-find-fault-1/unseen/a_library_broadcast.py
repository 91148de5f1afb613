import asyncio
import collections
import contextlib
import json
import websockets


members = collections.defaultdict(set)


async def handler(connection):
    room = None
    try:
        async for text in connection:
            said = json.loads(text)
            kind = said["type"]
            if kind == "join":
                if room is not None:
                    members[room].discard(connection)
                room = said["roomId"]
                members[room].add(connection)
                await connection.send(json.dumps({"type": "joined", "roomId": room}))
            elif kind == "chat" and room is not None:
                websockets.broadcast(members[room], json.dumps({"type": "chat", "text": said["text"]}))
            elif kind == "who":
                count = len(members[room]) if room is not None else 0
                await connection.send(json.dumps({"type": "who", "members": count}))
    except websockets.ConnectionClosed:
        pass
    finally:
        if room is not None:
            members[room].discard(connection)
