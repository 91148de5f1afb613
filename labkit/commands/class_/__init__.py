"""`labkit class`: one module per verb, imported only when it is used."""

from importlib import import_module

import click

VERBS = {
    "start": "Run a class server and show its progress board.",
    "board": "Print the board as text, from the class file.",
    "drill": "Restart the class server on purpose and watch everyone reconnect.",
    "export": "Export results as CSV, JSON or a grade book.",
    "code": "Issue a new code to a student who arrives late or lost one.",
    "remove": "Remove students from a class and close their connections.",
}
EXAMPLES = """\b
Examples:
  labkit class start physics                           # an open class: students choose their own names
  labkit class start physics --roster roster.csv       # one code for each student on the list
  labkit class start physics --lan --tls               # for the laptops in the room
  labkit class code physics zoe                        # for a student who arrives late
  labkit class drill physics
  labkit class export physics --csv > physics.csv
"""


class ClassVerbs(click.Group):
    """Find verbs by name and import only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every verb, in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the verb of that name, or None."""
        if name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"labkit.commands.class_.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(name="class", cls=ClassVerbs, epilog=EXAMPLES)
def class_() -> None:
    """Run a class and watch its exercise progress live.

    The class runs on the same room server that the course teaches.
    """
