"""`labkit review URL`: the reviewer on the command line, for a terminal and for CI."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import click

from labkit.commands.duration import Duration
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.commands.review_tests import checked_folder, write_tests
from labkit.evidence import unknown
from labkit.platform import shell
from labkit.platform.signals import interrupting
from labkit.review import markdown
from labkit.review.client.client_review import run_client, select_client_probes
from labkit.review.comparing import Comparison, earlier
from labkit.review.dialect import BadDialect, Dialect, read_dialect, tables_in
from labkit.review.finding import CannotReview, Finding
from labkit.review.html import page
from labkit.review.learning import run_learning
from labkit.review.probe import Probe
from labkit.review.promise import PROFILES
from labkit.review.promised_limits import BadPromise, Promised
from labkit.review.proposals import toml_lines
from labkit.review.report import Report, line, printable
from labkit.review.running import not_run
from labkit.review.sarif import sarif
from labkit.review.server_review import run, select
from labkit.review.target import environment_ops_token
from labkit.wire.output import never_waiting
from labkit.written_tests.lines import LANGUAGES

EXAMPLES = """\b
Examples:
  labkit review ws://localhost:8080
  labkit review ws://localhost:8080 --profile core --only auth --only rooms/4 --tests found --task task.md
  labkit review ws://localhost:8080 --start "labkit serve"     # restarts it after a crash
  labkit review ws://localhost:8080 --start "labkit serve --audit room.db" --audit room.db --html review.html
  labkit review ws://localhost:8080 --start "labkit serve --set auth_timeout_s=1" --set auth_timeout_s=1
  labkit review --client "python -m labkit.broken_clients ours"
"""
SERVER_ONLY = ("tests", "tokens", "token_command", "start", "pid", "log", "audit", "settings", "cafile", "dialect")
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(epilog=EXAMPLES)
@click.argument("url", required=False)
@click.option("--client", metavar="COMMAND", help="Review a client instead: start it and play its server.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="full",
    show_default=True,
    help="core: dangers only; article: also what the article's server promises; full: everything that labkit does.",
)
@click.option("--only", multiple=True, metavar="NAME", help="Run only this probe or chapter. Repeatable.")
@click.option("--list", "is_listing", is_flag=True, help="List the probes and exit.")
@click.option(
    "--budget", type=Duration(), metavar="TIME", help="The time limit, such as 30s; the most severe probes run first."
)
@click.option(
    "--learn",
    "is_learning",
    is_flag=True,
    help="Propose a dialect; give what is already known as --dialect.",
)
@click.option("--seed", type=int, help="The same seed gives the same random names.")
@click.option("--token", "tokens", multiple=True, help="A token that opens every room. Repeat it to add users.")
@click.option(
    "--token-command", help="A command that prints a fresh ticket with the grants review:ticket=rw review:listen=r."
)
@click.option(
    "--start",
    metavar="COMMAND",
    help="Start the server with this command, and restart it after a crash. Replaces --pid and --log.",
)
@click.option("--pid", type=int, help="The server's process ID, for measuring its memory.")
@click.option("--log", type=FILE, help="The server's log file.")
@click.option("--audit", type=FILE, help="The server's audit file.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Tell the review that the server runs with this limit. Repeatable.",
)
@click.option("--cafile", type=FILE, help="Trust the certificate in this PEM file for wss://.")
@click.option("--dialect", type=FILE, help="A TOML file that lists the server's own names for types, fields and codes.")
@click.option(
    "--compare", "older", type=FILE, help="An earlier --json report: exit 1 only for probes that were not broken in it."
)
@click.option(
    "--json", "json_file", type=OutputFile(dash=True), help="Write the report as JSON; - for standard output."
)
@click.option("--junit", "junit_file", type=OutputFile(), help="Write the report as JUnit XML.")
@click.option("--sarif", "sarif_file", type=OutputFile(), help="Write the faults in SARIF, for a code host's alerts.")
@click.option("--html", "html_file", type=OutputFile(), help="Write the report as an HTML page.")
@click.option("--summary", type=OutputFile(), help="Append a summary in Markdown: on GitHub, $GITHUB_STEP_SUMMARY.")
@click.option("--task", type=OutputFile(), help="Write the faults as a task for a coding assistant, in Markdown.")
@click.option(
    "--tests", type=FOLDER, callback=checked_folder, help="Write a runnable test per finding into this folder."
)
@click.option(
    "--tests-for",
    type=click.Choice(tuple(LANGUAGES)),
    help="Write them for pytest with websockets, or for node --test with ws. Default: guessed from --start.",
)
def review(
    url: str | None,
    client: str | None,
    profile: str,
    only: tuple[str, ...],
    is_listing: bool,
    is_learning: bool,
    budget: float | None,
    seed: int | None,
    older: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
    sarif_file: Path | None,
    html_file: Path | None,
    summary: Path | None,
    task: Path | None,
    tests: Path | None,
    tests_for: str | None,
    **given: Any,
) -> None:
    """Review the room server at URL, or a client: find its failure modes, with evidence.

    Exit 0: every probe that could run held. 1: something is broken; with --compare, something that was not before. 2:
    the review could not run or did not finish. OPS_TOKEN is read from the environment, as it is by the server.

    With --client, COMMAND starts the client. The client reads LABKIT_URL, LABKIT_TOKEN and LABKIT_ROOM from its
    environment (or gets them as {url}, {token} and {room} in the command), joins the room, stays in it, and sends each
    line of its standard input to the room. A POST to LABKIT_TICKET_URL returns a fresh ticket as JSON.
    """
    try:
        if client is not None:
            _check_client_options(url, given | {"tests": tests})
        if is_listing:
            _list(profile, only, client is not None)
            return
        before = None if older is None else earlier(older)
        if client is not None:
            so_far, report = _review_client(client, only, seed)
        else:
            if is_learning:
                _learn(_required(url), **given)
                return
            so_far, report = _review_server(_required(url), profile, only, seed, budget, **given)
    except (CannotReview, BadPromise, BadDialect) as error:
        raise CannotRun(str(error)) from None
    _print(report, json_file)
    log = sarif(report, _started_file(given["start"] or client or ""))
    written = {
        junit_file: report.junit() + "\n",
        html_file: page(report),
        sarif_file: json.dumps(log, indent=2) + "\n",
    }
    runs = None
    if tests is not None and not so_far.is_interrupted:
        runs = write_tests(
            tests, tests_for, report, _about_server(**given), _options(**given | {"token_command": None})
        )
    written[task] = markdown.task(report, _again(url, client, profile, **given), only, runs)
    for path, text in written.items():
        _write(path, text)
    _write(summary, markdown.summary(report), mode="a")
    if so_far.is_interrupted:
        raise CannotRun(f"interrupted: {so_far.progress} finished, the others are unknown")
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
    url: str, profile: str, only: tuple[str, ...], seed: int | None, budget_s: float | None, **given: Any
) -> "tuple[_SoFar, Report]":
    about = _about_server(**given)
    so_far = _SoFar(url, profile, select(profile, only, about["dialect"]))
    options = {"profile": profile, "only": only, "seed": seed, "budget_s": budget_s, "on_start": _tell_start}
    return so_far, so_far.unless_interrupted(run, **options, **about)


def _tell_start(conversation: tuple[str, ...], estimate_s: float) -> None:
    """Show the conversation check and the estimate."""
    lines = ["The conversation works, sent (->) and received (<-):", *(f"  {one}" for one in conversation)]
    click.echo("\n".join(printable(one) for one in lines), err=True)
    click.echo(f"The probes take about {max(1, estimate_s):.0f} s.", err=True)


def _learn(url: str, **given: Any) -> None:
    """Print the dialect that was learned; exit 2 if the conversation still fails at some point."""
    tables = tables_in(given["dialect"]) if given["dialect"] else {}
    try:
        with interrupting():  # stops the server too, if we started it
            learned = run_learning(url, tables=tables, **_about_server(**given))
    except KeyboardInterrupt:
        raise CannotRun("interrupted before the dialect was complete") from None
    frames = "\n".join(f"#   {printable(one)}" for one in learned.frames)
    click.echo("\n".join(toml_lines(learned.tables)) or "# the server speaks labkit's protocol: no dialect needed")
    click.echo(f"\n# The last conversation in this dialect, sent (->) and received (<-):\n{frames}")
    if learned.stopped is not None:
        raise CannotRun(f"the dialect is not complete yet. {learned.stopped}")


def _required(url: str | None) -> str:
    if url is None:
        raise click.UsageError("give the URL of a server, such as ws://localhost:8080, or --client COMMAND")
    return url


def _check_client_options(url: str | None, given: dict[str, Any]) -> None:
    if url is not None:
        raise click.UsageError("give either a URL or --client, not both")
    for name in SERVER_ONLY:
        if given[name]:
            option = {"tokens": "token", "settings": "set"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} applies to the review of a server, not to --client")


def _about_server(
    tokens: tuple[str, ...], settings: tuple[str, ...], dialect: Path | None, **given: Any
) -> dict[str, Any]:
    if not tokens and given["token_command"] is None:
        tokens = ("dev-token",)
    read = read_dialect(dialect) if dialect else Dialect()
    promised = Promised().set_lines(settings)
    return given | {"tokens": tokens, "dialect": read, "promised": promised, "ops_token": environment_ops_token()}


class _SoFar:
    """A running review: one line per probe on standard error, and the findings so far if it is interrupted."""

    def __init__(self, target: str, profile: str, probes: list[Probe]) -> None:
        self.is_interrupted = False
        self._target, self._profile, self._probes = target, profile, probes
        self._found: dict[str, Finding] = {}
        self._began = monotonic()

    @property
    def progress(self) -> str:
        """How many of the probes have finished."""
        return f"{len(self._found)} of {len(self._probes)} probes"

    def unless_interrupted(self, review: Callable[..., Report], **options: Any) -> Report:
        """Return the report; after Ctrl-C, SIGTERM or SIGHUP the findings so far, with the rest unknown."""
        try:
            with interrupting(), never_waiting():  # a server that the review started stops with it
                return review(self._target, on_finding=self._report, **options)
        except KeyboardInterrupt:
            self.is_interrupted = True
        missing = unknown("the review was interrupted before this probe")
        found = [self._found.get(probe.id) or not_run(probe, missing) for probe in self._probes]
        return Report(self._target, self._profile, tuple(found), monotonic() - self._began)

    def _report(self, finding: Finding) -> None:
        self._found[finding.id] = finding
        click.echo(f"{len(self._found):>3}/{len(self._probes)} {line(finding)}", err=True)


def _list(profile: str, only: tuple[str, ...], of_client: bool) -> None:
    for probe in select_client_probes(only) if of_client else select(profile, only):
        click.echo(f"{probe.id:<14}{probe.severity} {probe.profile:<7}{probe.title}")


def _print(report: Report, json_file: Path | None) -> None:
    text = json.dumps(report.json(), indent=2) + "\n"
    if json_file == Path("-"):
        click.echo(text, nl=False)
    else:
        click.echo("\n".join(printable(one) for one in str(report).split("\n")))
        _write(json_file, text)


def _write(path: Path | None, text: str, mode: str = "w") -> None:
    if path is not None:
        try:
            with path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CannotRun(f"cannot write {path}: {error.strerror}") from None


def _started_file(command: str) -> str:
    """Return the path in this folder of the file that a command starts, with slashes; "" if there is none."""
    for word in shell.split(command):
        path = Path(word)
        if not path.is_absolute() and ".." not in path.parts and path.is_file():
            return path.as_posix()
    return ""


def _again(url: str | None, client: str | None, profile: str, **given: Any) -> str:
    """Return the command line of the same review, without its tokens."""
    if client is not None:
        return f"labkit review --client {shell.quote(client)}"
    words = ["labkit", "review", url or "", "--profile", profile]
    words += ["--start", given["start"]] if given["start"] else []
    words += _options(**given)
    return shell.join(words) + (' --token "$TOKEN"' if given["tokens"] else "")


def _options(settings: tuple[str, ...], **given: Any) -> list[str]:
    """Return the options that describe the server, without its tokens."""
    names = [name for name in ("dialect", "audit", "log", "cafile", "token_command") if given[name]]
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", str(given[name]))]
    return words + [word for setting in settings for word in ("--set", setting)]
