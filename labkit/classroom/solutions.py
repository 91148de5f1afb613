"""Our solutions in a class: the server gives one after a verified pass, or when the instructor has opened it.

    opened = OpenSolutions(path); opened.open(["06-outbox"]); opened.close(["06-outbox"])
    source = from_class(member, "06-outbox")        # on a student's machine; raises NotGiven with a sentence

A learner's labkit has no solutions (course.solutions). The instructor's has them in a checkout.

    GET  /class/solution?ID        a student's request; the instructor gets it always
    POST /class/solution/open, close      instructor only
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import msgspec
from websockets.http11 import Request, Response

from labkit.bench.ask import ask, basic, json_of
from labkit.classroom.grading.verdicts import Verdicts
from labkit.classroom.membership import Membership
from labkit.classroom.posting import BadPost, Refusal, answered, posted
from labkit.classroom.register import INSTRUCTOR, Register
from labkit.course.exercises import exercises
from labkit.course.solutions import solution
from labkit.wire.admission import Peer
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import explaining
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes

BUSY_S = 2.0
SENTENCES = frozenset({400, 403, 409})  # statuses whose body says why
HAS_NONE = (
    "the class server has no solutions, because it runs from an installed labkit; start it in a checkout, or with "
    "LABKIT_SOLUTIONS set to the folder `solutions` of one"
)
_SCHEMA = "CREATE TABLE IF NOT EXISTS opened (exercise PRIMARY KEY) WITHOUT ROWID"
Who = Callable[[Request, Peer], str | Response]


class NotGiven(Exception):
    """The class does not give this solution; the message says why, and what to do."""


class OpenSolutions:
    """The exercises whose solutions the instructor has opened to everybody, in a table of the class file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, ids: Iterable[str]) -> None:
        """Give these solutions to every student who asks. Raises AuditError."""
        with self._writing() as file:
            file.executemany("INSERT OR IGNORE INTO opened VALUES (?)", [(one,) for one in ids])

    def close(self, ids: Iterable[str]) -> None:
        """Give these only after a verified pass again. Raises AuditError."""
        with self._writing() as file:
            file.executemany("DELETE FROM opened WHERE exercise = ?", [(one,) for one in ids])

    def all(self) -> list[str]:
        """Return the exercises whose solutions are open. Raises AuditError."""
        with reading(self._path) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'opened'").fetchone():
                return []
            return [exercise for (exercise,) in file.execute("SELECT exercise FROM opened ORDER BY exercise")]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            file.execute(_SCHEMA)
            yield file


class Wish(msgspec.Struct):
    """What the instructor posts."""

    exercise: str


class SolutionsDesk:
    """The routes that give solutions."""

    def __init__(self, register: Register, who: Who) -> None:
        self._register = register
        self._who = who
        self._opened = OpenSolutions(register.path)

    @property
    def routes(self) -> Routes:
        """The routes of this desk."""
        return {
            ("GET", "/class/solution"): self._give,
            ("POST", "/class/solution/open"): lambda request, peer: self._act(self._opened.open, request, peer),
            ("POST", "/class/solution/close"): lambda request, peer: self._act(self._opened.close, request, peer),
        }

    def _give(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        wanted = request.path.partition("?")[2]
        return answered(lambda: {"exercise": wanted, "source": self._source(who, wanted)})

    def _source(self, name: str, exercise_id: str) -> str:
        """Return a solution to somebody who may have it. Raises BadPost, Refusal, AuditError."""
        asked = exercises().get(exercise_id)
        if asked is None:
            raise BadPost(f"there is no exercise {exercise_id[:40]!r}")
        if name != INSTRUCTOR and exercise_id not in self._opened.all():
            verdict = Verdicts(self._register.path).of_students().get((name, exercise_id))
            if verdict is None or verdict.standing != "verified":
                raise Refusal(_not_yet(exercise_id, grades=self._register.grades))
        found = solution(asked)
        if found is None:
            raise Refusal(HAS_NONE)
        return found

    def _act(self, act: Callable[[list[str]], None], request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        if who != INSTRUCTOR:
            return reply(HTTPStatus.FORBIDDEN, "only the instructor may do this\n")
        return answered(lambda: {"open": self._changed(act, posted(request, Wish))})

    def _changed(self, act: Callable[[list[str]], None], wish: Wish) -> list[str]:
        if wish.exercise not in exercises():
            raise BadPost(f"there is no exercise {wish.exercise[:40]!r}")
        act([wish.exercise])
        return self._opened.all()


def _not_yet(exercise_id: str, *, grades: bool) -> str:
    if grades:
        return (
            f"the class gives our solution of {exercise_id} once it has verified your pass, or your instructor opens it"
        )
    return f"the class gives our solution of {exercise_id} when your instructor opens it, as it verifies no passes"


def from_class(member: Membership, exercise_id: str) -> str:
    """Ask the class for a solution. Raises NotGiven, NotAdmitted, or OSError if the class does not answer."""
    code = basic(member.name, member.code)
    try:
        answer: dict[str, Any] = json_of(
            ask(member.url, f"/class/solution?{exercise_id}", code, None, member.tls, member.route())
        )
    except HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            raise NotGiven("this class gives no solutions, because its server is an older labkit") from None
        if error.code not in SENTENCES:
            raise
        raise NotGiven(error.read(1000).decode("utf-8", "replace").strip()) from None
    return str(answer["source"])
