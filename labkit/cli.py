"""The `labkit` command line. Each verb is a module in labkit/commands, imported only when needed.

Exit codes: 0 for success, 1 for a failed check, and 2 if the verb could not run. In that case one line on stderr says
why and what to do. See labkit/platform/exits.py for every other way a verb can end.
"""

from typing import Any

import click

from labkit import __version__
from labkit.commands.lazy import LazyGroup
from labkit.platform.exits import Ending
from labkit.platform.proxies import keep_loopback_direct
from labkit.platform.standard_streams import speak_utf8
from labkit.text.terminal import show_everything

VERBS = {
    "serve": "Run the room server.",
    "cluster": "Run several room servers that share their rooms through a broker.",
    "lab": "Open the course in JupyterLab.",
    "brief": "Print the requirements for a coding assistant.",
    "duel": "Compare what a coding assistant writes from three prompts.",
    "team": "Set up a team's realtime rules.",
    "review": "Find what would break a room server in production.",
    "ladder": "Repair a first draft of a server, one finding at a time.",
    "check": "Check your answer to an exercise.",
    "course": "List, reset, compare, build and verify the exercises.",
    "listen": "Print the events of a room.",
    "say": "Send lines to a room.",
    "progress": "Run a command and publish its progress in a room.",
    "load": "Load-test a room server and report delivery latency.",
    "storm": "Disconnect many clients at once and measure how they reconnect.",
    "class": "Run a class and watch its progress live.",
    "doctor": "Check that this machine is ready for the course.",
    "torture": "Kill servers under load and verify that nothing is lost.",
    "drill": "Practise an incident: a deploy that must be rolled back.",
    "audit": "Read, verify or seal an audit file, or erase a user's texts.",
    "explain": "Explain a WebSocket close code.",
}


class Verbs(Ending, LazyGroup):
    """The group of all verbs. They share one way to exit (labkit/platform/exits.py)."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a verb, with any terminal encoding, and never use a proxy for connections to this machine."""
        speak_utf8()
        show_everything()
        keep_loopback_direct()
        return super().main(*arguments, **options)


EXAMPLES = """\b
Examples:
  labkit lab             # the course
  labkit serve           # a room server on localhost:8080
  labkit review --help   # every verb has examples
"""


@click.group(
    cls=Verbs,
    verbs=VERBS,
    package="labkit.commands",
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
def main() -> None:
    """A lab kit for production realtime over WebSocket: a server, a client, and a course."""
