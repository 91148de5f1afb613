"""How the client under review is started: a command, with all that it must know in its environment."""

import shlex
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from labkit.review import process

Environment = Mapping[str, str]


class Started(Protocol):
    """A client that runs."""

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        ...

    @property
    def last_words(self) -> str:
        """The last line that it printed."""
        ...

    def line(self, text: str) -> None:
        """One line on its standard input."""
        ...

    async def end(self) -> None:
        """End it, however it feels about that."""
        ...


Start = Callable[[Environment], Awaitable[Started]]


def command(words: str) -> Start:
    """What starts this command. `{url}`, `{token}` and `{room}` in it are filled in.

    Raises ValueError for a command that cannot be read.
    """
    split = shlex.split(words)
    if not split:
        raise ValueError("there is nothing in it")

    async def start(environment: Environment) -> Started:
        names = {name.removeprefix("LABKIT_").lower(): value for name, value in environment.items()}
        filled = [_filled(word, names) for word in split]
        printed = tempfile.TemporaryFile()  # noqa: SIM115  closed by Process.end
        return await process.start(filled, environment, printed)

    return start


def _filled(word: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        word = word.replace(f"{{{name}}}", value)
    return word
