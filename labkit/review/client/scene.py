"""What a probe of clients works with: as many of them as it asks for, all ended when it is done."""

import asyncio
from dataclasses import dataclass
from random import Random
from time import monotonic
from types import TracebackType
from typing import Self

from labkit.review.client.starting import Start
from labkit.review.client.subject import Subject
from labkit.review.finding import CannotTell
from labkit.review.peer import Ended, Silent
from labkit.review.transcript import Transcript

CONTROL_RETURNS = 2
FIRST_WINDOW_S = 2.5  # within which a client that is going to come back has usually done so


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTarget:
    """The client under review, and how long to wait for it."""

    name: str  # as the report names it
    start: Start
    patience_s: float = 10.0  # for what a client does at once; its start is the slowest
    return_s: float = 35.0  # for a reconnect: the longest of the usual caps is 30 s


class ClientScene:
    """Clients for one run of a probe. `async with`."""

    def __init__(self, target: ClientTarget, rng: Random) -> None:
        self.target = target
        self.transcript = Transcript("")
        self._rng = rng
        self._subjects: list[Subject] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(subject.end() for subject in self._subjects))

    async def client(self) -> Subject:
        """One more, started."""
        name = chr(ord("a") + len(self._subjects))
        subject = Subject(name, self.transcript, self._rng, self.target.patience_s, self.target.return_s)
        self._subjects.append(subject)
        await subject.start(self.target.start)
        return subject

    async def control_returned(self) -> None:
        """A client that may come back was lost and came back, and again: by now others would have done so too.

        Raises CannotTell when it does not, as nobody knows then whether others stay away for a reason.
        """
        subject, began, returns = await self.client(), monotonic(), 0
        try:
            visit = await subject.enter()
            while returns < CONTROL_RETURNS or monotonic() - began < FIRST_WINDOW_S:
                visit.close(1001, "going away")
                visit = await subject.enter()
                returns += 1
        except (Ended, Silent) as instead:
            raise CannotTell(f"a client closed with 1001 did not come back either: {instead}") from None
