import asyncio
import json
import uuid

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def until(socket, kind, text=None):
    """An async generator would do too: here, the raw messages up to the one that is awaited."""
    raw = []
    async for frame in socket:
        raw.append(frame)
        message = json.loads(frame)
        if message["type"] == kind and text in (None, message.get("text")):
            break
    return "\n".join(raw)


async def scene(url, spoken, visited=(), left=()):
    """Whether an outsider that visited these rooms, and left those, hears what is said in `spoken`."""
    text = uuid.uuid4().hex
    async with websockets.connect(url) as speaker, websockets.connect(url) as outsider:
        for socket in (speaker, outsider):
            await say(socket, type="auth", token="dev-token")
            await until(socket, "auth_ok")
        for socket, rooms in ((speaker, [spoken]), (outsider, visited)):
            for room in rooms:
                await say(socket, type="join", roomId=room)
                await until(socket, "joined")
        for room in left:
            await say(outsider, type="leave", roomId=room)
            await until(outsider, "left")
        await say(speaker, type="chat", roomId=spoken, text=text)
        await until(speaker, "chat", text)
        await say(outsider, type="ping")
        return text in await until(outsider, "pong")


async def leaks(url):
    def new():
        return f"room:{uuid.uuid4().hex}"

    a, b, c, d, e = (new() for _ in range(5))
    results = await asyncio.gather(
        scene(url, a),
        scene(url, b, visited=[new()]),
        scene(url, c, visited=[c + ":more"]),
        scene(url, d + ":more", visited=[d]),
        scene(url, e, visited=[e], left=[e]),
    )
    return any(results)
