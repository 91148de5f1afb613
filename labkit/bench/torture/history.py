"""What a torture run records: each client's own history, in order, and the events in the audit files.

opened, joined, left, event, closed     what one connection received, before the client processed it
sent, acked                             what was published, and the event that `publish` returned
ghost                                   sent after our own close frame: no client may ever receive it
"""

from typing import Any, Literal, NamedTuple

What = Literal["opened", "joined", "left", "event", "closed", "sent", "acked", "ghost"]


class Since(NamedTuple):
    """The last event of a room that a client had received when it rejoined."""

    epoch: str
    seq: int


class Observation(NamedTuple):
    """One entry of a history. `since` belongs to a rejoin; `repeat` marks an event marked as a duplicate."""

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


def observed(message: dict[str, Any], since: Since | None) -> Observation | None:
    """Return the history entry for a server's message, or None if no invariant concerns it.

    `since` applies to `joined`.
    """
    kind, room = message.get("type"), str(message.get("roomId", ""))
    if kind == "auth_ok":
        return Observation("opened")
    if kind == "joined":
        seq, gap = int(message["seq"]), bool(message["gap"])
        return Observation("joined", room, str(message["epoch"]), seq, gap=gap, since=since)
    if kind == "left":
        return Observation("left", room)
    if "seq" not in message:
        return None
    return Observation(
        "event",
        room,
        seq=int(message["seq"]),
        id=str(message["id"]),
        request=str(message["requestId"]),
        repeat=message.get("duplicate") is True,
    )
