"""`labkit review URL`: the reviewer, for a terminal and for CI."""

import json
from pathlib import Path
from typing import Any

import click

from labkit.commands.failing import CannotRun
from labkit.review.dialect import BadDialect, Dialect, read_dialect
from labkit.review.finding import Finding
from labkit.review.html import page
from labkit.review.promised import BadPromise, Promised
from labkit.review.report import Report, line, printable
from labkit.review.reviewing import CannotReview, run, select
from labkit.review.scene import environment_ops_token

EXAMPLES = """\b
Examples:
  labkit review ws://localhost:8080
  labkit review ws://localhost:8080 --profile core --only auth --only rooms/4
  labkit review ws://localhost:8080 --audit room.db --log serve.log --pid 1234 --html review.html
  labkit review ws://localhost:8080 --set auth_timeout_s=1      when it was served with that
"""
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EXAMPLES)
@click.argument("url", required=False)
@click.option("--profile", type=click.Choice(["core", "full"]), default="full", show_default=True)
@click.option("--token", "tokens", multiple=True, help="Lets us into every room. Repeatable: one a user.")
@click.option("--token-command", help="Prints a fresh ticket: review:ticket=rw review:listen=r, and no other room.")
@click.option("--pid", type=int, help="The server's process, for its memory.")
@click.option("--log", type=FILE, help="The file that the server logs to.")
@click.option("--audit", type=FILE, help="The file that the server keeps its audit log in.")
@click.option("--only", multiple=True, metavar="NAME", help="A probe or a chapter. Repeatable.")
@click.option("--list", "is_listing", is_flag=True, help="List the probes and end.")
@click.option("--seed", type=int, help="The same seed draws the same names.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A limit that the server was served with.")
@click.option("--dialect", type=FILE, help="TOML: other names for types, fields and codes.")
@click.option("--json", "json_file", type=FILE, help="Write the report as JSON; - for standard output.")
@click.option("--junit", "junit_file", type=FILE, help="Write the report as JUnit XML.")
@click.option("--html", "html_file", type=FILE, help="Write the report as a page.")
def review(
    url: str | None,
    profile: str,
    tokens: tuple[str, ...],
    only: tuple[str, ...],
    is_listing: bool,
    seed: int | None,
    settings: tuple[str, ...],
    dialect: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    **given: Any,
) -> None:
    """Review the room server at URL: every failure mode, with evidence.

    Exit 0: all that could be looked at held. 1: something is broken. 2: could not run. OPS_TOKEN is read from the
    environment, as the server reads it.
    """
    try:
        if is_listing:
            _list(profile, only)
            return
        if url is None:
            raise click.UsageError("give the URL of a server, such as ws://localhost:8080")
        given |= {"dialect": read_dialect(dialect) if dialect else Dialect()}
        given |= {"promised": Promised().set_lines(settings), "ops_token": environment_ops_token()}
        if not tokens and given["token_command"] is None:
            tokens = ("dev-token",)
        progress = _Progress(len(select(profile, only)))
        report = run(url, profile=profile, tokens=tokens, only=only, seed=seed, on_finding=progress.tell, **given)
    except (CannotReview, BadPromise, BadDialect) as error:
        raise CannotRun(str(error)) from None
    _write(report, json_file, junit_file, html_file)
    raise SystemExit(1 if report.summary["broken"] else 0)


class _Progress:
    """A line a probe on standard error, as it is done."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def tell(self, finding: Finding) -> None:
        self._done += 1
        click.echo(f"{self._done:>3}/{self._total} {line(finding)}", err=True)


def _list(profile: str, only: tuple[str, ...]) -> None:
    for probe in select(profile, only):
        click.echo(f"{probe.id:<14}{probe.severity} {probe.profile:<5}{probe.title}")


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
