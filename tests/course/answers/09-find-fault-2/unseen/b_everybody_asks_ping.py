import asyncio
import contextlib
import json
import uuid

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind, wanted=lambda message: True):
    heard = []
    while True:
        heard.append(json.loads(await socket.recv()))
        if heard[-1]["type"] == kind and wanted(heard[-1]):
            return heard


async def enter(socket, *rooms):
    await say(socket, type="auth", token="dev-token")
    await hear(socket, "auth_ok")
    for room in rooms:
        await say(socket, type="join", roomId=room)
        await hear(socket, "joined")


async def leaks(url):
    room, text = f"room:{uuid.uuid4().hex}", uuid.uuid4().hex
    others = ([], [f"room:{uuid.uuid4().hex}"], [room[:-1]], [room + "-x"], [room])
    async with contextlib.AsyncExitStack() as stack:
        ana, *outsiders = await asyncio.gather(
            *(stack.enter_async_context(websockets.connect(url)) for _ in range(len(others) + 1))
        )
        await asyncio.gather(enter(ana, room), *(enter(s, *rooms) for s, rooms in zip(outsiders, others)))
        left = outsiders[-1]
        await say(left, type="leave", roomId=room)
        await hear(left, "left")
        await say(ana, type="chat", roomId=room, text=text)
        await hear(ana, "chat", lambda message: message.get("text") == text)
        for outsider in outsiders:
            await say(outsider, type="ping")
            if any(message.get("text") == text for message in await hear(outsider, "pong")):
                return True
    return False
