"""An outcome: a verdict with its evidence.

`held`: the requirement was met. `broken`: it was not. `unknown`: the probe or check could not decide, and the text says
what is missing.
"""

from typing import Any, Literal, NamedTuple

Verdict = Literal["held", "broken", "unknown"]
MARKS: dict[Verdict, str] = {"held": "\u2713", "broken": "\u2717", "unknown": "?"}


class Outcome(NamedTuple):
    """The result of one run of a probe or a check. `cause`: the likely cause of a fault, where it is known."""

    verdict: Verdict
    actual: str
    cause: Any = None


def held(actual: str) -> Outcome:
    """Report that the requirement holds; `actual` is the evidence."""
    return Outcome("held", actual)


def broken(actual: str, cause: Any = None) -> Outcome:
    """Report that the requirement does not hold; `actual` is what happened instead."""
    return Outcome("broken", actual, cause)


def unknown(actual: str) -> Outcome:
    """Report that the probe or check cannot tell; `actual` says what is missing."""
    return Outcome("unknown", actual)


class NotHeld(Exception):
    """Raised by a probe or a check to end it with the verdict `broken`."""

    def __init__(self, actual: str, cause: Any = None) -> None:
        super().__init__(actual)
        self.cause = cause


class CannotTell(Exception):
    """Raised by a probe that cannot run under the current conditions: its verdict is `unknown`."""


class NotSeen(CannotTell):
    """Raised if something else came first, such as a time limit: never evidence for or against what is judged."""
