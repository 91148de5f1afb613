"""An exercise as data: what a learner writes, the checks of an answer, and the feedback for each result.

    Exercise          what a learner writes, and its checks
      Check           one requirement, and the async function that tests it
        Misconception    a way to get it wrong: a tag, a sentence, and three hints

A check tests evidence (frames, close codes, values that a rule returned), never printed text. The exercises are in
`exercises/`, one module each; README.md in this folder says how to add one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from labkit.evidence.running import Run
from labkit.faults import Fault
from labkit.faults.kinds.jitter import Jitter
from labkit.faults.kinds.latency import Latency
from labkit.faults.kinds.noop import Pass
from labkit.faults.kinds.slice import Slice

Kind = Literal["handler", "rule", "server"]
Step = tuple[Any, ...]  # of a scripted check: the name of a method, and its arguments
Network = Callable[[Random], dict[str, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Misconception:
    """A way to get it wrong, with three hints: where to look, what is wrong, and almost the correct line."""

    tag: str
    sentence: str
    where: str
    what: str
    line: str

    @property
    def hints(self) -> tuple[str, str, str]:
        """The three hints, in the order in which a learner sees them."""
        return self.where, self.what, self.line


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement. `run` receives a `stage.Stage` (for a handler or server) or a `stage.Calls` (for a rule).

    `needs`: checks that must pass for this one to mean anything; if one of them does not, a failure of this one is
    inconclusive. `alone`: run it in a process of its own, because it and the others would disturb each other.
    `settings` are added to those of the exercise, in the process in which the check runs.
    """

    id: str
    expected: str
    usual: Misconception
    run: Run
    needs: tuple[str, ...] = ()
    alone: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def rough(rng: Random) -> dict[str, list[Fault]]:
    """Draw faults of a realistic network: bytes arrive late, unevenly or split anywhere.

    No answer may rely on a perfect one.
    """
    faults: list[Fault] = [Pass(), Latency(seconds=0.008), Jitter(seconds=0.012), Slice(most_bytes=40)]
    return {"up": [rng.choice(faults)], "down": [rng.choice(faults)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise. `answer`: the name that the blank defines; `lesson`: the name of the lesson's notebook.

    During a check, `settings` replaces some of the answer's globals, for example a timeout that would take too long,
    and `promised` gives the same values to the reviewer's probes. `drive(answer, *arguments)`, a top-level function of
    its module, runs in the answer's process for each `Calls.call`. Without it, the answer itself is called.

    `is_played`: its checks are properties (`models`), which play situations instead of calling. `gives`: the modules of
    labkit that an answer may import; None: all.
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
    is_played: bool = False
    gives: tuple[str, ...] | None = None
    more: Sequence[Misconception] = ()  # misconceptions that are not the usual one of any check

    def check(self, check_id: str) -> Check:
        """Return the check with this id. Raises KeyError."""
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(f"{self.id} has no check {check_id!r}; it has {', '.join(check.id for check in self.checks)}")

    @property
    def misconceptions(self) -> tuple[Misconception, ...]:
        """Return each misconception of this exercise once."""
        return tuple(dict.fromkeys([*(check.usual for check in self.checks), *self.more]))


def in_words(step: Step) -> str:
    """Format a scripted step as a call, for the evidence."""
    name, *arguments = step
    return f"{name}({', '.join(map(repr, arguments))})"
