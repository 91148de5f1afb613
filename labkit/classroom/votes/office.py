"""The votes of a running class: requests over HTTP, and changes in the votes room.

    GET  /class/votes[?ID]         each question; for the instructor with the counts while the vote is open, for a
                                   student with the counts once it is closed, and never with a name beside a choice
    GET  /class/votes/names        who voted what, for the instructor of a class that votes by name
    POST /class/vote               a student's vote, and what the student's machine measured
    POST /class/votes/ask, again, close, reveal      instructor only

A POST carries JSON in a header (classroom.posting).
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from websockets.http11 import Request, Response

from labkit.classroom.posting import answered, posted
from labkit.classroom.reached import Mark
from labkit.classroom.register import INSTRUCTOR, Register, votes_of
from labkit.classroom.votes.box import Asked, BallotBox, Tally, Vote, VoteRefused, standing, voted_of
from labkit.classroom.votes.lessons import predictions
from labkit.rules.answers import encode
from labkit.rules.messages import Comment
from labkit.wire.admission import Peer
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Routes

ANONYMOUS = "this class votes anonymously; `labkit class start --votes-by-name` must be given before the first vote"
Who = Callable[[Request, Peer], str | Response]  # returns the sender's name, or the response that refuses it


class Ballot(msgspec.Struct):
    """A student's POST: a vote, a measurement, or only that the student was asked."""

    question: str
    round: int = 1
    choice: int | None = None
    secret: str = ""
    measured: int | None = None


class Wish(msgspec.Struct):
    """The instructor's POST."""

    question: str = ""
    text: str = ""
    options: list[str] = []
    measured: int | None = None


class VotingOffice:
    """Accepts votes, and publishes changes."""

    def __init__(
        self,
        register: Register,
        who: Who,
        publish: Callable[[Comment], object],
        note: Callable[[str, str, Mark], object] = lambda name, question, mark: None,
    ) -> None:
        """`note`: told how far each student is with a prediction of a lesson."""
        self._note = note
        self._register = register
        self._who = who
        self._publish = publish
        self._box = BallotBox(register.path)
        self._published: dict[str, str] = {}
        self._seen = (-1, -1)

    @property
    def routes(self) -> Routes:
        """The routes of this office."""
        acts: dict[str, Callable[[Wish], object]] = {
            "ask": lambda wish: self._box.ask(wish.text, wish.options),
            "again": lambda wish: self._box.again(wish.question),
            "close": lambda wish: self._box.close(wish.question),
            "reveal": lambda wish: self._box.reveal(wish.question, wish.measured),
        }
        posts = {("POST", f"/class/votes/{name}"): partial(self._act, act) for name, act in acts.items()}
        return {
            **posts,
            ("GET", "/class/votes"): self._list,
            ("GET", "/class/votes/names"): self._names,
            ("POST", "/class/vote"): self._vote,
        }

    def publish_changes(self) -> None:
        """Publish each question that has changed since the last call, here or through `labkit class vote`.

        Raises AuditError.
        """
        room, names = votes_of(self._register.class_id), self._register.names()
        seen = self._box.revision(), len(names)
        if seen == self._seen:
            return
        self._seen = seen
        for tally in self._box.tallies():
            shown = public(tally, names)
            changes = {name: shown[name] for name in shown if name not in ("id", "text", "options")}
            now = encode(changes).decode()
            if self._published.get(shown["id"]) != now:
                self._published[shown["id"]] = now
                text = encode(changes | {"rev": tally.revision}).decode()
                self._publish(Comment(room_id=room, target=shown["id"], text=text))

    # Routes

    def _list(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        names, describe = self._register.names(), private if who == INSTRUCTOR else public
        wanted = request.path.partition("?")[2]
        return answered(lambda: {"questions": [_dated(describe, one, names) for one in self._box.tallies(wanted)]})

    def _names(self, request: Request, peer: Peer) -> Response:
        refusal = self._refuse_student(request, peer)
        if refusal is None and not self._register.votes_by_name:
            refusal = reply(HTTPStatus.FORBIDDEN, f"{ANONYMOUS}\n")
        return refusal or answered(self._by_name)

    def _by_name(self) -> dict[str, Any]:
        ids = (tally.asked.question.id for tally in self._box.tallies())
        return {question: self._box.of_names(question) for question in ids}

    def _vote(self, request: Request, peer: Peer) -> Response:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        if who == INSTRUCTOR:
            return reply(HTTPStatus.FORBIDDEN, "the instructor does not vote\n")
        return answered(lambda: self._counted(who, posted(request, Ballot)))

    def _counted(self, name: str, ballot: Ballot) -> dict[str, Any]:
        lesson = predictions().get(ballot.question)
        if lesson:
            self._box.begin(lesson)
        if ballot.choice is not None:
            vote = Vote(ballot.question, ballot.round, ballot.choice, ballot.secret)
            self._box.cast(name, vote, by_name=self._register.votes_by_name)
        if ballot.measured is not None:
            self._box.report(name, ballot.question, ballot.measured)
        if lesson:
            self._note(name, ballot.question, _mark(ballot))
        for tally in self._box.tallies(ballot.question):
            return _dated(public, tally, self._register.names())
        raise VoteRefused(f"the class has no question {ballot.question[:40]!r}; ask your instructor to open it")

    def _act(self, act: Callable[[Wish], object], request: Request, peer: Peer) -> Response:
        refusal = self._refuse_student(request, peer)
        return refusal or answered(lambda: {"done": act(posted(request, Wish)) or True})

    def _refuse_student(self, request: Request, peer: Peer) -> Response | None:
        who = self._who(request, peer)
        if isinstance(who, Response):
            return who
        return None if who == INSTRUCTOR else reply(HTTPStatus.FORBIDDEN, "only the instructor may do this\n")


def _mark(ballot: Ballot) -> Mark:
    if ballot.measured is not None:
        return Mark.MEASURED
    return Mark.ASKED if ballot.choice is None else Mark.VOTED


def public(tally: Tally, names: list[str]) -> dict[str, Any]:
    """Return what everybody in the class may see: no names, and the counts only once nobody can vote."""
    shown = _base(tally.asked) | {"state": standing(tally)}
    shown["voted"], shown["of"] = voted_of(tally, names)
    if tally.asked.state != "open":
        shown["rounds"] = tally.rounds
    if tally.asked.state == "revealed":
        shown["measured"] = tally.asked.measured
    return shown


def private(tally: Tally, names: list[str]) -> dict[str, Any]:
    """Return what the instructor sees at any time: the counts, and who has not voted."""
    missing = [name for name in names if name not in tally.voters]
    return public(tally, names) | {"rounds": tally.rounds, "missing": missing}


def _dated(describe: Callable[[Tally, list[str]], dict[str, Any]], tally: Tally, names: list[str]) -> dict[str, Any]:
    return describe(tally, names) | {"rev": tally.revision}


def _base(asked: Asked) -> dict[str, Any]:
    question_id, text, options = asked.question
    return {"id": question_id, "text": text, "options": options, "round": asked.round}
