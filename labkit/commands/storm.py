"""`labkit storm`: everybody loses the server at once; who comes back when."""

import json
from importlib.util import find_spec
from pathlib import Path

import click

from labkit.bench.storm.run import BadStorm, StormFailed, Storms
from labkit.bench.storm.run import storm as run_storm
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile

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
        raise click.BadParameter("give a number a second, or off") from None


@click.command(epilog=EXAMPLES)
@click.option("--clients", type=int, default=1000, show_default=True, help="How many.")
@click.option("--policy", "policies", multiple=True, default=("ours",), show_default=True, help="Or all. Repeatable.")
@click.option("--real/--virtual", "is_real", default=False, help="Sockets and a server, or a model on a virtual clock.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed draws the same delays.")
@click.option("--rate", default="500", show_default=True, callback=_read_rate, help="Accept rate a second, or off.")
@click.option("--down", type=float, help="Virtual: seconds until the server is back.  [default: 0]")
@click.option("--seconds", type=float, default=600, show_default=True, help="At most so long after the drop.")
@click.option("--plot", type=OutputFile(suffix=".png"), help="A picture, as PNG.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON, a line a policy.")
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
    """Let clients join, drop all of them at once, and count who tries to come back when.

    Policies: none, fixed, exponential, article, equal, full, decorrelated, ours. The policies are the same code with
    real sockets and on the virtual clock. A real server is killed and started again, which takes about half a second.
    """
    if is_real and down is not None:
        raise CannotRun("--down is for --virtual: a real server is away for as long as its start takes")
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
    _tell(storms, as_json)
    if plot is not None:
        draw(storms, plot)


def _tell(storms: Storms, as_json: bool) -> None:
    for result in storms:
        if result.late_s > BUSY_S:
            behind = f"{1000 * result.late_s:.0f} ms behind their policy"
            click.echo(f"{result.policy}: clients were up to {behind}: this machine is too busy", err=True)
        if as_json:
            click.echo(json.dumps(result.json()))
    if not as_json:
        click.echo(storms.table())


def check_drawing() -> None:
    """Before anything runs. Raises CannotRun where no picture could be drawn."""
    if find_spec("matplotlib") is None:
        raise CannotRun("--plot needs the extra lab: pip install 'labkit[lab]'")


def draw(storms: Storms, plot: Path) -> None:
    """Draw the picture into a file. Raises CannotRun."""
    from labkit.views.frozen import png
    from labkit.views.storm import picture

    try:
        plot.write_bytes(png(picture(storms)))
    except OSError as error:
        raise CannotRun(f"cannot write {plot}: {error.strerror}") from None
    click.echo(f"the picture is in {plot}", err=True)
