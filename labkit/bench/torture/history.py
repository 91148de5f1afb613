"""What a torture writes down: each client's own history, in the order it lived it, and what the audit files hold.

    opened, joined, left, event, closed     what one connection heard, before the client made anything of it
    said, acked                             what was published, and the event that `publish` returned
    ghost                                   said after our own close frame: nobody may ever hear of it

Taught in notebook 10 (beyond one process).
"""

from typing import Any, Literal, NamedTuple

What = Literal["opened", "joined", "left", "event", "closed", "said", "acked", "ghost"]


class Since(NamedTuple):
    """Where a client had stopped hearing a room when it asked to come back."""

    epoch: str
    seq: int


class Record(NamedTuple):
    """One line of a history. `since` is what a `joined` answers to; `repeat` marks an event given a second time."""

    what: What
    room: str = ""
    epoch: str = ""
    seq: int = 0
    id: str = ""
    request: str = ""
    gap: bool = False
    repeat: bool = False
    since: Since | None = None


class Stored(NamedTuple):
    """One event of one audit file."""

    room: str
    epoch: str
    seq: int
    id: str
    request: str


def heard(message: dict[str, Any], since: Since | None) -> Record | None:
    """The record of a server's message; None for what no invariant is about. `since` is for `joined`."""
    kind, room = message.get("type"), str(message.get("roomId", ""))
    if kind == "auth_ok":
        return Record("opened")
    if kind == "joined":
        return Record("joined", room, str(message["epoch"]), int(message["seq"]), gap=bool(message["gap"]), since=since)
    if kind == "left":
        return Record("left", room)
    if "seq" not in message:
        return None
    return Record(
        "event",
        room,
        seq=int(message["seq"]),
        id=str(message["id"]),
        request=str(message["requestId"]),
        repeat=message.get("duplicate") is True,
    )
