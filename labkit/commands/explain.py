"""`labkit explain CODE`: a row of the close-code table, and what is known of the codes that are not in it."""

from dataclasses import replace

import click

from labkit.rules.close_codes import TABLE, CloseRow, row

NEVER_SENT = "only what one side notes, never sent"
OTHERS = {  # RFC 6455 7.4.1 and IANA's registry
    1004: ("RESERVED", "reserved by RFC 6455 without a meaning, never sent"),
    1005: ("NO_CODE", f"the close frame named no code; {NEVER_SENT}"),
    1010: ("MANDATORY_EXTENSION", "a client ends it, because the server did not agree to an extension that it needs"),
    1014: ("BAD_GATEWAY", "a proxy got no valid answer from the server behind it"),
    1015: ("TLS_HANDSHAKE", f"the TLS handshake failed; {NEVER_SENT}"),
}
RANGES = {
    range(1000, 3000): ("UNASSIGNED", "reserved for later versions of the WebSocket protocol"),
    range(3000, 4000): ("REGISTERED", "for libraries, registered at IANA; read what the other side's library says"),
    range(4000, 5000): ("PRIVATE", "for applications; read what the other side's program says"),
}

EXAMPLES = """\b
Examples:
  labkit explain 1013
  labkit explain         # every code that labkit sends or expects
"""


@click.command(epilog=EXAMPLES)
@click.argument("code", type=click.IntRange(1000, 4999), required=False)
def explain(code: int | None) -> None:
    """Print what a close code means and what a client does about it. Without CODE: the whole table."""
    for known in [_explained(code)] if code is not None else TABLE.values():
        click.echo(known)


def _explained(code: int) -> CloseRow:
    known = row(code)
    if not known.name.endswith("UNKNOWN"):
        return known
    name, when = OTHERS.get(code) or next(words for span, words in RANGES.items() if code in span)
    return replace(known, name=name, when=f"{when}; a client of labkit treats it as 1006")
