"""A small room server whose words a test chooses, to find out whether a review understands or says what it misses."""

import json
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


@dataclass
class Talker:
    """Its words, by what they mean; its names of fields; and how it differs otherwise."""

    words: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    is_echoing: bool = True
    bad_room: str = ":"  # a room whose name contains this is refused
    is_array: bool = False  # several messages in one frame, as a JSON array
    _members: dict[ServerConnection, set[str]] = field(default_factory=dict)

    def word(self, kind: str) -> str:
        """Return its word for a type of ours."""
        return self.words.get(kind, kind)

    def name(self, field_name: str) -> str:
        """Return its name of a field of ours."""
        return self.names.get(field_name, field_name)

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one client."""
        self._members[connection] = set()
        try:
            async for text in connection:
                await self._received(connection, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            del self._members[connection]

    async def _received(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        kind, room = message.get(self.name("type")), message.get(self.name("roomId"), "")
        if kind == self.word("auth"):
            await self._tell([connection], "auth_ok", userId="someone")
        elif kind == self.word("join") and room and self.bad_room not in room:
            self._members[connection].add(room)
            await self._tell([connection], "joined", roomId=room)
        elif kind == self.word("join"):
            await self._tell([connection], "error", reason="bad channel")
        elif kind == self.word("chat"):
            there = [one for one, rooms in self._members.items() if room in rooms]
            receivers = there if self.is_echoing else [one for one in there if one is not connection]
            await self._tell(receivers, "said", roomId=room, text=message.get(self.name("text")))
        elif kind == self.word("ping"):
            await self._tell([connection], "pong")
        else:
            await self._tell([connection], "error", reason="unknown type")

    async def _tell(self, receivers: list[ServerConnection], kind: str, **fields: Any) -> None:
        default = "chat" if kind == "said" else kind
        message = {self.name("type"): self.words.get(kind, default)}
        message |= {self.name(name): value for name, value in fields.items()}
        broadcast(receivers, json.dumps([message, {"idle": True}] if self.is_array else message))

    def serving(self) -> serve:
        """Run it on a free port; use with `async with`."""
        return serve(self.listen, "127.0.0.1", 0, logger=None)


def url_of(server: Any) -> str:
    """Return the address of a running server."""
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
