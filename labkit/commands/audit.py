"""`labkit audit FILE`: read or verify an audit file, even while a server writes to it."""

import asyncio
import csv
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from labkit.brokers import BadBroker, LogError, broker_at
from labkit.commands.failing import CannotRun
from labkit.rules.answers import iso
from labkit.rules.limits import Limits
from labkit.text.terminal import Sheet
from labkit.wire.audit.erasing import erase
from labkit.wire.audit.opening import holder
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import AuditError, Entry
from labkit.wire.audit.sealing import Broken, drop, seal
from labkit.wire.audit.verify import Anchor, verify
from labkit.wire.cluster.reconcile import reconcile

TIMES = ("at", "expires_at")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
EXAMPLES = """\b
Examples:
  labkit audit room.db --since 2026-11-23T08:00 --room demo
  labkit audit room.db --csv > room.csv
  labkit audit room.db --verify
  labkit audit room.db --broker nats://localhost:4222   # compare with the log shared by several servers
  labkit audit room.db --verify --anchor 1234:5f0c...   # an anchor that an earlier --verify printed
  labkit audit room.db --seal                           # works while a server runs, too
  labkit audit room.db --drop-before 2026-10-01         # delete sealed files that are older
  labkit audit room.db --erase ada                      # erase what ada wrote; the chain still verifies
"""


def _read_time(_ctx: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    """Parse a time: ISO 8601 (UTC unless it has an offset) or seconds since 1970."""
    if text is None:
        return None
    try:
        return _seconds(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is not a time; give an ISO time such as 2026-11-23T08:14:10Z, or seconds since 1970"
        ) from None


def _seconds(text: str) -> float:
    if text.replace(".", "", 1).isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _read_anchor(_ctx: click.Context, _option: click.Parameter, text: str | None) -> Anchor | None:
    try:
        return None if text is None else Anchor.parse(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not an anchor; give the N:HASH that --verify printed: a row number and 64 hex digits"
        ) from None


@click.command(epilog=EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--verify", "is_verifying", is_flag=True, help="Verify the hash chain. Exit 0: intact. 1: broken.")
@click.option(
    "--anchor",
    metavar="N:HASH",
    callback=_read_anchor,
    help="With --verify: compare with the hash of a row that an earlier --verify printed.",
)
@click.option(
    "--since",
    metavar="TIME",
    callback=_read_time,
    help="Print only rows since TIME: ISO 8601 (UTC) or seconds since 1970.",
)
@click.option("--room", metavar="ROOM", help="Print only rows of this room.")
@click.option(
    "--broker", metavar="URL", help="Compare with the log at nats://HOST:PORT. Exit 0: identical. 1: different."
)
@click.option("--csv", "is_csv", is_flag=True, help="Print CSV that is safe to open in a spreadsheet.")
@click.option(
    "--seal", "is_sealing", is_flag=True, help="Move all rows so far into a sealed file; the hash chain continues."
)
@click.option(
    "--drop-before",
    metavar="TIME",
    callback=_read_time,
    help="Delete the sealed files whose rows are all older than TIME.",
)
@click.option("--erase", "user", metavar="USER", help="Erase a user's texts, here and in the sealed files.")
def audit(
    file: Path,
    is_verifying: bool,
    anchor: Anchor | None,
    since: float | None,
    room: str | None,
    broker: str | None,
    is_csv: bool,
    is_sealing: bool,
    drop_before: float | None,
    user: str | None,
) -> None:
    """Print the rows of an audit FILE, verify that nobody has changed them, or seal, drop or erase some."""
    changes = is_sealing + (drop_before is not None) + (user is not None)
    if changes > 1 or (changes and (is_verifying or broker or since is not None or room is not None or is_csv)):
        raise click.UsageError("--seal, --drop-before and --erase each run alone; call labkit audit once for each")
    if (is_verifying or broker) and (since is not None or room is not None or is_csv):
        raise click.UsageError("--verify and --broker read every row; omit --since, --room and --csv")
    if anchor is not None and not is_verifying:
        raise click.UsageError("--anchor needs --verify")
    try:
        if is_sealing:
            _seal(file)
        elif drop_before is not None:
            _drop(file, drop_before)
        elif user is not None:
            _erase(file, user)
        elif broker is not None:
            _reconcile(file, broker)
        elif is_verifying:
            _verify(file, anchor)
        else:
            _print_rows(file, since, room, is_csv)
    except Broken as error:
        click.echo(str(error))
        raise click.exceptions.Exit(1) from None
    except (AuditError, BadBroker, LogError) as error:
        raise CannotRun(str(error)) from None


def _verify(file: Path, anchor: Anchor | None) -> None:
    verdict = verify(file, anchor)
    advice = "; save N:HASH somewhere else and pass it as --anchor later, to detect rows missing from the end"
    click.echo(f"{verdict}{advice if verdict.is_intact else ''}")
    raise click.exceptions.Exit(0 if verdict.is_intact else 1)


def _seal(file: Path) -> None:
    made = seal(file)
    if made is None:
        click.echo(f"{file} has no new rows to seal")
    else:
        click.echo(f"sealed {made.rows} rows in {made.file}; save this anchor somewhere else: {made.through}")


def _drop(file: Path, before: float) -> None:
    gone = drop(file, before)
    click.echo("\n".join(f"dropped {path}" for path in gone) if gone else "no sealed file is that old")


def _erase(file: Path, user: str) -> None:
    erased = erase(file, user)
    if not erased.is_known:
        click.echo(
            f"{file} and its sealed files have no row of {user!r}; the rows that labkit audit prints show the userIds"
        )
        raise click.exceptions.Exit(1)
    click.echo(f"erased {erased.rows} texts by {user} in {erased.files} files; the chain ends at {erased.last}")
    server = holder(file)
    if erased.rows and server is not None:
        click.echo(f"the running server (process {server}) still has its newest events in memory; restart it")


def _reconcile(file: Path, url: str) -> None:
    broker = broker_at(url, os.environ.get("BROKER_TOKEN"))
    from labkit.brokers.nats.whole_log import whole_log

    epoch, log = asyncio.run(whole_log(broker))
    with reading(file) as connection:
        found = reconcile(log, (entry for _, entry, _ in rows(connection)), epoch, Limits())
    click.echo(str(found))
    raise click.exceptions.Exit(0 if found.holds else 1)


def _print_rows(file: Path, since: float | None, room: str | None, is_csv: bool) -> None:
    table = csv.writer(Sheet())  # lines end with CR LF, so that a CR inside a cell is quoted
    with reading(file) as connection:
        if is_csv:
            table.writerow(["n", *Entry._fields])
        for n, entry, _ in rows(connection, since=since, room=room):
            if is_csv:
                table.writerow([n, *(_cell(value) for value in _shown(entry).values())])
            else:
                click.echo(_line(n, entry))


def _shown(entry: Entry) -> dict[str, object]:
    """Return a row's columns, with its times formatted as text."""
    return {name: _time(value) if name in TIMES else value for name, value in entry._asdict().items()}


def _time(value: object) -> object:
    try:
        return value if value is None else iso(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return value  # not a time, so somebody edited the file: show it unchanged


def _line(n: int, entry: Entry) -> str:
    shown = _shown(entry)
    at, kind = shown.pop("at"), shown.pop("kind")
    rest = [f"{name}={value}" for name, value in shown.items() if value is not None]
    return _printable(" ".join([str(n), str(at), str(kind), *rest]))


def _printable(text: str) -> str:
    """Escape control characters, so that users' text cannot control the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _cell(value: object) -> object:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
