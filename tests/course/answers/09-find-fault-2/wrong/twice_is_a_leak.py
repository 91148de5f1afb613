# misconception: probe-cries-wolf
# caught by: another-fault
import contextlib
import json
import secrets

import websockets


async def say(socket, **message):
    await socket.send(json.dumps(message))


async def hear(socket, kind):
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
    room, words = f"room:{secrets.token_hex(4)}", secrets.token_hex(8)
    async with contextlib.AsyncExitStack() as stack:
        speaker, neighbour, former = [await stack.enter_async_context(websockets.connect(url)) for _ in range(3)]
        await enter(speaker, room)
        await enter(neighbour, f"{room}2")
        await enter(former, room)
        await say(speaker, type="join", roomId=room)
        await say(former, type="leave", roomId=room)
        await hear(former, "left")
        await say(speaker, type="chat", roomId=room, text=words)
        while words not in str(await hear(speaker, "chat")):
            pass
        await say(speaker, type="ping")
        if words in str(await hear(speaker, "pong")):
            return True
        for outsider in (neighbour, former):
            await say(outsider, type="ping")
            if words in str(await hear(outsider, "pong")):
                return True
        return False
