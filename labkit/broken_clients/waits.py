"""Faults in how long a client waits before it reconnects."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode
from labkit.wire.client.reconnect_loop import ReconnectLoop


class _NoJitter:
    def uniform(self, _a: float, b: float) -> float:
        return b


class AllAtTheSameTime(Planted):
    """The client waits out the whole window, without jitter, so clients that disconnect together reconnect together."""

    found_by = ("waits/1",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            self._rng = _NoJitter()
            return super().delay(code, reason)


class SlotIsIgnored(Planted):
    """The client ignores the slot in the close reason, so after a restart all clients return within the window."""

    found_by = ("waits/2",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(code)


class BusyIsNoReason(Planted):
    """The client treats 1013 like 1006, so a busy server gets its clients back at once."""

    found_by = ("waits/3",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.TRY_LATER else code, reason)


class BackoffEndsWithAuthOk(Planted):
    """The backoff resets on every `auth_ok`, so clients hammer a server that accepts them and then closes."""

    found_by = ("waits/4",)

    class loop(ReconnectLoop):
        def opened(self, answer: dict[str, Any]) -> None:
            super().opened(answer)
            self._backoff.proved()
