"""What happened in a class, from its file: what was missed most, which answers were wrong, and what to repeat.

facts = read("physics.class.db", "physics", board)
facts.misses[0]             # Miss("06-outbox", "over", students=9, tries=31, left=4)
facts.repeats               # sentences, the most needed first
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from labkit.classroom.board import Board, well_formed
from labkit.classroom.catalogue import Catalogue
from labkit.classroom.grading.verdicts import Verdict, Verdicts
from labkit.classroom.register import Register, room_of
from labkit.classroom.votes.box import BallotBox, Tally
from labkit.wire.audit.reading import reading, rows

RIGHT_SHARE = 0.6  # of a vote: with fewer right answers, the room has not got it yet
LEFT_SHARE = 1 / 3  # of those who tried an exercise: with more who did not pass, it is worth another look
FEWEST = 3  # voters or students; fewer say nothing about a class
Fails = Counter[tuple[str, str]]  # how often, by exercise and check


class Miss(NamedTuple):
    """One check that failed. `students`: how many answers failed it; `left`: how many of these are not passed yet."""

    exercise: str
    check: str
    students: int
    tries: int
    left: int


class Question(NamedTuple):
    """How a vote went. `right`: the share of right answers in each round; empty before something was measured.

    `wrong`: the wrong option that most chose in the last round, with its votes.
    """

    tally: Tally
    right: tuple[float, ...]
    wrong: tuple[str, int] | None


@dataclass(frozen=True)
class Facts:
    """What happened in one class."""

    class_id: str
    board: Board
    catalogue: Catalogue
    fails: Mapping[str, Fails]  # by student
    tallies: tuple[Tally, ...]
    verdicts: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)
    grades: bool = False  # only verified passes count

    @property
    def misses(self) -> list[Miss]:
        """The checks that failed, those of most students first."""
        found = []
        for exercise, check in {place for fails in self.fails.values() for place in fails}:
            who = [name for name, fails in self.fails.items() if fails[exercise, check]]
            left = sum(not self.has_passed(name, exercise) for name in who)
            tries = sum(self.fails[name][exercise, check] for name in who)
            found.append(Miss(exercise, check, len(who), tries, left))
        return sorted(found, key=lambda miss: (-miss.students, -miss.tries, miss.exercise, miss.check))

    @property
    def questions(self) -> list[Question]:
        """How each vote with an answer went, in the order in which they were asked."""
        return [_question(tally) for tally in self.tallies if any(map(sum, tally.rounds))]

    @property
    def repeats(self) -> list[str]:
        """What to repeat with the class, in sentences: exercises that many left open, then votes that went wrong."""
        return [*self._open_exercises(), *self._wrong_votes()]

    def has_passed(self, name: str, exercise: str) -> bool:
        """Return whether a student has passed an exercise, at any time."""
        row = self.board.students.get(name)
        return row is not None and exercise in row.cells and row.cells[exercise].passed_at is not None

    def meaning(self, exercise: str, check: str) -> str:
        """Return the misconception that a check detects, or the check's id if the course does not list it."""
        listed = self.catalogue.listed.get(exercise)
        return (listed.checks.get(check) if listed else None) or check

    def _open_exercises(self) -> list[str]:
        found = []
        for exercise in self.board.exercises:
            tried = [name for name, row in self.board.students.items() if exercise in row.cells]
            left = [name for name in tried if not self.has_passed(name, exercise)]
            if len(tried) >= FEWEST and len(left) > LEFT_SHARE * len(tried):
                found.append((len(left) / len(tried), exercise, len(left), len(tried)))
        return [self._open_exercise(*one[1:]) for one in sorted(found, key=lambda one: (-one[0], one[1]))]

    def _open_exercise(self, exercise: str, left: int, tried: int) -> str:
        sentence = f"{exercise}: {left} of the {tried} who began have not passed."
        worst = next((miss for miss in self.misses if miss.exercise == exercise and miss.left), None)
        return sentence if worst is None else f"{sentence} {self.meaning(exercise, worst.check)}"

    def _wrong_votes(self) -> list[str]:
        found = []
        for tally, right, wrong in self.questions:
            if right and sum(tally.rounds[-1]) >= FEWEST and right[-1] < RIGHT_SHARE and wrong is not None:
                before = f" ({right[0]:.0%} before the discussion)" if len(right) > 1 else ""
                share = f"{right[-1]:.0%} of the votes were right{before}"
                sentence = f"“{tally.asked.question.text}” {share}; most others chose “{wrong[0]}”."
                found.append((right[-1], sentence))
        return [sentence for _, sentence in sorted(found, key=lambda one: one[0])]


def read(path: Path, class_id: str, board: Board, catalogue: Catalogue) -> Facts:
    """Read what happened from a class file; `board` says who is in the class. Raises AuditError."""
    box = BallotBox(path)
    return Facts(
        class_id,
        board,
        catalogue,
        _fails(path, class_id, board),
        tuple(_answered(box, tally) for tally in box.tallies()),
        Verdicts(path).of_students(),
        Register(path, class_id).grades,
    )


def _answered(box: BallotBox, tally: Tally) -> Tally:
    """Return a tally with what most machines measured, if the instructor has not revealed it."""
    if tally.asked.measured is not None:
        return tally
    return tally._replace(asked=tally.asked._replace(measured=box.measured_by_most(tally.asked.question.id)))


def _fails(path: Path, class_id: str, board: Board) -> dict[str, Fails]:
    """Count the fails of each student by exercise and check; a record that arrived twice counts once."""
    found: dict[str, Fails] = {name: Counter() for name in board.students}
    once = Board(board.exercises)
    with reading(path) as file:
        for _, entry, _ in rows(file, room=room_of(class_id)):
            event = json.loads(entry.body or "{}") if entry.kind == "event" else {}
            name = once.apply(event)
            if name in found and event["status"] == "fail" and event.get("check"):
                found[name][event["exercise"], well_formed(str(event["check"]))] += 1
    return found


def _question(tally: Tally) -> Question:
    measured, options = tally.asked.measured, tally.asked.question.options
    if measured is None:
        return Question(tally, (), None)
    rounds = [counts for counts in tally.rounds if sum(counts)]
    counted = enumerate(zip(options, rounds[-1], strict=True))
    others = [(count, option) for at, (option, count) in counted if at != measured and count]
    count, option = max(others, default=(0, ""), key=lambda one: one[0])
    right = tuple(counts[measured] / sum(counts) for counts in rounds)
    return Question(tally, right, (option, count) if count else None)
