"""When a client comes back: eight policies, from none to the one this kit uses. Taught in notebook 07 (storms).

    policy = POLICIES["article"](Draws(seed=1, client=7))
    policy.delay(1006, "")          # seconds

Pure: no clock and no socket, so the same objects run in bench.storm.virtual and in bench.storm.real. All but `ours`
look at the number of the try alone: they know neither how many others there are, nor what the server said.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from labkit.rules import backoff

BASE_S = 1.0
CAP_S = 30.0
ARTICLE_CAP_S = 10.0
ARTICLE_JITTER_S = 0.3
_MASK = 2**64 - 1


class Draws:
    """The chance of one client: same seed and client, same draws, on either clock. (The generator is splitmix64.)

    It keeps 8 bytes where `random.Random` keeps 2,500, and there may be 100,000 clients.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, client: int) -> None:
        self._state = (seed * 0xD1342543DE82EF95 + client * 0x2545F4914F6CDD1D) & _MASK

    def uniform(self, a: float, b: float) -> float:
        """A number from a to b."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return a + (b - a) * ((mixed ^ (mixed >> 31)) >> 11) / 2**53


class Policy(Protocol):
    """What a client asks, and what it tells. rules.backoff.Backoff with one method more."""

    def delay(self, code: int, reason: str) -> float | None:
        """A connection ended, or there was none (1006): seconds to wait; None means stop."""

    def opened(self) -> None:
        """The WebSocket is open; nobody has let us in yet."""

    def told(self, window_ms: float) -> None:
        """The server told its window, in auth_ok (so we are in) or in `reconnect`."""

    def proved(self) -> None:
        """The connection that ended had lived for rules.backoff.STABLE_S."""


class ByTries:
    """A delay from the number of tries since the last success: `wait(rng, tries)`."""

    __slots__ = ("_rng", "_tries", "_wait")

    def __init__(self, rng: backoff.Draws, wait: Callable[[backoff.Draws, int], float]) -> None:
        self._rng = rng
        self._wait = wait
        self._tries = 0

    def delay(self, _code: int, _reason: str) -> float | None:
        """Whatever the server said, the same."""
        self._tries += 1
        return self._wait(self._rng, self._tries - 1)

    def opened(self) -> None:
        """An open socket is no success yet: the server may be about to refuse us."""

    def told(self, _window_ms: float) -> None:
        """The window means nothing here; that it came means that we are in."""
        self._tries = 0

    def proved(self) -> None:
        """It has started over already."""


class Article(ByTries):
    """The article's client. It starts over as soon as the socket is open: refused then, it never slows down."""

    __slots__ = ()

    def __init__(self, rng: backoff.Draws) -> None:
        super().__init__(rng, _article)

    def opened(self) -> None:
        """`socket.addEventListener("open", () => { attempt = 0; ... })`"""
        self._tries = 0


class Decorrelated(ByTries):
    """Each delay is drawn from BASE_S to three times the one before."""

    __slots__ = ("_before",)

    def __init__(self, rng: backoff.Draws) -> None:
        super().__init__(rng, self._next)
        self._before = BASE_S

    def _next(self, rng: backoff.Draws, tries: int) -> float:
        self._before = min(CAP_S, rng.uniform(BASE_S, 3 * (self._before if tries else BASE_S)))
        return self._before


class Ours(backoff.Backoff):
    """What labkit's client does: windows and slots that the server hands out."""

    def opened(self) -> None:
        """Proves nothing."""


def _doubled(tries: int, cap_s: float = CAP_S) -> float:
    return min(cap_s, BASE_S * 2.0 ** min(tries, 10))


def _none(_: backoff.Draws, _tries: int) -> float:
    return 0.0


def _fixed(_: backoff.Draws, _tries: int) -> float:
    return BASE_S


def _exponential(_: backoff.Draws, tries: int) -> float:
    return _doubled(tries)


def _article(rng: backoff.Draws, tries: int) -> float:
    return _doubled(tries, ARTICLE_CAP_S) + rng.uniform(0, ARTICLE_JITTER_S)


def _equal(rng: backoff.Draws, tries: int) -> float:
    half = _doubled(tries) / 2
    return half + rng.uniform(0, half)


def _full(rng: backoff.Draws, tries: int) -> float:
    return rng.uniform(0, _doubled(tries))


def _by(wait: Callable[[backoff.Draws, int], float]) -> Callable[[backoff.Draws], Policy]:
    return lambda rng: ByTries(rng, wait)


POLICIES: Mapping[str, Callable[[backoff.Draws], Policy]] = {
    "none": _by(_none),
    "fixed": _by(_fixed),
    "exponential": _by(_exponential),
    "article": Article,
    "equal": _by(_equal),
    "full": _by(_full),
    "decorrelated": Decorrelated,
    "ours": Ours,
}
