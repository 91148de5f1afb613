import asyncio
import json
import uuid

import websockets


class Somebody:
    def __init__(self, socket):
        self.socket = socket
        self.heard = []

    async def ask(self, answer, **message):
        await self.socket.send(json.dumps(message))
        while True:
            got = json.loads(await self.socket.recv())
            self.heard.append(got)
            if got.get("type") == answer:
                return got


async def outsider(url, room, begins, after, mark):
    async with websockets.connect(url) as socket:
        me = Somebody(socket)
        await me.ask("auth_ok", type="auth", token="dev-token")
        await me.ask("joined", type="join", roomId=room)
        if after:
            await me.ask("left", type="leave", roomId=room)
        begins.release()
        await after_words.wait()
        await me.ask("pong", type="ping")
        return any(one.get("text") == mark for one in me.heard)


async def leaks(url):
    global after_words
    after_words = asyncio.Event()
    begins = asyncio.Semaphore(0)
    mark, room = uuid.uuid4().hex, "r" + uuid.uuid4().hex[:10]
    jobs = [
        asyncio.create_task(outsider(url, room + "b", begins, False, mark)),
        asyncio.create_task(outsider(url, room, begins, True, mark)),
        asyncio.create_task(outsider(url, "another", begins, False, mark)),
    ]
    for _ in jobs:
        await begins.acquire()
    async with websockets.connect(url) as socket:
        me = Somebody(socket)
        await me.ask("auth_ok", type="auth", token="dev-token")
        await me.ask("joined", type="join", roomId=room)
        while (await me.ask("chat", type="chat", roomId=room, text=mark))["text"] != mark:
            pass
        after_words.set()
        return any(await asyncio.gather(*jobs))
