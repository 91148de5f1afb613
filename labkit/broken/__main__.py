"""`python -m labkit.broken NAME`: run a broken server until Ctrl-C."""

import asyncio
from contextlib import suppress

import click

from labkit.broken import SERVER_FAULTS, broken
from labkit.rules.limits import Limits


@click.command()
@click.argument("fault", type=click.Choice(SERVER_FAULTS))
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 picks a free one.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A limit. Repeatable.")
def main(fault: str, port: int, settings: tuple[str, ...]) -> None:
    """Run our server with one FAULT planted."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(fault, port, settings))


async def _serve(fault: str, port: int, settings: tuple[str, ...]) -> None:
    async with broken(fault)(port=port, limits=Limits().set_lines(settings)) as server:
        click.echo(f"WebSocket server listening on {server.url}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
