"""An exercise as a value: what is asked, how an answer is looked at, and what is said about what was seen.

    Exercise          what a learner writes, and the checks of it
      Check           one thing that must hold, and an async function that looks whether it does
        Misconception    a way to get it wrong: a tag, a sentence, and hints in three steps

A check judges evidence (frames, close codes, values that a rule returned), never printed text. The exercises are in
`exercises/`, one file each; README.md beside this file says how to add one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, NamedTuple

from labkit.faults import Fault
from labkit.faults.kinds.jitter import Jitter
from labkit.faults.kinds.latency import Latency
from labkit.faults.kinds.noop import Pass
from labkit.faults.kinds.slice import Slice

Kind = Literal["handler", "rule", "server"]
Verdict = Literal["pass", "fail", "inconclusive"]
Network = Callable[[Random], dict[str, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Misconception:
    """A way to get it wrong. `hints`: where to look, what is wrong, nearly the line."""

    tag: str
    sentence: str
    hints: tuple[str, str, str]


class Seen(NamedTuple):
    """What one check saw. Without a misconception it is the check's usual one."""

    verdict: Verdict
    actual: str
    misconception: Misconception | None = None


def passed(actual: str) -> Seen:
    """It holds; `actual` is how that showed."""
    return Seen("pass", actual)


def failed(actual: str, misconception: Misconception | None = None) -> Seen:
    """It does not hold; `actual` is what came instead."""
    return Seen("fail", actual, misconception)


def inconclusive(actual: str) -> Seen:
    """Nobody can tell; `actual` says what is missing."""
    return Seen("inconclusive", actual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold. `run` gets a `stage.Stage` (handler, server) or `stage.Calls` (rule).

    `needs`: checks without which this one shows nothing; when one of them fails, this is inconclusive.
    `alone`: in a process of its own, with nothing beside it, as it disturbs others or is disturbed.
    """

    id: str
    expected: str
    usual: Misconception
    run: Callable[[Any], Awaitable[Seen]]
    needs: tuple[str, ...] = ()
    alone: bool = False


def rough(rng: Random) -> dict[str, list[Fault]]:
    """A network as networks are: bytes late, unevenly, and cut in odd places. What works only on a good one, fails."""
    ways: list[Fault] = [Pass(), Latency(seconds=0.008), Jitter(seconds=0.012), Slice(most_bytes=40)]
    return {"up": [rng.choice(ways)], "down": [rng.choice(ways)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """What a learner writes. `answer` is the name that the blank defines; `lesson` a notebook's name.

    `settings` replace globals of the answer while it is checked, such as a timeout that would take too long.
    `promised` tells the reviewer's probes the same numbers. `drive(answer, *arguments)` runs in the answer's process
    for each `Calls.call`, where plainly calling the answer shows too little; a function at the top of its module.
    """

    id: str
    title: str
    asks: str  # one sentence
    lesson: str
    kind: Kind
    answer: str
    checks: tuple[Check, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    promised: Mapping[str, float] = field(default_factory=dict)
    network: Network | None = rough  # None: straight to the answer
    drive: Callable[..., Any] | None = None
    patience_s: float = 4  # how long an answer may take to load, or a call to return
    more: Sequence[Misconception] = ()  # those that only `failed` names

    def check(self, check_id: str) -> Check:
        """The check of that id; KeyError for one that there is not."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(f"{self.id} has no check {check_id!r}; it has {', '.join(check.id for check in self.checks)}")

    @property
    def misconceptions(self) -> tuple[Misconception, ...]:
        """Every way to get it wrong that it knows, once."""
        return tuple(dict.fromkeys([*(check.usual for check in self.checks), *self.more]))

    @property
    def number(self) -> str:
        """The stage: the digits that its id begins with."""
        return self.id.partition("-")[0]
