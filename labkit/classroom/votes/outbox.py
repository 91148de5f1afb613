"""The votes of this working copy, and the class's answers: `votes.json`, next to the progress.

    outbox = Outbox(home, "physics", "ana")
    outbox.choose("q1", 0)              # by any kernel, online or not
    outbox.due()                        # by the kernel that sends
    outbox.answered(paper, told=..., refused=None)

Any kernel may write. A paper is due until the class has answered its newest change, so a vote that was cast offline is
sent later, and one whose answer was lost is sent again, with the same secret: the class counts it once.
"""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from labkit.classroom.kept_file import changing
from labkit.platform import plain_file
from labkit.platform.replacing import write

Told = dict[str, Any]  # the class's news about one question; see docs/classroom.md
KEPT = 200


class Paper(msgspec.Struct):
    """One question in one round. `n` counts the changes made here, and `done` those that the class has answered."""

    question: str
    round: int = 1
    choice: int | None = None
    measured: int | None = None
    secret: str = ""
    n: int = 0
    done: int = 0
    refused: str | None = None


class Kept(msgspec.Struct):
    """The contents of the file: the votes of one student in one class."""

    class_id: str = ""
    name: str = ""
    papers: dict[str, Paper] = {}
    told: dict[str, Told] = {}


class Outbox:
    """The votes of one student of one class in one file."""

    def __init__(self, home: Path, class_id: str, name: str) -> None:
        self.path = home / "votes.json"
        self._whose = class_id, name

    # The kernels

    def asked(self, question: str) -> None:
        """Record that the student has seen a question. Raises NoHome."""

        def change(kept: Kept) -> None:
            paper = _paper(kept, question)
            paper.n += paper.n == 0

        self._change(change)

    def choose(self, question: str, choice: int) -> None:
        """Vote in the current round, or change that vote. Raises NoHome."""

        def change(kept: Kept) -> None:
            paper = _paper(kept, question)
            if paper.choice != choice or paper.refused:
                paper.choice, paper.refused = choice, None
                paper.n += 1

        self._change(change)

    def measured(self, question: str, option: int) -> None:
        """Record what was measured here, so that the class can show it. Raises NoHome."""

        def change(kept: Kept) -> None:
            paper = _paper(kept, question)
            if paper.measured != option:
                paper.measured = option
                paper.n += 1

        self._change(change)

    def standing(self, question: str) -> tuple[Paper | None, Told | None]:
        """Return the student's newest paper, and the class's latest news about the question."""
        kept = self.read()
        told = kept.told.get(question)
        return kept.papers.get(_key(question, told)), told

    def has_question(self) -> bool:
        """Return whether the instructor is asking a question that has no vote from here."""
        kept = self.read()
        asked = [(name, told) for name, told in kept.told.items() if name.startswith("q")]
        return any(
            told["state"] in ("open", "counting") and _key(name, told) not in kept.papers for name, told in asked
        )

    # The kernel that sends

    def due(self) -> list[Paper]:
        """Return the papers whose newest change has no answer."""
        return [paper for paper in self.read().papers.values() if paper.n > paper.done]

    def answered(self, sent: Paper, told: Told | None = None, refused: str | None = None) -> None:
        """Record the answer to a paper as it was sent; the paper may have changed since. Raises NoHome."""

        def change(kept: Kept) -> None:
            paper = kept.papers.get(f"{sent.question}.{sent.round}")
            if paper is not None:
                paper.done, paper.refused = max(paper.done, sent.n), refused
            if told is not None:
                _merge(kept, sent.question, told)

        self._change(change)

    def tell(self, question: str, news: Told) -> None:
        """Record the state of a question, with or without its text. Raises NoHome."""
        if _is_new(self.read(), question, news):
            self._change(lambda kept: _merge(kept, question, news))

    # The file

    def read(self) -> Kept:
        """Return this student's state; an empty one if the file is another student's or cannot be read."""
        with suppress(OSError, msgspec.DecodeError, RecursionError):
            kept = msgspec.json.decode(plain_file.read_bytes(self.path), type=Kept)
            if (kept.class_id, kept.name) == self._whose:
                return kept
        return Kept(*self._whose)

    def _change(self, change: Callable[[Kept], None]) -> None:
        with changing(self.path, "votes.lock"):
            kept = self.read()
            change(kept)
            for parts in (kept.papers, kept.told):
                while len(parts) > KEPT:
                    del parts[next(iter(parts))]
            write(self.path, json.dumps(msgspec.to_builtins(kept)))


def _is_new(kept: Kept, question: str, news: Told) -> bool:
    return int(news["rev"]) > int(kept.told.get(question, {}).get("rev", -1))


def _merge(kept: Kept, question: str, news: Told) -> None:
    """Store the class's news unless it is older than what is stored: answers and events may overtake each other."""
    if _is_new(kept, question, news):
        words = {name: value for name, value in kept.told.get(question, {}).items() if name in ("text", "options")}
        kept.told[question] = words | news


def _paper(kept: Kept, question: str) -> Paper:
    """Return the paper of the current round, as far as the round is known here."""
    told = kept.told.get(question)
    new = Paper(question, told["round"] if told else 1, secret=secrets.token_hex(16))
    return kept.papers.setdefault(_key(question, told), new)


def _key(question: str, told: Told | None) -> str:
    return f"{question}.{told['round'] if told else 1}"
