"""The wall clock of a server under test, set wrong and right again while it runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest

DAY = 86_400.0
MODULES = (
    "connection",
    "authentication",
    "http.routes",
    "hub",
    "membership",
    "publishing",
    "server",
    "cluster.order",
    "order",
)


class WallClock:
    """`clock.off` seconds ahead of the right time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.off = 0.0
        for name in MODULES:
            module = import_module(f"labkit.wire.{name}")
            if hasattr(module, "time"):
                patch.setattr(module, "time", self.now)

    def now(self) -> float:
        """What it says."""
        return time.time() + self.off

    @contextmanager
    def wrong(self, off: float) -> Iterator[None]:
        """For a while."""
        self.off = off
        try:
            yield
        finally:
            self.off = 0.0
