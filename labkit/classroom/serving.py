"""The class server: a room server that admits the students of a register and serves the board.

    GET  /board                    the board page (labkit/web/board.html), public; it asks for the instructor's code
    GET  /class                    the id and rooms of the class, and what it asks of its students; public
    GET  /class/board              a snapshot of the board; instructor only (HTTP Basic)
    GET  /class/lane[?N]           the lessons' steps, and how far each student is, since N; instructor only
    POST /class/drill, /class/crash   restart with notice, or as in a crash; instructor only (HTTP Basic)
    /class/vote, /class/votes      the votes (classroom.votes.office)
    /class/solution, /class/here   our solutions, and how far the class is (classroom.solutions)
    /class/notes, /class/hands, /class/case, /class/note, /class/hint      help (classroom.help.desk)

Everything that must survive is in one file, so a restart loses nothing.
"""

import asyncio
import gzip
import logging
import sqlite3
import ssl
from collections.abc import Callable, Collection
from dataclasses import replace
from http import HTTPStatus
from time import monotonic, time
from typing import Any

from websockets.http11 import Request, Response

from labkit.classroom.catalogue import Catalogue
from labkit.classroom.drill import Drill, Kind, note_drill, read_drill
from labkit.classroom.help.desk import HelpDesk
from labkit.classroom.lessons import lessons
from labkit.classroom.reached import Reached
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import INSTRUCTOR, Register, help_of, news_of, room_of, votes_of
from labkit.classroom.solutions import SolutionsDesk
from labkit.classroom.votes.office import VotingOffice
from labkit.rules.answers import encode
from labkit.rules.grants import Grants
from labkit.rules.limits import Limits
from labkit.rules.messages import Chat, Comment
from labkit.wire.admission import Peer
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.writer import AuditError
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes, basic
from labkit.wire.http.users import RETRY_AFTER_S, TooManyGuesses
from labkit.wire.order import LocalOrder
from labkit.wire.server import Server

_LOGGER = logging.getLogger(__name__)
CATCH_UP_S = 1.0
COUNT_S = 0.15
NUMBER_DIGITS = 16
ZIP_LEVEL = 1  # compresses to an eighth of the size in a few milliseconds
ANSWER_FIRST_S = 0.2  # delay before a drill, so that its request is answered first


class ClassServer:
    """The server of one class. `run` keeps it running across drills."""

    def __init__(
        self,
        register: Register,
        catalogue: Catalogue,
        host: str,
        port: int,
        *,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        allow_origins: Collection[str] = (),
        more_routes: Routes | None = None,
    ) -> None:
        """`more_routes`: further routes, such as those of a pack (classroom.pack.offering)."""
        self.port = port
        self._register = register
        self._catalogue = catalogue
        self._host = host
        self._limits = limits or Limits()
        self._tls = tls
        self._allow_origins = allow_origins
        self._more_routes = more_routes or {}
        self._record = ClassRecord(register.path, register.class_id, catalogue.exercises)
        self._reached = Reached(register.path)
        self._votes = VotingOffice(register, self._who, self._publish, self._reached.note)
        self._help = HelpDesk(register, self._who, self._publish, self._record)
        self._solutions = SolutionsDesk(register, self._who, self._publish)
        self._server: Server | None = None
        self._drill: asyncio.Future[Kind] | None = None
        self._ended: dict[str, int] = {}  # revoked sessions, as (name, renewal)

    async def run(self, stop: asyncio.Event, on_listening: Callable[[Server], object]) -> None:
        """Run until `stop` is set. Raises OSError, AuditError and KeyFileError, as `Server` does."""
        drill: Drill | None = None
        ended_at = monotonic()
        while not stop.is_set():
            self._drill = asyncio.get_running_loop().create_future()
            self._server = self._new_server()
            async with self._server as server:
                self.port = server.port
                self._end_renewed()
                if drill is None:
                    on_listening(server)
                else:
                    note_drill(self._register.path, replace(drill, down_s=round(monotonic() - ended_at, 3)))
                drill = await self._one_life(stop, server)
                ended_at = monotonic()

    def drill(self, kind: Kind) -> None:
        """Restart the server in a moment: "drain" gives clients notice, "crash" does not."""
        if self._drill is not None and not self._drill.done():
            self._drill.set_result(kind)

    async def _one_life(self, stop: asyncio.Event, server: Server) -> Drill | None:
        """Wait until a drill begins and return it, or None once `stop` is set."""
        assert self._drill is not None
        following = asyncio.create_task(self._follow())
        counting = asyncio.create_task(self._count())
        stopping = asyncio.create_task(stop.wait())
        either: list[asyncio.Future[Any]] = [self._drill, stopping]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            following.cancel()
            counting.cancel()
            stopping.cancel()
        if not self._drill.done():
            return None
        await asyncio.sleep(ANSWER_FIRST_S)
        return self._begin(self._drill.result(), server)

    def _begin(self, kind: Kind, server: Server) -> Drill:
        users = {user for user in server.users_here() if user != INSTRUCTOR}
        with reading(self._register.path) as connection:
            after = newest(connection)[0]
        drill = Drill(kind, time(), after, tuple(sorted(users)), self._limits.handshakes_per_s)
        note_drill(self._register.path, drill)
        _LOGGER.info("drill", extra={"kind": kind, "students": len(users)})
        if kind == "crash":
            server.drop_everybody()
        return drill

    async def _follow(self) -> None:
        """Keep reading the file as it grows, so that no request has much left to read."""
        while True:
            try:
                self._record.catch_up()
                self._end_renewed()
            except (AuditError, sqlite3.Error):
                _LOGGER.exception("the class file could not be read")
            await asyncio.sleep(CATCH_UP_S)

    async def _count(self) -> None:
        """Publish votes and notes that have changed here or through `labkit class vote` and `labkit class help`."""
        while True:
            try:
                self._votes.publish_changes()
                self._help.publish_changes()
                self._solutions.publish_changes()
            except AuditError:
                _LOGGER.exception("the class's votes, notes or position could not be read")
                await asyncio.sleep(CATCH_UP_S)
            await asyncio.sleep(COUNT_S)

    def _publish(self, message: Comment | Chat) -> None:
        assert self._server is not None
        assert isinstance(self._server.hub.order, LocalOrder)
        self._server.hub.order.publishing.publish_as(INSTRUCTOR, message)

    # Admission

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """Return what the register grants, after revoking the sessions of renewed codes."""
        self._end_renewed()
        return self._register.grants(name, code, address, now)

    def _end_renewed(self) -> None:
        assert self._server is not None
        for name, number in self._register.renewed().items():
            if self._ended.get(name) != number:  # only once: its `revoke` row may not be on disk yet
                self._ended[name] = number
                self._server.hub.revoke(name)

    def _new_server(self) -> Server:
        return Server(
            self._host,
            self.port,
            token=None,
            users=self,
            allow_origins=self._allow_origins,
            routes=self._routes(),
            audit=self._register.path,
            limits=self._limits,
            tls=self._tls,
        )

    # Over HTTP

    def _routes(self) -> Routes:
        return {
            **self._more_routes,
            **self._votes.routes,
            **self._solutions.routes,
            **self._help.routes,
            ("GET", "/class"): self._which,
            ("GET", "/class/board"): self._snapshot,
            ("GET", "/class/lane"): self._lane,
            ("POST", "/class/drill"): lambda request, peer: self._start(request, peer, "drain"),
            ("POST", "/class/crash"): lambda request, peer: self._start(request, peer, "crash"),
        }

    def _which(self, request: Request, peer: Peer) -> Response:
        class_id = self._register.class_id
        rooms = {"room": room_of(class_id), "newsRoom": news_of(class_id), "votesRoom": votes_of(class_id)}
        rooms["helpRoom"] = help_of(class_id)
        asks = {"grades": self._register.grades, "votesByName": self._register.votes_by_name}
        answer = {"class": class_id, **rooms, **asks}
        return reply(HTTPStatus.OK, encode(answer), "application/json")

    def _snapshot(self, request: Request, peer: Peer) -> Response:
        refusal = self._refuse_all_but_the_instructor(request, peer)
        return refusal or _zipped(request, encode(self.snapshot()))

    def _lane(self, request: Request, peer: Peer) -> Response:
        refusal = self._refuse_all_but_the_instructor(request, peer)
        return refusal or _zipped(request, encode(self._lane_since(request.path.partition("?")[2])))

    def _lane_since(self, after: str) -> dict[str, Any]:
        """Return the marks after number `after`; the lessons, which never change, only with the first of them."""
        since = int(after) if after.isascii() and after.isdecimal() and len(after) < NUMBER_DIGITS else 0
        newest_mark, marks = self._reached.since(since)
        steps = {} if since else {"lessons": [lesson.json() for lesson in lessons()]}
        return {"n": newest_mark, "marks": marks, **steps}

    def snapshot(self) -> dict[str, Any]:
        """Return everything that the board page needs at the start, as JSON."""
        self._record.catch_up()
        for name in self._register.names():
            self._record.board.add(name)
        drill = read_drill(self._register.path)
        more = {"catalogue": self._catalogue.json(), "drill": drill.json() if drill else None}
        snapshot = self._record.snapshot() | more
        for name in self._register.removed():
            snapshot["board"]["students"].pop(name, None)
        return snapshot

    def _start(self, request: Request, peer: Peer, kind: Kind) -> Response:
        refusal = self._refuse_all_but_the_instructor(request, peer)
        if refusal is None:
            self.drill(kind)
        return refusal or reply(HTTPStatus.ACCEPTED, encode({"drill": kind}), "application/json")

    def _refuse_all_but_the_instructor(self, request: Request, peer: Peer) -> Response | None:
        if basic(request)[0] != INSTRUCTOR:
            return reply(HTTPStatus.FORBIDDEN, "only the instructor may do this\n")
        who = self._who(request, peer)
        return who if isinstance(who, Response) else None

    def _who(self, request: Request, peer: Peer) -> str | Response:
        """Return the name whose code a request carries, or the response to a wrong code."""
        name, code = basic(request)
        try:
            if self._register.grants(name, code, peer.address, monotonic()):
                return name
        except TooManyGuesses:
            wait = str(RETRY_AFTER_S)
            return reply(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong codes; wait a minute\n", Retry_After=wait)
        return reply(HTTPStatus.UNAUTHORIZED, "wrong code\n", WWW_Authenticate='Basic realm="labkit", charset="UTF-8"')


def _zipped(request: Request, body: bytes) -> Response:
    """Compress a body: a class of 200 takes half a megabyte, too much for bad Wi-Fi and the 5 s write timeout."""
    if not any("gzip" in value for value in request.headers.get_all("Accept-Encoding")):
        return reply(HTTPStatus.OK, body, "application/json")
    return reply(HTTPStatus.OK, gzip.compress(body, ZIP_LEVEL), "application/json", Content_Encoding="gzip")
