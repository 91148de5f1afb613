"""`labkit class code`: issue a new code to a student who arrives late or has lost theirs."""

from pathlib import Path

import click

from labkit.classroom.register import OtherClass, open_register
from labkit.classroom.roster import BadRoster
from labkit.commands.class_.slips import check_place, hand_out, sheet
from labkit.commands.class_.which import at_address, existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.commands.leftovers import nothing_left
from labkit.wire.audit.writer import AuditError

EXAMPLES = """\b
Examples:
  labkit class code physics ana               # ana's old code, if any, stops working
  labkit class code physics zoe yan --hand-out late.txt
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@at_address("The class address to print on the slip.  [default: the last one used]")
@click.option("--hand-out", "slips", type=click.Path(path_type=Path), help="Write the slips to this file (mode 0600).")
def code(class_id: str, file: Path | None, names: tuple[str, ...], url: str | None, slips: Path | None) -> None:
    """Issue a new code for each NAME in a CLASS, enrolled or not.

    Works whether or not the class server is running. A running server closes connections opened with the old code.
    """
    try:
        register = open_register(existing_file(class_id, file), class_id)
        with nothing_left([slips] if slips else []):
            check_place(slips)
            codes = register.enrol(names, renew=True)
    except (AuditError, BadRoster, OtherClass) as error:
        raise CannotRun(str(error)) from None
    address, pin = register.address or ("ws://ADDRESS:PORT", None)
    hand_out(sheet(url or address, codes, {}, pin), slips)
