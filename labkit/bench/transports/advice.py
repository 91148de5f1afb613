"""Which of the four options fits a need, and what it would cost an hour, from what was measured on this machine.

Taught in notebook 00 (start here).
"""

from dataclasses import dataclass

from labkit.bench.transports.compare import Comparison, Measured
from labkit.text.digits import digits

POLLING_IS_FINE_S = 15.0  # an admin page that is 15 s old is fresh; a chat is not


@dataclass(frozen=True)
class Need:
    """What a screen needs."""

    updates_per_min: float
    delay_s: float  # how old what one sees may be
    speaks_often: bool = False  # the browser sends often too: typing, chat, moves
    must_be_kept: bool = False  # money, orders, records


@dataclass(frozen=True)
class Advice:
    """An option, why, and the bytes an hour of each way to bring the updates."""

    option: str
    why: str
    bytes_per_hour: dict[str, float]


def advise(need: Need, comparison: Comparison) -> Advice:
    """The rules of the lesson, in their order."""
    costs = {row.option: _bytes_per_hour(row, need) for row in comparison.rows}
    option, why = _choose(need)
    if need.must_be_kept:
        why += " What must be kept is saved by an HTTP request first; the update only tells that it was."
    return Advice(option, why, costs)


def _choose(need: Need) -> tuple[str, str]:
    if need.speaks_often:
        return "WebSocket", "Both sides speak often, on one connection, in order."
    if need.delay_s >= POLLING_IS_FINE_S:
        return (
            "polling",
            f"A request every {digits(need.delay_s)} s is simple, survives everything, and is fresh enough.",
        )
    return "server-sent events", "Only the server speaks; a browser reconnects such a stream by itself."


def _bytes_per_hour(row: Measured, need: Need) -> float:
    """A stream pays for each update; whoever asks pays for each question, and for the news in the answers.

    A page is as long as it was when it was measured, and its news is in it.
    """
    updates = 60 * need.updates_per_min
    if not row.idle_requests_per_s:
        return updates * row.bytes_per_update + 3600 * row.idle_bytes_per_s
    a_question = row.idle_bytes_per_s / row.idle_requests_per_s
    news = max(0.0, row.bytes_per_update - row.requests_per_update * a_question)
    return 3600 / max(need.delay_s, 0.1) * a_question + updates * news
