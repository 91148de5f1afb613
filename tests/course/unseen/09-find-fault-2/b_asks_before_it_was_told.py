# wrong
# The outsiders ask ping before the speaker has heard its own chat, so the silence proves nothing.
import contextlib
import json
import uuid

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind):
    heard = [json.loads(await socket.recv())]
    while heard[-1]["type"] != kind:
        heard.append(json.loads(await socket.recv()))
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
        for socket in sockets[1:]:
            await say(socket, type="ping")
        for socket in sockets[1:]:
            if any(message.get("text") == text for message in await hear(socket, "pong")):
                return True
    return False
