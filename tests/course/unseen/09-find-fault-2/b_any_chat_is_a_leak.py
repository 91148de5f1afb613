# wrong
# Every chat that an outsider hears counts, also what others say in the outsider's own room with a common name.
import contextlib
import json

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind):
    heard = [json.loads(await socket.recv())]
    while heard[-1]["type"] != kind:
        heard.append(json.loads(await socket.recv()))
    return heard


async def leaks(url):
    room = "room:demo"
    cases = ([], ["room:other"], ["room:demo2"], ["room:dem"], [room])
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
        await say(sockets[0], type="chat", roomId=room, text="hi")
        await hear(sockets[0], "chat")
        for socket in sockets[1:]:
            await say(socket, type="ping")
            if any(message["type"] == "chat" for message in await hear(socket, "pong")):
                return True
    return False
