"""What people choose for a brief: the eight constraints, the four transports, and the stacks."""

from typing import Literal, NamedTuple

Stack = Literal["any", "node-ws", "websockets", "aiohttp", "fastapi"]


class Constraint(NamedTuple):
    """A rule, what happens without it, and the probes and chapters that judge it."""

    rule: str
    failure: str
    probes: tuple[str, ...]
    chapters: tuple[str, ...]


CONSTRAINTS = (
    Constraint(
        "The first message authenticates the connection. Until it succeeds, nothing else has an effect.",
        "A stranger joins a room, or writes to one, before the server knows who it is.",
        ("auth/1", "auth/2", "auth/4"),
        ("auth",),
    ),
    Constraint(
        "Events of a room go to the connections that joined this room, and to no other.",
        "One customer reads another customer's messages.",
        ("rooms/1", "rooms/2", "rooms/6"),
        ("rooms",),
    ),
    Constraint(
        "Each message is checked against its type before use; an invalid one closes its connection with 1008.",
        "One odd message raises an exception nobody catches, and the whole process ends.",
        ("validation/3", "validation/4", "validation/8", "validation/15", "protocol/2"),
        ("validation", "protocol"),
    ),
    Constraint(
        "The server pings each connection, and ends one that does not answer.",
        "A phone that lost its network stays a member for hours.",
        ("heartbeat/1", "heartbeat/2"),
        ("heartbeat",),
    ),
    Constraint(
        "What waits for one member is limited; a member over the limit is closed with 1013.",
        "One client that stops reading fills the server's memory, and everybody is disconnected.",
        ("slow/1", "slow/2"),
        ("slow",),
    ),
    Constraint(
        "Clients spread their reconnects at random, with growing waits. The server survives those that do not.",
        "After a restart all clients return in the same second, and the server goes down again.",
        ("storms/6", "storms/7", "waits/1", "waits/3", "waits/4"),
        ("storms", "entry", "codes", "waits", "words", "line"),
    ),
    Constraint(
        "A secret travels in a message or a header. It is never in a URL, a log, a close reason or an event.",
        "Proxies, logs and screenshots keep the token, and anyone who reads them can log in.",
        ("secrets/1", "secrets/2", "secrets/3", "entry/3"),
        ("secrets",),
    ),
    Constraint(
        "Each accepted event is recorded outside of delivery, before the first member receives it.",
        "A message was seen by everybody, and no record of it exists.",
        ("audit/1", "audit/2"),
        ("audit",),
    ),
)

TRANSPORTS = (
    ("WebSocket", "both sides send at any time", "State authentication, reconnects, heartbeat and a bounded buffer."),
    ("Server-Sent Events", "only the server sends", "Number the events, name their types, resume from Last-Event-ID."),
    ("polling", "a change may be seen seconds later", "Answer unchanged data with 304, and limit requests per client."),
    ("HTTP request", "the action must be stored or billed", "Check the same rights here as on the WebSocket."),
)

STACKS: dict[Stack, tuple[str, ...]] = {
    "any": ("Use a maintained WebSocket library. Do not parse frames yourself.",),
    "node-ws": (
        "Node 20 or newer with `ws`; one file, `server.mjs`.",
        "Set `maxPayload: 65536`. Handle `error` on every socket and on the server: an unhandled one ends the process.",
        "`close()` throws for a reason over 123 bytes; take reasons from a fixed list.",
        "`ws.bufferedAmount` counts what one connection has not sent yet. `ws.close()` waits 30 s for the peer: call"
        " `ws.terminate()` 1 s later.",
    ),
    "websockets": (
        "Python 3.11 or newer with `websockets` (`websockets.asyncio.server`); one file, `server.py`.",
        "Set `max_size=65536`. Never `await send()` for other members in the handler: give each member a bounded queue"
        " and one writer task.",
        "Set `ping_interval`, `ping_timeout` and `close_timeout=1`; its own heartbeat closes with 1011, which will"
        " do. Catch ConnectionClosed.",
        "The library answers pings by itself, even while the client does not read: poll"
        " `ws.transport.get_write_buffer_size()` every 0.1 s, and end the connection above the limit. Set"
        " `write_limit=0` and `compression=None`, so that this buffer is all that waits outside your queue.",
        "`ws.close()` waits behind a send that is stalled: call `ws.transport.abort()` 1 s after you began to close.",
        "A request head may be 1 MiB by default. Before the import, set WEBSOCKETS_MAX_NUM_HEADERS=32 and"
        " WEBSOCKETS_MAX_LINE_LENGTH=2048 in `os.environ`.",
    ),
    "aiohttp": (
        "Python 3.11 or newer with `aiohttp`; one file, `server.py`.",
        "Set `max_msg_size=65536`. Give each member a bounded queue and one writer task.",
        "`heartbeat=` sends pings. It closes with 1006; send 4408 yourself if a client must know why.",
    ),
    "fastapi": (
        "Python 3.11 or newer with FastAPI under uvicorn; one file, `server.py`.",
        "Start uvicorn with `ws_max_size=65536`, `ws_ping_interval`, `ws_ping_timeout` and"
        " `ws_per_message_deflate=False`. `h11_max_incomplete_event_size=16384` limits a request head, but not under"
        " `httptools`: see `http=` below.",
        "Catch WebSocketDisconnect. Give each member a bounded queue and one writer task.",
        "uvicorn answers pings by itself, and its `send` and `close` wait for a client that does not read. Pass as"
        " `ws=` a subclass of `uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol` whose"
        " `connection_made` calls super's, then sets"
        ' `self.app_state = {**self.app_state, "transport": transport}`. Poll'
        " `websocket.state.transport.get_write_buffer_size()`, and call `abort()` on the transport 1 s after a close.",
        "uvicorn drops a frame that arrives in the packet of the handshake. Pass as `http=` a subclass of"
        " `uvicorn.protocols.http.h11_impl.H11Protocol`: its `handle_websocket_upgrade(event)` keeps"
        " `self.conn.trailing_data[0]`, calls super's, and gives it to `self.transport.get_protocol().data_received`.",
    ),
}
