import json
import time

from websockets.asyncio.client import connect


async def until(socket, holds):
    heard = []
    while True:
        heard.append(json.loads(await socket.recv()))
        if holds(heard[-1]):
            return heard


async def tell(socket, message, answer):
    await socket.send(json.dumps(message))
    return await until(socket, lambda one: one["type"] == answer)


async def leaks(url):
    mark = str(time.time_ns())
    room = "room-" + mark[-9:]
    for other_room, leaves in ((room + "-longer", False), (room, True)):
        async with connect(url) as speaker, connect(url) as other:
            for socket, where in ((speaker, room), (other, other_room)):
                await tell(socket, {"type": "auth", "token": "dev-token"}, "auth_ok")
                await tell(socket, {"type": "join", "roomId": where}, "joined")
            if leaves:
                await tell(other, {"type": "leave", "roomId": room}, "left")
            await speaker.send(json.dumps({"type": "chat", "roomId": room, "text": mark}))
            await until(speaker, lambda one: one.get("text") == mark)
            if any(one.get("text") == mark for one in await tell(other, {"type": "ping"}, "pong")):
                return True
    return False
