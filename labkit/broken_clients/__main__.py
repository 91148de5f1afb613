"""`python -m labkit.broken_clients NAME`: run a broken client for `labkit review --client`. `ours` has no fault."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import click

from labkit.broken_clients import CLIENT_FAULTS, broken_client
from labkit.broken_clients.talking import client_of, talk
from labkit.platform.exits import Ending
from labkit.wire.client.client import Client, Stopped

OURS = "ours"


EXAMPLES = """\b
Examples:
  labkit review --client "python -m labkit.broken_clients ours"
"""


@click.command(cls=Ending, epilog=EXAMPLES)
@click.argument("fault", type=click.Choice([OURS, *CLIENT_FAULTS]))
def main(fault: str) -> None:
    """Run our client with one planted FAULT, in the room given by LABKIT_URL, LABKIT_TOKEN and LABKIT_ROOM."""
    if "LABKIT_URL" not in os.environ:
        raise click.UsageError('run this with: labkit review --client "python -m labkit.broken_clients NAME"')
    kind = Client if fault == OURS else broken_client(fault)
    try:
        asyncio.run(talk(client_of(kind, os.environ), os.environ["LABKIT_ROOM"], _lines()))
    except* Stopped as stopped:
        raise click.ClickException(str(stopped.exceptions[0])) from None


async def _lines() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.rstrip("\n")


if __name__ == "__main__":
    main()
