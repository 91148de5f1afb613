"""`labkit class grade`: judge the answers that passed again, on this machine."""

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from labkit.classroom.grading.alike import alike
from labkit.classroom.grading.claims import claims
from labkit.classroom.grading.verdicts import Verdict, Verdicts
from labkit.classroom.grading.verifying import accept, verify
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.commands.running import end_with_parent, run, stopping
from labkit.review.report import printable
from labkit.wire.audit.schema import AuditError

UNDECIDED = "could not be judged now; run this again"
LOOK_S = 2.0
EXAMPLES = """\b
Examples:
  labkit class grade physics                              # once: each pass that is not yet judged
  labkit class grade physics --accept ana 06-outbox       # by hand, after reading the answer
  labkit class grade physics --follow                     # keep judging, until Ctrl-C
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option("--accept", "accepted", nargs=2, metavar="NAME ID", help="Verify NAME's passes of exercise ID by hand.")
@click.option("--follow", is_flag=True, help="Keep judging new passes until Ctrl-C.")
@click.option("--with-parent", is_flag=True, help="Exit when stdin closes, as it does when the parent dies.")
def grade(class_id: str, file: Path | None, accepted: tuple[str, str] | None, follow: bool, with_parent: bool) -> None:
    """Judge each pass of a CLASS again, on this machine, with three seeds that no student knows.

    A pass is verified if its answer came with it, passes here too, and is not a copy of another student's.
    Answers that differ only in their names are listed as a hint; that changes no verdict.

    Exit 0: every pass is verified. 1: some are not. 2: some could not be judged.
    """
    path = existing_file(class_id, file)
    try:
        if accepted:
            count = accept(path, class_id, *accepted)
            if not count:
                raise CannotRun(f"{accepted[0]} has reported no pass of {accepted[1]}; `labkit class board` lists them")
            click.echo(f"{accepted[0]}  {accepted[1]}  verified: accepted by the instructor")
            return
        if follow:
            run(_follow(path, class_id, with_parent))
            return
        undecided = asyncio.run(_once(path, class_id))
        for exercise, names in alike(claims(path, class_id)):
            click.echo(f"alike in {exercise}: {', '.join(map(printable, names))} (same program, different names)")
        standings = [verdict.standing for verdict in Verdicts(path).of_students().values()]
    except AuditError as error:
        raise CannotRun(str(error)) from None
    click.echo(f"{standings.count('verified')} verified, {standings.count('not verified')} not, {undecided} undecided")
    raise click.exceptions.Exit(2 if undecided else 1 if "not verified" in standings else 0)


async def _once(path: Path, class_id: str) -> int:
    """Judge every claim without a verdict; return how many could not be judged."""
    undecided = 0
    async for claim, verdict in verify(path, class_id):
        undecided += verdict is None
        click.echo(printable(f"{claim.student}  {claim.exercise}  {_said(verdict)}"))
    return undecided


async def _follow(path: Path, class_id: str, with_parent: bool) -> None:
    stop = stopping()
    if with_parent:
        end_with_parent(stop)
    click.echo("judging new passes until Ctrl-C")
    judging = asyncio.create_task(_for_ever(path, class_id))
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait((judging, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    judging.cancel()
    await asyncio.wait((judging, ended))
    if not judging.cancelled():
        judging.result()


async def _for_ever(path: Path, class_id: str) -> None:
    while True:
        with suppress(AuditError):  # a server that is writing locks the file briefly
            await _once(path, class_id)
        await asyncio.sleep(LOOK_S)


def _said(verdict: Verdict | None) -> str:
    if verdict is None:
        return UNDECIDED
    return f"{verdict.standing}: {verdict.why}" if verdict.why else verdict.standing
