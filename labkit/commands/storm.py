"""`labkit storm`: disconnect many clients at once and measure how they reconnect."""

import json
from importlib.util import find_spec
from pathlib import Path

import click

from labkit.bench.storm.run import BadStorm, StormFailed, Storms
from labkit.bench.storm.run import storm as run_storm
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.platform.packages import missing

BUSY_S = 0.05
EXAMPLES = """\b
Examples:
  labkit storm --policy article --clients 10000 --rate 1000
  labkit storm --policy all --plot storms.png
  labkit storm --real --policy article --policy ours
  labkit storm --clients 100000 --down 30 --json
"""


def _read_rate(_ctx: click.Context, _option: click.Parameter, text: str) -> float | None:
    if text == "off":
        return None
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a number; give handshakes per second, or off") from None


@click.command(epilog=EXAMPLES)
@click.option("--clients", type=int, default=1000, show_default=True, help="Number of clients.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    default=("ours",),
    show_default=True,
    help="The reconnect policy, or all. Repeatable.",
)
@click.option("--real/--virtual", "is_real", default=False, help="Use real sockets and a real server, or a simulation.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed for the random delays.")
@click.option(
    "--rate", default="500", show_default=True, callback=_read_rate, help="Handshakes per second to accept, or off."
)
@click.option("--down", type=float, help="With --virtual: how long the server is down, in seconds.  [default: 0]")
@click.option("--seconds", type=float, default=600, show_default=True, help="How long to wait for reconnections.")
@click.option("--plot", type=OutputFile(suffix=".png"), help="Save a plot of the reconnections as this PNG file.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, one line per policy.")
def storm(
    clients: int,
    policies: tuple[str, ...],
    is_real: bool,
    seed: int,
    rate: float | None,
    down: float | None,
    seconds: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Connect clients, disconnect all of them at once, and count their reconnection attempts over time.

    Policies: none, fixed, exponential, article, equal, full, decorrelated, ours. --real and --virtual run the same
    policy code. With --real, the server is killed and restarted, which takes about half a second.
    """
    if is_real and down is not None:
        raise CannotRun("--down works with --virtual only: a real server is down for as long as its restart takes")
    if plot is not None:
        check_drawing()
    found: list[Storms] = []
    mode = "real" if is_real else "virtual"
    try:
        for policy in policies:
            click.echo(f"{clients} clients, {mode}, policy {policy}", err=True)
            plan = {"clients": clients, "seed": seed, "handshakes_per_s": rate, "seconds": seconds}
            found.append(run_storm(policy=policy, mode=mode, down_s=down or 0.0, **plan))
    except (BadStorm, StormFailed) as error:
        raise CannotRun(str(error)) from None
    storms = Storms(tuple(result for each in found for result in each))
    _print_results(storms, as_json)
    if plot is not None:
        draw(storms, plot)


def _print_results(storms: Storms, as_json: bool) -> None:
    for result in storms:
        if result.late_s > BUSY_S:
            behind = f"{1000 * result.late_s:.0f} ms behind their policy"
            click.echo(f"{result.policy}: clients were up to {behind}: this machine is too busy", err=True)
        if as_json:
            click.echo(json.dumps(result.json()))
    if not as_json:
        click.echo(storms.table())


def check_drawing() -> None:
    """Check that matplotlib is installed. Raises CannotRun."""
    if find_spec("matplotlib") is None:
        raise CannotRun(missing("matplotlib", "omit --plot"))


def draw(storms: Storms, plot: Path) -> None:
    """Plot storms in a PNG file. Raises CannotRun if it cannot be written."""
    from labkit.views.still_charts import png
    from labkit.views.storm import picture

    try:
        plot.write_bytes(png(picture(storms)))
    except OSError as error:
        raise CannotRun(f"cannot write {plot}: {error.strerror}") from None
    click.echo(f"wrote the picture to {plot}", err=True)
