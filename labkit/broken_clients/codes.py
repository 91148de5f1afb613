"""Faults in how a client acts on close codes."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode
from labkit.wire.client.reconnect_loop import ReconnectLoop


class TriesAgainWhenDenied(Planted):
    """The client treats 4403 as temporary, and presents the refused credential again and again."""

    found_by = ("codes/1",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.AUTH_FAILED else code, reason)


class FightsWhenReplaced(Planted):
    """The client treats 4409 as temporary, so two tabs with one session keep replacing each other."""

    found_by = ("codes/2",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return super().delay(CloseCode.NO_CLOSE_FRAME if code == CloseCode.REPLACED else code, reason)


class GivesUpWithoutPong(Planted):
    """The client treats 4408 as final, so a phone that was in a tunnel does not reconnect."""

    found_by = ("codes/3",)

    class backoff(Backoff):
        def delay(self, code: int, reason: str = "") -> float | None:
            return None if code == CloseCode.HEARTBEAT_TIMEOUT else super().delay(code, reason)


class ResumeIsForgotten(Planted):
    """After every disconnect the client presents its first token again, although a ticket works only once."""

    found_by = ("codes/4",)

    class loop(ReconnectLoop):
        async def _credential(self) -> str:
            self._resume = None
            return await super()._credential()


class ExpiredIsPresentedAgain(Planted):
    """After 4419, the client presents the expired resume credential again, and is refused again."""

    found_by = ("codes/5",)

    class loop(ReconnectLoop):
        def _wait_after(self, code: int, reason: str) -> float:
            resume = self._resume
            seconds = super()._wait_after(code, reason)
            self._resume = resume
            return seconds
