"""What 09-find-fault-2 is judged by: a population of servers, good ones and ones that leak.

The answer is a probe, so a situation is one server: `(ask(Server(leaks_to="left", slow="events")),)`. The model is the
server itself: it knows whether it leaks. `labkit.course.room_server` serves it.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from labkit.course.models.situations import Situation, ask

FAST_S = 2.0  # the most that a probe may take on a fast network
PACE = 5.0  # the seconds that pass in one where the network is slow
QUICK = ("answers", "joins", "leaves")  # what is slow at that pace; the others need no time, or must take it
TO_OTHERS = ("all", "other rooms")


class Server(dict[str, Any]):
    """The arguments of a `room_server`, without those that are as usual."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))

    @property
    def has_leak(self) -> bool:
        """Whether a probe must find a leak."""
        return bool(self.get("leaks_to"))

    @property
    def pace(self) -> float:
        """How many of a right probe's seconds pass in one."""
        return PACE if self.get("slow") in QUICK else 1.0

    @property
    def code(self) -> str:
        """The server as a learner writes it."""
        return f"room_server({', '.join(f'{name}={value!r}' for name, value in self.items())})"


def server_of(situation: Situation) -> Server:
    """Return the server of a situation."""
    return Server(situation[0][2][0])


def simpler_server(value: Any) -> Iterator[Any]:
    """Yield servers with one argument less."""
    for name in value:
        yield Server({other: one for other, one in value.items() if other != name})


def draw(rng: Random, **about: Any) -> Situation:
    """Draw a server like that; which of the other freedoms it uses is left to chance."""
    free = {"last": rng.random() < 0.5}
    return (ask(Server({name: value for name, value in (about | free).items() if value})),)


def drawing(*leaks: str, **about: Any) -> Callable[[Random], Situation]:
    """Return a function that draws servers which leak in one of these ways; "": not at all."""
    return lambda rng: draw(rng, leaks_to=rng.choice(leaks), **about)


def draw_healthy(rng: Random) -> Situation:
    """Draw a server without faults."""
    return draw(rng, extras=rng.random() < 0.6)


def draw_slow(rng: Random) -> Situation:
    """Draw a server whose events wait until they are asked for."""
    leak = rng.choice(("", *TO_OTHERS, "similar"))
    return draw(rng, leaks_to=leak, slow="events", talks=rng.random() < 0.5, extras=rng.random() < 0.3)


def each_slow() -> tuple[Situation, ...]:
    """Return a server for each message that may wait, at the worst moment."""
    every = (
        Server(leaks_to="similar", slow="chats"),
        Server(leaks_to="similar", slow="joins"),
        Server(talks=True, slow="leaves"),
        *(Server(leaks_to=leak, slow="events") for leak in ("similar", "all")),
        Server(leaks_to="similar", slow="answers"),
        Server(slow="answers"),
    )
    return tuple((ask(one),) for one in every)
