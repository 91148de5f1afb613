import asyncio
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(dict)  # roomId -> {connection: its queue}


async def write(connection, outbox):
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await connection.send(json.dumps(await outbox.get()))


async def handler(connection):
    outbox, room = asyncio.Queue(), None
    writer = asyncio.create_task(write(connection, outbox))
    try:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in connection:
                match json.loads(text):
                    case {"type": "join", "roomId": wanted}:
                        members[room].pop(connection, None)
                        room = wanted
                        members[room][connection] = outbox
                        outbox.put_nowait({"type": "joined", "roomId": room})
                    case {"type": "who"}:
                        outbox.put_nowait({"type": "who", "members": len(members[room])})
                    case {"type": "chat", "text": said}:
                        for other in members[room].values():
                            other.put_nowait({"type": "chat", "text": said})
    finally:
        members[room].pop(connection, None)
        writer.cancel()
