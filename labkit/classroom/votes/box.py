"""The questions and ballots of a class, in tables of its file.

    box = BallotBox(path)
    box.ask("Which fills first?", ["ours", "the kernel's"])     # "q1"
    box.cast("ana", Vote("q1", 1, 0, secret))                   # idempotent; a later choice replaces an earlier one
    box.close("q1"); box.again("q1"); box.reveal("q1", 1)
    box.tallies(names)                                          # counts for each round; no names

A vote carries a secret from the student's machine. `voted` holds the name with one hash of it, and `ballots` holds the
choice with another: one student has one vote, and may change it, but the file does not say whose ballot is whose. Only
a class that votes by name also stores the name with the ballot.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from labkit.classroom.posting import Refusal
from labkit.classroom.votes.question import Question, checked
from labkit.wire.audit.schema import explaining

BUSY_S = 2.0
ROUNDS = 2
LEAST_SECRET = 16
_SCHEMA = """
CREATE TABLE IF NOT EXISTS questions (
    id PRIMARY KEY, text NOT NULL, options NOT NULL, state NOT NULL, round NOT NULL, measured, turn NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS voted (
    question NOT NULL, round NOT NULL, name NOT NULL, proof NOT NULL, PRIMARY KEY (question, round, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ballots (
    question NOT NULL, round NOT NULL, ballot NOT NULL, choice NOT NULL, who, PRIMARY KEY (question, round, ballot)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS measurements (
    question NOT NULL, name NOT NULL, choice NOT NULL, PRIMARY KEY (question, name)
) WITHOUT ROWID;
-- From the time of the file's creation, so that the numbers of a class's next file are higher
CREATE TABLE IF NOT EXISTS votes_revision (only PRIMARY KEY, number NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO votes_revision VALUES (1, 1000 * CAST(strftime('%s') AS INTEGER));
"""
_NEW = """
INSERT OR IGNORE INTO questions
VALUES (?, ?, ?, 'open', 1, NULL, (SELECT ifnull(max(turn), 0) + 1 FROM questions))
"""
_AGAIN = """
UPDATE questions SET state = 'open', round = round + 1, turn = (SELECT max(turn) + 1 FROM questions) WHERE id = ?
"""
_QUESTIONS = "SELECT id, text, options, state, round, measured FROM questions"
_ONE = " WHERE ? IN ('', id)"
_COUNTS = "SELECT round, choice, count(*) FROM ballots WHERE question = ? GROUP BY round, choice"
_VOTERS = "SELECT name FROM voted WHERE question = ? AND round = ?"
_MEASURED = "SELECT choice FROM measurements WHERE question = ? GROUP BY choice ORDER BY count(*) DESC, choice LIMIT 1"


class VoteRefused(Refusal):
    """A vote, or a change to a question, was refused; the message says why."""


class Vote(NamedTuple):
    """One student's choice in one round. `secret`: from the student's machine; the same for each vote in this round."""

    question: str
    round: int
    choice: int
    secret: str


class Asked(NamedTuple):
    """A question to the class. `state`: open, closed or revealed. `measured`: the number of the measured option."""

    question: Question
    state: str
    round: int
    measured: int | None


class Tally(NamedTuple):
    """A question with its counts for each round so far, and who has voted in this one.

    `revision` grows with each change to any question, and shows which of two tallies is newer.
    """

    asked: Asked
    rounds: tuple[tuple[int, ...], ...]
    voters: frozenset[str]
    revision: int


class BallotBox:
    """The votes in one class file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_made = False

    # Questions

    def ask(self, text: str, options: Sequence[str]) -> str:
        """Open a question and return its id. Raises BadQuestion, AuditError."""
        text, offered = checked(text, options)
        with self._writing() as file:
            (count,) = file.execute("SELECT count(*) FROM questions WHERE id LIKE 'q%'").fetchone()
            question = Question(f"q{count + 1}", text, offered)
            _insert(file, question)
        return question.id

    def begin(self, question: Question) -> None:
        """Open a prediction from a lesson, unless it has been opened before. Raises AuditError."""
        with self._writing() as file:
            _insert(file, question)

    def close(self, question_id: str) -> None:
        """Accept no more votes. Raises VoteRefused, AuditError."""
        with self._writing() as file:
            asked = _find(file, question_id)
            if asked.state != "open":
                raise VoteRefused(f"{_named(asked)} is {asked.state} already")
            file.execute("UPDATE questions SET state = 'closed' WHERE id = ?", (question_id,))

    def again(self, question_id: str) -> None:
        """Open the second round, after the room has discussed the first. Raises VoteRefused, AuditError."""
        with self._writing() as file:
            asked = _find(file, question_id)
            if asked.state == "revealed":
                raise VoteRefused(
                    f"{_named(asked)} has been revealed, so the class knows the answer; ask another question"
                )
            if asked.round >= ROUNDS:
                raise VoteRefused(f"{_named(asked)} has had its second vote; ask it as a new question")
            file.execute(_AGAIN, (question_id,))

    def reveal(self, question_id: str, measured: int | None = None) -> None:
        """Close the vote and show the measured option, by default the one that most students' machines reported.

        Raises VoteRefused, AuditError.
        """
        with self._writing() as file:
            asked = _find(file, question_id)
            if measured is None:
                (measured,) = file.execute(_MEASURED, (question_id,)).fetchone() or (asked.measured,)
            elif not 0 <= measured < len(asked.question.options):
                raise VoteRefused(_not_offered(asked, measured))
            file.execute("UPDATE questions SET state = 'revealed', measured = ? WHERE id = ?", (measured, question_id))

    # Votes

    def cast(self, name: str, vote: Vote, *, by_name: bool = False) -> None:
        """Count a student's vote, once. Raises VoteRefused, AuditError."""
        proof, ballot = (_hash(kind, vote.secret) for kind in ("voter", "ballot"))
        with self._writing() as file:
            asked = _find(file, vote.question)
            if not 0 <= vote.choice < len(asked.question.options):
                raise VoteRefused(_not_offered(asked, vote.choice))
            _check_secret(vote.secret)
            seat = (vote.question, vote.round, name)
            known = file.execute(f"SELECT proof FROM voted WHERE {_SEAT}", seat).fetchone()
            if known and known[0] != proof:
                raise VoteRefused(
                    f"{name} has already voted on {_named(asked)} from another machine; only one vote counts"
                )
            paper = (vote.question, vote.round, ballot)
            kept = file.execute(f"SELECT choice FROM ballots WHERE {_PAPER}", paper).fetchone()
            if kept == (vote.choice,):
                return  # a retry, because the answer to the first request was lost
            _check_open(asked, vote.round)
            file.execute("INSERT OR IGNORE INTO voted VALUES (?, ?, ?, ?)", (*seat, proof))
            who = name if by_name else None
            file.execute("INSERT OR REPLACE INTO ballots VALUES (?, ?, ?, ?, ?)", (*paper, vote.choice, who))

    def report(self, name: str, question_id: str, measured: int) -> None:
        """Record what a student's machine measured. Raises VoteRefused, AuditError."""
        with self._writing() as file:
            asked = _find(file, question_id)
            if not 0 <= measured < len(asked.question.options):
                raise VoteRefused(_not_offered(asked, measured))
            file.execute("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)", (question_id, name, measured))

    # Counts

    def revision(self) -> int:
        """Return a number that increases with each change. Raises AuditError."""
        with self._open() as file:
            return _revision(file)

    def tallies(self, question_id: str = "") -> list[Tally]:
        """Return each question with its counts, or just one question; the newest is last.

        Raises AuditError.
        """
        with self._open() as file:
            file.execute("BEGIN")
            rows = file.execute(f"{_QUESTIONS}{_ONE} ORDER BY turn", (question_id,)).fetchall()
            revision = _revision(file)
            return [_tally(file, _asked(row), revision) for row in rows]

    def measured_by_most(self, question_id: str) -> int | None:
        """Return the option that most students' machines measured; None if none has. Raises AuditError."""
        with self._open() as file:
            (found,) = file.execute(_MEASURED, (question_id,)).fetchone() or (None,)
        return found

    def of_names(self, question_id: str) -> list[tuple[int, str, str]]:
        """Return (round, option, name) for each ballot with a name. Raises VoteRefused, AuditError."""
        with self._open() as file:
            options = _find(file, question_id).question.options
            query = "SELECT round, choice, who FROM ballots WHERE question = ? AND who IS NOT NULL"
            found = file.execute(f"{query} ORDER BY round, choice, who", (question_id,)).fetchall()
        return [(number, options[choice], who) for number, choice, who in found]

    # The file

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            if not self._is_made:
                file.executescript(_SCHEMA)
                self._is_made = True
            yield file

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one change, because `labkit class vote` may write at the same time."""
        with self._open() as file:
            file.execute(
                "PRAGMA synchronous = NORMAL"
            )  # like the log's: a change survives a kill of the process, but does not wait for the disk
            file.execute("BEGIN IMMEDIATE")
            with file:
                yield file
                file.execute("UPDATE votes_revision SET number = number + 1")


_SEAT = "question = ? AND round = ? AND name = ?"
_PAPER = "question = ? AND round = ? AND ballot = ?"


def _insert(file: sqlite3.Connection, question: Question) -> None:
    file.execute(_NEW, (question.id, question.text, json.dumps(question.options)))


def _find(file: sqlite3.Connection, question_id: str) -> Asked:
    row = file.execute(f"{_QUESTIONS} WHERE id = ?", (question_id,)).fetchone()
    if row is None:
        raise VoteRefused(f"the class has no question {question_id[:40]!r}; `labkit class vote` lists its questions")
    return _asked(row)


def _asked(row: tuple[Any, ...]) -> Asked:
    question_id, text, options, state, number, measured = row
    return Asked(Question(question_id, text, tuple(json.loads(options))), state, number, measured)


def _revision(file: sqlite3.Connection) -> int:
    (number,) = file.execute("SELECT number FROM votes_revision").fetchone()
    return int(number)


def _tally(file: sqlite3.Connection, asked: Asked, revision: int) -> Tally:
    question_id, _, options = asked.question
    counts = {(number, choice): count for number, choice, count in file.execute(_COUNTS, (question_id,))}
    rounds = (tuple(counts.get((number, at), 0) for at in range(len(options))) for number in range(1, asked.round + 1))
    voters = frozenset(name for (name,) in file.execute(_VOTERS, (question_id, asked.round)))
    return Tally(asked, tuple(rounds), voters, revision)


def _check_open(asked: Asked, number: int) -> None:
    if number < asked.round:
        raise VoteRefused(f"vote {number} on {_named(asked)} has ended, and vote {asked.round} is {asked.state}")
    if number > asked.round:
        raise VoteRefused(f"{_named(asked)} has had no vote {number} yet")
    if asked.state != "open":
        raise VoteRefused(f"the vote on {_named(asked)} is {asked.state}, so yours came too late")


def _check_secret(secret: str) -> None:
    if len(secret) < LEAST_SECRET:  # equal secrets would count as one ballot
        raise VoteRefused(
            f"the vote's secret has {len(secret)} characters; send at least {LEAST_SECRET}, drawn at random"
        )


def _not_offered(asked: Asked, choice: int) -> str:
    options = asked.question.options
    return f"{_named(asked)} has no option {choice + 1}; it offers {len(options)}: {', '.join(options)}"


def _named(asked: Asked) -> str:
    return repr(asked.question.text)


def _hash(kind: str, secret: str) -> str:
    return hashlib.sha256(f"{kind}:{secret}".encode()).hexdigest()[:32]


def standing(tally: Tally) -> str:
    """Return the state that students see: open, counting (there is a vote), closed or revealed."""
    return "counting" if tally.asked.state == "open" and tally.voters else tally.asked.state


def voted_of(tally: Tally, names: Collection[str]) -> tuple[int, int]:
    """Return how many students have voted in this round, and how many there are."""
    return len(tally.voters), len(tally.voters | set(names))
