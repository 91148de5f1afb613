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


class Guest:
    def __init__(self, socket):
        self.socket, self.texts = socket, []

    async def ask(self, answer, **message):
        """Say a message and note the text of every chat that comes before its answer."""
        await say(self.socket, **message)
        heard = await hear(self.socket, answer)
        self.texts += [m.get("text") for m in heard if m["type"] == "chat"]

    async def ready(self):
        await self.ask("auth_ok", type="auth", token="dev-token")
        return self

    async def join(self, room):
        await self.ask("joined", type="join", roomId=room)

    async def leave(self, room):
        await self.ask("left", type="leave", roomId=room)


async def leaks(url):
    name = f"leak-{uuid.uuid4().hex[:12]}"
    rooms = [name, name + "1", name + "12"]
    said = {room: f"said in {room}, {uuid.uuid4()}" for room in rooms}
    async with contextlib.AsyncExitStack() as open_sockets:

        async def guest():
            return await Guest(await open_sockets.enter_async_context(websockets.connect(url))).ready()

        never, left = await guest(), await guest()
        stayers = {room: await guest() for room in rooms}
        for room, stayer in stayers.items():
            await stayer.join(room)
        for room in rooms:
            await left.join(room)
        for room in rooms:
            await left.leave(room)
        for room, stayer in stayers.items():
            await say(stayer.socket, type="chat", roomId=room, text=said[room])
            while said[room] not in stayer.texts:
                await stayer.ask("pong", type="ping")
        for one in (never, left, *stayers.values()):
            await one.ask("pong", type="ping")
        if any(text in (*never.texts, *left.texts) for text in said.values()):
            return True
        return any(said[other] in stayer.texts for room, stayer in stayers.items() for other in rooms if other != room)
