"""`labkit duel`: three prompts for a coding assistant, and the review of what it writes."""

from typing import cast

import click

from labkit.duel.prompts import LANGUAGES, NAMES, Language, Name
from labkit.duel.prompts import prompt as prompt_of

EXAMPLES = """\b
Examples:
  labkit duel prompt bare --language python     # one of the three prompts
"""


@click.group(epilog=EXAMPLES)
def duel() -> None:
    """Compare what a coding assistant writes from three prompts.

    They are: bare (one sentence), article (the constraints of the article), and brief (`labkit brief`).
    """


@duel.command(
    epilog="""\b
Examples:
  labkit duel prompt bare
  labkit duel prompt brief --language node
"""
)
@click.argument("name", type=click.Choice(NAMES))
@click.option("--language", type=click.Choice(LANGUAGES), default="python", show_default=True, help="Of the draft.")
def prompt(name: str, language: str) -> None:
    """Print one of the three prompts."""
    click.echo(prompt_of(cast(Name, name), cast(Language, language)), nl=False)
