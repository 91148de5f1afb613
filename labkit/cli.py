"""The `labkit` command line: one module in labkit/commands per verb, imported only when it is used.

Exit codes: 0 success; 1 a check failed; 2 the verb could not run, and one line on stderr says why and what to do. See
labkit/platform/exits.py for every other way a verb can end.
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
    "check": "Check your answer to an exercise.",
    "course": "List, reset, compare, build and verify the exercises.",
    "load": "Load-test a room server and report delivery latency.",
    "storm": "Disconnect many clients at once and measure how they reconnect.",
    "class": "Run a class and watch its progress live.",
    "torture": "Kill servers under load and verify that nothing is lost.",
    "audit": "Read or verify an audit file.",
    "explain": "Explain a WebSocket close code.",
}


class Verbs(Ending, click.Group):
    """Find verbs by name and import only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every verb, in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the verb of that name, or None."""
        if name not in VERBS:
            return None
        place = f"{name}_" if iskeyword(name) else name
        command: click.Command = getattr(import_module(f"labkit.commands.{place}"), place)
        return command

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a verb on a terminal of any encoding."""
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
