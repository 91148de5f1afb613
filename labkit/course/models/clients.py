"""Situations of a handler: clients of a simulated server, what they send, and what arrives at them.

    situation = (SERVER, connect("ana"), send("ana", Message(type="auth", token="dev-token")), wait(5.0))

A result is a dict: what arrived at each client, as a dict for a message and as a text for a close.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from labkit.course.exercise import Misconception
from labkit.course.models.property import Property, Wrong, properties_of
from labkit.course.models.shrinking import simpler
from labkit.course.models.situations import Result, Situation, Step, call, literal, make, short

MADE = """
def made():
    return Simulated(handler)
"""
SERVER = make("server")
ACT_S = 0.125  # how long each step lasts
Act = tuple[Any, ...]


class Message(dict[str, Any]):
    """A message in a situation. In the answer's process it is a plain dict, without a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


def connect(client: str) -> Step:
    """Let a client connect."""
    return call("server.connect", client)


def send(client: str, *messages: Any) -> Step:
    """Let a client send messages in one packet."""
    return call("server.send", client, *messages)


def wait(seconds: float) -> Step:
    """Let time pass."""
    return call("server.wait", seconds)


def close(client: str) -> Step:
    """Let a client close."""
    return call("server.close", client)


def vanish(client: str) -> Step:
    """Break a client's connection."""
    return call("server.vanish", client)


def at_once(*acts: Act) -> Step:
    """Let several acts happen at the same instant."""
    return call("server.at_once", *acts)


def acts(step: Step) -> tuple[Act, ...]:
    """Return what happens in a step: the name of each act, the client, the messages."""
    name = step[1].partition(".")[2]
    return step[2] if name == "at_once" else () if name in ("", "wait") else ((name, *step[2]),)


def seconds(step: Step) -> float:
    """Return how long a step lasts."""
    return float(step[2][0]) if step[1] == "server.wait" else 0.0 if step == SERVER else ACT_S


def is_possible(situation: Situation) -> bool:
    """Whether each client connects once, before it does anything, and does nothing after its end."""
    here, known = set[str](), set[str]()
    for step in situation:
        for name, client, *_ in acts(step):
            if (client in known) if name == "connect" else client not in here:
                return False
            known.add(client)
            (here.discard if name in ("close", "vanish") else here.add)(client)
    return True


def fewer(value: Any) -> Iterator[Any]:
    """Yield simpler arguments: fewer fields and letters. A client keeps its name."""
    if isinstance(value, Message):
        for key, one in value.items():
            if key != "type":
                yield Message({name: other for name, other in value.items() if name != key})
                for less in simpler(one) if isinstance(one, str) else ():
                    yield Message(value | {key: less})
    elif isinstance(value, tuple):
        for place, one in enumerate(value[2:], 2):
            for less in fewer(one):
                yield (*value[:place], less, *value[place + 1 :])
    elif not isinstance(value, str) or len(value) > 3:  # a longer text is what a client sends
        yield from simpler(value)


def shorter(situation: Situation) -> Iterator[Situation]:
    """Yield it with fewer messages in a packet, and with fewer acts at once."""
    for number, (verb, target, given) in enumerate(situation):
        first = {"server.send": 1, "server.at_once": 0}.get(target, len(given))
        for place in range(first, len(given)):
            if len(given) > first + 1:
                less = (verb, target, (*given[:place], *given[place + 1 :]))
                yield (*situation[:number], less, *situation[number + 1 :])


def arrived(result: Result) -> Mapping[str, list[Any]]:
    """Return what arrived at each client."""
    return result.value if isinstance(result.value, dict) else {}


def wrong(step: int, result: Result, expected: str, shows: Misconception) -> Wrong:
    """Return what is wrong with a step, with what the handler raised in it."""
    raised = next((one for one in result.calls if one[0] == "raised"), None)
    if raised is None:
        return Wrong(step, expected, shows)
    came = short(literal(result.value) if result.raised is None else f"raised {result.raised}")
    return Wrong(step, expected, shows, f"{came}: the handler raised {short(str(raised[1]))}", (), int(raised[2]))


def has_raised(result: Result) -> bool:
    """Whether the handler raised in a step."""
    return result.raised is not None or any(one[0] == "raised" for one in result.calls)


def properties_of_handler(**common: Any) -> Callable[..., Property]:
    """Return a function that makes properties of a handler, each played on a server of its own; see `properties_of`."""
    played: dict[str, Any] = {"simpler": fewer, "smaller": shorter, "made": MADE, "is_alone": True}
    return properties_of("The handler raises nothing.", **played, drawn=60, again=0, **common)
