"""How recordings are shown. `labkit.views` fills this in, because only views draw; without it, nothing is shown."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.bench.play.recording import Recording

watch: Callable[["Recording"], Awaitable[None]] | None = None  # while it is played; returns once it is over
show: Callable[["Recording"], None] | None = None  # afterwards
