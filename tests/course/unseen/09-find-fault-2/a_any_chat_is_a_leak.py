# wrong
# Any chat that an outsider hears counts, also one that others say in its own room, whose name all share.
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
    async with contextlib.AsyncExitStack() as stack:
        ana, ben, cleo, dan, eve = [await stack.enter_async_context(websockets.connect(url)) for _ in range(5)]
        await enter(ana, "room:a")
        await enter(ben, "room:b")
        await enter(cleo, "room:ab")
        await say(dan, type="auth", token="dev-token")
        await hear(dan, "auth_ok")
        await enter(eve, "room:a")
        await say(eve, type="leave", roomId="room:a")
        await hear(eve, "left")
        await say(ana, type="chat", roomId="room:a", text="hi")
        await hear(ana, "chat")
        for socket in (ben, cleo, dan, eve):
            await say(socket, type="ping")
            if any(message["type"] == "chat" for message in await hear(socket, "pong")):
                return True
        return False
