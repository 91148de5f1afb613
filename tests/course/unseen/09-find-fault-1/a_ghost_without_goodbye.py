# wrong
# Sending is safe, but cleaning up stands behind the loop, which a line that breaks never reaches.
import asyncio
import collections
import contextlib
import json
import websockets


members = collections.defaultdict(set)


async def handler(connection):
    room = None
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
                for member in members[room].copy():
                    try:
                        await member.send(json.dumps({"type": "chat", "text": said["text"]}))
                    except websockets.ConnectionClosed:
                        pass
    members[room].discard(connection)
