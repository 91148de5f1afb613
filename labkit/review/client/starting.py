"""Start the client under review: a command that receives its parameters in environment variables."""

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from labkit.platform import shell
from labkit.review import process

Environment = Mapping[str, str]


class Started(Protocol):
    """A running client."""

    @property
    def has_ended(self) -> bool:
        """Whether the client has ended."""
        ...

    @property
    def last_line(self) -> str:
        """The last line that the client printed."""
        ...

    def write_line(self, text: str) -> None:
        """Write one line to the client's standard input."""
        ...

    async def end(self) -> None:
        """Kill the client."""
        ...


Start = Callable[[Environment], Awaitable[Started]]


def command(command_line: str) -> Start:
    """Return a function that starts a command, with `{url}`, `{token}` and `{room}` filled in.

    Raises ValueError if the command line cannot be parsed.
    """
    split = shell.split(command_line)
    if not split:
        raise ValueError("the command is empty")

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
