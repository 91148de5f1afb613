"""Hand out slips with new codes: on a terminal or in a file that only its owner can read, never in a log."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from stat import S_ISREG

import click

from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import why
from labkit.platform.private_files import is_others, make_private, open_private

AGAIN = "`labkit class code` for students, --new-instructor-code for the instructor"


def check_place(slips: Path | None) -> None:
    """Check that the slips can be written, before any code is created. Raises CannotRun."""
    if slips is None and not (sys.stdout and sys.stdout.isatty()):
        raise CannotRun("standard output is not a terminal, and codes must not end up in a log; give --hand-out FILE")
    if slips is not None:
        os.close(_open(slips))


def hand_out(
    text: str, slips: Path | None, note: Callable[[str], object] = lambda what: click.echo(what, err=True)
) -> None:
    """Print the slips or append them to a file. `note` is called with a message that names the file."""
    if slips is None:
        click.echo(text)
    else:
        try:
            with os.fdopen(_open(slips), "a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CannotRun(
                f"could not write the new codes to {slips}: {why(error)}; issue them again: {AGAIN}"
            ) from None
        note(f"the new codes are in {slips}; print the file, then delete it")


def slip(url: str, name: str, code: str, whose: str, pin: str | None, *, has_pack: bool = False) -> str:
    """Return one student's slip: the two lines of Python that join the class. `pin`: the certificate's fingerprint.

    `has_pack`: the server offers what a student installs, so the slip includes that address.
    """
    shown = "" if whose == name else f"   (the class sees: {name})"
    arguments = {"name": name, "code": code} | ({"fingerprint": pin} if pin else {})
    call = ", ".join([repr(url), *(f"{key}={value!r}" for key, value in arguments.items())])
    setup = f"    set up your machine: {url.replace('ws', 'http', 1)}/setup\n" if has_pack else ""
    return f"{whose}{shown}\n{setup}    from labkit import classroom\n    classroom.join({call})\n"


def sheet(
    url: str, codes: Mapping[str, str], real_names: Mapping[str, str], pin: str | None, *, has_pack: bool = False
) -> str:
    """Return one slip per student, with lines to cut along."""
    slips = (slip(url, name, code, real_names.get(name, name), pin, has_pack=has_pack) for name, code in codes.items())
    return "\n- - - - - - - - - - - - - - - - - - - - - - - -\n\n".join(slips)


def for_instructor(url: str, name: str, code: str) -> str:
    """Return the board's address with the instructor's name and code."""
    return f"The board: {url.replace('ws', 'http', 1)}/board\n    name  {name}\n    code  {code}\n\n"


def _open(slips: Path) -> int:
    try:
        descriptor = open_private(slips, os.O_WRONLY | os.O_CREAT | os.O_APPEND, follow=False)
        if is_others(descriptor):
            raise CannotRun(f"{slips} belongs to another user, who could read the codes; name another file")
        if S_ISREG(os.fstat(descriptor).st_mode):
            make_private(descriptor)  # otherwise an existing file would keep its old mode
        return descriptor
    except OSError as error:
        raise CannotRun(f"cannot write {slips}: {why(error)}") from None
