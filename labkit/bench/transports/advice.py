"""Advise which of the four transports fits a need, and what each would cost per hour by this machine's measurements."""

from dataclasses import dataclass

from labkit.bench.transports.compare import Comparison, Measured
from labkit.text.digits import digits

POLLING_IS_FINE_S = 15.0  # 15 s old is fresh enough for an admin page, but not for a chat


@dataclass(frozen=True)
class Need:
    """What a screen needs."""

    updates_per_min: float
    delay_s: float  # the most that the screen may be behind
    sends_often: bool = False  # the browser sends often too: typing, chat, moves
    must_be_kept: bool = False  # money, orders, records


@dataclass(frozen=True)
class Advice:
    """The recommended transport, the reason, and the bytes per hour that each transport would take."""

    option: str
    why: str
    bytes_per_hour: dict[str, float]


def advise(need: Need, comparison: Comparison) -> Advice:
    """Apply the rules in order, and return the advice of the first that matches."""
    costs = {row.option: _bytes_per_hour(row, need) for row in comparison.rows}
    option, why = _choose(need)
    if need.must_be_kept:
        why += " Save the data with an HTTP request first; the update only announces the change."
    return Advice(option, why, costs)


def _choose(need: Need) -> tuple[str, str]:
    if need.sends_often:
        return "WebSocket", "Both sides send often, on one connection, in order."
    if need.delay_s >= POLLING_IS_FINE_S:
        return (
            "polling",
            f"A request every {digits(need.delay_s)} s is simple and robust, and the data is fresh enough.",
        )
    return "server-sent events", "Only the server sends, and a browser reconnects automatically."


def _bytes_per_hour(row: Measured, need: Need) -> float:
    """Return the bytes per hour. A stream costs its updates; polling costs its requests and the updates in the answers.

    A page is counted at its measured length, which includes its updates.
    """
    updates = 60 * need.updates_per_min
    if not row.idle_requests_per_s:
        return updates * row.bytes_per_update + 3600 * row.idle_bytes_per_s
    per_request = row.idle_bytes_per_s / row.idle_requests_per_s
    news = max(0.0, row.bytes_per_update - row.requests_per_update * per_request)
    return 3600 / max(need.delay_s, 0.1) * per_request + updates * news
