"""`labkit drill`: one module per drill, imported only when it is used."""

import click

from labkit.commands.lazy import LazyGroup

VERBS = {"deploy": "Deploy a version with a fault, and roll it back in time."}
EXAMPLES = """\b
Examples:
  labkit drill deploy                     # watch, and press Enter to roll back
  labkit drill deploy --decide-after 5 --seed 3
"""


@click.group(cls=LazyGroup, verbs=VERBS, package=__name__, epilog=EXAMPLES)
def drill() -> None:
    """Practise an incident with servers on your own machine."""
