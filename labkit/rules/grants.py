"""Grants: the rooms that a user may read and write, as a list of [pattern, access].

A pattern is a room id, or a prefix followed by `*`. Access is `r`, `w` or `rw`. If several patterns match a room, the
user gets all their rights. If none matches, the user may not join.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from labkit.rules.fields import ROOM_ID

ACCESS = ("r", "w", "rw")
# Each of a user's credentials contains the grants, and an `auth` with a credential and a `previous` must fit into one
# message.
LONGEST_ROOMS_BYTES = 5_000


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
            raise BadGrant(f"{pairs!r} is not a list of [pattern, access] pairs; a pair looks like ['room:*', 'rw']")
        return cls(tuple(_checked(pair) for pair in pairs))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse `room:* news=r`: patterns, each alone or with `=r`, `=w` or `=rw`; or JSON. Raises BadGrant."""
        if text.startswith("["):
            try:
                return cls.of(json.loads(text))
            except (BadGrant, ValueError, TypeError, RecursionError):
                raise BadGrant("the rooms begin like JSON, but are not a list of [pattern, access] pairs") from None
        pairs = (word.partition("=") for word in text.replace(";", " ").split())
        return cls.of((pattern, access or "rw") for pattern, _, access in pairs)

    @property
    def fits(self) -> bool:
        """Whether a credential can carry these grants."""
        written = json.dumps({"rooms": self.rooms}, separators=(",", ":"))
        return len(written) <= LONGEST_ROOMS_BYTES

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
