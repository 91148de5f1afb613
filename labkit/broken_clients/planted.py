"""Where a fault is planted: the parts of our client that a fault replaces."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from labkit.rules.backoff import Backoff
from labkit.wire.client.client import Client
from labkit.wire.client.life import Life
from labkit.wire.client.link import Link
from labkit.wire.client.saying import Saying


class Planted(Client):
    """Our client. A subclass names other parts, or plants its fault once all parts are there."""

    life: type[Life] = Life
    words: type[Saying] = Saying
    waits: type[Backoff] = Backoff

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.backoff = self.waits(Random())
        self.saying.__class__ = self.words
        self._life.__class__ = self.life
        self.plant()

    def plant(self) -> None:
        """Replace something, before it connects."""

    def link_with(
        self, kind: type[Link] = Link, url: str | None = None, hear: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        """Have connections of another kind, to another address, or heard by another."""
        made: Any = self._life._new_link
        old_url, old_hear, *others = made.args
        self._life._new_link = partial(kind, url or old_url, hear or old_hear, *others)
