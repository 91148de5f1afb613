"""Faults one behind another, as one: what the first lets go is what the second gets."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

from labkit.faults.fault import Fault, Item, Start
from labkit.faults.frames import Cutter
from labkit.faults.noop import Pass


class Chain:
    """The stages of one direction of one connection. The no-op is always the first: no faults is no special case.

    `seed` names the connection and the direction; each stage draws from its own chance, whatever stands beside it.
    """

    def __init__(self, faults: Iterable[Fault], seed: str, cutter: Cutter, now: float) -> None:
        self._stages = [
            fault.start(Start(Random(f"{seed} {place}"), cutter.copy(), now))
            for place, fault in enumerate([Pass(), *faults])
        ]

    def push(self, items: Sequence[Item], now: float) -> None:
        """Bytes came, or the end of them."""
        for item in items:
            self._stages[0].push(item, now)

    def pull(self, now: float) -> Item | None:
        """The next thing that may go on now; None for nothing yet."""
        for stage, after in pairwise(self._stages):
            while (item := stage.pull(now)) is not None:
                after.push(item, now)
        return self._stages[-1].pull(now)

    def next_at(self) -> float | None:
        """When to pull again, though nothing was pushed; None for never."""
        return min((at for stage in self._stages if (at := stage.next_at()) is not None), default=None)

    def held(self) -> int:
        """How many bytes are in here."""
        return sum(stage.held() for stage in self._stages)

    def room(self) -> int:
        """How many more may come in: as many as the fullest stage has room for."""
        return min(stage.room() for stage in self._stages)

    def release(self) -> list[Item]:
        """Everything that is in here, in order: what came first is in the last stage."""
        return [item for stage in reversed(self._stages) for item in stage.release()]
