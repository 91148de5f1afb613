"""`labkit review URL`: the reviewer, for a terminal and for CI."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import click

from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.commands.signals import interrupting
from labkit.review.client.reviewing import run_client, select_client_probes
from labkit.review.comparing import Comparison, verdicts_in
from labkit.review.dialect import BadDialect, Dialect, read_dialect
from labkit.review.finding import CannotReview, Finding, unknown
from labkit.review.html import page
from labkit.review.looking import not_looked
from labkit.review.probe import Probe
from labkit.review.promised import BadPromise, Promised
from labkit.review.report import Report, line, printable
from labkit.review.reviewing import run, select
from labkit.review.target import environment_ops_token
from labkit.wire.output import never_waiting

EXAMPLES = """\b
Examples:
  labkit review ws://localhost:8080
  labkit review ws://localhost:8080 --profile core --only auth --only rooms/4
  labkit review ws://localhost:8080 --start "labkit serve"     # and again, each time a probe ends it
  labkit review ws://localhost:8080 --start "labkit serve --audit room.db" --audit room.db --html review.html
  labkit review ws://localhost:8080 --start "labkit serve --set auth_timeout_s=1" --set auth_timeout_s=1
  labkit review --client "python -m labkit.broken_clients ours"
"""
SERVER_ONLY = ("tokens", "token_command", "start", "pid", "log", "audit", "settings", "cafile", "dialect")
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EXAMPLES)
@click.argument("url", required=False)
@click.option("--client", metavar="COMMAND", help="Review a client instead: start it, and be its server.")
@click.option("--profile", type=click.Choice(["core", "full"]), default="full", show_default=True)
@click.option("--only", multiple=True, metavar="NAME", help="A probe or a chapter. Repeatable.")
@click.option("--list", "is_listing", is_flag=True, help="List the probes and end.")
@click.option("--seed", type=int, help="The same seed draws the same names.")
@click.option("--token", "tokens", multiple=True, help="Lets us into every room. Repeatable: one a user.")
@click.option("--token-command", help="Prints a fresh ticket: review:ticket=rw review:listen=r, and no other room.")
@click.option(
    "--start", metavar="COMMAND", help="Starts the server, and again when it is gone. In place of --pid, --log."
)
@click.option("--pid", type=int, help="The server's process, for its memory.")
@click.option("--log", type=FILE, help="The file that the server logs to.")
@click.option("--audit", type=FILE, help="The file that the server keeps its audit log in.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A limit that the server was served with.")
@click.option("--cafile", type=FILE, help="PEM: the certificate to trust, for wss://.")
@click.option("--dialect", type=FILE, help="TOML: other names for types, fields and codes.")
@click.option("--compare", "older", type=FILE, help="An older --json: exit 1 only for what was not broken there.")
@click.option("--json", "json_file", type=OutputFile(dash=True), help="Write it as JSON; - for standard output.")
@click.option("--junit", "junit_file", type=OutputFile(), help="Write the report as JUnit XML.")
@click.option("--html", "html_file", type=OutputFile(), help="Write the report as a page.")
def review(
    url: str | None,
    client: str | None,
    profile: str,
    only: tuple[str, ...],
    is_listing: bool,
    seed: int | None,
    older: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    **given: Any,
) -> None:
    """Review the room server at URL, or a client of one: every failure mode, with evidence.

    Exit 0: all that could be looked at held. 1: something is broken; with --compare, that was not before. 2: could
    not run, or not to the end. OPS_TOKEN is read from the environment, as the server reads it.

    A client is a COMMAND that reads LABKIT_URL, LABKIT_TOKEN and LABKIT_ROOM from its environment ({url}, {token} and
    {room} in the command are filled in), enters that room, stays, and says there each line of its standard input.
    POST to LABKIT_TICKET_URL gives a fresh ticket, as JSON.
    """
    try:
        if client is not None:
            _check_alone(url, given)
        if is_listing:
            _list(profile, only, client is not None)
            return
        before = None if older is None else verdicts_in(older)
        if client is not None:
            so_far, report = _review_client(client, only, seed)
        else:
            so_far, report = _review_server(_given(url), profile, only, seed, **given)
    except (CannotReview, BadPromise, BadDialect) as error:
        raise CannotRun(str(error)) from None
    _write(report, json_file, junit_file, html_file)
    if so_far.is_interrupted:
        raise CannotRun(f"interrupted: {so_far.told} were looked at, the others are unknown")
    faults = report.ids("broken")
    if before is not None:
        since = Comparison.of(before, report)
        faults = list(since.worse)
        click.echo(f"since {older}: {since}", err=json_file == Path("-"))
    raise click.exceptions.Exit(1 if faults else 0)


def _review_client(command: str, only: tuple[str, ...], seed: int | None) -> "tuple[_SoFar, Report]":
    so_far = _SoFar(command, "client", select_client_probes(only))
    return so_far, so_far.unless_interrupted(run_client, only=only, seed=seed)


def _review_server(
    url: str, profile: str, only: tuple[str, ...], seed: int | None, **given: Any
) -> "tuple[_SoFar, Report]":
    about = _about_server(**given)
    so_far = _SoFar(url, profile, select(profile, only, about["dialect"]))
    return so_far, so_far.unless_interrupted(run, profile=profile, only=only, seed=seed, **about)


def _given(url: str | None) -> str:
    if url is None:
        raise click.UsageError("give the URL of a server, such as ws://localhost:8080, or --client COMMAND")
    return url


def _check_alone(url: str | None, given: dict[str, Any]) -> None:
    if url is not None:
        raise click.UsageError("give a URL or --client, one of the two")
    for name in SERVER_ONLY:
        if given[name]:
            option = {"tokens": "token", "settings": "set"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} is for the review of a server, not for --client")


def _about_server(
    tokens: tuple[str, ...], settings: tuple[str, ...], dialect: Path | None, **given: Any
) -> dict[str, Any]:
    if not tokens and given["token_command"] is None:
        tokens = ("dev-token",)
    read = read_dialect(dialect) if dialect else Dialect()
    promised = Promised().set_lines(settings)
    return given | {"tokens": tokens, "dialect": read, "promised": promised, "ops_token": environment_ops_token()}


class _SoFar:
    """A review as it goes: a line a probe on standard error, and what is known when somebody interrupts it."""

    def __init__(self, target: str, profile: str, probes: list[Probe]) -> None:
        self.is_interrupted = False
        self._target, self._profile, self._probes = target, profile, probes
        self._found: dict[str, Finding] = {}
        self._began = monotonic()

    @property
    def told(self) -> str:
        """How many of how many."""
        return f"{len(self._found)} of {len(self._probes)} probes"

    def unless_interrupted(self, review: Callable[..., Report], **options: Any) -> Report:
        """The report; on Ctrl-C, SIGTERM or SIGHUP, the findings so far with the rest unknown."""
        try:
            with interrupting(), never_waiting():  # a server that we started ends with us
                return review(self._target, on_finding=self._tell, **options)
        except KeyboardInterrupt:
            self.is_interrupted = True
        missing = unknown("the review was interrupted before this")
        found = [self._found.get(probe.id) or not_looked(probe, missing) for probe in self._probes]
        return Report(self._target, self._profile, tuple(found), monotonic() - self._began)

    def _tell(self, finding: Finding) -> None:
        self._found[finding.id] = finding
        click.echo(f"{len(self._found):>3}/{len(self._probes)} {line(finding)}", err=True)


def _list(profile: str, only: tuple[str, ...], of_client: bool) -> None:
    for probe in select_client_probes(only) if of_client else select(profile, only):
        click.echo(f"{probe.id:<14}{probe.severity} {probe.profile:<7}{probe.title}")


def _write(report: Report, json_file: Path | None, junit_file: Path | None, html_file: Path | None) -> None:
    text = json.dumps(report.json(), indent=2) + "\n"
    if json_file == Path("-"):
        click.echo(text, nl=False)
    else:
        click.echo("\n".join(printable(one) for one in str(report).split("\n")))
    written = {json_file: text, junit_file: report.junit() + "\n", html_file: page(report)}
    for path, body in written.items():
        if path is not None and path != Path("-"):
            try:
                path.write_text(body, encoding="utf-8")
            except OSError as error:
                raise CannotRun(f"cannot write {path}: {error.strerror}") from None
