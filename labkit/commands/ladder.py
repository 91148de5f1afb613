"""`labkit ladder`: two first-draft servers, and patches that each fix one finding of the review."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import click

from labkit.commands.failing import CannotRun
from labkit.evidence import CannotTell
from labkit.ladder import folder as folders
from labkit.ladder.rungs import LANGUAGES, Ladder, Language, findings, rungs_for
from labkit.ladder.rungs import ladder as ladder_in
from labkit.ladder.walking import CannotWalk, Climb, Walk, colours, place
from labkit.platform.os_errors import describe
from labkit.platform.signals import interrupting
from labkit.review.finding import CannotReview
from labkit.text.nearest import nearest

EXAMPLES = """\b
Examples:
  labkit ladder                            # both ladders: the patches and what each fixes
  labkit ladder --finding slow/1           # the patches for one finding
  labkit ladder python my-ladder           # the server and its patches, to apply one by one
  labkit ladder walk python                # review every step, and run the written tests
"""


@click.group(epilog=EXAMPLES, invoke_without_command=True)
@click.option("--finding", metavar="ID", help="Print the patches that fix this finding, such as slow/1.")
@click.pass_context
def ladder(context: click.Context, finding: str | None) -> None:
    """Repair a first draft of a server, one finding at a time.

    Each patch fixes exactly one finding of `labkit review --profile article`; after the last, none is left.
    """
    if context.invoked_subcommand is not None:
        if finding is not None:
            raise click.UsageError("--finding prints the patches of both ladders; omit the command")
        return
    click.echo("\n".join(_patches(finding) if finding is not None else map(_listed, map(ladder_in, LANGUAGES))))


def _patches(finding: str) -> list[str]:
    found = rungs_for(finding)
    if not found:
        known = findings()
        raise click.UsageError(
            f"no patch fixes the finding {finding!r}{nearest(finding, known)}; the patches fix {', '.join(known)}"
        )
    return [f"# {one.language}/patches/{rung.name}, after {rung.number - 1} others\n{rung.text}" for one, rung in found]


def _listed(one: Ladder) -> str:
    rows = [f"  {rung.name:<24}{rung.findings[0]:<15}{rung.subject}" for rung in one.rungs]
    return "\n".join([f"{one.language}: {one.file} and {len(rows)} patches", *rows, ""])


def _writing(language: Language, example: str) -> Callable[[Path, int], None]:
    count = len(ladder_in(language).rungs)

    @ladder.command(name=language, help=f"Write the server in {language.title()} and its patches into DIR.")
    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @click.option("--to", type=click.IntRange(0, count), default=0, help="Apply the first N patches.", metavar="N")
    def write(folder: Path, to: int) -> None:
        try:
            folders.write(ladder_in(language), to, folder)
        except folders.NotEmpty as error:
            raise CannotRun(str(error)) from None
        except OSError as error:
            raise CannotRun(f"cannot write to {folder}: {describe(error)}; name another folder") from None
        click.echo(
            f"wrote {folder}: the server after {to} of {count} patches; {folder / 'README.md'} says how to continue"
        )

    write.epilog = example
    return cast(Callable[[Path, int], None], write)


_writing("node", "\b\nExamples:\n  labkit ladder node my-ladder\n  labkit ladder node repaired --to 7\n")
_writing("python", "\b\nExamples:\n  labkit ladder python my-ladder\n  labkit ladder python repaired --to 8\n")


@ladder.command(
    epilog="""\b
Examples:
  labkit ladder walk python
"""
)
@click.argument("language", type=click.Choice(LANGUAGES))
def walk(language: str) -> None:
    """Review the server at each step, and run the written test of each finding before and after its patch.

    Exit 0: each patch fixed its one finding, and its tests went from red to green. 1: one did not. It takes a minute or
    two. For node, run it in a folder where `npm install ws` has been run.
    """
    one = ladder_in(cast(Language, language))
    try:
        parent = place(one, Path.cwd())
        with interrupting(), TemporaryDirectory(dir=parent, prefix=".ladder-", ignore_cleanup_errors=True) as folder:
            is_clean = asyncio.run(_walked(one, Path(folder)))
    except (CannotWalk, CannotReview, CannotTell) as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        raise CannotRun(f"cannot run in {Path.cwd()}: {describe(error)}") from None
    raise click.exceptions.Exit(0 if is_clean else 1)


async def _walked(one: Ladder, folder: Path) -> bool:
    """Print a row per patch as soon as its result is known; return whether each did what it should."""
    walk = Walk(one, folder)
    climbs = [asyncio.create_task(walk.climb(rung)) for rung in one.rungs]
    try:
        click.echo(f"{'patch':<26}{'left':<6}{'written test':<16}removed")
        click.echo(f"{one.file:<26}{len((await walk.review(0)).causes):<6}")
        results = []
        for climb in climbs:
            click.echo(_row(await climb))
            results.append(await climb)
    finally:
        for climb in climbs:
            climb.cancel()
    return not any(climb.troubles for climb in results)


def _row(climb: Climb) -> str:
    shown = sorted({colours(codes) for codes in climb.tests.values()})
    removed = ", ".join(climb.removed) or "nothing"
    row = f"{climb.rung.name:<26}{len(climb.after.causes):<6}{' | '.join(shown):<16}{removed}"
    return "\n".join([row, *(f"  ! {trouble}" for trouble in climb.troubles)])
