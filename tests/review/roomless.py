"""Small servers without rooms, one per kind, and the dialect that `--learn` should find for each.

Each is a chat as a first draft may be: every chat reaches everybody. `plant` changes one of them for a test.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]


@dataclass
class Roomless:
    """A server without rooms. `clients`: those that chats reach, with their names; `plant` is called per message."""

    clients: dict[ServerConnection, str] = field(default_factory=dict)
    plant: Callable[[Message], None] = lambda message: None

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one client."""
        self.opened(connection)
        try:
            async for text in connection:
                self.received(connection, text if isinstance(text, str) else "")
        except ConnectionClosed:
            pass
        finally:
            if (name := self.clients.pop(connection, None)) is not None:
                self.left(name)

    def opened(self, connection: ServerConnection) -> None:
        """Handle a new connection."""

    def received(self, connection: ServerConnection, text: str) -> None:
        """Handle one message."""
        raise NotImplementedError

    def left(self, name: str) -> None:
        """Handle the end of a client's connection."""

    def tell(self, *to: ServerConnection, **message: Any) -> None:
        """Send a message."""
        broadcast(to, json.dumps(message))

    def tell_all(self, **message: Any) -> None:
        """Send a message to every client."""
        self.tell(*self.clients, **message)

    def read(self, text: str) -> Message:
        """Return a message as an object; an empty one if it is none."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        value = value if isinstance(value, dict) else {}
        self.plant(value)
        return value

    def serving(self) -> serve:
        """Run it on a free port; use with `async with`."""
        return serve(self.listen, "127.0.0.1", 0, max_size=2**16, ping_interval=1, ping_timeout=1, logger=None)


class SendsBack(Roomless):
    """It knows no types: each message goes to everybody as it came, its sender included."""

    def opened(self, connection: ServerConnection) -> None:
        """Everybody who is connected takes part."""
        self.clients[connection] = ""

    def received(self, connection: ServerConnection, text: str) -> None:
        """Send it to everybody."""
        if message := self.read(text):
            self.tell_all(**message)


class SendsOn(SendsBack):
    """Like SendsBack, but its sender does not get a message back."""

    def received(self, connection: ServerConnection, text: str) -> None:
        """Send it to everybody else."""
        if message := self.read(text):
            self.tell(*(one for one in self.clients if one is not connection), **message)


class AsksForName(Roomless):
    """A client joins with a name. Everything else is an error, and joining again is one too."""

    def received(self, connection: ServerConnection, text: str) -> None:
        """Handle join and message."""
        message = self.read(text)
        name, body = message.get("nick"), message.get("text")
        if message.get("type") == "join" and isinstance(name, str) and name and connection not in self.clients:
            self.clients[connection] = name
            self.tell(connection, type="welcome", nick=name)
            self.tell_all(type="notice", text=f"{name} joined")
        elif message.get("type") == "message" and isinstance(body, str) and connection in self.clients:
            self.tell_all(type="message", nick=self.clients[connection], text=body[:1000])
        else:
            self.tell(connection, type="error", text="Please join with a nick first.")

    def left(self, name: str) -> None:
        """Tell the others."""
        self.tell_all(type="notice", text=f"{name} left")


class GreetsFirst(Roomless):
    """A connection takes part at once, under a name that the server gives. It ignores what it does not know."""

    count = 0

    def opened(self, connection: ServerConnection) -> None:
        """Give the client a name and say who is there."""
        self.count += 1
        self.clients[connection] = f"Guest{self.count}"
        self.tell(connection, type="hello", name=self.clients[connection])
        self.tell_all(type="people", names=list(self.clients.values()))

    def received(self, connection: ServerConnection, text: str) -> None:
        """Handle say."""
        message = self.read(text)
        if message.get("type") == "say" and isinstance(message.get("text"), str):
            self.tell_all(type="say", name=self.clients[connection], text=message["text"][:1000])

    def left(self, name: str) -> None:
        """Tell the others."""
        self.tell_all(type="people", names=list(self.clients.values()))


class Remembers(Roomless):
    """A login with a token, then a chat with everybody. The last chats are sent again to whoever comes."""

    TOKEN = "a-token-of-the-server"
    history: list[Message]

    def received(self, connection: ServerConnection, text: str) -> None:
        """Handle auth, chat and ping."""
        message = self.read(text)
        self.history = getattr(self, "history", [])
        if connection not in self.clients:
            if message.get("type") == "auth" and message.get("token") == self.TOKEN:
                self.clients[connection] = "someone"
                self.tell(connection, type="auth_ok", userId="someone")
                for one in self.history:
                    self.tell(connection, **one)
        elif message.get("type") == "chat" and isinstance(message.get("text"), str):
            self.history = [*self.history[-20:], {"type": "chat", "userId": "someone", "text": message["text"][:1000]}]
            self.tell_all(**self.history[-1])
        elif message.get("type") == "ping":
            self.tell(connection, type="pong")


class SendsBackAlone(Roomless):
    """It sends each message back to its sender, and to nobody else: it is no chat."""

    def received(self, connection: ServerConnection, text: str) -> None:
        """Send it back."""
        if message := self.read(text):
            self.tell(connection, **message)
