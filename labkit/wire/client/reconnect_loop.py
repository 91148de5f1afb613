"""Keep a client connected, with one connection at a time.

    waiting -> connecting -> authenticating -> open -> waiting ...   until a code says stop, or the user leaves

The close code decides whether to reconnect, when, and with which credential. The websockets library's own reconnection
ignores all three, so this module does not use it.
"""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from labkit.rules.backoff import NO_CONNECTION, Backoff
from labkit.rules.close_codes import CloseCode, Credential, row
from labkit.wire.client.link import CONNECT_S, DEFAULT_IDLE_S, Link
from labkit.wire.client.state import ClientState, NotARoomServer, Status, Stopped
from labkit.wire.client.unsent import Event

NOTICE_S = 1.0  # after this long without an answer, a warning says what the script is waiting for
LONGEST_WAIT_S = 3600.0  # with a longer timeout, nobody is waiting at a terminal
NO_ANSWER = "%s does not answer (%s); trying for %g s. Is the server running? `labkit serve` starts one"
_LOGGER = logging.getLogger(__name__)
SILENCE = "nothing came for too long, so we ended it"  # in the journal, where a timeline finds it

Ticket = str | Callable[[], Awaitable[str]]
Ending = tuple[int, str]  # close code and reason


class ReconnectLoop:
    """Keeps one client connected. `link` is the current or most recent connection, or None before the first attempt."""

    def __init__(
        self,
        status: Status,
        backoff: Backoff,
        ticket: Ticket,
        new_link: Callable[[], Link],
        stable_s: float,
        *,
        disconnected: Callable[[float], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        """`disconnected` receives the seconds until the next attempt, `fail` the exception that ends the client."""
        self.link: Link | None = None
        self.connection_id: str | None = None
        self._status = status
        self._backoff = backoff
        self._disconnected = disconnected
        self._fail = fail
        self._ticket = ticket
        self._new_link = new_link
        self._stable_s = stable_s
        self._resume: str | None = None
        self._opened_at: float | None = None
        self.fault = "no answer"  # of the latest attempt

    async def run(self) -> None:
        """Connect, and reconnect until a close code says stop."""
        try:
            while True:
                code, reason = await self._one_connection()
                seconds = self._wait_after(code, reason)
                self._disconnected(seconds)
                await asyncio.sleep(seconds)
        except Exception as error:
            self._fail(error)

    def opened(self, answer: Event) -> None:
        """Handle auth_ok on a new connection."""
        self._opened_at = monotonic()
        self.connection_id = answer.get("connectionId")
        self.renewed(answer)
        if self.link is not None:
            self.link.max_idle_s = _max_idle_s(answer.get("pingMs"))

    def renewed(self, answer: Event) -> None:
        """Store the resume credential from an auth_ok."""
        self._resume = answer.get("resume")

    def warn_no_answer(self, url: str, patience_s: float) -> None:
        """Log that the server does not answer yet, for a person waiting at a terminal."""
        if patience_s <= LONGEST_WAIT_S and not self._status.log.of(ClientState.AUTHENTICATING.value):
            _LOGGER.warning(NO_ANSWER, url, self.fault, patience_s)

    async def _one_connection(self) -> Ending:
        """Run one connection to its end."""
        self._opened_at = None
        self._status.move(ClientState.CONNECTING)
        link = self.link = self._new_link()
        try:
            token = await self._credential()
            await link.open()
        except (OSError, TimeoutError, NotARoomServer) as error:
            if isinstance(error, NotARoomServer) and self.connection_id is None:
                raise  # but an address that has accepted us before may recover
            self.fault = _fault_text(error)
            self._status.note("closed", code=int(NO_CONNECTION), reason="", why=self.fault)
            return NO_CONNECTION, ""
        return await self._authenticated(link, token)

    async def _authenticated(self, link: Link, token: str) -> Ending:
        try:
            self._status.move(ClientState.AUTHENTICATING)
            link.send({"type": "auth", "token": token} | _previous(self.connection_id))
            code, reason = await link.run()
        finally:
            await link.close()
        self.fault = f"closed with {code} {reason}".rstrip()
        why = {"why": SILENCE} if link.gave_up else {}
        self._status.note("closed", code=code, reason=reason, **why)
        return code, reason

    async def _credential(self) -> str:
        if self._resume is not None:
            return self._resume
        if isinstance(self._ticket, str):
            return self._ticket
        async with asyncio.timeout(CONNECT_S):
            return await self._ticket()

    def _wait_after(self, code: int, reason: str) -> float:
        """Return the seconds until the next connection. Raises Stopped if the client must not reconnect."""
        backoff = self._backoff
        if self._opened_at is not None and monotonic() - self._opened_at >= self._stable_s:
            backoff.proved()
        seconds = backoff.delay(code, reason)
        if seconds is None or self._has_nothing_fresher(code):
            raise Stopped(code, reason)
        if row(code).credential is Credential.FRESH:
            self._resume = None
        return seconds

    def _has_nothing_fresher(self, code: int) -> bool:
        """Return whether the client has no credential other than the expired one."""
        was_refused = code == CloseCode.SESSION_EXPIRED and self._opened_at is None
        return was_refused and self._resume is None and isinstance(self._ticket, str)


def _fault_text(error: Exception) -> str:
    """Return the cause of an error, without the long list that asyncio makes when several addresses fail."""
    text = str(error) or type(error).__name__
    return "connection refused" if f"[Errno {errno.ECONNREFUSED}]" in text else text


def _max_idle_s(ping_ms: object) -> float:
    """Return the idle timeout: the server's ping interval, or a default if that is 0 or missing."""
    return ping_ms / 1000 if isinstance(ping_ms, int) and ping_ms > 0 else DEFAULT_IDLE_S


def _previous(connection_id: str | None) -> dict[str, str]:
    return {} if connection_id is None else {"previous": connection_id}
