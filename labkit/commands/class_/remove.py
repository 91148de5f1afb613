"""`labkit class remove`: remove students from a class and close their connections."""

from pathlib import Path

import click

from labkit.classroom.forgetting import forget
from labkit.classroom.register import OtherClass, open_register
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.wire.audit.opening import holder
from labkit.wire.audit.writer import AuditError

EXAMPLES = """\b
Examples:
  labkit class remove physics troll           # a running server closes troll's connections within a second
  labkit class remove physics troll-1 troll-2
  labkit class remove physics otter --erase   # also erase everything that otter sent
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--erase", "is_erasing", is_flag=True, help="Also erase all of NAME's data in the class file, for good.")
def remove(class_id: str, file: Path | None, names: tuple[str, ...], is_erasing: bool) -> None:
    """Remove each NAME from a CLASS and close that student's connections. Past records stay in the class log.

    With --erase, NAME's records, answers, cases, votes, notes and verdicts are erased. The log still verifies, and
    keeps only the name, in the rows that record its connections. Exports that you made earlier are not touched.

    Works whether or not the class server is running.
    """
    path = existing_file(class_id, file)
    try:
        if is_erasing:
            _erase(path, class_id, names)
            return
        removed = open_register(path, class_id).remove(names)
    except (AuditError, OtherClass) as error:
        raise CannotRun(str(error)) from None
    click.echo(f"removed: {', '.join(removed) or 'nobody'}")
    if len(removed) < len(names):
        raise CannotRun("the other names are not enrolled in this class; `labkit class board` lists those that are")


def _erase(path: Path, class_id: str, names: tuple[str, ...]) -> None:
    unknown = []
    for name in names:
        found = forget(path, class_id, name)
        if not found.names:
            unknown.append(name)
            continue
        click.echo(f"erased: {', '.join(found.names)} ({found.texts} texts in the log, {found.rows} other rows)")
    server = holder(path)
    if server is not None and len(unknown) < len(names):
        click.echo(
            f"the running server (process {server}) still has its newest events in memory: "
            "`labkit class drill` restarts it"
        )
    if unknown:
        raise CannotRun(f"the class file has no student {', '.join(map(repr, unknown))}")
