"""The HTTP routes of the server.

    GET  /             the browser client, or one line of text for other clients
    GET  /healthz      200 while the process is alive;  /readyz: 503 while it drains
    GET  /metrics      Prometheus;  /connections: JSON, one line per connection (operations bearer)
    POST /ticket       name and code, by HTTP Basic authentication -> {ticket, expiresIn}
    POST /revoke/USER  end a user's sessions (operations bearer); 503 until the revocation is stored

Every response closes the connection. Secrets are sent in headers, never in a URL.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from time import monotonic, time
from urllib.parse import unquote

from websockets.http11 import Request, Response

from labkit.rules.answers import encode
from labkit.rules.credentials import same_secret
from labkit.wire.admission import Peer
from labkit.wire.http import metrics, pages
from labkit.wire.http.connections import describe
from labkit.wire.http.reply import Later, Respond, reply
from labkit.wire.http.streaming import Pump
from labkit.wire.http.users import RETRY_AFTER_S, Directory, TooManyGuesses
from labkit.wire.server_state import ServerState

RUNNING = "WebSocket server is running\n"
Route = Callable[[Request, Peer], Response]
NO_OPS_TOKEN = "OPS_TOKEN is not set in this server's environment; start it with OPS_TOKEN=SECRET labkit serve\n"
NOT_STORED = "in force on this server, but not yet in the audit file; the server keeps trying to store it. Ask again\n"
Routes = Mapping[tuple[str, str], Route]  # by method and path


class Http:
    """Answers requests that are not WebSocket handshakes."""

    def __init__(
        self,
        state: ServerState,
        revoke: Callable[[str], int],
        broker_is_up: Callable[[], bool | None],
        *,
        users: Directory | None,
        ops_token: str | None,
        more: Routes | None = None,
    ) -> None:
        """`revoke` ends a user's sessions and returns how many connections it closed. `more` adds routes."""
        self.pump = Pump()
        self._state = state
        self._revoke_user = revoke
        self._broker_is_up = broker_is_up
        self._users = users
        self._ops_token = ops_token
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/"): self._home,
            ("GET", "/healthz"): self._healthy,
            ("GET", "/readyz"): self._ready,
            ("GET", "/metrics"): self._metrics,
            ("GET", "/connections"): self._connections,
            ("POST", "/ticket"): self._ticket,
            **(more or {}),
        }

    def answer(self, request: Request, peer: Peer) -> Response | Later:
        """Answer one request."""
        path = request.path.partition("?")[0]
        method = "GET" if request.method == "HEAD" else request.method
        if path.startswith("/revoke/"):
            return self._revoke(request, unquote(path.removeprefix("/revoke/")), method)
        route = self._routes.get((method, path))
        if route is not None:
            return route(request, peer)
        allowed = [known for known, at in self._routes if at == path]
        if allowed:
            return reply(HTTPStatus.METHOD_NOT_ALLOWED, f"use {allowed[0]} for this path\n", Allow=allowed[0])
        return pages.page(path) if method == "GET" else reply(HTTPStatus.NOT_FOUND, "page not found\n")

    # For everyone

    def _home(self, request: Request, peer: Peer) -> Response:
        wants_html = any("text/html" in value for value in request.headers.get_all("Accept"))
        return pages.page("/index.html") if wants_html else reply(HTTPStatus.OK, RUNNING)

    def _healthy(self, request: Request, peer: Peer) -> Response:
        return reply(HTTPStatus.OK, "ok\n")

    def _ready(self, request: Request, peer: Peer) -> Response:
        if self._state.admission.is_draining:
            return reply(HTTPStatus.SERVICE_UNAVAILABLE, "draining\n")
        return reply(HTTPStatus.OK, "ready\n")

    def _metrics(self, request: Request, peer: Peer) -> Response:
        return reply(HTTPStatus.OK, metrics.render(self._state, self._broker_is_up()), metrics.CONTENT_TYPE)

    # For users

    def _ticket(self, request: Request, peer: Peer) -> Response:
        if self._users is None:
            return reply(HTTPStatus.FORBIDDEN, "this server has no users; start it with --users FILE\n")
        name, code = basic(request)
        try:
            grants = self._users.grants(name, code, peer.address, monotonic())
        except TooManyGuesses:
            wait = str(RETRY_AFTER_S)
            return reply(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong codes; wait a moment\n", Retry_After=wait)
        if grants is None:
            challenge = 'Basic realm="labkit", charset="UTF-8"'
            return reply(HTTPStatus.UNAUTHORIZED, "wrong name or code\n", WWW_Authenticate=challenge)
        ticket = self._state.sessions.ticket(name, grants, time())
        body = {"ticket": ticket, "expiresIn": self._state.limits.ticket_ttl_s}
        return reply(HTTPStatus.OK, encode(body), "application/json")

    # For operators

    def _connections(self, request: Request, peer: Peer) -> Response:
        refusal = self._refuse_operator(request)
        if refusal is not None:
            return refusal
        lines = (encode(describe(connection)) for connection in self._state.connections.values())
        return reply(HTTPStatus.OK, b"[\n" + b",\n".join(lines) + b"\n]\n", "application/json")

    def _revoke(self, request: Request, user_id: str, method: str) -> Response | Later:
        if method != "POST":
            return reply(HTTPStatus.METHOD_NOT_ALLOWED, "use POST for this path\n", Allow="POST")
        refusal = self._refuse_operator(request)
        if refusal is not None:
            return refusal
        closed, queue = self._revoke_user(user_id), self._state.queue

        def stored(respond: Respond) -> None:
            """Respond only after the commit, so that a 200 remains true even after a crash."""
            done = reply(HTTPStatus.OK, encode({"closed": closed}), "application/json")
            respond(reply(HTTPStatus.SERVICE_UNAVAILABLE, NOT_STORED) if queue.has_unstored else done)

        return lambda respond: queue.then(None, partial(stored, respond))

    def _refuse_operator(self, request: Request) -> Response | None:
        if not self._ops_token:
            return reply(HTTPStatus.FORBIDDEN, NO_OPS_TOKEN)
        given = request.headers.get_all("Authorization")
        if len(given) == 1 and same_secret(given[0], f"Bearer {self._ops_token}"):
            return None
        return reply(HTTPStatus.UNAUTHORIZED, "this path requires the operations token\n", WWW_Authenticate="Bearer")


def basic(request: Request) -> tuple[str, str]:
    """Return the name and code from HTTP Basic authentication, or empty strings if there are none."""
    given = request.headers.get_all("Authorization")
    scheme, _, encoded = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    try:
        name, _, code = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (name, code) if scheme.lower() == "basic" else ("", "")
