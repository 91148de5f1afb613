"""The instructor's response to a raised hand: see the case, write a note, or send the next hint.

desk = Answering(record, Notes(path))
desk.at("otter")                     # (exercise, cell): what the student asks about or works on
desk.hint("otter", "06-outbox")      # sends the first hint that this student has not seen
desk.note("otter", "06-outbox", "Count bytes, not frames.")
"""

from collections.abc import Iterable
from typing import NamedTuple

from labkit.classroom.board import Cell
from labkit.classroom.cases import Shown
from labkit.classroom.help.notes import Note, Notes
from labkit.classroom.posting import BadPost, Refusal
from labkit.classroom.record import ClassRecord
from labkit.course.exercise import Misconception
from labkit.course.exercises import exercises
from labkit.course.judging import misconceptions


class Hint(NamedTuple):
    """A hint for one check. `step`: 1 to 3."""

    check: str
    step: int
    text: str


class Answering:
    """Answers the students of one class. Its record must have caught up."""

    def __init__(self, record: ClassRecord, notes: Notes) -> None:
        self._record = record
        self._notes = notes

    def at(self, name: str, exercise: str | None = None) -> tuple[str, Cell | None]:
        """Return the exercise that a student asks about, or the newest one, and the student's state in it.

        Raises BadPost for a student who is not in the class or has not started.
        """
        row = self._record.board.students.get(name)
        if row is None:
            raise BadPost(f"there is no {name[:80]!r} in this class; `labkit class board` lists its students")
        found = exercise or row.hand or next(reversed(self._record.cases.of(name)), None) or row.current
        if found is None:
            raise BadPost(f"{name} has not started an exercise")
        return found, row.cells.get(found)

    def case(self, name: str, exercise: str | None = None) -> Shown:
        """Return the case that a student has sent. Raises BadPost, and Refusal if there is none."""
        wanted, _ = self.at(name, exercise)
        shown = self._record.cases.of(name).get(wanted)
        if shown is None:
            raise Refusal(
                f"{name} has sent no case of {wanted}; classroom.raise_hand({wanted!r}) shows what would be sent, and "
                f"classroom.send_case({wanted!r}) sends it"
            )
        return shown

    def note(self, name: str, exercise: str, text: str) -> None:
        """Write a note to a student. Raises BadPost, AuditError."""
        self._notes.add(name, self.at(name, exercise)[0], "note", text)

    def hint(self, name: str, exercise: str) -> Hint:
        """Send the next hint on the check that fails. Raises BadPost, Refusal, AuditError."""
        found = self.next_hint(name, exercise)
        self._notes.add(name, exercise, "hint", found.text, about=found.check)
        return found

    def next_hint(self, name: str, exercise: str, notes: Iterable[Note] | None = None) -> Hint:
        """Return the first hint that neither the student's machine has shown nor the instructor has sent.

        `notes`: the class's notes, if already read. Raises BadPost, Refusal if there is no such hint, AuditError.
        """
        _, cell = self.at(name, exercise)
        if cell is None or not cell.check or cell.status == "pass":
            raise Refusal(f"no check of {exercise} fails, so there is no hint; write a note")
        cause = self._cause(name, exercise, cell.check)
        if cause is None:
            raise Refusal(f"this labkit has no hint on {cell.check} of {exercise}; write a note")
        about = (name, "hint", exercise, cell.check)
        known = self._notes.of(name) if notes is None else notes
        sent = {note.text for note in known if (note.name, note.kind, note.exercise, note.about) == about}
        seen = max([cell.same, *(step for step, text in enumerate(cause.hints, 1) if text in sent)])
        if seen >= len(cause.hints):
            raise Refusal(f"all {len(cause.hints)} hints on {cell.check} have been seen; write a note")
        return Hint(cell.check, seen + 1, cause.hints[seen])

    def _cause(self, name: str, exercise: str, check: str) -> Misconception | None:
        """Return the misconception that the case shows or, without one, the usual one of the check."""
        asked = exercises().get(exercise)
        if asked is None:
            return None
        shown = self._record.cases.of(name).get(exercise)
        tag = shown.failed.tag if shown is not None and shown.failed.check == check else None
        usual = next((one.usual for one in asked.checks if one.id == check), None)
        return misconceptions(asked).get(tag or "", usual)
