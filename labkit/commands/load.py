"""`labkit load`: load-test a room server. Results go to stdout, progress to stderr."""

import asyncio
import gc
import json

import click

from labkit.bench.load.run import Load, LoadFailed, LoadPlan, LoadResult
from labkit.commands.failing import CannotRun
from labkit.platform.signals import stop_early
from labkit.text.digits import digits
from labkit.wire.fast.memory import keep_memory
from labkit.wire.output import never_waiting

LATE_MS = 50  # if we send later than this, the latencies include our own delay
EXAMPLES = """\b
Examples:
  labkit load                                      # 1 room of 10 members, 100 messages/s, for 10 s
  labkit load --rooms 20 --members 50 --rate 400
  labkit load --closed --seconds 5                 # one message in flight per room; see below
  labkit load --url ws://localhost:9000 --json > load.json

A closed loop exceeds the server's default rate limit; start the server with
`labkit serve --set messages_per_s=off`.
"""


@click.command(epilog=EXAMPLES)
@click.option("--url", default="ws://localhost:8080", show_default=True, help="The room server.")
@click.option("--token", default="dev-token", envvar="DEV_TOKEN", help="The token that members log in with.")
@click.option("--rooms", type=click.IntRange(1), default=1, show_default=True, help="Number of rooms.")
@click.option("--members", type=click.IntRange(1), default=10, show_default=True, help="Number of members per room.")
@click.option("--rate", type=float, default=100, show_default=True, help="Messages per second, across all rooms.")
@click.option("--closed", is_flag=True, help="Send each room's next message once the last one is delivered.")
@click.option("--seconds", type=float, default=10, show_default=True, help="How long to send messages.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def load(
    url: str, token: str, rooms: int, members: int, rate: float, closed: bool, seconds: float, as_json: bool
) -> None:
    """Load-test a room server and report delivery latency.

    Latency is measured from the time a message was due, even if it was sent late. Ctrl-C ends the run early and
    prints the results so far; a second Ctrl-C quits at once.

    Exit 0: every message was delivered. 1: some were lost, or a member was closed. 2: the load could not run.
    """
    try:
        plan = LoadPlan(url, token, rooms, members, None if closed else rate, seconds)
        keep_memory()
        gc.freeze()
        with never_waiting():
            result = asyncio.run(_run(plan))
            _warn(result)
    except (ValueError, LoadFailed) as error:
        raise CannotRun(str(error)) from None
    click.echo(json.dumps(result.json()) if as_json else _lines(result))
    raise click.exceptions.Exit(1 if result.lost or result.closes else 0)


async def _run(plan: LoadPlan) -> LoadResult:
    made = Load(plan, _progress)
    stop_early(made.stop)
    click.echo(f"{plan.rooms * plan.members} members join {plan.url}", err=True)
    return await made.run()


def _progress(made: Load) -> None:
    click.echo(f"{made.sent} sent, {made.delivered} delivered", err=True)


def _warn(result: LoadResult) -> None:
    for code, times in result.refused.items():
        way_out = "; use more members, or a server with --set messages_per_s=off" if code == "rate_limited" else ""
        click.echo(f"the server refused {times} messages: {code}{way_out}", err=True)
    for close, times in result.closes.items():
        click.echo(
            f"{times} {'member was' if times == 1 else 'members were'} closed with {close}; see labkit explain {close}",
            err=True,
        )
    if result.late_ms > LATE_MS:
        click.echo(
            f"this machine is too busy: messages were sent up to {digits(result.late_ms)} ms late",
            err=True,
        )


def _lines(result: LoadResult) -> str:
    figures = result.json()
    units = {"per_s": "deliveries per second", "lost": "deliveries that never arrived"}
    shown = {name: "-" if value is None else digits(value) for name, value in figures.items()}
    return "\n".join(f"{name:<10}{value:>12}  {units.get(name, '')}".rstrip() for name, value in shown.items())
