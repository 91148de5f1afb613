#!/usr/bin/env python3
import asyncio
import http
import json
import logging
import os
import pathlib
import time

import websockets
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

PORT = int(os.environ.get("PORT", 8080))
PUBLIC = pathlib.Path(__file__).parent / "public"

# The only files that are served.
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/client.js": ("client.js", "text/javascript; charset=utf-8"),
}

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
log = logging.getLogger("chat")


class Chat:
    def __init__(self, history_limit=100):
        self.users = {}  # websocket -> nickname
        self.history = []
        self.history_limit = history_limit

    def broadcast(self, payload):
        websockets.broadcast(self.users, json.dumps(payload))

    def add_message(self, nick, text):
        message = {"type": "message", "nick": nick, "text": text, "ts": int(time.time() * 1000)}
        self.history.append(message)
        self.history = self.history[-self.history_limit:]
        self.broadcast(message)

    def notice(self, text):
        self.broadcast({"type": "notice", "text": text, "ts": int(time.time() * 1000)})
        self.broadcast({"type": "users", "users": sorted(self.users.values())})

    def unique_nick(self, wanted):
        taken = set(self.users.values())
        nick, n = wanted, 2
        while nick in taken:
            nick = f"{wanted}{n}"
            n += 1
        return nick

    async def handle(self, ws):
        try:
            async for raw in ws:
                await self.receive(ws, raw)
        except websockets.ConnectionClosed:
            pass
        finally:
            nick = self.users.pop(ws, None)
            if nick:
                log.info("%s left", nick)
                self.notice(f"{nick} left the chat")

    async def receive(self, ws, raw):
        try:
            data = json.loads(raw)
            kind = data["type"]
        except (ValueError, KeyError, TypeError):
            await self.error(ws, "Invalid message")
            return

        if kind == "join":
            await self.join(ws, data)
        elif kind == "message":
            await self.message(ws, data)
        else:
            await self.error(ws, "Unknown message type")

    async def join(self, ws, data):
        if ws in self.users:
            await self.error(ws, "You have already joined")
            return
        nick = str(data.get("nick", "")).strip()[:20]
        if not nick:
            await self.error(ws, "Please choose a nickname")
            return
        nick = self.unique_nick(nick)
        self.users[ws] = nick
        log.info("%s joined", nick)
        await ws.send(json.dumps({"type": "joined", "nick": nick, "history": self.history}))
        self.notice(f"{nick} joined the chat")

    async def message(self, ws, data):
        if ws not in self.users:
            await self.error(ws, "Join first")
            return
        text = str(data.get("text", "")).strip()[:2000]
        if text:
            self.add_message(self.users[ws], text)

    async def error(self, ws, text):
        await ws.send(json.dumps({"type": "error", "text": text}))


def static_files(connection, request):
    path = request.path.partition("?")[0]
    if path == "/ws":
        return None
    if path not in FILES:
        return connection.respond(http.HTTPStatus.NOT_FOUND, "Not found\n")
    name, content_type = FILES[path]
    body = (PUBLIC / name).read_bytes()
    headers = Headers()
    headers["Content-Type"] = content_type
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    return Response(200, "OK", headers, body)


async def main():
    chat = Chat()
    async with serve(chat.handle, "localhost", PORT, process_request=static_files, max_size=2**16) as server:
        log.info("Listening on http://localhost:%d", PORT)
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
