"""10-capstone: a whole server of the learner's, and the reviewer, which has never seen it."""

from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.exercises.capstone_scenes import (
    INCOMPLETE,
    NO_TIME,
    REFUSED,
    conversations,
    drawn_messages,
    events,
    first_messages,
    pong,
    tokens,
)
from labkit.course.exercises.capstone_slow import (
    HEARTBEAT_S,
    NOT_ALL_COUNTS,
    SLOW,
    answers,
    events_of_its_own,
    events_of_others,
)
from labkit.course.stage import by_probes
from labkit.evidence import Outcome
from labkit.review.judge import must_end

LIMITS = {"AUTH_TIMEOUT_S": 1.0, "PING_INTERVAL_S": 0.5, "PING_TIMEOUT_S": 2.5, "MOST_BUFFERED": 200_000}
PROMISED = {
    "auth_timeout_s": 1.0,
    "ping_interval_s": 0.5,
    "ping_timeout_s": 2.5,
    "close_deadline_s": 1.0,
    "outbox_bytes": 200_000,
    "outbox_age_s": 0.5,
    "send_buffer_bytes": 500_000,
}


AUTH = Misconception(
    "door-stands-open",
    "The server serves a client that has not authenticated.",
    "Look at the first message, as in exercise 02-auth.",
    "It serves messages before auth, waits forever, compares tokens loosely, or lets a second auth change users.",
    "One function reads the first message and returns a close code or None; only then does the loop start.",
)
SECRETS = Misconception(
    "secrets-travel",
    "A secret, or something that a client sent, ends up where others can read it.",
    "Look at your close reasons, and at the URL.",
    "A reason repeats what a client sent, or the token is read from the URL.",
    "Constants as reasons, and the token only from the first message.",
)
ROOMS = Misconception(
    "rooms-are-not-rooms",
    "A client sends to or receives from a room that it is not in.",
    "Look at who gets each event, and where its fields come from.",
    "The message chooses its own userId, names are compared loosely, or a member that has gone is still sent to.",
    "Check `me in rooms[room]`; build the event field by field; `discard` in `finally`.",
)
HEARTBEAT = Misconception(
    "dead-are-kept",
    "A dead connection is taken for an idle one.",
    "Look at the arguments of `websockets.serve`, as in notebook 05.",
    "Pings are off, or a client that does not answer them stays; or `ping` gets no `pong` with the time.",
    "`ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S`",
)
VALIDATION = Misconception(
    "nonsense-passes",
    "An invalid message is accepted, or it ends more than its own connection.",
    "Look at what json.loads gets, and at what you do before you check the message, as in exercise 04-validator.",
    "A field of another type, a text that is too long, NaN, or unknown fields copied into the event.",
    "`messages.decode(raw, max_bytes=8192)`, and close 1008 on InvalidMessage.",
)
PROTOCOL = Misconception(
    "the-door-itself",
    "The HTTP request, or a frame, has no limit or gets no proper response.",
    "Look at `process_request` and `max_size`.",
    "Plain HTTP gets an error, or an oversized request head or frame is accepted.",
    "`process_request=door, max_size=65_536`; `me.respond(200, ...)` without Upgrade, 431 for a head over 16 KiB.",
)
# The exercise asks for less than two probes of the core do; these are its own versions of them.


async def _long_type(stage: Any) -> Outcome:
    """Send a type of 200 characters. As a first message it may count as not auth or as invalid, later as invalid."""
    stranger = await stage.connect()
    stranger.send(type="x" * 200)
    seen = await must_end(stage, stranger, 1008, 4403)
    if seen.verdict != "held":
        return seen
    member = await stage.enter()
    member.send(type="x" * 200)
    return await must_end(stage, member, 1008)


ENFORCES = {  # of each check, the sentences of the text that it holds an answer to, word for word
    "auth": (
        "A wrong token, however similar, and any other first message are closed with 4403",
        "an invalid message or a token that is too short may be closed with 1008 instead",
        "Without an auth within `AUTH_TIMEOUT_S` of the handshake, the connection is closed with 4401",
        "Nothing that comes behind a message for which you close has any effect.",
        "A second auth, right or wrong, changes nothing, and the connection stays open.",
        "Answers keep the order of their messages.",
    ),
    "rooms": (
        "A connection may be in several rooms, and in each of them only once.",
        "Names of rooms are compared letter by letter, and none of them is special.",
        "every member of it, the sender among them, receives the event, once.",
        "All receive a room's events in one order. Nobody else does.",
        "A chat message to a room that the connection has not joined: 1008, and nobody receives it.",
    ),
    "validation": (
        'The event is `{"type": "chat", "id", "requestId", "roomId", "userId", "text", "sentAt"}`.',
        "All these values are strings, and the event is the same for every member.",
        "the server makes one up, another one for each event. One that was sent comes back.",
        "`sentAt` is the time now, in ISO 8601 with its offset from UTC",
        "`roomId` matches `[a-zA-Z0-9:_-]{1,64}` as a whole.",
        "`text` is a string of 1 to 1000 UTF-16 code units, and arrives as it was sent.",
        "Fields that you do not know are accepted, and a message of 8192 bytes in UTF-8 is, too.",
        "More bytes than that are closed with 1008 or 1009, as soon as they are announced or when they have come.",
        "Any other invalid message is closed with 1008, and nobody else notices",
        "JSON is read as a browser reads it: no `NaN` or `Infinity` in any field, no byte order mark",
        "of a key that comes twice the last one counts",
    ),
    "heartbeat": (
        '`{"type": "ping"}` is answered with `{"type": "pong", "sentAt"}`, where `sentAt` is as in an event.',
        "A ping frame is answered with a pong frame of the same content.",
        "is gone, with or without a close frame, when it does not answer within `PING_TIMEOUT_S`.",
        "One that answers stays.",
    ),
    "secrets": (
        "A close reason never contains what the client sent, and a token in the URL or in a header opens nothing.",
    ),
    "protocol": (
        "A plain `GET` is answered with 200, a head of over 16 KiB with 431, or the connection ends.",
        "A frame of over 64 KiB is closed with 1009 as soon as it is announced.",
        "a message in several frames is accepted, a frame without a mask ends its connection only",
    ),
    "slow": (
        "At most `MOST_BUFFERED` bytes wait for a member in your process",
        "Everything that you send to that member counts, from the moment you send it until the kernel takes it:",
        "chat messages of others, its own ones, and answers such as `joined`, `pong` or an error.",
        "With more, its connection ends within a second, and nobody else waits for it.",
        "With less, the connection stays for a second at least",
    ),
}
NEEDS = ("auth",)
EXERCISE = Exercise(
    id="10-capstone",
    title="Everything fails at once, and nobody says which part",
    lesson="09_review_your_own_server",
    kind="server",
    answer="start",
    settings=LIMITS,
    promised=PROMISED,
    network=None,  # the reviewer counts packets and bytes, and a proxy would buffer some
    checks=(
        Check(
            "auth",
            "chapter auth: no service before auth",
            AUTH,
            by_probes(
                tokens,
                first_messages,
                *(f"auth/{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)),
            ),
        ),
        Check(
            "rooms",
            "chapter rooms: only members of a room send to it and receive from it",
            ROOMS,
            by_probes(conversations, *(f"rooms/{number}" for number in (1, 2, 4, 5, 6, 7, 8, 9))),
            needs=NEEDS,
        ),
        Check(
            "validation",
            "chapter validation: messages are checked before they are used",
            VALIDATION,
            by_probes(drawn_messages, events, *(f"validation/{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 15))),
            needs=NEEDS,
        ),
        Check(
            "heartbeat",
            "chapter heartbeat: dead connections are removed, live ones are kept",
            HEARTBEAT,
            by_probes("heartbeat/1", "heartbeat/2", pong, "heartbeat/7"),
            needs=NEEDS,
        ),
        Check(
            "secrets",
            "chapter secrets: no secret leaks or opens what it should not",
            SECRETS,
            by_probes("secrets/1", "secrets/2"),
            needs=NEEDS,
        ),
        Check(
            "protocol",
            "chapter protocol: the HTTP request and every frame have limits",
            PROTOCOL,
            by_probes(
                "protocol/1", _long_type, "protocol/3", "protocol/10", "protocol/14", "protocol/16", "protocol/18"
            ),
            needs=NEEDS,
            alone=True,
        ),
        Check(
            "slow",
            "chapter slow: a member that does not read is disconnected, and the others do not notice",
            SLOW,
            by_probes(events_of_others, events_of_its_own, answers),
            needs=NEEDS,
            alone=True,
            settings={"PING_TIMEOUT_S": HEARTBEAT_S},
        ),
    ),
    more=(REFUSED, INCOMPLETE, NO_TIME, NOT_ALL_COUNTS),
)
