import asyncio
import json
import uuid
from dataclasses import dataclass, field

import websockets


@dataclass
class Witness:
    url: str
    joins: tuple = ()
    leaves: tuple = ()
    texts: set = field(default_factory=set)

    async def __aenter__(self):
        self.socket = await websockets.connect(self.url)
        await self.ask("auth_ok", type="auth", token="dev-token")
        for room in self.joins:
            await self.ask("joined", type="join", roomId=room)
        for room in self.leaves:
            await self.ask("left", type="leave", roomId=room)
        self.texts.clear()
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def ask(self, answer, **message):
        await self.socket.send(json.dumps(message))
        while (await self.next())["type"] != answer:
            pass

    async def next(self):
        message = json.loads(await self.socket.recv())
        if message["type"] == "chat":
            self.texts.add(message["text"])
        return message

    async def speak(self, room, text):
        await self.socket.send(json.dumps({"type": "chat", "roomId": room, "text": text}))
        while text not in self.texts:
            await self.next()


async def leaks(url):
    mark = uuid.uuid4().hex
    short, long, far = f"r{mark}", f"r{mark}0", f"q{mark}"
    said_short, said_long = f"short {mark}", f"long {mark}"
    async with (
        Witness(url, (short,)) as ana,
        Witness(url, (long,)) as ben,
        Witness(url, (far,)) as cleo,
        Witness(url) as dan,
        Witness(url, (short, long, far), (short, long)) as eve,
    ):
        await ana.speak(short, said_short)
        await ben.speak(long, said_long)
        everybody = (ana, ben, cleo, dan, eve)
        await asyncio.gather(*(witness.ask("pong", type="ping") for witness in everybody))
        allowed = [{said_short}, {said_long}, set(), set(), set()]
        return any(
            (witness.texts & {said_short, said_long}) - may for witness, may in zip(everybody, allowed, strict=True)
        )
