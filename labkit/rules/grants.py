"""Grants: the rooms that a user may read and write, as a list of [pattern, access].

A pattern is a room id, or a prefix followed by `*`. Access is `r`, `w` or `rw`. If several patterns match a room, the
user gets all their rights. If none matches, the user may not join.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from labkit.rules.fields import ROOM_ID

ACCESS = ("r", "w", "rw")


class BadGrant(ValueError):
    """The grant is invalid. The message shows a valid one."""


@dataclass(frozen=True, slots=True)
class Grants:
    """The rooms that one user may read and write."""

    rooms: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pairs: Iterable[Sequence[str]]) -> Self:
        """Parse grants such as `[["room:*", "rw"], ["news", "r"]]`. Raises BadGrant for anything else."""
        if not isinstance(pairs, Iterable):
            raise BadGrant(f"{pairs!r} is not a list of [pattern, access], such as ['room:*', 'rw']")
        return cls(tuple(_checked(pair) for pair in pairs))

    def access(self, room_id: str) -> str:
        """Return `r`, `w` or `rw`, or "" if the user may not join the room."""
        held = {letter for pattern, access in self.rooms if _covers(pattern, room_id) for letter in access}
        return "".join(letter for letter in "rw" if letter in held)


def _covers(pattern: str, room_id: str) -> bool:
    return room_id.startswith(pattern[:-1]) if pattern.endswith("*") else room_id == pattern


def _checked(pair: Any) -> tuple[str, str]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
        raise BadGrant(f"{pair!r} is not [pattern, access], such as ['room:*', 'rw']")
    pattern, access = pair
    if pattern != "*" and not ROOM_ID.fullmatch(pattern.removesuffix("*")):
        raise BadGrant(f"{pattern!r} is neither a room id nor a prefix followed by *")
    if access not in ACCESS:
        raise BadGrant(f"access {access!r} for {pattern!r} is not one of r, w, rw")
    return pattern, access


EVERY_ROOM = Grants((("*", "rw"),))
