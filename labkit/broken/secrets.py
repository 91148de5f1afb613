"""Faults that disclose a credential or echo input."""

import json
import logging
import re
from http import HTTPStatus
from time import time
from typing import Any

from websockets.http11 import Request, Response

from labkit.broken.planted import Planted
from labkit.rules import answers
from labkit.rules.actions import Authenticate, Close
from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import Rejected
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.session import Identity, State
from labkit.wire.admission import Peer
from labkit.wire.connection import Connection
from labkit.wire.http.reply import Later, reply
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub
from labkit.wire.member import Member


class TokenInTheUrl(Planted):
    """The server also accepts a token in the URL's query, where every proxy logs it."""

    found_by = ("secrets/1",)

    class connection(Connection):
        def data_received(self, data: bytes) -> None:
            query = f"?token={self.hub.state.sessions._dev_token} ".encode()
            has_token = self.handshake is not None and query in data
            super().data_received(data)
            if has_token and self.session.state is State.AUTHENTICATING:
                self.session.accepted(Identity("from-url", "from-url", EVERY_ROOM, time() + 60))
                self._deadline = None


class TokenInTheReason(Planted):
    """The close reason echoes a refused token, which then reaches the client's log."""

    found_by = ("secrets/2", "secrets/4", "audit/6")  # reasons are logged and recorded

    def plant(self, hub: Hub) -> None:
        admit = hub.state.sessions.admit

        def admit_or_echo(token: str, **options: Any) -> Any:
            try:
                return admit(token, **options)
            except Rejected as rejected:
                rejected.reason = f"bad token {token}"[:100]
                raise

        hub.state.sessions.admit = admit_or_echo  # type: ignore[method-assign]


class TypeInTheReason(Planted):
    """The close reason echoes an unknown type, truncated to fit."""

    found_by = ("secrets/2",)

    def plant(self, hub: Hub) -> None:
        receive = hub.receive

        def receive_or_echo(connection: Member, raw: bytes) -> None:
            found = re.search(rb'"type":"([a-z0-9]+)"', raw)
            if found is not None and found[1].startswith(b"marker"):
                reason = f"unsupported type: {found[1].decode()}"[:100]
                hub.order.perform(connection, Close(CloseCode.INVALID_MESSAGE, reason))
            else:
                receive(connection, raw)

        hub.receive = receive_or_echo  # type: ignore[method-assign]


class MessageIsSpread(Planted):
    """The event is built by spreading the client's message over it, as in {...event, ...message}."""

    found_by = ("secrets/3", "rooms/5", "validation/7", "validation/9")

    def plant(self, hub: Hub) -> None:
        receive, tell = hub.receive, hub.state.path.broadcast
        messages: dict[str, Any] = {}

        def receive_and_keep(connection: Member, raw: bytes) -> None:
            if raw.startswith(b'{"type":"chat"') and isinstance(text := json.loads(raw).get("text"), str):
                messages[text] = json.loads(raw)
            receive(connection, raw)

        def tell_spread(members: Any, event: answers.Answer, _: bytes) -> None:
            spread = {**event, **messages.get(event["text"], {})} if "text" in event else event
            tell(members, spread, answers.encode(spread))

        hub.receive = receive_and_keep  # type: ignore[method-assign]
        hub.state.path.broadcast = tell_spread  # type: ignore[method-assign]


class TokenInTheLog(Planted):
    """The server logs the token of every `auth`, whether it is right or wrong."""

    found_by = ("secrets/4",)

    def plant(self, hub: Hub) -> None:
        authenticate = hub.order.performers[Authenticate]

        def authenticate_and_log(connection: Connection, action: Authenticate) -> None:
            logging.getLogger("labkit.broken").info("auth", extra={"token": action.token})
            authenticate(connection, action)

        hub.order.performers[Authenticate] = authenticate_and_log


class NotFoundNamesThePath(Planted):
    """The 404 page repeats the path and query of the request."""

    found_by = ("secrets/5",)

    def _new_http(self, hub: Hub) -> Http:
        http = super()._new_http(hub)
        answer = http.answer

        def answer_or_echo(request: Request, peer: Peer) -> Response | Later:
            given = answer(request, peer)
            if isinstance(given, Response) and given.status_code == HTTPStatus.NOT_FOUND:
                return reply(HTTPStatus.NOT_FOUND, f"there is no {request.path}\n")
            return given

        http.answer = answer_or_echo  # type: ignore[method-assign]
        return http


class ConnectionsForEverybody(Planted):
    """Anyone can read the list of connections, without a bearer token."""

    found_by = ("secrets/6",)

    def _new_http(self, hub: Hub) -> Http:
        http = super()._new_http(hub)
        http._refuse_operator = lambda _: None  # type: ignore[assignment, method-assign]
        return http
