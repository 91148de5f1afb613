"""Answers to the exercises that are known to be right or wrong, one folder per exercise in `answers/`.

ID/right/NAME.py    right answers by the authors
ID/unseen/NAME.py   right answers by people who had read the exercise and never seen its checks
ID/edits.toml       all other answers, each as an edit of one of these:

    [wrong.silence.no-auth-timeout]     # the check that fails first, and the misconception that it names
    own_timeout = '''
    -        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    +        text = await asyncio.wait_for(connection.recv(), 60)
    '''

An edit is a diff without line numbers. Its lines with `-` or a space must follow one another in the base, at exactly
one place; its lines with `+` are added. A blank line separates two changes. A table instead of the text says more:

    change    the edit
    base      the right answer that it edits, a file in `right` or `unseen`; without it, `plain`
    source    the whole answer, where an edit would be nearly as long
    also      other checks that fail; no check that is not named here fails
    before    the Python version that no longer has the fault, such as "3.12"

`[right]` holds variants of a right answer. `[unseen.right]` and `[unseen.wrong]` are by the people who never saw the
checks; any check may catch those that are wrong.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "answers"


class StaleEdit(ValueError):
    """An edit does not fit its base; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class Edit:
    """What `edits.toml` says of one answer."""

    change: str = ""
    base: str = "plain"
    source: str = ""
    also: tuple[str, ...] = ()
    before: str = "99"

    def applies_here(self) -> bool:
        """Tell whether the fault exists with the Python that runs the tests."""
        return sys.version_info < tuple(int(part) for part in self.before.split("."))


@dataclass(frozen=True)
class Known:
    """An answer, and what the judge must make of it."""

    exercise: str
    group: str  # the table in edits.toml that is its kind: right, wrong, unseen.right or unseen.wrong
    stem: str
    source: str
    misconception: str | None = None
    caught_by: str | None = None
    failing: frozenset[str] = frozenset()

    @property
    def is_right(self) -> bool:
        return self.group.endswith("right")

    @property
    def name(self) -> str:
        return f"{self.exercise}/{self.group}/{self.stem}"


def known(exercise_id: str) -> list[Known]:
    """Return the authors' answers to an exercise, the right ones first. Raises StaleEdit."""
    return [answer for answer in _all(exercise_id) if not answer.group.startswith("unseen")]


def one_per_check(answers: Iterable[Known]) -> list[Known]:
    """Return, for each check, the first wrong answer that it must catch; and one right answer."""
    chosen: dict[str | None, Known] = {}
    for answer in answers:
        chosen.setdefault(answer.caught_by, answer)
    return [*chosen.values()]


def unseen(exercise_id: str) -> list[Known]:
    """Return the answers by people who never saw the checks, the right ones first. Raises StaleEdit."""
    return [answer for answer in _all(exercise_id) if answer.group.startswith("unseen")]


def edited(base: str, change: str) -> str:
    """Apply an edit to a program. Raises StaleEdit unless each part fits in exactly one place and changes it."""
    lines = base.splitlines()
    for part in re.split(r"\n\n+", change.strip("\n")):
        old, new = _sides(part)
        places = [at for at in range(len(lines)) if lines[at : at + len(old)] == old]
        if not old:
            raise StaleEdit(f"{part!r} names no line of the base; add the line before or after it, with a space")
        if len(places) != 1:
            raise StaleEdit(f"the base has {len(places)} places that read {old}; name lines that it has once")
        if old == new:
            raise StaleEdit(f"{part!r} leaves the base as it is; add what it changes")
        lines[places[0] : places[0] + len(old)] = new
    return "\n".join(lines) + "\n"


def _sides(part: str) -> tuple[list[str], list[str]]:
    """Split a part of an edit into the lines that it replaces and the lines that it puts there."""
    lines = part.split("\n")
    if unmarked := [line for line in lines if line[:1] not in {" ", "+", "-"}]:
        raise StaleEdit(f"the line {unmarked[0]!r} begins with neither a space, + nor -; give it one of them")
    return [line[1:] for line in lines if line[0] != "+"], [line[1:] for line in lines if line[0] != "-"]


def _all(exercise_id: str) -> list[Known]:
    folder = FOLDER / exercise_id
    tables = tomllib.loads((folder / "edits.toml").read_text(encoding="utf-8"))
    found = [
        Known(exercise_id, group, path.stem, path.read_text(encoding="utf-8"))
        for group, name in (("right", "right"), ("unseen.right", "unseen"))
        for path in sorted((folder / name).glob("*.py"))
    ]
    bases = {answer.stem: answer.source for answer in found}
    for group, stem, edit, tag, check in _edits(tables):
        failing = frozenset([check, *edit.also]) if check else frozenset()
        source = edit.source or _product(f"{exercise_id}/{stem}", edit, bases)
        found.append(Known(exercise_id, group, stem, source, tag, check, failing))
    return sorted(found, key=lambda answer: not answer.is_right)


def _edits(tables: Mapping[str, Any]) -> Iterator[tuple[str, str, Edit, str | None, str | None]]:
    """Yield group, name, edit, misconception and check of what edits.toml holds."""
    theirs = tables.get("unseen", {})
    for group, named in (
        ("right", tables.get("right", {})),
        ("unseen.right", theirs.get("right", {})),
        ("unseen.wrong", theirs.get("wrong", {})),
    ):
        for stem, value in named.items():
            yield group, stem, _edit(value), None, None
    for check, tags in tables["wrong"].items():
        for tag, named in tags.items():
            for stem, value in named.items():
                if (edit := _edit(value)).applies_here():
                    yield "wrong", stem, edit, tag, check


def _edit(value: str | Mapping[str, Any]) -> Edit:
    return Edit(value) if isinstance(value, str) else Edit(**value)


def _product(name: str, edit: Edit, bases: Mapping[str, str]) -> str:
    if edit.base not in bases:
        raise StaleEdit(f"{name} edits {edit.base}, which is no whole answer here; choose one of {sorted(bases)}")
    try:
        return edited(bases[edit.base], edit.change)
    except StaleEdit as stale:
        raise StaleEdit(f"{name} does not fit {edit.base}: {stale}") from None
