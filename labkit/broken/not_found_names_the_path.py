"""The 404 names the path and the query that were asked for."""

from http import HTTPStatus

from websockets.http11 import Request, Response

from labkit.broken.planted import Planted
from labkit.wire.admission import Peer
from labkit.wire.http.reply import Later, reply
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("secrets/5",)


class Broken(Planted):
    """Our server with this fault."""

    def _new_http(self, hub: Hub) -> Http:
        """Say what was not found."""
        http = super()._new_http(hub)
        answer = http.answer

        def tell(request: Request, peer: Peer) -> Response | Later:
            given = answer(request, peer)
            if isinstance(given, Response) and given.status_code == HTTPStatus.NOT_FOUND:
                return reply(HTTPStatus.NOT_FOUND, f"there is no {request.path}\n")
            return given

        http.answer = tell  # type: ignore[method-assign]
        return http
