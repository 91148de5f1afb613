"""The roomId of a message is trusted: whoever is authenticated may speak in any room."""

from labkit.broken.planted import Planted
from labkit.rules.actions import Action, Publish
from labkit.rules.messages import Message, Publication
from labkit.rules.session import Session
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/2", "rooms/3", "rooms/10")


class Trusting(Session):
    """Publishes wherever it is told to."""

    __slots__ = ()

    def _judge(self, message: Message, now: float) -> Action:
        if isinstance(message, Publication) and message.room_id not in self.rooms:
            return Publish(message)
        return super()._judge(message, now)


class TrustingConnection(Connection):
    """Has a trusting session."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.session.__class__ = Trusting


class Broken(Planted):
    """Our server with this fault."""

    connection = TrustingConnection
