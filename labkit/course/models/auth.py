"""What 02-auth asks for: what each first message may lead to, and the situations in which an answer is tested."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Literal

from labkit.course.models.clients import (
    ACT_S,
    SERVER,
    Message,
    acts,
    at_once,
    close,
    connect,
    is_possible,
    seconds,
    send,
    vanish,
    wait,
)
from labkit.course.models.situations import Situation, Step

TOKEN = "dev-token"
LIMIT_S = 5.0
Kind = Literal["right", "either", "wrong token", "other type", "no token", "malformed"]
RARE = "QXZJ"  # letters that make a marker
MOST_REASONS = 3  # for messages of one form: a right token may be too short, or too long; each of them is a constant
REPLIES = {"ping": "pong", "join": "joined"}


def kind_of(message: Any) -> Kind:
    """Return what a first message is: `either` may be let in or refused, `no token` is of another type, too."""
    if isinstance(message, bytes):
        return "either" if kind_of(message.decode("latin-1")) == "right" else "malformed"
    try:
        found = json.loads(message) if isinstance(message, str) else message
    except (ValueError, RecursionError):
        return "malformed"
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return "malformed"
    token = found.get("token")
    is_token = isinstance(token, str) and not any("\ud800" <= letter <= "\udfff" for letter in token)
    if found["type"] != "auth":
        return "other type" if is_token else "no token"
    if not is_token:
        return "malformed"
    return "right" if token == TOKEN else "wrong token"


def is_nearly(message: Any) -> bool:
    """Whether a wrong token resembles the right one, or contains it, or is a part of it."""
    token = (json.loads(message) if isinstance(message, str) else message)["token"]
    plain = "".join(letter for letter in token.casefold() if letter.isalnum())
    return len(token) == len(TOKEN) or "devtoken" in plain or (plain != "" and plain in "devtoken")


def form_of(message: Any) -> tuple[str, str] | None:
    """Return what messages share that differ in markers alone, and the lengths of these; None: there is none."""
    if isinstance(message, str):
        return ("text", str(len(message))) if _is_marker(message) else None
    fields = dict(message) if isinstance(message, dict) else {}
    marked = {name: len(value) for name, value in fields.items() if _is_marker(value)}
    plain = {name: value for name, value in fields.items() if name not in marked}
    return (f"{sorted(marked)} {sorted(plain.items())!r}", repr(sorted(marked.items()))) if marked else None


def _is_marker(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not set(value) - set(RARE)


def permits(situation: Situation) -> bool:
    """Whether it keeps to the text: no step ends, and no first message comes, when a time limit has just passed."""
    now, waiting = 0.0, dict[str, float]()
    for step in situation:
        for name, client, *_ in acts(step):
            if name == "connect":
                waiting[client] = now + LIMIT_S
            elif now >= waiting.get(client, now + 1):
                continue
            else:
                waiting.pop(client, None)
        now += seconds(step)
        if any(limit <= now < limit + ACT_S for limit in waiting.values()):
            return False
    return is_possible(situation)


# Situations.

RIGHT = Message(type="auth", token=TOKEN)
PING = Message(type="ping")
JOIN = Message(type="join", roomId="room:demo")
CHAT = Message(type="chat", roomId="room:demo", text="hi")
OTHER_TYPES = (
    *(PING, JOIN, CHAT, Message(type="leave", roomId="room:demo"), Message(type="shout")),
    *(Message(type=kind, token=TOKEN) for kind in ("ping", "Auth", "AUTH", "auth ", " auth", "aut", "authenticate")),
    *(Message(type=kind, token=TOKEN) for kind in ("auth\x00", "auth_ok", "\uff41uth", "\u0430uth")),
    Message(type="chat", roomId="room:demo", text="hi", token=TOKEN),
)
NEARLY = (
    *(
        "Dev-token",
        "DEV-TOKEN",
        "dev-tokeN",
        " dev-token",
        "dev-token ",
        "dev-token\n",
        "\tdev-token",
        "\ufeffdev-token",
    ),
    *("dev-toke", "ev-token", "dev-token1", "xdev-token", "dev-token\x00", "dev-tokendev-token", "dev-token,dev-token"),
    *("d", "dev", "token", "dev_token", "dev--token", "devtoken", '"dev-token"', "dev-token*"),
    *("dev\u2010token", "d\u0435v-token", "\uff44ev-token", "dev-t\u00f8ken", "dev-tok\u00e9n", "dev-\u200btoken"),
    *("nekot-ved", "vde-token", "xxxxxxxxx", "000000000", "dev-tokem", "eev-token", "dew-token"),
)
NO_STRING: tuple[Any, ...] = (None, True, False, 0, 1, -1.5, [], [TOKEN], {}, {TOKEN: TOKEN}, {"token": TOKEN})
DEEP = 3_000


def _odd_messages() -> Iterator[Any]:
    yield from ("", " ", "auth", TOKEN, "not JSON", "{", "}", "[]", "{}", "null", "true", "5", "-0.0", '"auth"', "\x00")
    yield from ("NaN", "[NaN]", "1e999", "9" * 5_000, '["auth"]', f'["auth", "{TOKEN}"]', '{"type": "auth"}', "\u00e9")
    yield from ('{"type": "auth", "token": NaN}', '{"type": "auth", "token": 1e999}', f'{{"token": "{TOKEN}"}}')
    yield from (f"{{'type': 'auth', 'token': '{TOKEN}'}}", f'{{"type": "auth", "token": "{TOKEN}"', f"auth {TOKEN}")
    yield from ('{"type": "auth", "token": "\\ud800"}', f'{{"type": "auth", "token": "{TOKEN}\\udfff"}}')
    yield from (
        '{"type": "auth\\ud800", "token": ""}',
        '"\\ud800"',
        '{"type": "auth", "token": "\\ud83d\\udc0b\\ud83d"}',
    )
    yield from ("[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP, '{"type":' + "[" * DEEP)
    yield from (b"", b"not JSON", b"\xff\xfe", b"\x00\x00", b"[]", b"null", b'{"type": "auth"}', b"\xed\xa0\x80")
    yield from (json.dumps({"type": "auth", "token": value}) for value in NO_STRING)
    yield from (json.dumps({"type": value, "token": TOKEN}) for value in NO_STRING)
    yield json.dumps({"type": "auth", "token": "dev-token"}).encode()


ODD = tuple(_odd_messages())


def each_odd() -> tuple[Situation, ...]:
    """Return each of the odd first messages."""
    return tuple((SERVER, connect("ana"), send("ana", message)) for message in ODD)


def each_nearly() -> tuple[Situation, ...]:
    """Return each of the tokens that are almost right."""
    return tuple((SERVER, connect("ana"), send("ana", Message(type="auth", token=token))) for token in NEARLY)


def right(rng: Random) -> Any:
    """Draw the right message, in one of its forms."""
    given = [f'"{name}"{rng.choice((":", ": ", " : "))}{value}' for name, value in _written(rng)]
    rng.shuffle(given)
    between = rng.choice((",", ", ", " ,\n"))
    return rng.choice((RIGHT, RIGHT, "{" + between.join(given) + "}", f" {{{between.join(given)}}}\n"))


def _written(rng: Random) -> Iterator[tuple[str, str]]:
    yield rng.choice((("type", '"auth"'), ("type", '"\\u0061uth"'), ("\\u0074ype", '"auth"')))
    yield rng.choice((("token", f'"{TOKEN}"'), ("token", '"dev\\u002dtoken"')))


def marker(rng: Random) -> str:
    """Draw a marker."""
    return "".join(rng.choices(RARE, k=rng.randint(5, 20)))


def wrong_token(rng: Random) -> Message:
    """Draw a message with a token that does not resemble the right one."""
    token = rng.choice((marker(rng), f"{marker(rng)}.{marker(rng)}", "d\u00e9j\u00e0-vu-token", "\U0001f40b" * 3))
    return Message(type="auth", token=token)


def pause(rng: Random, most: float = LIMIT_S - 2 * ACT_S) -> tuple[Step, ...]:
    """Draw a pause, often none or the longest."""
    length = rng.choice((0.0, most, rng.randint(0, int(most / ACT_S)) * ACT_S))
    return (wait(length),) if length else ()


def draw_right(rng: Random) -> Situation:
    """The right message, and what may come after it, all before the limit."""
    behind = rng.choices((PING, JOIN), k=rng.choice((0, 0, 1, 2)))
    steps = (SERVER, connect("ana"), *pause(rng, 4.0), send("ana", right(rng), *behind))
    return (*steps, *(send("ana", rng.choice((PING, JOIN))) for _ in range(rng.choice((0, 1)))))


def draw_stays(rng: Random) -> Situation:
    """A member that stays for as long as the limit, and for longer."""
    steps = [SERVER, connect("ana"), *pause(rng), send("ana", RIGHT)]
    for _ in range(rng.randint(1, 3)):
        steps += [wait(rng.choice((LIMIT_S - ACT_S, LIMIT_S, LIMIT_S + ACT_S, 60.0, 86_400.0))), send("ana", PING)]
    return tuple(steps)


def draw_first(rng: Random) -> Situation:
    """A first message of another type, and what may follow it."""
    behind = rng.choice(((), (), (RIGHT,), (CHAT,), (JOIN, CHAT)))
    return (SERVER, connect("ana"), *pause(rng, 4.0), send("ana", rng.choice(OTHER_TYPES), *behind))


def draw_wrong(rng: Random) -> Situation:
    """A wrong token, and the right one, or others, in the same packet or later."""
    behind = rng.choice(((), (), (PING,), (PING, RIGHT), (wrong_token(rng), PING, RIGHT)))
    later = rng.choice(((), (send("ana", RIGHT),), (wait(LIMIT_S), send("ana", RIGHT))))
    return (SERVER, connect("ana"), *pause(rng, 4.0), send("ana", wrong_token(rng), *behind), *later)


def draw_nearly(rng: Random) -> Situation:
    """A token of which one letter is another one, or missing, or doubled."""
    at = rng.randrange(len(TOKEN))
    changed = rng.choice(("", TOKEN[at] * 2, TOKEN[at].upper(), rng.choice("abcdefgh-")))
    token = TOKEN[:at] + changed + TOKEN[at + 1 :]
    return (SERVER, connect("ana"), send("ana", Message(type="auth", token=token + "x" * (token == TOKEN))))


def draw_silence(rng: Random) -> Situation:
    """Clients that send nothing until the limit, or a moment less."""
    steps = [SERVER, connect("ana"), *pause(rng)]
    if rng.random() < 0.3:
        steps += [connect("ben"), *pause(rng, 1.0)]
    return _until_silent(tuple(steps), rng)


def _until_silent(steps: Situation, rng: Random) -> Situation:
    """Let the limit of the last client pass; the others' limits must not end just before that."""
    began = max(sum(map(seconds, steps[:at])) for at, step in enumerate(steps) if step[1] == "server.connect")
    left = began + LIMIT_S - sum(map(seconds, steps))
    return (*steps, wait(left + rng.choice((ACT_S, ACT_S, 1.0, 60.0))))


def draw_odd(rng: Random) -> Situation:
    """An odd first message, with a right one behind it."""
    return (SERVER, connect("ana"), send("ana", rng.choice(ODD), *rng.choice(((), (PING,), (RIGHT,)))))


def draw_reason(rng: Random) -> Situation:
    """Clients with messages that differ in a marker alone, and in the order of their fields.

    Only the difference tells: a constant reason may contain anything, and may depend on the form.
    """
    form, length = rng.choice(("token", "type", "text", "room")), rng.randint(5, 20)
    steps = [SERVER]
    sizes = rng.sample(range(1, 100), MOST_REASONS + 1) if rng.random() < 0.3 else [length, length]
    for client, size in zip(("ana", "ben", "cleo", "dan"), sizes):
        mark = "".join(rng.choices(RARE, k=size))
        fields = {
            "token": [("type", "auth"), ("token", mark)],
            "type": [("type", mark), ("token", TOKEN)],
            "room": [("type", "join"), ("roomId", mark), ("token", TOKEN)],
        }
        given = fields.get(form, [])
        rng.shuffle(given)
        steps += [connect(client), send(client, Message(given) if given else mark)]
    return tuple(steps)


def draw_own(rng: Random) -> Situation:
    """Several clients at the same time: right, wrong, silent, and gone before they send anything."""
    for _ in range(20):
        situation = _several(rng)
        if permits(situation):
            return situation
    return (SERVER, connect("ana"), connect("ben"), send("ana", RIGHT), send("ben", wrong_token(rng)))


def after_many() -> tuple[Situation, ...]:
    """Return many refused clients, and many that were let in, before one that is let in: no count shuts the door."""
    wrong, many = Message(type="auth", token="wrong-token"), [f"c{number}" for number in range(40)]
    refused = [step for client in many for step in (connect(client), send(client, wrong))]
    let_in = [step for client in many for step in (connect(client), send(client, RIGHT), close(client))]
    last = (connect("ana"), send("ana", RIGHT))
    return (SERVER, *refused, *last), (SERVER, *let_in, *last)


def _several(rng: Random) -> Situation:
    clients = ["ana", "ben", "cleo"][: rng.randint(2, 3)]
    first = [connect(client) for client in clients]
    then: list[Step] = []
    for client in clients:
        messages = rng.choice(((RIGHT,), (RIGHT, JOIN), (wrong_token(rng),), (rng.choice(OTHER_TYPES),), (JOIN, CHAT)))
        then += rng.choice(((send(client, *messages),),) * 5 + ((close(client),), (vanish(client),), ()))
    rng.shuffle(then)
    together = [at_once(*(act for step in then for act in acts(step)))] if then and rng.random() < 0.2 else then
    steps = [step for one in [*first, *together] for step in (one, *pause(rng, 1.0))]
    if rng.random() < 0.5:
        steps += [
            wait(rng.choice((LIMIT_S, 60.0))),
            *(send(client, PING) for client in clients if _stays(client, then)),
        ]
    return (SERVER, *steps)


def _stays(client: str, steps: list[Step]) -> bool:
    return any(step[1] == "server.send" and step[2][0] == client for step in steps)
