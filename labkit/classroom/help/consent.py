"""The student's side of a case: shown here first, and sent only if the student agrees to exactly what was shown.

    consent = Consent(home, "physics", "otter")
    consent.show(failed)                # keeps what was shown; returns it as text
    consent.agree(failed)               # consent; False if this is not what was shown last
    consent.due(); consent.sent(case)   # called by the kernel that sends

The state is a file in the learner's home, `class-cases.json`, so one notebook may show a case and another agree.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from labkit.classroom.cases import lines
from labkit.classroom.grading.submission import pieces
from labkit.classroom.kept_file import changing
from labkit.course.failed import Failed
from labkit.platform import plain_file
from labkit.platform.replacing import write

FILE = "class-cases.json"
KEPT = 20


class Agreed(msgspec.Struct):
    """A case that the student agreed to send. `id` prefixes its request ids, so that it arrives once."""

    id: str
    failed: Failed
    is_sent: bool = False


class Kept(msgspec.Struct):
    """The contents of the file. `shown`: a hash of what was shown last, by exercise."""

    class_id: str = ""
    name: str = ""
    shown: dict[str, str] = {}
    agreed: list[Agreed] = []


class Consent:
    """Tracks what one student of one class has been shown and has agreed to send."""

    def __init__(self, home: Path, class_id: str, name: str) -> None:
        self.path = home / FILE
        self._whose = class_id, name

    def show(self, failed: Failed) -> str:
        """Return what would be sent, as text, and record that it was shown. Raises NoHome."""
        self._change(lambda kept: kept.shown.update({failed.exercise: _hash(failed)}))
        return "\n".join(lines(failed))

    def agree(self, failed: Failed) -> bool:
        """Queue this case for sending, if it is what was shown last. Raises NoHome, or TooLong if it cannot be sent."""
        pieces(msgspec.to_builtins(failed), "x" * 40)
        is_shown = self.read().shown.get(failed.exercise) == _hash(failed)
        if is_shown and not any(one.failed == failed for one in self.read().agreed):
            self._change(lambda kept: kept.agreed.append(Agreed(f"case-{secrets.token_hex(8)}", failed)))
        return is_shown

    def due(self) -> list[Agreed]:
        """Return the cases that the class has not stored yet."""
        return [one for one in self.read().agreed if not one.is_sent]

    def sent(self, case_id: str) -> None:
        """Record that the class has stored a case. Raises NoHome."""

        def change(kept: Kept) -> None:
            for one in kept.agreed:
                one.is_sent = one.is_sent or one.id == case_id

        self._change(change)

    def exercises(self) -> list[str]:
        """Return the exercises for which a case was sent."""
        return list(dict.fromkeys(one.failed.exercise for one in self.read().agreed if one.is_sent))

    def read(self) -> Kept:
        """Return this student's state; an empty one if the file is another student's or cannot be read."""
        with suppress(OSError, ValueError, msgspec.ValidationError, RecursionError):
            kept = msgspec.convert(json.loads(plain_file.read_bytes(self.path)), Kept)
            if (kept.class_id, kept.name) == self._whose:
                return kept
        return Kept(*self._whose)

    def _change(self, change: Callable[[Kept], None]) -> None:
        with changing(self.path, "class-cases.lock"):
            kept = self.read()
            change(kept)
            kept.agreed = kept.agreed[-KEPT:]
            write(self.path, json.dumps(msgspec.to_builtins(kept)))


def _hash(failed: Failed) -> str:
    return hashlib.sha256(json.dumps(msgspec.to_builtins(failed)).encode()).hexdigest()
