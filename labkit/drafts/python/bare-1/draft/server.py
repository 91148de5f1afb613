"""A small chat server: serves the page over HTTP and the chat over WebSocket."""

import asyncio
import json
import os
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

HOST = "localhost"
PORT = int(os.environ.get("PORT", "8080"))
INDEX = Path(__file__).with_name("index.html")

MAX_NAME = 24
MAX_TEXT = 1000
HISTORY_SIZE = 50

clients = {}  # connection -> user name
history = []  # last messages


def now():
    return datetime.now(timezone.utc).isoformat()


def send_all(event):
    broadcast(clients.keys(), json.dumps(event))


def send_users():
    send_all({"type": "users", "users": sorted(clients.values(), key=str.lower)})


def parse(raw):
    """Return the message as a dict, or None if it is not a valid JSON object."""
    try:
        data = json.loads(raw)
    except (ValueError, UnicodeDecodeError):
        return None
    return data if isinstance(data, dict) else None


async def send_error(ws, text):
    await ws.send(json.dumps({"type": "error", "text": text}))


async def join(ws):
    """Wait until the client has chosen a valid, free name."""
    async for raw in ws:
        data = parse(raw)
        if data is None or data.get("type") != "join":
            await send_error(ws, "Please join with a name first.")
            continue
        name = data.get("name")
        name = " ".join(name.split()) if isinstance(name, str) else ""
        if not name:
            await send_error(ws, "Please enter a name.")
        elif len(name) > MAX_NAME:
            await send_error(ws, f"The name may have at most {MAX_NAME} characters.")
        elif name.lower() in (n.lower() for n in clients.values()):
            await send_error(ws, "That name is already taken.")
        else:
            return name
    return None


async def chat(ws):
    try:
        name = await join(ws)
        if name is None:
            return
        clients[ws] = name
        await ws.send(json.dumps({"type": "welcome", "name": name, "history": history}))
        send_all({"type": "system", "text": f"{name} joined", "time": now()})
        send_users()

        async for raw in ws:
            data = parse(raw)
            if data is None or data.get("type") != "message":
                await send_error(ws, "Unknown message.")
                continue
            text = data.get("text")
            text = text.strip() if isinstance(text, str) else ""
            if not text:
                continue
            if len(text) > MAX_TEXT:
                await send_error(ws, f"A message may have at most {MAX_TEXT} characters.")
                continue
            event = {"type": "message", "name": name, "text": text, "time": now()}
            history.append(event)
            del history[:-HISTORY_SIZE]
            send_all(event)
    except ConnectionClosed:
        pass
    finally:
        name = clients.pop(ws, None)
        if name is not None:
            send_all({"type": "system", "text": f"{name} left", "time": now()})
            send_users()


def http_response(status, body, content_type):
    headers = Headers(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)


def process_request(connection, request):
    path = request.path.split("?", 1)[0]
    if path == "/ws":
        return None  # go on with the WebSocket handshake
    if path in ("/", "/index.html"):
        return http_response(HTTPStatus.OK, INDEX.read_bytes(), "text/html; charset=utf-8")
    return http_response(HTTPStatus.NOT_FOUND, b"Not found\n", "text/plain; charset=utf-8")


async def main():
    origins = [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}", None]
    async with serve(
        chat,
        HOST,
        PORT,
        process_request=process_request,
        origins=origins,
        max_size=16 * 1024,
    ) as server:
        print(f"Chat is running at http://{HOST}:{PORT}")
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
