"""Create objects of a learner's class for a server, and collect what the class raises, each fault once.

An exception in such a class must not end the delivery to everybody else. So the server goes on without the object.
"""

from collections.abc import Callable
from typing import Any


class OwnClass:
    """A class of a learner's own. `faults` holds what it raised so far."""

    def __init__(self, new: Callable[..., Any]) -> None:
        self.faults: list[str] = []
        self._new = new

    def made(self, *given: Any) -> Any:
        """Create an object, or return None if that fails."""
        try:
            return self._new(*given)
        except Exception as error:
            self.add(f"{getattr(self._new, '__name__', 'your class')}() raised {type(error).__name__}: {error}")
            return None

    def add(self, fault: str) -> None:
        """Add a fault, unless it is known."""
        if fault not in self.faults:
            self.faults.append(fault)
