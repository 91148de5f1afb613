"""Our solutions in a class: the server gives one after a verified pass, or when the instructor has opened it.

    opened = OpenSolutions(path); opened.open(["06-outbox"]); opened.close(["06-outbox"])
    source = from_class(member, "06-outbox")        # on a student's machine; raises NotGiven with a sentence

A learner's labkit has no solutions (course.solutions). The instructor's has them in a checkout.

    GET  /class/solution?ID        a student's request; the instructor always gets it
    POST /class/solution/open, close      instructor only
    GET  /class/here               the exercises up to the one that the class has reached
    POST /class/here               the instructor sets it; students who catch up get these solutions
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
from labkit.classroom.register import INSTRUCTOR, Register, news_of
from labkit.course.exercises import exercises
from labkit.course.paths import solutions
from labkit.course.solutions import solution, solution_cell
from labkit.rules.messages import Chat
from labkit.wire.admission import Peer
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import explaining
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes

BUSY_S = 2.0
SENTENCES = frozenset({400, 403, 409})  # statuses with a body that says why
HAS_NONE = (
    "the class server has no solutions, because it runs from an installed labkit; start it in a checkout, or set "
    "LABKIT_SOLUTIONS to a checkout's folder `solutions`"
)
CATCH_UP = (
    "The class has reached {}. If you fell behind: classroom.catch_up() gives you each exercise up to there that you "
    "have not passed; what you wrote is kept beside it."
)
_SCHEMA = "CREATE TABLE IF NOT EXISTS opened (exercise PRIMARY KEY) WITHOUT ROWID"
Who = Callable[[Request, Peer], str | Response]


class NotGiven(Exception):
    """The class did not give this solution; the message says why, and what to do."""


class OpenSolutions:
    """The exercises whose solutions are open to everybody, in a table of the class file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, ids: Iterable[str]) -> None:
        """Give these solutions to every student who asks. Raises AuditError."""
        with self._writing() as file:
            file.executemany("INSERT OR IGNORE INTO opened VALUES (?)", [(one,) for one in ids])

    def close(self, ids: Iterable[str]) -> None:
        """Require a verified pass for these again. Raises AuditError."""
        with self._writing() as file:
            file.executemany("DELETE FROM opened WHERE exercise = ?", [(one,) for one in ids])

    def all(self) -> list[str]:
        """Return the exercises whose solutions are open. Raises AuditError."""
        with reading(self._path) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'opened'").fetchone():
                return []
            return [exercise for (exercise,) in file.execute("SELECT exercise FROM opened ORDER BY exercise")]

    def here(self) -> str | None:
        """Return the exercise that the class has reached, to which students may catch up. Raises AuditError."""
        with reading(self._path) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'class'").fetchone():
                return None
            (found,) = file.execute("SELECT value FROM class WHERE name = 'here'").fetchone() or (None,)
            return found or None

    def set_here(self, exercise_id: str) -> None:
        """Let students catch up to an exercise, "" for none. The server then announces it. Raises AuditError."""
        with self._writing() as file:
            file.execute("INSERT OR REPLACE INTO class VALUES ('here', ?), ('here_told', '')", (exercise_id,))

    def untold(self) -> str | None:
        """Return the exercise that the class has reached, if it has not been announced yet. Raises AuditError."""
        with reading(self._path) as file:
            (told,) = file.execute("SELECT value FROM class WHERE name = 'here_told'").fetchone() or (None,)
        return (self.here() or None) if told == "" else None

    def told(self) -> None:
        """Record that it has been announced. Raises AuditError."""
        with self._writing() as file:
            file.execute("UPDATE class SET value = 'yes' WHERE name = 'here_told'")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            file.execute(_SCHEMA)
            yield file


def up_to(exercise_id: str | None) -> list[str]:
    """Return the exercises up to and including one, in course order; none for None."""
    ids = list(exercises())
    return ids[: ids.index(exercise_id) + 1] if exercise_id in ids else []


class Wish(msgspec.Struct):
    """The instructor's POST. `exercise`: "" at /class/here stops catching up."""

    exercise: str


class SolutionsDesk:
    """The routes that give solutions."""

    def __init__(self, register: Register, who: Who, publish: Callable[[Chat], object]) -> None:
        self._register = register
        self._who = who
        self._publish = publish
        self._opened = OpenSolutions(register.path)

    @property
    def routes(self) -> Routes:
        """The routes of this desk."""
        return {
            ("GET", "/class/solution"): self._give,
            ("POST", "/class/solution/open"): lambda request, peer: self._act(self._opened.open, request, peer),
            ("POST", "/class/solution/close"): lambda request, peer: self._act(self._opened.close, request, peer),
            ("GET", "/class/here"): self._where,
            ("POST", "/class/here"): self._move,
        }

    def publish_changes(self) -> None:
        """Announce the exercise that the class has reached, including one set by `labkit class here`.

        Raises AuditError.
        """
        here = self._opened.untold()
        if here is not None:
            self._publish(Chat(room_id=news_of(self._register.class_id), text=CATCH_UP.format(here)))
            self._opened.told()

    def _where(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        return answered(lambda: {"here": self._opened.here(), "exercises": up_to(self._opened.here())})

    def _move(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        if who != INSTRUCTOR:
            return reply(HTTPStatus.FORBIDDEN, "only the instructor may do this\n")
        return answered(lambda: {"here": move(self._opened, posted(request, Wish).exercise)})

    def _give(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        wanted = request.path.partition("?")[2]
        return answered(lambda: {"exercise": wanted, **self._solution(who, wanted)})

    def _solution(self, name: str, exercise_id: str) -> dict[str, str]:
        """Return a solution and its cell, if this person may have it. Raises BadPost, Refusal, AuditError."""
        asked = exercises().get(exercise_id)
        if asked is None:
            raise BadPost(f"there is no exercise {exercise_id[:40]!r}")
        is_open = exercise_id in self._opened.all() or exercise_id in up_to(self._opened.here())
        if name != INSTRUCTOR and not is_open:
            verdict = Verdicts(self._register.path).of_students().get((name, exercise_id))
            if verdict is None or verdict.standing != "verified":
                raise Refusal(_not_yet(exercise_id, grades=self._register.grades))
        source, cell = solution(asked), solution_cell(asked)
        if source is None or cell is None:
            raise Refusal(HAS_NONE)
        return {"source": source, "cell": cell}

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


def move(opened: OpenSolutions, exercise_id: str) -> str:
    """Let students catch up to an exercise; with "", stop that. Raises BadPost, Refusal, AuditError."""
    if exercise_id and exercise_id not in exercises():
        raise BadPost(f"there is no exercise {exercise_id[:40]!r}; there are {', '.join(exercises())}")
    if exercise_id and solutions() is None:
        raise Refusal(HAS_NONE)
    opened.set_here(exercise_id)
    return exercise_id


def _not_yet(exercise_id: str, *, grades: bool) -> str:
    if grades:
        return (
            f"the class gives our solution to {exercise_id} once it has verified your pass, or your instructor opens it"
        )
    return f"the class gives our solution to {exercise_id} when your instructor opens it, because it verifies no passes"


def from_class(member: Membership, exercise_id: str) -> str:
    """Ask the class for a solution. Raises NotGiven, NotAdmitted, or OSError if the class does not answer."""
    return str(_answer(member, f"/class/solution?{exercise_id}")["source"])


def cell_from_class(member: Membership, exercise_id: str) -> str:
    """Ask the class for the cell that replaces a blank. Raises what `from_class` raises."""
    answer = _answer(member, f"/class/solution?{exercise_id}")
    return str(answer.get("cell", answer["source"]))


def here_of_class(member: Membership) -> list[str]:
    """Ask the class for the exercises up to the one that it has reached. Raises what `from_class` raises."""
    return [str(one) for one in _answer(member, "/class/here")["exercises"]]


def _answer(member: Membership, path: str) -> dict[str, Any]:
    code = basic(member.name, member.code)
    try:
        return json_of(ask(member.url, path, code, None, member.tls, member.route()))
    except HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            raise NotGiven("this class gives no solutions, because its server is an older labkit") from None
        if error.code not in SENTENCES:
            raise
        raise NotGiven(error.read(1000).decode("utf-8", "replace").strip()) from None
