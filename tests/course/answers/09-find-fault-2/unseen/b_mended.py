# What five of b's wrong answers have in common, with their faults mended.
import contextlib
import json
import uuid

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind, text=None):
    heard = []
    while True:
        heard.append(json.loads(await socket.recv()))
        if heard[-1]["type"] == kind and text in (None, heard[-1].get("text")):
            return heard


async def leaks(url):
    room, text = f"room:{uuid.uuid4().hex}", uuid.uuid4().hex
    cases = ([], [f"room:{uuid.uuid4().hex}"], [room + "x"], [room[:-1]], [room])
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(websockets.connect(url)) for _ in range(6)]
        for socket, rooms in zip(sockets, ([room], *cases)):
            await say(socket, type="auth", token="dev-token")
            await hear(socket, "auth_ok")
            for name in rooms:
                await say(socket, type="join", roomId=name)
                await hear(socket, "joined")
        await say(sockets[-1], type="leave", roomId=room)
        await hear(sockets[-1], "left")
        await say(sockets[0], type="chat", roomId=room, text=text)
        await hear(sockets[0], "chat", text)
        for socket in sockets[1:]:
            await say(socket, type="ping")
            if any(message.get("text") == text for message in await hear(socket, "pong")):
                return True
    return False
