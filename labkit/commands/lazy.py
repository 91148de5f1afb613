"""A command group that imports a verb's module only when the verb runs."""

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click


class LazyGroup(click.Group):
    """List verbs with their one-line help, and import the one that runs from a module of the same name."""

    def __init__(self, *arguments: Any, verbs: Mapping[str, str], package: str, **options: Any) -> None:
        """`verbs`: one line of help by name, in the order of the list. `package`: where their modules are."""
        super().__init__(*arguments, **options)
        self._verbs = dict(verbs)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the verb of that name, or None."""
        if name not in self._verbs:
            return None
        place = f"{name}_" if iskeyword(name) else name
        command: click.Command = getattr(import_module(f"{self._package}.{place}"), place)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))
