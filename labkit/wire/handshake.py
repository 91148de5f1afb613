"""The first request on a connection: a WebSocket handshake, or plain HTTP on the same port.

The library gets the request head only when it is complete, so frames in the same packet are kept separate. After the
response, the connection is a WebSocket, or it ends. The fast path answers a typical client's request without the
library (`wire.fast.usual_handshake`).
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from time import time

from websockets.http11 import Request, Response

from labkit.platform.sockets import end_our_half, reset
from labkit.rules.loopback import came_through
from labkit.rules.origin import OPAQUE
from labkit.wire.admission import Peer, peer_of
from labkit.wire.fast.lazy_protocol import LazyProtocol
from labkit.wire.fast.usual_handshake import read_usual
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Http
from labkit.wire.http.streaming import Download, Streamed
from labkit.wire.server_state import ServerState

_LOGGER = logging.getLogger(__name__)
VERSION = "13"
MAX_HEAD_BYTES = 16 * 1024
END_OF_HEAD = b"\r\n\r\n"
FULL = "this server has too many connections; try again later\n"
FOREIGN_ORIGIN = "pages from this origin may not connect; see --allow-origin\n"
OPAQUE_ORIGIN = (
    "a page opened from a file has the origin null, like every sandboxed page, so it may not connect; "
    "load the page from a server, such as this one, or start this server with --allow-origin null\n"
)


class Handshake:
    """The handshake of one connection, from its first byte to the HTTP response."""

    def __init__(
        self,
        state: ServerState,
        http: Http,
        transport: asyncio.Transport,
        protocol: LazyProtocol,
        refused: Callable[[Peer, int], None],
    ) -> None:
        """`refused` is called with the peer and the HTTP status of each refused handshake."""
        self._state = state
        self._http = http
        self._refused = refused
        self.peer = peer_of(transport.get_extra_info("peername"))
        self.has_entered = state.admission.enter(self.peer)
        # A socket over the limits still gets an HTTP answer, but has a shorter deadline.
        limits = state.limits
        self.patience_s = limits.auth_timeout_s if self.has_entered else limits.close_deadline_s
        if not self.has_entered and not state.admission.can_answer(len(state.sockets)):
            asyncio.get_running_loop().call_soon(reset, transport)
        self.is_answered = False  # whether it was answered with HTTP, so that further input is dropped
        self._transport = transport
        self._protocol = protocol
        self._head = bytearray()
        self._download: Download | None = None

    def receive(self, data: bytes) -> bytes | None:
        """Process received bytes. Once the connection is a WebSocket, return the bytes after the request; else None."""
        if self.is_answered:
            return None
        self._head += data
        end = self._head.find(END_OF_HEAD)
        if end > MAX_HEAD_BYTES or (end == -1 and len(self._head) > MAX_HEAD_BYTES):
            self._head.clear()
            self._answer(reply(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large\n"))
            return None
        if end == -1:
            return None
        end += len(END_OF_HEAD)
        head, rest = bytes(self._head[:end]), bytes(self._head[end:])
        self._head.clear()
        return rest if self._upgrade_usual(head) else self._request(head, rest)

    def _upgrade_usual(self, head: bytes) -> bool:
        usual = read_usual(head) if self._state.limits.fast_path else None
        if usual is None or self._refusal(usual.origin, usual.host) is not None:
            return False
        # No proxy added a header, and no gateway did: its header is never a usual one
        self.peer = self.peer._replace(came_through=came_through(usual.host))
        self._name_user(
            lambda name: [usual.cookie] if name == "Cookie" and usual.cookie else [], usual.origin, usual.host
        )
        self._transport.write(usual.answer())
        self._protocol.is_connecting = False
        return True

    def _request(self, head: bytes, rest: bytes) -> bytes | None:
        frames = self._protocol.frames
        frames.receive_data(head)
        events = frames.events_received()
        if not events:  # the library drops requests that are malformed or have a body
            frames.data_to_send()
            self._answer(reply(HTTPStatus.BAD_REQUEST, "this server does not accept such a request; send no body\n"))
            return None
        request = events[0]
        assert isinstance(request, Request)
        names = [name for name, _ in request.headers.raw_items()]
        self.peer = self.peer._replace(came_through=came_through(_addressed_to(request), names))
        if not _wants_websocket(request):
            self._answer_request(request)
            return None
        return rest if self._upgrade(request) else None

    def _upgrade(self, request: Request) -> bool:
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        origin, host = ",".join(origins) if origins else None, hosts[0] if hosts else None
        refusal = self._refusal(origin, host)
        if refusal is None:
            self._name_user(request.headers.get_all, origin, host)
            frames = self._protocol.frames
            response = frames.accept(request)
            if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                frames.send_response(response)
                self._protocol.is_connecting = False
                return True
            refusal = response
            if request.headers.get_all("Sec-WebSocket-Version") != [VERSION]:  # a client may offer several
                refusal.headers["Sec-WebSocket-Version"] = VERSION  # RFC 6455, section 4.4
        self._refused(self.peer, refusal.status_code)
        self._answer(refusal)
        return False

    def _name_user(self, headers: Callable[[str], list[str]], origin: str | None, host: str | None) -> None:
        """Read what a cookie or a gateway's header says about the user. It counts once `auth` asks for it."""
        identities = self._state.identities
        if identities is None:
            return
        is_own_page = self._state.admission.owns_cookies(origin, host)
        good_for_s = self._state.limits.session_ttl_s
        named = identities.of_handshake(
            self.peer.address, headers, time(), is_own_page=is_own_page, good_for_s=good_for_s
        )
        self.peer = self.peer._replace(named=named)

    def _refusal(self, origin: str | None, host: str | None) -> Response | None:
        if not self._state.admission.origin_allowed(origin, host):
            return self._refused_origin(origin)
        if not self.has_entered or self._state.admission.is_draining:
            return reply(HTTPStatus.SERVICE_UNAVAILABLE, FULL)
        return None

    def _refused_origin(self, origin: str | None) -> Response:
        """Build a 403 response. For `null`, also log the reason, because a browser hides the response from the page."""
        if origin != OPAQUE:
            return reply(HTTPStatus.FORBIDDEN, FOREIGN_ORIGIN)
        _LOGGER.warning("refused", extra={"origin": OPAQUE, "why": OPAQUE_ORIGIN.strip()})
        return reply(HTTPStatus.FORBIDDEN, OPAQUE_ORIGIN)

    def _answer_request(self, request: Request) -> None:
        self.is_answered = True
        answer = self._http.answer(request, self.peer)
        if isinstance(answer, Response):
            self._answer(answer, without_body=request.method == "HEAD")
        else:
            answer(self._answer)

    def _answer(self, response: Response, *, without_body: bool = False) -> None:
        """Write the response, and drop all further input."""
        self.is_answered = True
        if isinstance(response, Streamed) and not self.has_entered:
            response = reply(HTTPStatus.SERVICE_UNAVAILABLE, FULL)
        if without_body:
            response.body = b""
        if isinstance(response, Streamed) and not without_body:
            self._download = Download(self._transport, response.pieces)
        self._transport.write(response.serialize())
        if self._download is None:
            end_our_half(self._transport)
        elif not self._download.is_paused:
            self._http.pump.go_on(self._download)

    # While a download is sent

    def pause(self) -> None:
        """Stop sending: the kernel's send buffer is full."""
        if self._download is not None:
            self._download.is_paused = True

    def resume(self) -> None:
        """Send again: the kernel's send buffer has space."""
        if self._download is not None and self._download.is_paused:
            self._http.pump.go_on(self._download)

    def left_s(self, now: float) -> float:
        """Return for how long a download may still wait for its client; 0 or less when it may not, or there is none."""
        return 0 if self._download is None else self._download.left_s(now)


def _addressed_to(request: Request) -> str | None:
    """Return the host that a request names. An absolute target overrides Host (RFC 9112, section 3.2.2)."""
    scheme, is_absolute, rest = request.path.partition("://")
    if is_absolute and "/" not in scheme:
        return rest.partition("/")[0]
    return ",".join(request.headers.get_all("Host")) or None


def _wants_websocket(request: Request) -> bool:
    return any("websocket" in value.lower() for value in request.headers.get_all("Upgrade"))
