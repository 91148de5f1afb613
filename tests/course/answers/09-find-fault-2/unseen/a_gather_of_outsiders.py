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


async def until(socket, wanted):
    """Raw texts up to the first message for which `wanted` holds."""
    raw = []
    async for text in socket:
        raw.append(text)
        if wanted(json.loads(text)):
            break
    return raw


async def in_rooms(socket, *steps):
    await say(socket, type="auth", token="dev-token")
    await hear(socket, "auth_ok")
    for kind, room in steps:
        await say(socket, type=kind, roomId=room)
        await hear(socket, {"join": "joined", "leave": "left"}[kind])


async def heard_it(socket, secret):
    await say(socket, type="ping")
    return any(secret in raw for raw in await until(socket, lambda m: m["type"] == "pong"))


async def leaks(url):
    base, secret = uuid.uuid4().hex, uuid.uuid4().hex
    room = base + "-ab"
    plans = [
        [],
        [("join", base)],
        [("join", room + "c")],
        [("join", uuid.uuid4().hex)],
        [("join", room), ("leave", room)],
        [("join", base + "-z"), ("join", room), ("leave", room)],
    ]
    async with contextlib.AsyncExitStack() as stack:
        ana = await stack.enter_async_context(websockets.connect(url))
        outsiders = [await stack.enter_async_context(websockets.connect(url)) for _ in plans]
        await in_rooms(ana, ("join", room))
        await asyncio.gather(*(in_rooms(s, *plan) for s, plan in zip(outsiders, plans)))
        await say(ana, type="chat", roomId=room, text=secret)
        await until(ana, lambda m: m["type"] == "chat" and m.get("text") == secret)
        await say(ana, type="ping")
        await hear(ana, "pong")
        return any(await asyncio.gather(*(heard_it(s, secret) for s in outsiders)))
