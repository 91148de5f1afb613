# wrong
# Waits 0.3 seconds and takes silence for proof: a slow network makes it miss the leak.
import asyncio
import contextlib
import json
import uuid
import labkit
import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind):
    """Every message up to the first one of this type; that one is the last."""
    heard = [json.loads(await socket.recv())]
    while heard[-1]["type"] != kind:
        heard.append(json.loads(await socket.recv()))
    return heard


async def enter(socket, room):
    await say(socket, type="auth", token="dev-token")
    await hear(socket, "auth_ok")
    await say(socket, type="join", roomId=room)
    await hear(socket, "joined")


async def leaks(url):
    room, text = "room:" + uuid.uuid4().hex, uuid.uuid4().hex
    async with contextlib.AsyncExitStack() as stack:
        ana, other, longer, never, left = [await stack.enter_async_context(websockets.connect(url)) for _ in range(5)]
        await enter(ana, room)
        await enter(other, "room:" + uuid.uuid4().hex)
        await enter(longer, room + "x")
        await say(never, type="auth", token="dev-token")
        await hear(never, "auth_ok")
        await enter(left, room)
        await say(left, type="leave", roomId=room)
        await hear(left, "left")
        await say(ana, type="chat", roomId=room, text=text)

        async def hears(socket):
            while True:
                if json.loads(await socket.recv()).get("text") == text:
                    return True

        for socket in (other, longer, never, left):
            with contextlib.suppress(TimeoutError):
                if await asyncio.wait_for(hears(socket), 0.3):
                    return True
        return False
