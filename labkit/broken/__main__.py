"""`python -m labkit.broken NAME`: run a broken server until Ctrl-C."""

import asyncio
from contextlib import suppress

import click

from labkit.broken import SERVER_FAULTS, broken
from labkit.platform.exits import Ending
from labkit.rules.limits import BadLimit, Limits

EXAMPLES = """\b
Examples:
  python -m labkit.broken room_by_prefix
  python -m labkit.broken no_rate_limit --port 9000
"""


@click.command(cls=Ending, epilog=EXAMPLES)
@click.argument("fault", type=click.Choice(SERVER_FAULTS))
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 picks a free port.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a limit. Repeatable.")
def main(fault: str, port: int, settings: tuple[str, ...]) -> None:
    """Run our server with one planted FAULT."""
    try:
        limits = Limits().set_lines(settings)
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(fault, port, limits))
    except (BadLimit, OSError) as error:
        raise click.ClickException(str(error)) from None


async def _serve(fault: str, port: int, limits: Limits) -> None:
    async with broken(fault)(port=port, limits=limits) as server:
        click.echo(f"WebSocket server listening on {server.url}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
