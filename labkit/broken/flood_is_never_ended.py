"""What is over the rate is refused, for ever."""

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.rules.session import Session
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("storms/5",)


class Mild(Session):
    """Counts no strikes."""

    __slots__ = ()

    def _strike(self, now: float) -> Close | None:
        return None


class MildConnection(Connection):
    """Has a mild session."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.session.__class__ = Mild


class Broken(Planted):
    """Our server with this fault."""

    connection = MildConnection
