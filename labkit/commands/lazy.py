"""A command group that imports a verb's module only when the verb runs."""

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click


class LazyGroup(click.Group):
    """List verbs with their one-line help. Each verb's module has the verb's name and is imported only when it runs."""

    def __init__(self, *arguments: Any, verbs: Mapping[str, str], package: str, **options: Any) -> None:
        """`verbs`: each verb's one-line help by name, in listing order. `package`: the package with their modules."""
        super().__init__(*arguments, **options)
        self._verbs = dict(verbs)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the verb with this name, or None."""
        if name not in self._verbs:
            return None
        place = f"{name}_" if iskeyword(name) else name
        command: click.Command = getattr(import_module(f"{self._package}.{place}"), place)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))
