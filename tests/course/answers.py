"""Answers to the exercises that are known to be right or wrong: `answers/ID/right/NAME.py`, `answers/ID/wrong/NAME.py`.

A wrong one begins with what must be said of it:

    # misconception: no-auth-timeout        the tag behind the first check that fails, whose hint is shown
    # caught by: silence                    the first check that fails
    # also: stays odd                       others that fail too; every other check stays silent
    # before: 3.12                          wrong only with an older Python than this

Answers of others than the authors are in `unseen/ID/NAME.py`; they begin with `# right` or `# wrong`.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "answers"
UNSEEN = Path(__file__).parent / "unseen"
_HEAD = re.compile(r"^# (misconception|caught by|also|before): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Known:
    """An answer with what must come of it."""

    path: Path
    exercise: str
    is_right: bool
    misconception: str | None = None
    caught_by: str | None = None
    failing: frozenset[str] = frozenset()
    before: tuple[int, ...] = (99,)

    @property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return f"{self.exercise}/{self.path.parent.name}/{self.path.stem}"


def known(exercise_id: str) -> list[Known]:
    """Those of one exercise, the right ones first."""
    right = [Known(path, exercise_id, True) for path in sorted((FOLDER / exercise_id / "right").glob("*.py"))]
    wrong = [_wrong(path, exercise_id) for path in sorted((FOLDER / exercise_id / "wrong").glob("*.py"))]
    return right + [answer for answer in wrong if sys.version_info < answer.before]


def unseen(exercise_id: str) -> list[Known]:
    """Those that were written without sight of the checks."""
    paths = sorted((UNSEEN / exercise_id).rglob("*.py"))
    return [Known(path, exercise_id, path.read_text(encoding="utf-8").startswith("# right")) for path in paths]


def _wrong(path: Path, exercise_id: str) -> Known:
    told = dict(_HEAD.findall(path.read_text(encoding="utf-8")))
    failing = {told["caught by"], *told.get("also", "").split()}
    before = tuple(int(part) for part in told.get("before", "99").split("."))
    return Known(path, exercise_id, False, told["misconception"], told["caught by"], frozenset(failing), before)
