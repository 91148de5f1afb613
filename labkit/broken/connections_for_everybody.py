"""The list of connections asks for no bearer."""

from labkit.broken.planted import Planted
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("secrets/6",)


class Broken(Planted):
    """Our server with this fault."""

    def _new_http(self, hub: Hub) -> Http:
        """Refuse no operator."""
        http = super()._new_http(hub)
        http._refuse_operator = lambda _: None  # type: ignore[assignment, method-assign]
        return http
