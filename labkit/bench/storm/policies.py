"""Eight policies that decide when a client reconnects, from no waiting at all to the one that labkit uses.

    policy = POLICIES["article"](ClientRandom(seed=1, client=7))
    policy.delay(1006, "")          # seconds

They use no clock and no socket, so the same objects run in bench.storm.virtual and bench.storm.real. All but `ours`
consider only the number of the attempt, not how many other clients there are or what the server sent.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from labkit.rules import backoff

BASE_S = 1.0
CAP_S = 30.0
ARTICLE_CAP_S = 10.0
ARTICLE_JITTER_S = 0.3
_MASK = 2**64 - 1


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
