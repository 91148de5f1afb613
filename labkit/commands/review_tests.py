"""`labkit review --tests DIR`: write a test per finding, and show the command that runs them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import click

from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import describe
from labkit.review.promise import Profile
from labkit.review.promised_limits import Promised
from labkit.review.report import Report
from labkit.review.running import run_blocking
from labkit.review.short_script import language_of
from labkit.written_tests.folder import CannotWrite, check_folder, plans, write
from labkit.written_tests.lines import LANGUAGES


def checked_folder(context: click.Context, parameter: click.Parameter, folder: Path | None) -> Path | None:
    """Return the folder. Raises click.BadParameter if it cannot be written, before the review runs."""
    if folder is not None:
        try:
            check_folder(folder)
        except (CannotWrite, OSError) as error:
            raise click.BadParameter(str(error), context, parameter) from None
    return folder


def write_tests(
    folder: Path, chosen: str | None, report: Report, about: dict[str, Any], options: list[str]
) -> Callable[[Iterable[str]], str] | None:
    """Write a test for each finding; return a function that builds the command to run them, or None without findings.

    `about`: the dialect, the promised limits and the start command. `options`: the options that describe the server.
    """
    if not report.ids("broken"):
        click.echo("The review found no fault, so there is no test to write.", err=True)
        return None
    profile = cast(Profile, report.profile)
    promised = Promised().updated(about["dialect"].limits).updated(about["promised"])
    credentials = ["--token", "$TOKEN"] if about["tokens"] else []
    credentials += ["--token-command", "$TOKEN_COMMAND"] if about["token_command"] else []
    found = run_blocking(plans(report, profile, about["dialect"], promised))
    language = LANGUAGES[chosen or language_of(about["start"])]
    try:
        written = write(folder, report, found, language, ["--profile", profile, *credentials, *options])
    except OSError as error:
        raise CannotRun(f"cannot write to {folder}: {describe(error)}; free the path or name another folder") from None
    for path in written.tests.values():
        click.echo(f"{'kept   ' if path in written.kept else 'written'} {path}", err=True)
    names = " and ".join(word[1:] for word in credentials if word.startswith("$"))
    click.echo(f"Set URL={report.target} and {names} in the environment. This runs the tests:", err=True)
    click.echo(f"  {written.command()}", err=True)
    return written.command
