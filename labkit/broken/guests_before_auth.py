"""Before auth everybody is a guest, and a guest may do what a user may."""

from time import time

from labkit.broken.planted import Planted
from labkit.rules.actions import Action
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.messages import Auth, Message
from labkit.rules.session import Identity, Session, State
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("auth/1", "auth/2", "auth/3", "secrets/1")


class Open(Session):
    """Makes a guest of whoever speaks."""

    __slots__ = ()

    def receive(self, message: Message, now: float) -> Action | None:
        """Anything but auth is done for a guest."""
        if self.state is State.AUTHENTICATING and not isinstance(message, Auth):
            self.accepted(Identity("guest", "guest", EVERY_ROOM, time() + 60))
        return super().receive(message, now)


class OpenConnection(Connection):
    """Has an open session."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.session.__class__ = Open


class Broken(Planted):
    """Our server with this fault."""

    connection = OpenConnection
