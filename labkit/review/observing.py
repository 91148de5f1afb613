"""What one conversation does not show of a server: whether it has rooms, and what it sends unasked.

For `--learn`. Each function holds a conversation of its own, in a dialect that already works.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from labkit.evidence import CannotTell, NotHeld
from labkit.review.dialect import Dialect
from labkit.review.endpoint import parsed
from labkit.review.peer import Peer
from labkit.review.scene import Scene

SETTLE_S = 0.3  # for what a server sends to the others when somebody leaves
EXPECTED = ("auth_ok", "joined", "pong", "chat", "error", "reconnect")


async def has_one_room(scene: Scene) -> bool:
    """Return whether a chat reaches a member of another room, and the server names no room in what it sends.

    A server that names its rooms and leaks chats between them has rooms, and a fault.
    """
    here, there = scene.room("here"), scene.room("there")
    member, outsider = await scene.enter(here), await scene.enter(there)
    text = f"to one room {scene.unique()}"
    member.chat(here, text)
    await member.received_so_far()
    await outsider.received_so_far()
    names = any(room in one for room in (here, there) for peer in (member, outsider) for one in peer.raw)
    return not names and any(text in one for one in outsider.raw)


async def keeps_to_one_room(scene: Scene) -> bool:
    """Return whether a member that joins a second room no longer receives the chats of the first."""
    first, second = scene.room("first"), scene.room("second")
    speaker, member = await scene.enter(first), await scene.enter(first)
    text = f"to the first room {scene.unique()}"
    try:
        await scene.join(member, second)
        speaker.chat(first, text)
        await speaker.received_so_far()
        await member.received_so_far()
    except (NotHeld, CannotTell):
        return True
    return not any(text in one for one in member.raw)


async def unasked(scene: Scene) -> list[str]:
    """Return the types of the messages that a member receives because others come, chat and go."""
    room, dialect = scene.room("unasked"), scene.target.dialect
    watcher = await scene.enter(room)
    visitor = await scene.enter(room)
    visitor.chat(room, f"hello {scene.unique()}")
    await visitor.received_so_far()
    visitor.drop()
    await asyncio.sleep(SETTLE_S)
    await watcher.received_so_far()
    return list(dict.fromkeys(_names(dialect, (watcher, visitor))))


def _names(dialect: Dialect, peers: Iterable[Peer]) -> Iterable[str]:
    for peer in peers:
        for raw in peer.raw:
            value = parsed(raw.encode())
            name = _name(dialect, value) if value is not None else None
            if name is not None:
                yield name


def _name(dialect: Dialect, value: dict[str, Any]) -> str | None:
    """Return the server's type of a message that has no meaning in our protocol."""
    kind, name = dialect.decode(value).get("type"), value.get(dialect.kind)
    is_ours = kind in EXPECTED or bool(dialect.repeated(value))
    return None if is_ours or not isinstance(name, str) or name in dialect.ignored else name


async def greetings(scene: Scene) -> list[str]:
    """Return the types of the messages that a client receives before it has sent anything."""
    visitor = await scene.connect(room=scene.room("greetings"))
    await visitor.until(lambda: False, SETTLE_S)
    return list(dict.fromkeys(_names(scene.target.dialect, (visitor,))))


async def shares_pongs(scene: Scene) -> bool:
    """Return whether an answer to a ping goes to other clients too, so that it is no evidence for any of them."""
    room = scene.room("pongs")
    other, pinging = await scene.enter(room), await scene.enter(room)
    begun = len(other.raw)
    await pinging.received_so_far()
    await other.until(lambda: len(other.raw) > begun, SETTLE_S)
    decoded = [parsed(one.encode()) for one in list(other.raw)[begun:]]
    return any(one is not None and scene.target.dialect.decode(one).get("type") == "pong" for one in decoded)
