"""Access is checked in join, and not again for what is said."""

from labkit.broken.planted import Planted
from labkit.rules.actions import Action, Publish
from labkit.rules.messages import Message, Publication
from labkit.rules.session import Session
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/12",)


class Lax(Session):
    """Publishes for readers as well."""

    __slots__ = ()

    def _allow(self, message: Message) -> Action:
        return Publish(message) if isinstance(message, Publication) else super()._allow(message)


class LaxConnection(Connection):
    """Has a lax session."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.session.__class__ = Lax


class Broken(Planted):
    """Our server with this fault."""

    connection = LaxConnection
