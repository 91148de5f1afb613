"""Help in a running class, over HTTP, and the nudge to a student's machine that there is a note.

GET  /class/notes              a student's own notes and hints, and the newest announcements
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from websockets.http11 import Request, Response

from labkit.classroom.help.notes import Notes
from labkit.classroom.posting import answered
from labkit.classroom.register import INSTRUCTOR, Register, own_room_of
from labkit.rules.messages import Comment
from labkit.wire.admission import Peer
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes

Who = Callable[[Request, Peer], str | Response]  # the sender's name, or why it is refused


class HelpDesk:
    """Gives students what the instructor has for them."""

    def __init__(
        self,
        register: Register,
        who: Who,
        publish: Callable[[Comment], object],
        news: Callable[[], Iterable[dict[str, Any]]],
    ) -> None:
        self._register = register
        self._who = who
        self._publish = publish
        self._news = news
        self._notes = Notes(register.path)

    @property
    def routes(self) -> Routes:
        """The routes of this desk."""
        return {("GET", "/class/notes"): self._of_student}

    def publish_changes(self) -> None:
        """Tell each student's machine that there is a note, whoever wrote it. Raises AuditError."""
        new = self._notes.untold()
        for note in new:
            room = own_room_of(self._register.class_id, note.name)
            self._publish(Comment(room_id=room, target=str(note.id), text=note.kind))
        if new:
            self._notes.told(note.id for note in new)

    def _of_student(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        if who == INSTRUCTOR:
            return reply(HTTPStatus.FORBIDDEN, "these are a student's own notes\n")
        return answered(lambda: {"notes": [_shown(note) for note in self._notes.of(who)], "news": list(self._news())})


def _shown(note: Any) -> dict[str, Any]:
    return {name: getattr(note, name) for name in ("id", "kind", "exercise", "text", "at")}
