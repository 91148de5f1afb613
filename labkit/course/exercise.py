"""An exercise as a value: what a learner writes, the checks of an answer, and what is said about each result.

    Exercise          what a learner writes, and its checks
      Check           one requirement, and the async function that tests it
        Misconception    a way to get it wrong: a tag, a sentence, and three hints

A check tests evidence (frames, close codes, values that a rule returned), never printed text. The exercises are in
`exercises/`, one module each; README.md in this folder says how to add one.
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
Step = tuple[Any, ...]  # of a scripted check: the name of a method, and its arguments
Network = Callable[[Random], dict[str, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Misconception:
    """A way to get it wrong. The hints: where to look, what is wrong, and almost the line that is right."""

    tag: str
    sentence: str
    where: str
    what: str
    line: str

    @property
    def hints(self) -> tuple[str, str, str]:
        """The three hints, in the order in which a learner gets them."""
        return self.where, self.what, self.line


class Outcome(NamedTuple):
    """What one check found. `misconception` None stands for the usual one of the check."""

    verdict: Verdict
    actual: str
    misconception: Misconception | None = None


def passed(actual: str) -> Outcome:
    """Return an outcome: the requirement is met; `actual` is what showed it."""
    return Outcome("pass", actual)


def failed(actual: str, misconception: Misconception | None = None) -> Outcome:
    """Return an outcome: the requirement is not met; `actual` is what happened instead."""
    return Outcome("fail", actual, misconception)


class Failed(Exception):
    """Raised within a check, to end it with the outcome `failed`."""

    def __init__(self, actual: str, misconception: Misconception | None = None) -> None:
        super().__init__(actual)
        self.outcome = failed(actual, misconception)


def inconclusive(actual: str) -> Outcome:
    """Return an outcome: nobody can tell; `actual` says what is missing."""
    return Outcome("inconclusive", actual)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement. `run` gets a `stage.Stage` (handler, server) or `stage.Calls` (rule).

    `needs`: the checks without which this one means nothing; when one of them does not pass, a failure of this one is
    inconclusive. `alone`: run it in a process of its own, after all others, because they would disturb each other.
    """

    id: str
    expected: str
    usual: Misconception
    run: Callable[[Any], Awaitable[Outcome]]
    needs: tuple[str, ...] = ()
    alone: bool = False


def rough(rng: Random) -> dict[str, list[Fault]]:
    """Draw a realistic network, so that no answer relies on a perfect one: bytes late, uneven, or split anywhere."""
    faults: list[Fault] = [Pass(), Latency(seconds=0.008), Jitter(seconds=0.012), Slice(most_bytes=40)]
    return {"up": [rng.choice(faults)], "down": [rng.choice(faults)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """What a learner writes. `answer`: the name that the blank defines; `lesson`: the name of its notebook.

    `settings` replace globals of the answer while it is checked, such as a timeout that would take too long; `promised`
    tells the reviewer's probes the same numbers. `drive(answer, *arguments)`, a function at the top of its module, runs
    in the answer's process for each `Calls.call`; without it, the answer itself is called.
    """

    id: str
    title: str
    lesson: str
    kind: Kind
    answer: str
    checks: tuple[Check, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    promised: Mapping[str, float] = field(default_factory=dict)
    network: Network | None = rough  # None: no proxy in between
    drive: Callable[..., Any] | None = None
    patience_s: float = 4  # the most that loading the answer, or one call, may take
    more: Sequence[Misconception] = ()  # those that are no check's usual one

    def check(self, check_id: str) -> Check:
        """Return the check with that id. Raises KeyError."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(f"{self.id} has no check {check_id!r}; it has {', '.join(check.id for check in self.checks)}")

    @property
    def misconceptions(self) -> tuple[Misconception, ...]:
        """Return every misconception of this exercise once."""
        return tuple(dict.fromkeys([*(check.usual for check in self.checks), *self.more]))


def in_words(step: Step) -> str:
    """Return a step as the call that it is, for evidence."""
    name, *arguments = step
    return f"{name}({', '.join(map(repr, arguments))})"
