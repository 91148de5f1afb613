"""Faults in how a client acts on close codes."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode
from labkit.wire.client.reconnect_loop import ReconnectLoop


class TriesAgainWhenDenied(Planted):
    """4403 is treated as temporary: the client presents a refused credential again and again."""

    found_by = ("codes/1",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.AUTH_FAILED else code, reason)


class FightsWhenReplaced(Planted):
    """4409 is treated as temporary: two tabs of one session keep replacing each other."""

    found_by = ("codes/2",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.REPLACED else code, reason)


class GivesUpWithoutPong(Planted):
    """4408 is treated as final: a phone that was in a tunnel does not reconnect."""

    found_by = ("codes/3",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return None if code == CloseCode.HEARTBEAT_TIMEOUT else super().delay(code, reason)


class ResumeIsForgotten(Planted):
    """The first token is presented again after every disconnect, although a ticket opens only once."""

    found_by = ("codes/4",)

    class loop(ReconnectLoop):
        async def _credential(self) -> str:
            self._resume = None
            return await super()._credential()


class ExpiredIsPresentedAgain(Planted):
    """After 4419 the client presents the expired resume credential again, and is refused again."""

    found_by = ("codes/5",)

    class loop(ReconnectLoop):
        def _wait_after(self, code: int, reason: str) -> float:
            resume = self._resume
            seconds = super()._wait_after(code, reason)
            self._resume = resume
            return seconds
