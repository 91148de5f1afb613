"""`labkit class`: the class room's verbs, one a file."""

from importlib import import_module

import click

VERBS = {
    "start": "Serve a class: students say how they get on, the board shows it live.",
    "board": "The board as text, from the class's file.",
    "drill": "Restart the server on purpose, and see the class come back.",
    "export": "What the class has done: CSV, JSON, or a grade book.",
    "code": "A new code for a student who is late, or has lost one.",
    "remove": "Take names off a class, and end what they had opened.",
}
EXAMPLES = """\b
Examples:
  labkit class start physics                           # an open class: the first to say a name has it
  labkit class start physics --roster roster.csv       # a code for each student of the list
  labkit class start physics --lan --tls               # for the laptops in the room
  labkit class code physics zoe                        # for a late comer
  labkit class drill physics
  labkit class export physics --csv > physics.csv
"""


class ClassVerbs(click.Group):
    """The verbs by name; only the one that is used is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The verb of that name."""
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
    """A class whose exercise status an instructor sees live, on the server that is being taught."""
