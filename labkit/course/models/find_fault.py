"""What 09-find-fault-1 asks for: who receives what, and the situations in which an answer is tested.

Who receives the chat of a step is certain, but for a client that joins at the same instant: it may receive that chat
or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from labkit.course.models.clients import (
    SERVER,
    Act,
    Message,
    acts,
    at_once,
    close,
    connect,
    is_possible,
    send,
    vanish,
)
from labkit.course.models.situations import Situation, Step

NAMES = (
    "ana",
    "ben",
    "cleo",
    "dan",
    "eve",
    "fay",
    "gus",
    "hal",
    "ida",
    "jon",
    "kim",
    "leo",
    "mia",
    "ned",
    "oda",
    "pia",
)
WHO = Message(type="who")
OTHER = Message(type="typing", text="hi")
END = {"close": close, "vanish": vanish}


@dataclass
class Client:
    """One client: the room that it joined last, and the rooms and joins before that."""

    room: str | None = None
    earlier: set[str] = field(default_factory=set)
    has_rejoined: bool = False
    is_alive: bool = True


@dataclass
class Expected:
    """What must arrive at a client in one step; `maybe`: chats that may come as well, anywhere."""

    messages: list[Any] = field(default_factory=list)
    maybe: list[Any] = field(default_factory=list)

    def allows(self, came: Sequence[Any]) -> bool:
        """Whether that is what came."""
        left, rest = list(self.maybe), []
        must = list(self.messages)
        for one in came:
            if must and one == must[0]:
                must.pop(0)
            elif one in left:
                left.remove(one)
            else:
                rest.append(one)
        return not rest and not must


class Reference:
    """The server that the text asks for."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}

    def do(self, step: Step) -> dict[str, Expected]:
        """Do what happens in a step, and return what must arrive at each living client."""
        every = acts(step)
        for name, client, *_ in every:
            if name == "connect":
                self.clients[client] = Client()
            elif name != "send":
                self.clients[client].is_alive = False
        expected = {name: Expected() for name, one in self.clients.items() if one.is_alive}
        moving = {client for name, client, *more in every if name == "send" and more[0]["type"] == "join"}
        for name, client, *messages in every:
            for message in messages if name == "send" else ():
                self._take(client, message, expected, moving if len(every) > 1 else set())
        return expected

    def members(self, room: str | None) -> list[str]:
        """Return the living members of a room."""
        return [name for name, one in self.clients.items() if one.is_alive and one.room == room]

    def _take(self, name: str, message: Any, expected: dict[str, Expected], moving: set[str]) -> None:
        """Let a client send a message. Who is `moving` at the same instant may receive a chat or not."""
        client = self.clients[name]
        if message["type"] == "join":
            client.has_rejoined = client.room == message["roomId"]
            if client.room is not None and not client.has_rejoined:
                client.earlier.add(client.room)
            client.room = message["roomId"]
            expected[name].messages.append(("joined",))
            if moving:
                others = (one for other in self.members(client.room) for one in chats(expected[other]))
                expected[name].maybe = list(dict.fromkeys([*expected[name].maybe, *others]))
        elif message["type"] == "who":
            expected[name].messages.append(("who", len(self.members(client.room))))
        elif message["type"] == "chat":
            for member in self.members(client.room):
                one = expected[member]
                (one.maybe if member in moving else one.messages).append(("chat", message["text"]))


def chats(expected: Expected) -> list[Any]:
    """Return the chats among what is expected."""
    return [one for one in expected.messages if one[0] == "chat"]


def seen(message: Any) -> Any:
    """Return the parts of a message that are asked for; a close, or anything else, as it came."""
    if not isinstance(message, dict):
        return message
    kind = message.get("type")
    if kind == "joined":
        return ("joined",)
    if kind == "chat":
        return "chat", message.get("text")
    if kind == "who" and type(message.get("members")) in (int, float):
        return "who", message["members"]
    return message


# Situations.


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: whole messages, joined before they chat; the same instant decides nothing."""
    joined = set[str]()
    for step in situation:
        every = acts(step)
        if len(every) > 1 and not _is_decided(every):
            return False
        for name, client, *messages in every:
            for message in messages if name == "send" else ():
                if not _is_whole(message) or (message["type"] != "join" and client not in joined):
                    return False
                joined.add(client)
    return is_possible(situation)


def _is_whole(message: Any) -> bool:
    kind = message.get("type")
    room, text = message.get("roomId"), message.get("text")
    return kind in ("who", "typing") or (kind == "join" and bool(room)) or (kind == "chat" and isinstance(text, str))


def _is_decided(every: Sequence[Act]) -> bool:
    """Whether each client does one thing at once: one chats, then others join or end, and nobody asks who is there."""
    sent = [(client, messages) for name, client, *messages in every if name == "send"]
    kinds = [{message["type"] for message in messages} for _, messages in sent]
    own = {client for _, client, *_ in every}
    ends = [name for name, *_ in every if name not in ("send", "connect")]
    return (
        len(own) == len(every)
        and len(ends) + len(sent) == len(every)
        and kinds[:1] in ([], [{"chat"}])
        and all(kind == {"join"} for kind in kinds[1:])
    )


def plainer(value: Any) -> Iterator[Any]:
    """Yield messages with a plainer room or text."""
    plain = {"roomId": ("room:a", "room:b"), "text": ("hi",)}
    for key, one in value.items() if isinstance(value, Message) else ():
        values = plain.get(key, ())
        place = values.index(one) if one in values else len(values)
        yield from (Message(value | {key: less}) for less in values[:place])
    if isinstance(value, tuple):
        for place, one in enumerate(value[2:], 2):
            yield from ((*value[:place], less, *value[place + 1 :]) for less in plainer(one))


TEXTS = (
    "hi",
    "ben?",
    "",
    " ",
    "0",
    "null",
    "{}",
    '"',
    "\\",
    "\n",
    "\x00",
    "a" * 1000,
    "\U0001f40b",
    "e\u0301",
    "\u00e9",
)
LIKE = (
    ("room:a", "room:b"),
    ("room:demo", "room:demo2"),
    ("room:demo", "room:Demo"),
    ("None", "none"),
    ("0", "00"),
    ("a", "a" * 64),
    ("-", "_"),
    ("a" * 63 + "b", "a" * 64),
)
MIXED = ("vanish", "vanish", "close")


def rooms(rng: Random) -> tuple[str, ...]:
    """Draw the names of two rooms, which may resemble each other, in either order."""
    return tuple(rng.sample(rng.choice(LIKE), 2))


def chat(rng: Random) -> Message:
    """Draw a chat."""
    return Message(type="chat", text=rng.choice(TEXTS) if rng.random() < 0.4 else f"{rng.randrange(1000)}")


def join(client: str, room: str, *more: Message) -> Step:
    """Join a room, and send more in the same packet."""
    return send(client, Message(type="join", roomId=room), *more)


def entered(rng: Random, count: int, *among: str) -> list[Step]:
    """Let so many clients connect and join one of these rooms; nobody else is in the last."""
    steps: list[Step] = []
    for number, name in enumerate(NAMES[:count]):
        steps += [connect(name), join(name, among[number % len(among)] if number < 2 else rng.choice(among))]
    return steps


def spoken(rng: Random, names: Sequence[str], count: int) -> list[Step]:
    """Let clients chat and ask who is there."""
    return [send(rng.choice(names), *_some(rng)) for _ in range(count)]


def _some(rng: Random) -> list[Message]:
    return [WHO if rng.random() < 0.4 else chat(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]


def draw_talks(rng: Random) -> Situation:
    """One room, which everybody stays in."""
    room, count = rooms(rng)[0], rng.choice((1, 2, 2, 3, 5))
    steps = [SERVER]
    for name in NAMES[:count]:
        steps += [connect(name), join(name, room, *(_some(rng) if rng.random() < 0.2 else ()))]
        steps += spoken(rng, NAMES[: NAMES.index(name) + 1], rng.choice((0, 1)))
    if rng.random() < 0.2:
        steps.append(send(rng.choice(NAMES[:count]), OTHER, WHO))
    return (*steps, *spoken(rng, NAMES[:count], rng.randint(1, 4)))


def ended(rng: Random, names: Sequence[str]) -> list[Act]:
    """Let these clients end, each in its own way."""
    return [(rng.choice(MIXED), name) for name in names]


def draw_dead(rng: Random) -> Situation:
    """Members end in the instant in which another one chats."""
    room, count = rooms(rng)[0], rng.choice((2, 3, 4, 5, 8, 12))
    steps, living = [SERVER, *entered(rng, count, room)], list(NAMES[:count])
    rng.shuffle(living)
    while len(living) > 1:
        dead = [living.pop() for _ in range(rng.randint(1, max(1, len(living) // 2)))]
        dead_acts = ended(rng, dead)
        said: Act = ("send", living[0], *(chat(rng) for _ in range(rng.choice((1, 1, 2)))))
        at = rng.choice((0, len(dead_acts), rng.randint(0, len(dead_acts))))
        every = [*dead_acts[:at], said, *dead_acts[at:]]
        steps += [at_once(*every), *(send(name, chat(rng)) for name in living[:2] if rng.random() < 0.5)]
    return tuple(steps)


def each_order() -> Situation:
    """Return a situation in which eight of sixteen members end: some living one comes behind a dead one."""
    steps = [SERVER, *(step for name in NAMES for step in (connect(name), join(name, "room:a")))]
    dying = [("close", name) for name in NAMES[1::2]]
    return (*steps, at_once(*dying, ("send", "ana", Message(type="chat", text="hi"))))


def draw_ghosts(rng: Random) -> Situation:
    """Members end, one after another or several at once, and somebody asks who is there."""
    among, count = LIKE[0][: rng.choice((1, 1, 2))], rng.choice((2, 2, 3, 5))
    steps, living = [SERVER, *entered(rng, count, *among)], list(NAMES[:count])
    rng.shuffle(living)
    while len(living) > 1:
        dead = [living.pop() for _ in range(rng.choice((1, 1, 2)) if len(living) > 2 else 1)]
        steps += [at_once(*ended(rng, dead))] if len(dead) > 1 else [END[rng.choice(MIXED)](dead[0])]
        steps += [send(name, WHO) for name in living]
    late = NAMES[count]
    return (*steps, connect(late), join(late, rng.choice(among)), send(late, WHO))


def draw_apart(rng: Random) -> Situation:
    """Two rooms, which everybody stays in."""
    among, count = rooms(rng), rng.choice((2, 2, 3, 5))
    steps = [SERVER, *entered(rng, count, *among)]
    return (*steps, *spoken(rng, NAMES[:count], rng.randint(2, 6)))


def draw_moves(rng: Random) -> Situation:
    """Clients join other rooms, or the same one again, and some of them end."""
    among, count = rooms(rng), rng.choice((1, 2, 2, 3, 5))
    steps, living = [SERVER, *entered(rng, count, *among)], list(NAMES[:count])
    for _ in range(rng.randint(1, 6)):
        name = rng.choice(living)
        if len(living) > 1 and rng.random() < 0.15:
            living.remove(name)
            steps.append(END[rng.choice(MIXED)](name))
        elif len(living) > 1 and rng.random() < 0.2:
            said: Act = ("send", rng.choice([one for one in living if one != name]), chat(rng))
            steps.append(at_once(said, ("send", name, Message(type="join", roomId=rng.choice(among)))))
        else:
            steps.append(join(name, rng.choice(among), *(_some(rng) if rng.random() < 0.2 else ())))
        steps += spoken(rng, living, rng.choice((0, 1, 2)))
    return (*steps, *(send(name, WHO) for name in living), send(living[0], chat(rng)))
