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
    room = f"room:{uuid.uuid4().hex}"
    text = uuid.uuid4().hex
    async with contextlib.AsyncExitStack() as stack:
        ana, other, longer, shorter, never, left = [await stack.enter_async_context(websockets.connect(url)) for _ in range(6)]
        await enter(ana, room)
        await enter(other, f"other:{uuid.uuid4().hex}")
        await enter(longer, room + "-more")
        await enter(shorter, room[:-4])
        await say(never, type="auth", token="dev-token")
        await hear(never, "auth_ok")
        await enter(left, room)
        await say(left, type="leave", roomId=room)
        await hear(left, "left")

        await say(ana, type="chat", roomId=room, text=text)
        while (await hear(ana, "chat"))[-1].get("text") != text:
            pass
        await say(ana, type="ping")
        await hear(ana, "pong")
        for outsider in (other, longer, shorter, never, left):
            await say(outsider, type="ping")
            for message in await hear(outsider, "pong"):
                if message["type"] == "chat" and message.get("text") == text:
                    return True
    return False
