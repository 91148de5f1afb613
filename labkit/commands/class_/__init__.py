"""`labkit class`: one module per verb, imported only when it is used."""

import click

from labkit.commands.lazy import LazyGroup

VERBS = {
    "start": "Run a class server and show its progress board.",
    "pack": "Build one file that installs the course without internet access.",
    "board": "Print the progress board as text.",
    "help": "Answer a student: see the case, write a note, or send the next hint.",
    "vote": "Ask the class a question, and count its votes.",
    "drill": "Restart the class server on purpose and watch everyone reconnect.",
    "export": "Export results as CSV, JSON or a grade book.",
    "grade": "Judge passed answers again, on this machine.",
    "solution": "Give the class our solution to an exercise.",
    "here": "Let students who fell behind catch up to an exercise.",
    "code": "Issue a new code to a student who arrives late or has lost theirs.",
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


@click.group(name="class", cls=LazyGroup, verbs=VERBS, package=__name__, epilog=EXAMPLES)
def class_() -> None:
    """Run a class and watch its exercise progress live.

    The class runs on the same room server that the course teaches.
    """
