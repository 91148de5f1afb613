"""`labkit listen ROOM`: print the events of a room, one per line."""

import json
from typing import Any

import click

from labkit.commands.member import member_options, run_member
from labkit.review.report import printable
from labkit.wire.client.room import ClientRoom

EXAMPLES = """\b
Examples:
  labkit listen room:demo
  labkit listen room:demo --json --events 100 > events.jsonl
"""


@click.command(epilog=EXAMPLES)
@member_options
@click.option("--json", "as_json", is_flag=True, help="Print whole events as JSON.")
@click.option("--events", type=click.IntRange(1), help="Exit after this many events.")
def listen(room_id: str, url: str, token: str, as_json: bool, events: int | None) -> None:
    """Print the events of ROOM as they arrive. After a disconnect, reconnect and print the missed ones.

    Exit 0: --events have arrived. 2: the room could not be joined, or the server ended the session.
    """

    async def act(room: ClientRoom) -> int:
        number = 0
        async for event in room:
            click.echo(json.dumps(event) if as_json else _line(event))
            number += 1
            if number == events:
                break
        return 0

    raise click.exceptions.Exit(run_member(url, token, room_id, act))


def _line(event: dict[str, Any]) -> str:
    """Return `USER: text`, or `USER type field=value ...`; control characters are escaped."""
    if event["type"] == "chat":
        return printable(f"{event['userId']}: {event['text']}")
    known = ("type", "id", "requestId", "roomId", "userId", "sentAt", "seq", "duplicate")
    own = (f"{name}={value}" for name, value in event.items() if name not in known)
    return printable(" ".join((event["userId"], event["type"], *own)))
