import asyncio
import json
import os
import signal
from pathlib import Path

from websockets.asyncio.server import broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Response

HOST = "localhost"
PORT = int(os.environ.get("PORT", "8080"))
PAGE = Path(__file__).with_name("index.html").read_bytes()

DEFAULT_ROOM = "lobby"
HISTORY = 50

rooms = {}    # room name -> {websocket: user name}
history = {}  # room name -> list of messages


def publish(room, message):
    broadcast(rooms.get(room, {}).keys(), json.dumps(message))


def publish_members(room):
    publish(room, {"type": "members", "members": sorted(rooms.get(room, {}).values())})


def clean(value, limit):
    if not isinstance(value, str):
        return ""
    return value.strip()[:limit]


async def handler(websocket):
    room = None
    name = None
    try:
        async for raw in websocket:
            try:
                data = json.loads(raw)
            except ValueError:
                data = None
            if not isinstance(data, dict):
                await websocket.send(json.dumps({"type": "error", "text": "Not a valid message."}))
                continue

            action = data.get("type")

            if action == "join" and room is None:
                wanted = clean(data.get("name"), 30)
                wanted_room = clean(data.get("room"), 30) or DEFAULT_ROOM
                if not wanted:
                    await websocket.send(json.dumps({"type": "error", "text": "A name is needed."}))
                    continue
                members = rooms.setdefault(wanted_room, {})
                if wanted in members.values():
                    await websocket.send(json.dumps({"type": "error", "text": "This name is in use."}))
                    continue
                name, room = wanted, wanted_room
                members[websocket] = name
                await websocket.send(json.dumps({
                    "type": "joined",
                    "name": name,
                    "room": room,
                    "history": history.get(room, []),
                }))
                publish(room, {"type": "info", "text": f"{name} has joined."})
                publish_members(room)

            elif action == "say" and room is not None:
                text = clean(data.get("text"), 2000)
                if text:
                    message = {"type": "say", "name": name, "text": text}
                    log = history.setdefault(room, [])
                    log.append(message)
                    del log[:-HISTORY]
                    publish(room, message)

            elif action == "typing" and room is not None:
                others = [ws for ws in rooms[room] if ws is not websocket]
                broadcast(others, json.dumps({"type": "typing", "name": name}))

            else:
                await websocket.send(json.dumps({"type": "error", "text": "Not possible now."}))
    except Exception as e:
        if type(e).__name__ not in ("ConnectionClosedError", "ConnectionClosedOK"):
            raise
    finally:
        if room is not None:
            rooms[room].pop(websocket, None)
            if rooms[room]:
                publish(room, {"type": "info", "text": f"{name} has left."})
                publish_members(room)
            else:
                del rooms[room]


def process_request(connection, request):
    if request.path == "/ws":
        return None
    if request.path == "/" or request.path.startswith("/?"):
        return Response(200, "OK", Headers({
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(PAGE)),
            "Connection": "close",
        }), PAGE)
    return connection.respond(404, "Not found\n")


async def main():
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(sig, stop.set)
        except NotImplementedError:  # Windows
            pass
    async with serve(handler, HOST, PORT, process_request=process_request):
        print(f"Open http://{HOST}:{PORT}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
