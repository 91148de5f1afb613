"""`labkit doctor`: examine this machine before a lesson, and tell the class whether it is ready."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress

import click

from labkit.doctor.checks.browser import browser
from labkit.doctor.diagnosis import Diagnosis, Subject
from labkit.doctor.examining import Line, examine, failed, safely

WORDS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}
OK, PROBLEM, OURS = 0, 1, 2
EXAMPLES = """\b
Examples:
  labkit doctor
  labkit doctor --class ws://localhost:8080    # before you join: does the class answer?
  labkit doctor --browser                      # also try a WebSocket in your browser
  labkit doctor --json --offline               # for a program; sends nothing
"""


@click.command(epilog=EXAMPLES)
@click.option("--class", "class_url", metavar="URL", help="The address of a class.  [default: the one you joined]")
@click.option("--browser", "with_browser", is_flag=True, help="Also try a WebSocket in your browser.")
@click.option("--offline", is_flag=True, help="Send nothing to the class that you joined.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def doctor(class_url: str | None, with_browser: bool, offline: bool, as_json: bool) -> None:
    """Check that this machine can run the course. Prints one line per check, and what to do about a problem.

    If you have joined a class, the names of the checks that found a problem are sent to its board, and nothing else.

    Exit 0: ready. 1: a problem. 2: labkit could not check everything.
    """
    lines = []
    for line in _lines(Subject(_checked(class_url) or _joined(offline)), with_browser):
        lines.append(line)
        if not as_json:
            click.echo(_shown(line))
    if as_json:
        click.echo(json.dumps(_json(lines), indent=2))
    if not offline:
        _send(failed(lines))
    raise click.exceptions.Exit(_exit_code(lines))


def _lines(subject: Subject, with_browser: bool) -> Iterator[Line]:
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("checking this machine ...", err=True)
    yield from examine(subject)
    if with_browser:
        yield Line("browser", safely(lambda: browser(lambda words: click.echo(words, err=True))))


def _shown(line: Line) -> str:
    """Return a line without control characters: parts of it come from other programs and servers."""
    text = f"{WORDS[line.diagnosis.status]:<8} {line.diagnosis}"
    return "".join(char if char.isprintable() else "?" for char in text)


def _json(lines: list[Line]) -> dict[str, object]:
    return {"checks": [_json_of(name, found) for name, found in lines], "ok": not failed(lines)}


def _json_of(name: str, found: Diagnosis) -> dict[str, str]:
    return {"name": name, "status": found.status, "text": found.text, "todo": found.todo}


def _exit_code(lines: list[Line]) -> int:
    if failed(lines):
        return PROBLEM
    return OURS if any(line.diagnosis.is_ours for line in lines) else OK


def _checked(url: str | None) -> str | None:
    """Return the address of a class. Raises click.BadParameter."""
    if url is None:
        return None
    try:
        from labkit.wire.client.address import checked
    except Exception:  # a package is missing or incompatible; the checks report it
        return url
    try:
        return checked(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--class'") from None


def _joined(offline: bool) -> str | None:
    """Return the address of the class that this working copy has joined, or None."""
    if not offline:
        with suppress(Exception):  # a package is missing or incompatible; the checks report it
            from labkit.classroom.membership import membership

            member = membership()
            return member.url if member else None
    return None


def _send(problems: list[str]) -> None:
    """Send the result to the class, if this working copy has joined one."""
    try:
        from labkit.classroom import readiness
        from labkit.classroom.joining import flush
        from labkit.course.progress import NoHome
    except Exception:  # a package is missing or incompatible; the checks report it
        return
    try:
        if readiness.send(problems, lambda words: click.echo(words, err=True)):
            flush()
    except NoHome as error:
        click.echo(f"not sent to the class: {error}", err=True)
