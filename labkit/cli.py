"""The command line: one verb a file in labkit/commands, loaded when it is used.

Exit codes: 0 done, 1 what was checked does not hold, 2 it could not run: one line says why and what to do. For whatever
else ends a verb, see labkit/platform/exits.py.
"""

from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from labkit.platform.exits import Ending
from labkit.text.terminal import show_everything

VERBS = {
    "serve": "Run the room server.",
    "cluster": "Run several room servers that share their rooms through a broker.",
    "lab": "Open the course in JupyterLab.",
    "review": "Find what would break a room server in production.",
    "check": "Judge the answer to an exercise.",
    "course": "List, reset, build and verify the exercises.",
    "load": "Put a load on a room server and measure it.",
    "storm": "Drop a thousand clients at once and see when they come back.",
    "class": "See live how a class gets on.",
    "torture": "Kill servers under load and count what is lost: nothing.",
    "audit": "Read or verify an audit file.",
    "explain": "Say what a close code means.",
}


class Verbs(Ending, click.Group):
    """Verbs by name; only the one that is used is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb of that name."""
        if name not in VERBS:
            return None
        place = f"{name}_" if iskeyword(name) else name
        command: click.Command = getattr(import_module(f"labkit.commands.{place}"), place)
        return command

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a verb, on whatever terminal."""
        show_everything()
        return super().main(*arguments, **options)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


EXAMPLES = """\b
Examples:
  labkit lab             # the course
  labkit serve           # a room server on localhost:8080
  labkit review --help   # every verb has examples
"""


@click.group(cls=Verbs, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labkit")
def main() -> None:
    """A lab kit for production realtime over WebSocket: a server, a client, and a course."""
