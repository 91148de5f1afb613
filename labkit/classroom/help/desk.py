"""Help in a running class, over HTTP, and the notification to a student's machine that there is a note.

    GET  /class/notes              a student's own notes and hints, and the newest announcements
    GET  /class/hands              who is asking or has sent a case, and the next hint; instructor only
    GET  /class/case?name=&exercise=    a case that a student has sent, also as a notebook; instructor only
    POST /class/note, /class/hint  answer a student; instructor only

A POST carries JSON in a header (classroom.posting).
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec
from websockets.http11 import Request, Response

from labkit.classroom.cases import lines
from labkit.classroom.help.answering import Answering
from labkit.classroom.help.case_notebook import file_name, notebook
from labkit.classroom.help.notes import Note, Notes
from labkit.classroom.posting import BadPost, Refusal, answered, posted
from labkit.classroom.record import ClassRecord
from labkit.classroom.register import INSTRUCTOR, Register, own_room_of
from labkit.rules.messages import Comment
from labkit.wire.admission import Peer
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes

Who = Callable[[Request, Peer], str | Response]  # returns the sender's name, or the response that refuses it


class Reply(msgspec.Struct):
    """The instructor's POST: to whom, about which exercise, and for a note its text."""

    name: str
    exercise: str
    text: str = ""


class HelpDesk:
    """Serves notes and hints to students, and cases to the instructor."""

    def __init__(self, register: Register, who: Who, publish: Callable[[Comment], object], record: ClassRecord) -> None:
        self._register = register
        self._who = who
        self._publish = publish
        self._record = record
        self._notes = Notes(register.path)
        self._answering = Answering(record, self._notes)

    @property
    def routes(self) -> Routes:
        """The routes of this desk."""
        return {
            ("GET", "/class/notes"): self._of_student,
            ("GET", "/class/hands"): self._for_instructor(lambda _: {"hands": self._hands()}),
            ("GET", "/class/case"): self._for_instructor(self._case),
            ("POST", "/class/note"): self._for_instructor(self._note),
            ("POST", "/class/hint"): self._for_instructor(self._hint),
        }

    def publish_changes(self) -> None:
        """Notify each student's machine of a new note, including notes from `labkit class help`. Raises AuditError."""
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
        return answered(lambda: {"notes": [_shown(note) for note in self._notes.of(who)], "news": self._news()})

    def _news(self) -> list[dict[str, Any]]:
        self._record.catch_up()
        return list(self._record.news)

    # For the instructor

    def _for_instructor(self, work: Callable[[Request], Any]) -> Callable[[Request, Peer], Response]:
        def route(request: Request, peer: Peer) -> Response:
            who = self._who(request, peer)
            if isinstance(who, Response):
                return who
            if who != INSTRUCTOR:
                return reply(HTTPStatus.FORBIDDEN, "only the instructor may do this\n")

            def caught_up() -> Any:
                self._record.catch_up()
                return work(request)

            return answered(caught_up)

        return route

    def _hands(self) -> list[dict[str, Any]]:
        """Return the students who are asking for help or have sent a case."""
        gone, found, notes = self._register.removed(), [], self._notes.all()
        for name, row in sorted(self._record.board.students.items()):
            cases = self._record.cases.of(name)
            if name not in gone and (row.hand or cases):
                exercise, _ = self._answering.at(name)
                case = cases.get(exercise)
                shown = {"caseAt": case.at if case else None, "cases": list(cases)}
                found.append({"name": name, "exercise": exercise, **shown, **self._next(name, exercise, notes)})
        return found

    def _next(self, name: str, exercise: str, notes: list[Note]) -> dict[str, Any]:
        try:
            hint = self._answering.next_hint(name, exercise, notes)
        except Refusal as why:
            return {"hint": None, "noHint": str(why)}
        return {"hint": {"check": hint.check, "step": hint.step, "text": hint.text}, "noHint": None}

    def _case(self, request: Request) -> dict[str, Any]:
        asked = parse_qs(request.path.partition("?")[2])
        name, exercise = (asked.get(one, [""])[0] for one in ("name", "exercise"))
        if name in self._register.removed():
            raise BadPost(f"{name!r} was removed from this class")
        shown = self._answering.case(name, exercise or None)
        exercise = shown.failed.exercise
        whole = {"file": file_name(name, exercise), "notebook": notebook(name, shown)}
        return {"name": name, "exercise": exercise, "at": shown.at, "lines": lines(shown.failed), **whole}

    def _note(self, request: Request) -> dict[str, Any]:
        wish: Reply = posted(request, Reply)
        self._answering.note(wish.name, wish.exercise, wish.text)
        return {"sent": True}

    def _hint(self, request: Request) -> dict[str, Any]:
        wish: Reply = posted(request, Reply)
        hint = self._answering.hint(wish.name, wish.exercise)
        return {"check": hint.check, "step": hint.step, "text": hint.text}


def _shown(note: Any) -> dict[str, Any]:
    return {name: getattr(note, name) for name in ("id", "kind", "exercise", "text", "at")}
