"""What 03-rooms asks for: who is in which room and what arrives there, and the situations that test an answer."""

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from labkit.course.models.clients import SERVER, Act, Message, acts, at_once, close, connect, is_possible, send, vanish
from labkit.course.models.situations import Situation, Step

TOKEN = "dev-token"
AUTH = Message(type="auth", token=TOKEN)
REFUSED = Message(type="auth", token="wrong")
PING = Message(type="ping")
INVALID = "not JSON"
ROOM = "room:demo"
NAME = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
Expected = dict[str, list[Any]]  # what must arrive at each client


class Reference:
    """The rooms, as the text describes them. A user is named by its client."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = {}  # client -> the rooms that it is in; without one that has ended
        self.known: set[str] = set()
        self.left: set[tuple[str, str]] = set()  # the clients that left a room
        self.twice = False  # whether one joined a room that it was in
        self.refused: set[str] = set()
        self.has_ended = False  # whether a member's connection has ended

    def members(self, room: str) -> list[str]:
        """Return the clients in a room."""
        return [client for client, rooms in self.rooms.items() if room in rooms]

    def step(self, step: Step) -> Expected:
        """Do a step, and return what must arrive."""
        expected: Expected = {}
        ends = [act for act in acts(step) if act[0] in ("close", "vanish")]
        for act in [*ends, *(act for act in acts(step) if act not in ends)]:
            for client, what in self._act(*act):
                expected.setdefault(client, []).append(what)
        return expected

    def _act(self, name: str, client: str, *messages: Any) -> Iterator[tuple[str, Any]]:
        if name in ("close", "vanish"):
            self._end(client)
        for message in messages:
            if client not in self.known:
                self.known.add(client)
                yield client, self._entered(client, message)
            elif client in self.rooms:
                yield from self._received(client, message)

    def _entered(self, client: str, message: Any) -> Any:
        if message != AUTH:
            self.refused.add(client)
            return "close 4403"
        self.rooms[client] = set()
        return {"type": "auth_ok"}

    def _received(self, client: str, message: Any) -> Iterator[tuple[str, Any]]:
        kind, room = (message["type"], message.get("roomId", "")) if isinstance(message, dict) else (INVALID, "")
        rooms = self.rooms[client]
        if kind == "ping":
            yield client, {"type": "pong"}
        elif kind == "join":
            self.twice |= room in rooms
            self.left.discard((client, room))
            rooms.add(room)
            yield client, {"type": "joined", "roomId": room, "members": len(self.members(room))}
        elif kind == "leave":
            if room in rooms:
                self.left.add((client, room))
            rooms.discard(room)
            yield client, {"type": "left", "roomId": room}
        elif room in rooms:
            event = {"type": "chat", "roomId": room, "userId": client, "text": message["text"]}
            yield from ((member, event) for member in self.members(room))
        else:
            self._end(client)
            yield client, "close 1008"

    def _end(self, client: str) -> None:
        self.has_ended |= bool(self.rooms.pop(client, None))
        self.known.add(client)


def permits(situation: Situation) -> bool:
    """Whether the text says what must come: nothing follows a refused chat, and at once there are chats and ends."""
    if not is_possible(situation):
        return False
    model = Reference()
    for step in situation:
        if not all(_is_permitted(model, act, step[1] == "server.at_once") for act in acts(step)):
            return False
        ends = {act[1] for act in acts(step) if act[0] in ("close", "vanish")}
        if any(act[1] in ends for act in acts(step) if act[0] == "send"):
            return False
        model.step(step)
    return True


def _is_permitted(model: Reference, act: Act, is_at_once: bool) -> bool:
    name, client, *messages = act
    if name != "send":
        return not is_at_once or name != "connect"
    if client not in model.known and not is_at_once:
        return messages[0] in (AUTH, REFUSED) and _are_formed(messages[1:])
    if client not in model.rooms or not _are_formed(messages):
        return False
    if is_at_once:
        return all(message["type"] == "chat" and message["roomId"] in model.rooms[client] for message in messages)
    rooms = set(model.rooms[client])
    return all(_goes_on(rooms, message) for message in messages[:-1])


def _goes_on(rooms: set[str], message: Any) -> bool:
    """Whether the connection is still there after a message; take it through the message."""
    kind, room = message["type"], message.get("roomId")
    if kind == "join":
        rooms.add(room)
    elif kind == "leave":
        rooms.discard(room)
    return kind != "chat" or room in rooms


def _are_formed(messages: Sequence[Any]) -> bool:
    """Whether each has the form of its type; the last one may be no JSON."""
    *before, last = messages or [PING]
    return all(map(_is_formed, before)) and (last == INVALID or _is_formed(last))


def _is_formed(message: Any) -> bool:
    if not isinstance(message, dict) or message.get("type") not in ("join", "leave", "chat", "ping"):
        return False
    has_room = isinstance(message.get("roomId"), str) and bool(NAME.fullmatch(message["roomId"]))
    return message["type"] == "ping" or (
        has_room and (message["type"] != "chat" or isinstance(message.get("text"), str))
    )


# Situations.

NAMES = ("ana", "ben", "cleo", "dan")
TEXTS = ("hi", "", " ", "0", "null", "\u00e9", "\U0001f40b", "a" * 2000, '"', "\n", "\ufeff", "<b>", "{}")
ALIKE = (
    *("room:a", "room:A", "ROOM:a", "room:a1", "room:", "room", "a", "oom:a", "room_a", "room-a", "room:a-", "room:b"),
    *("r" * 64, "r" * 63, "0", "00", "-", "room:a:a"),
)
# What a server sets, or might set, and what it does not know.
FIELDS = (
    "userId",
    "user",
    "id",
    "seq",
    "sentAt",
    "members",
    "connectionId",
    "admin",
    "colour",
    "to",
    "self",
    "message",
)


def join(room: str = ROOM) -> Message:
    """Return a join."""
    return Message(type="join", roomId=room)


def leave(room: str = ROOM) -> Message:
    """Return a leave."""
    return Message(type="leave", roomId=room)


def chat(rng: Random, room: str = ROOM) -> Message:
    """Draw a chat."""
    return Message(type="chat", roomId=room, text=rng.choice(TEXTS))


def entered(client: str, *rooms: str) -> tuple[Step, ...]:
    """Let a client enter and join."""
    return connect(client), send(client, AUTH, *map(join, rooms))


def some(rng: Random, least: int = 2) -> list[str]:
    """Draw clients."""
    return list(NAMES[: rng.randint(least, len(NAMES))])


def draw_heard(rng: Random) -> Situation:
    """Chats in one room."""
    clients = some(rng, 1)
    steps = [step for client in clients for step in entered(client, ROOM)]
    for _ in range(rng.randint(1, 4)):
        what = rng.choice(((chat(rng),), (chat(rng), chat(rng)), (PING, chat(rng))))
        steps.append(send(rng.choice(clients), *what))
    return (SERVER, *steps)


def draw_apart(rng: Random) -> Situation:
    """Chats in several rooms with similar names, at times with a client in none."""
    clients = some(rng)
    rooms = rng.sample(ALIKE, 3)
    inside = {client: rng.sample(rooms, rng.choice((0, 1, 1, 2))) for client in clients}
    steps = [step for client in clients for step in entered(client, *inside[client])]
    for _ in range(rng.randint(1, 4)):
        client = rng.choice(clients)
        if inside[client]:
            steps.append(send(client, chat(rng, rng.choice(inside[client]))))
    return (SERVER, *steps)


def each_alike() -> tuple[Situation, ...]:
    """Return a chat in one room beside each room with a similar name, both ways."""
    pairs = [pair for name in ALIKE[1:] for pair in ((ALIKE[0], name), (name, ALIKE[0]))]
    return tuple(
        (SERVER, *entered("ana", one), *entered("ben", other), send("ana", Message(type="chat", roomId=one, text="hi")))
        for one, other in pairs
    )


def draw_unjoined(rng: Random) -> Situation:
    """A chat to a room that the client is not in: others are, or the client is in another one, or nobody is."""
    rooms = rng.sample(ALIKE, 2)
    inside = rng.choice(((), (rooms[1],)))
    others = rng.choice(((), (rooms[0],), tuple(rooms)))
    steps = (*entered("ana", *others), *entered("ben", *inside), send("ben", chat(rng, rooms[0])))
    return (SERVER, *steps, *(send("ana", chat(rng, room)) for room in others))


def draw_leave(rng: Random) -> Situation:
    """Leaves, of one room of two, twice, or of one never joined; and chats after them."""
    rooms = [ROOM, "room:two"]
    clients = some(rng)[:3]
    steps = [step for client in clients for step in entered(client, *rng.sample(rooms, rng.choice((0, 1, 2, 2))))]
    steps += [send(client, leave(rng.choice(rooms))) for client in rng.choices(clients, k=rng.randint(1, 3))]
    for client in rng.sample(clients, len(clients)):
        steps += [send(client, join(rng.choice(rooms)))] if rng.random() < 0.2 else []
        steps.append(send(client, chat(rng, rng.choice(rooms))))
    return (SERVER, *steps)


def draw_identity(rng: Random) -> Situation:
    """Chats that bring fields of the server, or fields that nobody knows."""
    clients = some(rng)[:2]
    steps = [step for client in clients for step in entered(client, ROOM)]
    for client in rng.sample(clients, rng.randint(1, len(clients))):
        more = {field: rng.choice(("the boss", 99, True, None)) for field in rng.sample(FIELDS, rng.randint(1, 3))}
        steps.append(send(client, Message(chat(rng) | more)))
    return (SERVER, *steps)


def draw_twice(rng: Random) -> Situation:
    """Joins of a room by a client that is in it, and leaves after two joins."""
    steps = [*entered("ana", ROOM), *entered("ben", ROOM)]
    again = rng.choice(("ana", "ben"))
    steps.append(send(again, *[join()] * rng.randint(1, 3)))
    steps.append(send(rng.choice(("ana", "ben")), chat(rng)))
    if rng.random() < 0.5:
        steps += [send(again, leave()), send("ana" if again == "ben" else "ben", chat(rng))]
    return (SERVER, *steps)


def draw_survives(rng: Random) -> Situation:
    """Members that close or vanish just before a chat, after it, or at the same instant; one joins again."""
    clients = some(rng, 3)
    rng.shuffle(clients)
    steps = [step for client in clients for step in entered(client, ROOM)]
    speaker, *others = clients
    for client in others[: rng.randint(1, len(others))]:
        end, said = (rng.choice(("close", "vanish")), client), ("send", speaker, chat(rng), chat(rng))
        steps.append(rng.choice((at_once(said, end), at_once(end, said), at_once(end, said), close(client))))
        steps += [send(speaker, chat(rng))]
    return (SERVER, *steps)


def draw_refused(rng: Random) -> Situation:
    """A client with a wrong token sends all it can; a member is in the room."""
    what = [join(), chat(rng), leave(), PING]
    sent = rng.sample(what, rng.randint(1, 4))
    before = entered("ana", ROOM)
    after = rng.choice(((), (send("ana", chat(rng)),)))
    return (SERVER, *before, connect("ben"), send("ben", REFUSED, *sent), *after)


def draw_counted(rng: Random) -> Situation:
    """All of it: joins, leaves, chats, and connections that end in each way."""
    model = Reference()
    steps: list[Step] = [SERVER]
    names = iter(("ana", "ben", "cleo", "dan", "eve", "finn"))
    rooms = (ROOM, "room:two")
    for _ in range(rng.randint(4, 12)):
        new = _next_steps(rng, sorted(model.rooms), names, rooms)
        if permits((*steps, *new)):
            steps += new
            for step in new:
                model.step(step)
    last = next(names, None)
    return (*steps, *(entered(last, *rooms) if last is not None else ()))


def _next_steps(rng: Random, here: list[str], names: Iterator[str], rooms: Sequence[str]) -> tuple[Step, ...]:
    """Draw what happens next; a new client comes while there is none."""
    if not here or rng.random() < 0.3:
        name = next(names, None)
        return () if name is None else entered(name, *rng.sample(rooms, rng.randint(1, 2)))
    client, room = rng.choice(here), rng.choice(rooms)
    how = rng.random()
    if how < 0.6:
        return (send(client, rng.choice((join(room), leave(room), chat(rng, room), chat(rng, room)))),)
    if how < 0.7:
        return (send(client, INVALID),)
    return (rng.choice((close, vanish))(client),)
