"""09-find-fault-2: a room leaks and all tests are green, so write a probe that finds the leak and nothing else."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from time import monotonic
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.property import Property, Wrong
from labkit.course.models.situations import Result, Situation
from labkit.course.models.write_probe import (
    FAST_S,
    TO_OTHERS,
    draw_healthy,
    draw_slow,
    drawing,
    each_slow,
    server_of,
    simpler_server,
)
from labkit.course.room_server import room_server
from labkit.course.running import probing
from labkit.evidence import Outcome, broken

LONGEST_S = 5.0, probing.LONGEST_S  # on a fast network, and on a slow one
TRIES = 3  # of a probe that takes too long, because this machine may be busy

BLIND = Misconception(
    "probe-finds-nothing",
    "The probe reports no leak, whatever the server does.",
    "Run your probe on a server that sends every chat to every client. What arrives, and what does it return?",
    "The outsider never reads, or nothing looks at what it received.",
    "Read what the outsider received before the answer to its own ping, and look for the text of the chat message.",
)
CRIES_WOLF = Misconception(
    "probe-cries-wolf",
    "The probe reports a leak where there is none.",
    "What does an outsider receive from a healthy server: nothing at all?",
    "It receives auth_ok, joined, pong, and the chat messages of its own room. None of these is a leak.",
    'A leak is a chat message with the text that was sent in another room: `message.get("text") == words`.',
)
OWN_ROOM = Misconception(
    "any-chat-is-a-leak",
    "Any chat that an outsider receives counts as a leak, even one of its own room.",
    "What if someone else chats in the outsider's own room meanwhile?",
    "The probe counts chats, and does not check which chat it is.",
    "Draw a text that nobody else sends (`secrets.token_hex(8)`), and look for that text.",
)
IMPATIENT = Misconception(
    "silence-proves-nothing",
    "The probe waits for a fixed time and takes silence for proof; on a slow network the leak arrives later.",
    "How long does the probe wait, and what if the network takes longer?",
    "A timeout says that nothing has arrived yet. It does not say that nothing will.",
    "Once the sender has its own chat message, the outsider sends `ping`: what has not arrived by the pong never will.",
)
FAR_NAMES = Misconception(
    "names-too-different",
    "The probe uses only rooms whose names have nothing in common, where this fault does not show.",
    "How could a server look up the members of a room by name, and get it almost right?",
    "It compares the beginning: room:demo2 begins with room:demo.",
    "Put the outsider into a room whose name begins with the other one's.",
)
NOT_AFTER_LEAVE = Misconception(
    "left-is-not-looked-at",
    "The probe never checks a client that has left the room.",
    "Which other clients are outside a room? One that was in it before.",
    "The server replies `left`, and may still deliver its chats.",
    "Let one outsider join the room, leave it, wait for `left`, and then read.",
)
ROOMLESS = Misconception(
    "roomless-is-not-looked-at",
    "Every outsider of the probe is in some room, so it misses a server that leaks to clients in no room.",
    "Which rooms are your outsiders in at the moment of the chat message?",
    "Each is in another room. A server may keep a list of clients in no room, and send them every chat.",
    "Let one outsider authenticate and join nothing.",
)
FAILS_ITSELF = Misconception(
    "probe-fails-itself",
    "The probe raises, or never ends, on a server without faults.",
    "Read which error was raised, and on which line.",
    "It waits for an answer that no server sends, or takes the first message for the one that it waits for.",
    "Read in a loop until a message has the type that you wait for.",
)
NO_WAIT = Misconception(
    "join-or-leave-unanswered",
    "The probe chats before its own join or leave has arrived, so an outsider is not yet where it should be.",
    "What has happened at the moment in which the speaker chats, and how does the probe know?",
    "A join or leave may still be on its way. Only `joined` and `left` say that it has arrived.",
    "Wait for `joined` or `left` of each client before the speaker chats, however long that takes.",
)


class Probing:
    """Serves the situations of a property to a learner's probe. It has what a property uses of `stage.Calls`."""

    def __init__(self, calls: Any) -> None:
        self.calls = calls
        self.rng: Random = calls.rng
        self.is_endless = False  # a call ran into the time limit: it is not repeated
        self.is_sure = False  # a verdict at a fast pace was seen again at the usual one

    async def play(self, situations: Sequence[Situation], anew: str, made: str = "") -> list[list[Result]]:
        """Return what the probe says of each server, up to the first that is wrong."""
        results: list[list[Result]] = []
        is_over = self.is_endless
        for situation in situations:
            server = server_of(situation)
            result = Result(server.has_leak) if is_over else await self._asked(server, server.pace)
            if server.pace > 1 and not self.is_sure and model(situation, [result]) is not None:
                result, self.is_sure = await self._asked(server, 1.0), True  # a busy machine is no fault of the probe
            is_over = is_over or model(situation, [result]) is not None
            results.append([result])
        return results

    async def _asked(self, server: Any, pace: float) -> Result:
        for _ in range(TRIES):
            async with room_server(**server, pace=pace) as url:
                began = monotonic()
                called = await self.calls.call(
                    url, pace, LONGEST_S[bool(server.get("slow"))], shown=f"leaks({server.code})"
                )
                took_s = monotonic() - began
            if took_s <= FAST_S or server.get("slow") or called.raised:
                break
        else:
            return Result(called.value, calls=(("took", took_s),))
        self.is_endless = probing.ENDLESS in (called.raised or "")
        return Result(called.value, called.raised, called.line)


class Probed(Property):
    """A property of a probe: it tells the servers of a population apart."""

    async def _run(self, stage: Any) -> Outcome:
        return await Property._run(self, Probing(stage))

    def _counter_example(
        self, stage: Any, situation: Situation, came: list[Result], wrong: Wrong, note: str = ""
    ) -> Outcome:
        server, result = server_of(situation), came[0]
        lines = (
            "from labkit.course.room_server import room_server",
            f"async with {server.code} as url:",
            f"    print(await {stage.calls.name}(url))  # {wrong.came or result.shown}, expected {wrong.expected}",
        )
        stage.calls.show(lines if stage.is_endless else [*filter(None, [note]), *lines])
        where = stage.calls.at_line(result.line)
        verb = "" if result.raised is not None else "returned "
        shown = f"{stage.calls.name} {verb}{wrong.came or result.shown}{where}, expected {wrong.expected}"
        return broken(f"{server.code}: {shown}", wrong.shows)


def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare what a probe says with what its server is."""
    server, result = server_of(situation), results[0]
    if result.raised is not None:
        is_impatient = server.get("slow") and "Timeout" in result.raised and probing.ENDLESS not in result.raised
        return Wrong(0, str(server.has_leak), IMPATIENT if is_impatient else FAILS_ITSELF)
    if result.value is not server.has_leak:
        return Wrong(0, str(server.has_leak), _shown(server))
    if result.calls:
        return Wrong(0, f"it within {FAST_S:g} s", IMPATIENT, f"{result.value} after {result.calls[0][1]:.1f} s")
    return None


def _shown(server: Any) -> Misconception | None:
    """Return what it shows that a probe is wrong about a server; None: the usual one of the property."""
    slow, leak = server.get("slow"), server.get("leaks_to")
    if slow:
        return NO_WAIT if slow in ("joins", "leaves") else IMPATIENT
    if not leak:
        return OWN_ROOM if server.get("talks") else CRIES_WOLF
    return {"similar": FAR_NAMES, "left": NOT_AFTER_LEAVE, "no room": ROOMLESS}.get(leak, BLIND)


def property_of(
    name: str,
    expected: str,
    usual: Misconception,
    draw: Callable[[Random], Situation],
    drawn: int,
    *enforces: str,
    needs: Iterable[str] = (),
    always: tuple[Situation, ...] = (),
    is_beside: bool = False,
) -> Property:
    """Return a property of this exercise."""
    return Probed(
        id=name,
        expected=expected,
        usual=usual,
        draw=draw,
        drawn=drawn,
        enforces=enforces,
        model=model,
        needs=tuple(needs),
        always=always,
        permits=bool,
        simpler=simpler_server,
        again=0,
        is_beside=is_beside,
    )


HEALTHY = "healthy"
FINDS = "tells-all"
SIMILAR = "similar-names"
PROPERTIES = (
    property_of(
        HEALTHY,
        "a healthy server: False",
        CRIES_WOLF,
        draw_healthy,
        10,
        "and `False` otherwise",
        "The servers speak the protocol of this course",
    ),
    property_of(
        FINDS,
        "a server that sends every chat to every client: True",
        BLIND,
        drawing(*TO_OTHERS),
        6,
        "members of other rooms",
    ),
    property_of(
        SIMILAR,
        "a server that looks up rooms by the beginning of the name: True",
        FAR_NAMES,
        drawing("similar"),
        4,
        "members of every room whose name begins with the name of this one",
        needs=(FINDS,),
    ),
    property_of(
        "after-leave",
        "a server that still sends to clients that left: True",
        NOT_AFTER_LEAVE,
        drawing("left"),
        4,
        "clients that have left the room",
        needs=(FINDS,),
    ),
    property_of(
        "no-room",
        "a server that sends to clients in no room: True",
        ROOMLESS,
        drawing("no room"),
        4,
        "clients that are in no room at the moment",
        needs=(FINDS, "after-leave"),
    ),
    property_of(
        "another-fault",
        "a server with another fault (it delivers twice): False",
        CRIES_WOLF,
        drawing("", twice=True),
        4,
        "A server may have another fault instead: it delivers each chat message twice to the members of its room.",
        needs=(HEALTHY,),
    ),
    property_of(
        "neighbours",
        "others chat in the same rooms: False",
        OWN_ROOM,
        drawing("", talks=True),
        6,
        "Others may chat at the same time, in any room.",
        needs=(HEALTHY,),
    ),
    property_of(
        "slow-network",
        "a slow network and other chat messages: still True with a leak, False without",
        IMPATIENT,
        draw_slow,
        5,
        "A slow network may hold up any message for up to 3 seconds, longer on one connection than on another,",
        "and in one direction only: a message on its way to an outsider, and just as well a `join`, a `left`, your own",
        "No time without a message is a proof, and a late answer is no leak: wait for it.",
        needs=(HEALTHY, FINDS, SIMILAR, "neighbours"),
        always=each_slow(),
        is_beside=True,
    ),
)
EXERCISE = Exercise(
    id="09-find-fault-2",
    title="A room leaks, and every test is green",
    lesson="09_review_your_own_server",
    kind="rule",
    answer="leaks",
    drive=probing.run,
    patience_s=15,
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(FAILS_ITSELF, NO_WAIT),
)
