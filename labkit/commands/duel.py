"""`labkit duel`: three prompts for a coding assistant, and the review of what it writes."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

import click

from labkit.commands.duration import Duration
from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.duel import table as tables
from labkit.duel.asking import NoAgent, ask
from labkit.duel.drafts import (
    BadDraft,
    Draft,
    How,
    guessed_how,
    lines_of_code,
    next_place,
    read_how,
    recorded,
    write,
)
from labkit.duel.drafts import (
    record as record_draft,
)
from labkit.duel.judging import Judged, modules_near
from labkit.duel.judging import judge as judge_code
from labkit.duel.prompts import LANGUAGES, NAMES, Language, Name
from labkit.duel.prompts import prompt as prompt_of
from labkit.platform.signals import interrupting
from labkit.review.finding import CannotReview, Finding
from labkit.review.report import line, printable

Result = TypeVar("Result")
FOLDER = click.Path(path_type=Path, file_okay=False)
EXISTING = click.Path(path_type=Path, file_okay=False, exists=True)
LANGUAGE = click.option(
    "--language", type=click.Choice(LANGUAGES), default="python", show_default=True, help="The draft's language."
)
MODULES = click.option(
    "--modules", type=EXISTING, help="The node_modules with ws. Default: the nearest in this folder or above it."
)
JSON = click.option(
    "--json", "json_file", type=OutputFile(dash=True), help="Write the result as JSON; - for standard output."
)
EXAMPLES = """\b
Examples:
  labkit duel                                   # the table of the recorded drafts
  labkit duel prompt bare --language python     # one of the three prompts
  labkit duel run --agent "my-agent --print"    # ask an agent three times, and judge what it writes
  labkit duel judge my-chat                     # judge any folder
"""


@click.group(epilog=EXAMPLES, invoke_without_command=True)
@click.pass_context
def duel(context: click.Context) -> None:
    """Compare what a coding assistant writes from three prompts.

    They are: bare (one sentence), article (the constraints of the article), and brief (`labkit brief`). Each draft is
    started and judged by `labkit review --profile core`, which looks only for dangers. Without a command, print the
    table of the drafts that come with labkit.
    """
    if context.invoked_subcommand is None:
        context.invoke(table)


@duel.command(
    epilog="""\b
Examples:
  labkit duel prompt bare
  labkit duel prompt brief --language node
"""
)
@click.argument("name", type=click.Choice(NAMES))
@LANGUAGE
def prompt(name: str, language: str) -> None:
    """Print one of the three prompts."""
    click.echo(prompt_of(cast(Name, name), cast(Language, language)), nl=False)


@duel.command(
    epilog="""\b
Examples:
  labkit duel run --agent "my-agent --print"
  labkit duel run --agent "my-agent --print" --prompt bare --language node --drafts 3 --keep my-drafts
"""
)
@click.option(
    "--agent", required=True, metavar="COMMAND", help="It reads a prompt from stdin and writes files to its folder."
)
@click.option("--prompt", "names", type=click.Choice(NAMES), multiple=True, help="Use only this prompt. Repeatable.")
@LANGUAGE
@click.option("--drafts", type=click.IntRange(1), default=1, show_default=True, help="Drafts per prompt.")
@click.option("--limit", type=Duration(), default="15m", show_default=True, help="The time limit for one draft.")
@click.option(
    "--budget", type=Duration(), help="The time limit for one review, such as 1m; the most severe probes run first."
)
@click.option("--keep", type=FOLDER, help="Record the drafts and their reviews in this folder.")
@MODULES
@JSON
def run(
    agent: str,
    names: tuple[str, ...],
    language: str,
    drafts: int,
    limit: float,
    budget: float | None,
    keep: Path | None,
    modules: Path | None,
    json_file: Path | None,
) -> None:
    """Ask an agent for drafts, and judge each.

    COMMAND runs in an empty folder, with the prompt on its standard input. A draft that does not start counts as a
    result. The agent runs with your permissions: run it where you would run the code that it writes.

    Exit 0: no draft has a fault. 1: one has, or does not start. 2: the agent cannot run.
    """
    modules = _modules(cast(Language, language), modules)
    with ExitStack() as stack:
        root = keep or Path(stack.enter_context(TemporaryDirectory(prefix="duel-", ignore_cleanup_errors=True)))
        asked = [cast(Name, name) for name in names or NAMES for _ in range(drafts)]
        work = _duel(root, agent, asked, cast(Language, language), limit, budget, modules)
        found = _running(work)
        rows = tables.rows((place, result.json()) for place, result in found)
        _show([one.json() for one in rows], tables.text(rows), json_file)
        if keep is not None:
            click.echo(f"recorded in {keep}; `labkit duel table {keep}` shows the table again", err=True)
    raise click.exceptions.Exit(0 if all(result.is_clean for _, result in found) else 1)


async def _duel(
    root: Path,
    agent: str,
    asked: list[Name],
    language: Language,
    limit_s: float,
    budget_s: float | None,
    modules: Path | None,
) -> list[tuple[Draft, Judged]]:
    """Ask for each draft, record it, and judge it."""
    found = []
    for name in asked:
        place = next_place(root, language, name)
        click.echo(f"{place.name}: asking the agent", err=True)
        place.code.mkdir(parents=True)
        answer = await ask(agent, prompt_of(name, language), place.code, place.folder / "agent.log", limit_s)
        made: dict[str, Any] = {"by": agent, "date": f"{datetime.now(UTC):%Y-%m-%d}", "seconds": round(answer.seconds)}
        write(place, "made.json", made | ({"note": answer.note} if answer.note else {}))
        click.echo(f"{place.name}: {answer.note or f'written in {answer.seconds:.0f} s'}", err=True)
        result = await _judged(place, modules, budget_s)
        write(place, "findings.json", result.json())
        found.append((place, result))
    return found


async def _judged(place: Draft, modules: Path | None, budget_s: float | None) -> Judged:
    """Judge a draft, with progress on standard error. If nothing shows how to start it, it counts as not starting."""

    def finding(one: Finding) -> None:
        if one.verdict == "broken":
            click.echo(f"{place.name}:   {line(one)}", err=True)

    def step(text: str) -> None:
        click.echo(f"{place.name}: {text}", err=True)

    try:
        options: dict[str, Any] = {"modules": modules, "on_step": step, "on_finding": finding, "budget_s": budget_s}
        result = await judge_code(place.code, place.how, **options)
    except BadDraft as error:
        result = Judged("not started", lines_of_code(place.code), str(error))
    step(_summary(result))
    return result


@duel.command(
    epilog="""\b
Examples:
  labkit duel judge my-chat
  labkit duel judge my-chat --how how.toml --json -
"""
)
@click.argument("folder", type=EXISTING)
@click.option(
    "--how", "how_file", type=click.Path(path_type=Path, dir_okay=False), help="A how.toml that says how to start it."
)
@click.option("--budget", type=Duration(), help="The most time for the review, such as 1m: worst first.")
@MODULES
@JSON
def judge(
    folder: Path, how_file: Path | None, budget: float | None, modules: Path | None, json_file: Path | None
) -> None:
    """Judge the server in FOLDER: start a copy, learn its dialect, and review it.

    FOLDER is a recorded draft, or any folder with a server whose README.md says how it starts. The server gets PORT and
    DEV_TOKEN in its environment; for anything else, write a how.toml (docs/duel.md).

    Exit 0: no fault. 1: a fault, or it does not start. 2: it cannot be judged here.
    """
    try:
        code = folder / "draft" if (folder / "draft").is_dir() else folder
        own = folder / "how.toml"
        how = read_how(how_file) if how_file else read_how(own) if own.exists() else guessed_how(code)
    except BadDraft as error:
        raise CannotRun(str(error)) from None
    modules = _modules("node" if how.start.startswith(("node", "npm")) else "python", modules)
    step = lambda text: click.echo(text, err=True)  # noqa: E731
    result = _running(judge_code(code, how, modules=modules, on_step=step, on_finding=_broken, budget_s=budget))
    shown = str(result.report) if result.report else result.why
    whole = "\n".join(printable(one) for one in shown.split("\n")) + f"\n\n{_summary(result)}\n"
    _show(result.json(), whole, json_file)
    raise click.exceptions.Exit(0 if result.is_clean else 1)


@duel.command(
    epilog="""\b
Examples:
  labkit duel record my-chat --prompt bare --by "my agent, version 3" --seconds 80 --into my-drafts
  labkit duel record my-chat --prompt bare --by "my agent" --how how.toml --into my-drafts --no-review
"""
)
@click.argument("folder", type=EXISTING)
@click.option("--prompt", "name", type=click.Choice(NAMES), required=True, help="The prompt it was written from.")
@LANGUAGE
@click.option("--by", required=True, help="Who wrote it.")
@click.option("--date", default=lambda: f"{datetime.now(UTC):%Y-%m-%d}", help="When. Default: today.")
@click.option("--seconds", type=click.FloatRange(0), help="How long it took to write.")
@click.option("--note", help="Anything unusual, such as a line that was changed.")
@click.option(
    "--how", "how_file", type=click.Path(path_type=Path, dir_okay=False), help="A how.toml that says how to start it."
)
@click.option("--into", type=FOLDER, required=True, help="The folder of the recorded drafts.")
@click.option("--review/--no-review", "is_reviewed", default=True, show_default=True, help="Judge it now.")
@MODULES
def record(
    folder: Path,
    name: str,
    language: str,
    by: str,
    date: str,
    seconds: float | None,
    note: str | None,
    how_file: Path | None,
    into: Path,
    is_reviewed: bool,
    modules: Path | None,
) -> None:
    """Record a draft that an assistant wrote, unchanged, with its review.

    Exit 0: recorded, whatever the review found. 2: it cannot be recorded.
    """
    made = {"by": by, "date": date, "seconds": seconds, "note": note}
    place = next_place(into, cast(Language, language), cast(Name, name))
    modules = _modules(place.language, modules) if is_reviewed else None
    try:
        how: How | None = read_how(how_file) if how_file else None
        record_draft(folder, place, {key: value for key, value in made.items() if value is not None}, how)
    except BadDraft as error:
        raise CannotRun(str(error)) from None
    if is_reviewed:
        write(place, "findings.json", _running(_judged(place, modules, None)).json())
    click.echo(f"recorded {place.folder}")


@duel.command(
    epilog="""\b
Examples:
  labkit duel table                       # of the drafts that come with labkit
  labkit duel table my-drafts --json -
  labkit duel table --markdown            # as in docs/duel.md
"""
)
@click.argument("folder", type=EXISTING, required=False)
@click.option("--markdown", "is_markdown", is_flag=True, help="Print Markdown.")
@JSON
def table(folder: Path | None = None, is_markdown: bool = False, json_file: Path | None = None) -> None:
    """Show the faults of the recorded drafts, by language and prompt.

    Each number is a median; the brackets show each draft's number, or - if it was not reviewed. Findings with the same
    cause count as one fault. Exit 2: there are no reviewed drafts.
    """
    try:
        found = [(draft, review) for draft in recorded(folder) if (review := draft.review) is not None]
        rows = tables.rows(found)
    except (BadDraft, KeyError, TypeError, ValueError) as error:
        raise CannotRun(f"cannot read the drafts: {error}") from None
    if not rows:
        raise CannotRun(f"{folder or 'labkit'} has no drafts with a review; `labkit duel run --keep DIR` makes some")
    _show([one.json() for one in rows], (tables.markdown if is_markdown else tables.text)(rows), json_file)


def _modules(language: Language, given: Path | None) -> Path | None:
    """Return the node_modules for a draft. Raises CannotRun if Node needs them and there are none."""
    if language == "python":
        return None
    found = given or modules_near(Path())
    if found is None or not (found / "ws").is_dir():
        where = found or "a node_modules of this folder or above it"
        raise CannotRun(f"Node's package ws is not in {where}; run `npm install ws` here, or use --modules")
    return found


def _running(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; Ctrl-C and SIGTERM stop the agent and the server too."""
    try:
        with interrupting():
            return asyncio.run(work)
    except KeyboardInterrupt:
        raise CannotRun("interrupted: nothing was judged after that") from None
    except (NoAgent, BadDraft, CannotReview) as error:
        raise CannotRun(str(error)) from None


def _broken(finding: Finding) -> None:
    click.echo(f"  {line(finding)}", err=True)


def _summary(result: Judged) -> str:
    if result.outcome != "reviewed":
        return f"{result.outcome}: {printable(result.why.splitlines()[0] if result.why else '')}"
    counts = ", ".join(f"{count} {severity}" for severity, count in result.counts.items())
    return f"faults: {counts}; {result.lines} lines of code"


def _show(value: Any, text: str, json_file: Path | None) -> None:
    """Print the text, and write the JSON; with - only the JSON."""
    written = json.dumps(value, indent=2) + "\n"
    if json_file == Path("-"):
        click.echo(written, nl=False)
        return
    click.echo(text, nl=False)
    if json_file is not None:
        try:
            json_file.write_text(written, encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"cannot write {json_file}: {error.strerror}") from None
