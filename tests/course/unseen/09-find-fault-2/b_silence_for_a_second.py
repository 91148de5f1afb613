# wrong
# It takes half a second of silence for a proof; on a slow network the leak arrives later.
import asyncio
import contextlib
import json
import uuid

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind):
    while json.loads(await socket.recv())["type"] != kind:
        pass


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

        async def listens(socket):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    while json.loads(await socket.recv()).get("text") != text:
                        pass
                    return True
            return False

        return any(await asyncio.gather(*map(listens, sockets[1:])))
