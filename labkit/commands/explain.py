"""`labkit explain CODE`: explain a close code, including standard codes that labkit never sends."""

from dataclasses import replace
from pathlib import Path

import click

from labkit.commands.failing import CannotRun
from labkit.commands.output import OutputFile
from labkit.rules.close_codes import TABLE, CloseRow, row

NEVER_SENT = "reported locally, never sent"
OTHERS = {  # RFC 6455 7.4.1 and IANA's registry
    1004: ("RESERVED", "reserved by RFC 6455, with no meaning yet; never sent"),
    1005: ("NO_CODE", f"the close frame had no code; {NEVER_SENT}"),
    1010: ("MANDATORY_EXTENSION", "the client closes because the server did not accept a required extension"),
    1014: ("BAD_GATEWAY", "a proxy got no valid answer from the server behind it"),
    1015: ("TLS_HANDSHAKE", f"the TLS handshake failed; {NEVER_SENT}"),
}
RANGES = {
    range(1000, 3000): ("UNASSIGNED", "reserved for later versions of the WebSocket protocol"),
    range(3000, 4000): ("REGISTERED", "for libraries, registered with IANA; see the docs of the peer's library"),
    range(4000, 5000): ("PRIVATE", "for applications; see the docs of the peer's application"),
}

EXAMPLES = """\b
Examples:
  labkit explain 1013
  labkit explain                       # every code that labkit sends or expects
  labkit explain --sheet sheet.html    # a page to print: codes, limits, questions
"""


@click.command(epilog=EXAMPLES)
@click.argument("code", type=click.IntRange(1000, 4999), required=False)
@click.option("--sheet", "sheet_file", type=OutputFile(), help="Write a cheat sheet as HTML: one A4 page.")
def explain(code: int | None, sheet_file: Path | None) -> None:
    """Explain a close CODE and how a client reacts to it. Without CODE, print the whole table."""
    if sheet_file is not None:
        _write_sheet(sheet_file)
        return
    for known in [_explained(code)] if code is not None else TABLE.values():
        click.echo(known)


def _write_sheet(path: Path) -> None:
    from labkit.brief.sheet import sheet

    try:
        path.write_text(sheet(), encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"cannot write {path}: {error.strerror}") from None


def _explained(code: int) -> CloseRow:
    known = row(code)
    if not known.name.endswith("UNKNOWN"):
        return known
    name, when = OTHERS.get(code) or next(meaning for span, meaning in RANGES.items() if code in span)
    return replace(known, name=name, when=f"{when}; a labkit client treats it as 1006")
