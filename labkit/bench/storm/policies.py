"""Eight policies that decide when a client reconnects, from no waiting at all to the one that labkit uses.

    policy = POLICIES["article"](ClientRandom(seed=1, client=7))
    policy.delay(1006, "")          # seconds

They use no clock and no socket, so the same objects run in bench.storm.virtual and bench.storm.real. All but `ours`
consider only the number of the attempt, not how many other clients there are or what the server sent.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from math import isfinite
from random import Random
from typing import Protocol

from labkit.rules import backoff
from labkit.rules.close_codes import Then, row
from labkit.text.nearest import nearest

BASE_S = 1.0
CAP_S = 30.0
ARTICLE_CAP_S = 10.0
ARTICLE_JITTER_S = 0.3
_MASK = 2**64 - 1


class BadStorm(ValueError):
    """The plan of a storm makes no sense; the message says what would."""


class ClientRandom:
    """The random numbers of one client: the same seed and client give the same numbers on either clock.

    The generator is splitmix64. Its state takes 8 bytes, against 2,500 for `random.Random`, and there may be 100,000
    clients.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, client: int) -> None:
        self._state = (seed * 0xD1342543DE82EF95 + client * 0x2545F4914F6CDD1D) & _MASK

    def uniform(self, a: float, b: float) -> float:
        """Return a number from a to b."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return a + (b - a) * ((mixed ^ (mixed >> 31)) >> 11) / 2**53


class ReconnectPolicy(Protocol):
    """The interface of a policy: rules.backoff.Backoff with one more method."""

    def delay(self, code: int, reason: str) -> float | None:
        """Return how many seconds to wait after a close or a failed attempt (1006). None means stop."""

    def opened(self) -> None:
        """Note that the WebSocket is open, although the server may still refuse the client."""

    def told(self, window_ms: float) -> None:
        """Note the window that the server sent in auth_ok or `reconnect`."""

    def proved(self) -> None:
        """Note that the last connection was open for rules.backoff.STABLE_S."""


class ByTries:
    """Computes a delay from the number of attempts since the last auth_ok: `wait(rng, tries)`."""

    __slots__ = ("_rng", "_tries", "_wait")

    def __init__(self, rng: backoff.Draws, wait: Callable[[backoff.Draws, int], float]) -> None:
        self._rng = rng
        self._wait = wait
        self._tries = 0

    def delay(self, _code: int, _reason: str) -> float | None:
        """Return a delay, whatever the close code and reason."""
        self._tries += 1
        return self._wait(self._rng, self._tries - 1)

    def opened(self) -> None:
        """Change nothing: the server may still refuse the client."""

    def told(self, _window_ms: float) -> None:
        """Reset the backoff, because a window means that the client is in. The window's length is ignored."""
        self._tries = 0

    def proved(self) -> None:
        """Change nothing: auth_ok has already reset the backoff."""


class Article(ByTries):
    """The article's client.

    It resets its backoff when the socket opens, so a client that is then refused never slows down.
    """

    __slots__ = ()

    def __init__(self, rng: backoff.Draws) -> None:
        super().__init__(rng, _article)

    def opened(self) -> None:
        """`socket.addEventListener("open", () => { attempt = 0; ... })`"""
        self._tries = 0


class Decorrelated(ByTries):
    """Chooses each delay at random between BASE_S and three times the previous delay."""

    __slots__ = ("_before",)

    def __init__(self, rng: backoff.Draws) -> None:
        super().__init__(rng, self._next)
        self._before = BASE_S

    def _next(self, rng: backoff.Draws, tries: int) -> float:
        self._before = min(CAP_S, rng.uniform(BASE_S, 3 * (self._before if tries else BASE_S)))
        return self._before


class Ours(backoff.Backoff):
    """labkit's own client, which follows the windows and slots that the server sends."""

    def opened(self) -> None:
        """Change nothing: an open socket proves nothing."""


WaitRule = Callable[[int, float, Random], float]  # tries, window_s, rng -> seconds


class ByFunction:
    """Asks a function for each delay: `wait(tries, window_s, rng)`, in seconds.

    `tries` counts the attempts since the connection last lasted for STABLE_S, `window_s` is what the server last sent,
    and `rng` is a random.Random of this client alone.
    """

    __slots__ = ("_rng", "_tries", "_wait", "_window_s")

    def __init__(self, wait: WaitRule, rng: backoff.Draws) -> None:
        self._wait = wait
        self._rng = Random(int(rng.uniform(0, 2**53)))
        self._tries = 0
        self._window_s = backoff.DEFAULT_WINDOW_S

    def delay(self, code: int, _reason: str) -> float | None:
        """Return the function's delay, or None where a retry is pointless. Raises BadStorm if it is no delay."""
        if row(code).then is Then.STOP:
            return None
        delay = self._wait(self._tries, self._window_s, self._rng)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or not isfinite(delay) or delay < 0:
            raise BadStorm(f"{name_of(self._wait)} returned {delay!r} at try {self._tries}; return seconds, 0 or more")
        self._tries += 1
        return float(delay)

    def opened(self) -> None:
        """Change nothing: an open socket proves nothing."""

    def told(self, window_ms: float) -> None:
        """Keep the window that the server sent."""
        self._window_s = window_ms / 1000

    def proved(self) -> None:
        """Reset the attempts."""
        self._tries = 0


def _doubled(tries: int, cap_s: float = CAP_S) -> float:
    return min(cap_s, BASE_S * 2.0 ** min(tries, 10))


def _article(rng: backoff.Draws, tries: int) -> float:
    return _doubled(tries, ARTICLE_CAP_S) + rng.uniform(0, ARTICLE_JITTER_S)


def _equal(rng: backoff.Draws, tries: int) -> float:
    half = _doubled(tries) / 2
    return half + rng.uniform(0, half)


def _by(wait: Callable[[backoff.Draws, int], float]) -> Callable[[backoff.Draws], ReconnectPolicy]:
    return lambda rng: ByTries(rng, wait)


POLICIES: Mapping[str, Callable[[backoff.Draws], ReconnectPolicy]] = {
    "none": _by(lambda _, tries: 0.0),
    "fixed": _by(lambda _, tries: BASE_S),
    "exponential": _by(lambda _, tries: _doubled(tries)),
    "article": Article,
    "equal": _by(_equal),
    "full": _by(lambda rng, tries: rng.uniform(0, _doubled(tries))),
    "decorrelated": Decorrelated,
    "ours": Ours,
}

Policy = str | type[ReconnectPolicy] | WaitRule  # a name, a class that takes a client's random numbers, or a function


def name_of(policy: Policy) -> str:
    """Return the name under which a policy is shown."""
    return policy if isinstance(policy, str) else getattr(policy, "__name__", type(policy).__name__)


def check(policy: Policy) -> None:
    """Raise BadStorm unless a storm can use this policy."""
    if isinstance(policy, str) and policy not in POLICIES:
        raise BadStorm(f"there is no policy {policy!r}{nearest(policy, POLICIES)}; use one of {', '.join(POLICIES)}")
    if isinstance(policy, str | type):
        return
    if not callable(policy):
        raise BadStorm(f"{policy!r} is no policy; give a name, or a function (tries, window_s, rng) -> seconds")
    try:
        signature(policy).bind(0, 1.0, Random(1))
    except TypeError:
        raise BadStorm(f"{name_of(policy)} must take (tries, window_s, rng) and return the seconds to wait") from None


def made(policy: Policy, rng: backoff.Draws) -> ReconnectPolicy:
    """Return the policy of one client."""
    if isinstance(policy, str):
        return POLICIES[policy](rng)
    return policy(rng) if isinstance(policy, type) else ByFunction(policy, rng)
