"""02-auth: a client that never authenticates keeps its connection, and one with a wrong token gets in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.auth import (
    LIMIT_S,
    MOST_REASONS,
    REPLIES,
    RIGHT,
    Kind,
    after_many,
    draw_first,
    draw_nearly,
    draw_odd,
    draw_own,
    draw_reason,
    draw_right,
    draw_silence,
    draw_stays,
    draw_wrong,
    each_nearly,
    each_odd,
    form_of,
    is_nearly,
    kind_of,
    permits,
)
from labkit.course.models.clients import acts, arrived, has_raised, properties_of_handler, seconds, wrong
from labkit.course.models.property import Property, Wrong
from labkit.course.models.situations import Result, Situation, Step

SHUT_OUT = Misconception(
    "right-token-shut-out",
    "A client that sends the right token in time does not get in.",
    "Follow the one case in which everything is right. Which line lets the client in?",
    "Every path ends in a close, or the right token is compared with something else.",
    'After the refusals, each followed by `return`: `await talk(connection, "ana")`.',
)
NOT_ALWAYS_FIRST = Misconception(
    "first-message-not-auth",
    "A first message other than auth is treated as auth, answered, or skipped.",
    "Look at what you do when the first message is not auth.",
    "Only auth may come first. Any other first message comes from a client that you do not know yet.",
    '`if message.get("type") != "auth": await connection.close(4403, "auth failed"); return`',
)
ANY_TOKEN = Misconception(
    "any-token-opens",
    "Any token opens the connection: nothing compares it with the right one.",
    "Look for the line that checks whether this token is the right one.",
    "A token is not right because it is there, or because it is long enough.",
    '`if token != TOKEN:` close with 4403 `"auth failed"`, and return; `hmac.compare_digest` hides how long it took.',
)
SECOND_GUESS = Misconception(
    "second-guess",
    "The connection stays open after a wrong token, so a program can guess again.",
    "Look at what happens after a wrong token. Can the same connection try again?",
    "A loop reads the next message, or no `return` follows the `close`.",
    '`await connection.close(4403, "auth failed")`, and `return` on the next line.',
)
LOOSE = Misconception(
    "token-compared-loosely",
    "A token that is almost right is accepted.",
    "Look at how you compare the token.",
    "It is stripped or lowercased first, or only its beginning or its length is compared.",
    "Compare the whole token, exactly as it arrived: no `strip`, `lower`, `startswith`, `in` or `normalize`.",
)
NO_TIMEOUT = Misconception(
    "no-auth-timeout",
    "A client that connects and sends nothing keeps its connection forever.",
    "Look at the line that waits for the first message. How long does it wait?",
    "`recv()` alone waits until the client leaves, and an idle client never does.",
    "`await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)`, and close with 4401 on TimeoutError.",
)
WRONG_CODE = Misconception(
    "silence-is-no-wrong-token",
    "The wrong close code: an idle client needs 4401 (try again), a client with a wrong token 4403 (stop).",
    "Look at the code with which you close. What does a client do after it?",
    "4403 means stop, 4401 means come back with a fresh credential, and 1000 means that all went well.",
    'For a client that sent nothing: `except TimeoutError: await connection.close(4401, "auth required")`',
)
OVER_ALL = Misconception(
    "timeout-over-everything",
    "The auth timeout covers the whole connection, so it also ends members who are in.",
    "Look at what is inside the time limit.",
    "The limit is for the first message only. What comes after it has no limit.",
    "End the `async with asyncio.timeout(...)` block before `talk`.",
)
FRAGILE = Misconception(
    "odd-message-raises",
    "An unexpected first message raises an error in the handler, so the client is closed with 1011.",
    "Look at the line that is named. What does it expect of the message, and what came instead?",
    "`json.loads` raises ValueError and RecursionError, only a dict has `.get`, and some strings cannot be encoded.",
    "Check `isinstance(message, dict)` and `isinstance(token, str)`; `token.encode('utf-8', 'surrogatepass')`.",
)
TELLS = Misconception(
    "reason-gives-back",
    "The close reason repeats what the client sent, so every log that keeps the reason has it too.",
    "Look at the text in your `close` calls.",
    "What the client sent goes into the reason, so the next log line contains a token.",
    'Use a constant: `"auth failed"`.',
)


SHARED = Misconception(
    "connections-share-their-state",
    "What one client sends changes what the handler does with another one.",
    "Let two clients connect at the same time. What does the second one find?",
    "A variable of the module, such as whether somebody is in, is one for all connections.",
    "Keep it in a local variable of the handler.",
)
REFUSED = {"wrong token": (4403,), "other type": (4403,)}
EITHER_CODE = (4403, 1008)


@dataclass
class Client:
    """One client: when its time limit ends, what its first message was, and whether it was let in."""

    limit: float
    kind: Kind | None = None
    first: Any = None
    is_in: bool = False
    is_gone: bool = False
    guesses: bool = False  # it sends the right token after another message
    expected: list[str] = field(default_factory=list)  # the types of the replies in this step

    def send(self, messages: Sequence[Any], now: float) -> None:
        """Note what it sends, and what a member is answered."""
        if self.is_gone or (self.kind is None and now >= self.limit):
            return
        if self.kind is None:
            self.first, *messages = messages
            self.kind = kind_of(self.first)
            self.is_in = self.kind in ("right", "either")
            self.expected = ["auth_ok"] if self.is_in else []
        self.guesses = not self.is_in and RIGHT in messages
        self.expected += [REPLIES[message["type"]] for message in messages if self.is_in and message != RIGHT]


def model(reads_reasons: bool, situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the text, and return its first fault."""
    clients: dict[str, Client] = {}
    reasons: dict[str, dict[str, str]] = {}
    now = 0.0
    for number, (step, result) in enumerate(zip(situation, results)):
        if result.raised is not None:
            return wrong(number, result, "no error", FRAGILE)
        _take(clients, step, now)
        now += seconds(step)
        came = arrived(result)
        for name, client in clients.items():
            verdict = _judged(client, came.get(name, []), now, result)
            if verdict is None and reads_reasons:
                verdict = _reason(client, came.get(name, []), reasons)
            client.expected = []
            if verdict is not None:
                return wrong(number, result, f"{verdict[0]} for {name}", verdict[1])
    return None


def _take(clients: dict[str, Client], step: Step, now: float) -> None:
    for name, who, *messages in acts(step):
        if name == "connect":
            clients[who] = Client(now + LIMIT_S)
        elif name == "send":
            clients[who].send(messages, now)
        else:
            clients[who].is_gone = True


def _judged(client: Client, came: Sequence[Any], now: float, result: Result) -> tuple[str, Misconception] | None:
    """Return what was expected at a client, and what it shows that something else came; None if it is right."""
    words = [one.get("type") if isinstance(one, dict) else str(one)[:10] for one in came]
    if client.is_gone:
        return ("nothing", SECOND_GUESS) if came else None
    if client.kind is None and now < client.limit:
        return ("nothing before the limit", SHUT_OUT) if came else None
    if client.kind == "either" and words[:1] != ["auth_ok"] and client.is_in and client.expected[:1] == ["auth_ok"]:
        client.is_in = False
    if client.is_in:
        right = words == client.expected
        return None if right else (_listed(client.expected), _shown_inside(client, words, now, result))
    client.is_gone = True
    codes = REFUSED.get(client.kind, EITHER_CODE) if client.kind is not None else (4401,)
    if words in [[f"close {code}"] for code in codes]:
        return None
    return " or ".join(f"close {code}" for code in codes), _shown_outside(client, words, result)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) or "nothing"


def _shown_inside(client: Client, words: Sequence[Any], now: float, result: Result) -> Misconception:
    if has_raised(result):
        return FRAGILE
    is_closed = any(str(word).startswith("close") for word in words)
    was_in = "auth_ok" in words or "auth_ok" not in client.expected
    return OVER_ALL if is_closed and was_in and now >= client.limit else SHUT_OUT


def _shown_outside(client: Client, words: Sequence[Any], result: Result) -> Misconception:
    """Return what it shows that a client which must be refused is not, or with another code."""
    if client.kind is None:
        return WRONG_CODE if words else NO_TIMEOUT
    if has_raised(result):
        return FRAGILE
    if len(words) == 1 and str(words[0]).startswith("close"):
        return WRONG_CODE
    if client.kind in ("other type", "no token") or (client.kind == "malformed" and "auth_ok" not in words):
        return NOT_ALWAYS_FIRST
    if "auth_ok" not in words or (client.guesses and "pong" not in words):
        return SECOND_GUESS
    return LOOSE if client.kind == "malformed" or is_nearly(client.first) else ANY_TOKEN


def _reason(
    client: Client, came: Sequence[Any], reasons: dict[str, dict[str, str]]
) -> tuple[str, Misconception] | None:
    """Judge a close reason: it is the same for two messages that differ in a marker alone, and one of a few for any."""
    found = form_of(client.first)
    said = next((one for one in came if isinstance(one, str)), None)
    if said is None or found is None:
        return None
    form, lengths = found
    known = reasons.setdefault(form, {})
    if known.setdefault(lengths, said) == said and len({*known.values()}) <= MOST_REASONS:
        return None
    expected = repr(known[lengths]) if known[lengths] != said else "a reason that came before"
    return f"{expected}, as a reason is a constant,", TELLS


make = properties_of_handler(permits=permits)


def property_of(
    name: str, expected: str, usual: Misconception, draw: Callable[[Random], Situation], *enforces: str, **more: Any
) -> Property:
    """Return a property of this exercise."""
    return make(name, expected, usual, draw, *enforces, model=partial(model, name == "reason"), **more)


LETS_IN = "lets-in"
STAYS = "stays"
PROPERTIES = (
    property_of(
        LETS_IN,
        "the right token gets auth_ok",
        SHUT_OUT,
        draw_right,
        '`{"type": "auth", "token": TOKEN}` within `AUTH_TIMEOUT_S` seconds: `await talk(connection, "ana")`',
        "It is JSON, so spaces and the order of the fields mean nothing.",
    ),
    property_of(
        STAYS,
        "a member stays connected after the auth timeout",
        OVER_ALL,
        draw_stays,
        "The time limit no longer applies to it.",
        needs=(LETS_IN,),
    ),
    property_of(
        "auth-first",
        "chat, join or ping before auth: close, and nothing reaches the room",
        NOT_ALWAYS_FIRST,
        draw_first,
        "and one of them is another one: a wrong token, however similar, or any other type. Close with **4403**.",
        "Nothing that follows a message for which you close counts",
        needs=(LETS_IN, STAYS),
    ),
    property_of(
        "wrong-token",
        "a wrong token: close 4403, with no second try on that connection",
        SECOND_GUESS,
        draw_wrong,
        "a wrong token, however similar",
        "there is no second try on this connection",
        needs=(LETS_IN,),
    ),
    property_of(
        "nearly-right",
        "a token that is almost right: close 4403",
        LOOSE,
        draw_nearly,
        "a wrong token, however similar",
        always=each_nearly(),
        needs=(LETS_IN, "wrong-token"),
    ),
    property_of(
        "silence",
        "no message at all: close 4401 after AUTH_TIMEOUT_S",
        NO_TIMEOUT,
        draw_silence,
        "No message within `AUTH_TIMEOUT_S` seconds: close with **4401**, and not before.",
    ),
    property_of(
        "odd",
        "an unexpected first message: close 4403 or 1008",
        FRAGILE,
        draw_odd,
        "Anything else that a client can send, as text or as bytes",
        "Close with **4403** or **1008**, as you like.",
        always=each_odd(),
        needs=("auth-first", "wrong-token", "nearly-right"),
    ),
    property_of(
        "reason",
        "no close reason repeats what the client sent",
        TELLS,
        draw_reason,
        "A close reason is a constant: nothing that the client sent is in it.",
        needs=("auth-first", "wrong-token", "odd"),
    ),
    property_of(
        "own",
        "each connection is on its own",
        SHARED,
        draw_own,
        "Each connection is on its own",
        always=after_many(),
        shared=SHARED,
        needs=(LETS_IN, STAYS, "auth-first", "wrong-token", "silence"),
    ),
)
EXERCISE = Exercise(
    id="02-auth",
    title="Anyone can connect, and nobody asks who they are",
    lesson="02_auth",
    kind="handler",
    answer="handler",
    is_played=True,
    gives=("labkit.course.given",),
    patience_s=2,
    checks=tuple(one.check() for one in PROPERTIES),
    more=(ANY_TOKEN, WRONG_CODE),
)
