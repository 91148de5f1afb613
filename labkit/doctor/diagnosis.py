"""The input and the result of a check. Shared by all checks; runs none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, TypeVar

Status = Literal["ok", "warning", "problem"]
T = TypeVar("T")


class Subject:
    """What to examine besides this machine, and answers that its checks share."""

    def __init__(self, class_url: str | None = None) -> None:
        """`class_url`: the ws:// address of the class, or None."""
        self.class_url = class_url
        self._lock = Lock()
        self._kept: dict[Callable[..., Any], Any] = {}

    def once(self, ask: Callable[[str], T], url: str) -> T:
        """Return `ask(url)`, asked once for all checks."""
        with self._lock:
            if ask not in self._kept:
                self._kept[ask] = ask(url)
            kept: T = self._kept[ask]
            return kept


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check: one sentence, and what to do unless all is well.

    `is_ours`: labkit itself failed, so the check says nothing about the machine.
    """

    status: Status
    text: str
    todo: str = ""
    is_ours: bool = False

    def __str__(self) -> str:
        return f"{self.text}: {self.todo}" if self.todo else self.text


def ok(text: str) -> Diagnosis:
    """Return a diagnosis without a fault."""
    return Diagnosis("ok", text)


def warning(text: str, todo: str) -> Diagnosis:
    """Return a diagnosis of something that does not prevent the course."""
    return Diagnosis("warning", text, todo)


def problem(text: str, todo: str) -> Diagnosis:
    """Return a diagnosis of something that prevents part of the course."""
    return Diagnosis("problem", text, todo)
