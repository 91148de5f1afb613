"""New codes, and where they may be shown: on a terminal or in a file of the owner's, never in a log."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from stat import S_ISREG

import click

from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import why

AGAIN = "`labkit class code` for students, --new-instructor-code for the instructor"


def check_place(slips: Path | None) -> None:
    """Before codes are made. Raises CannotRun where nobody would see them, or everybody."""
    if slips is None and not (sys.stdout and sys.stdout.isatty()):
        raise CannotRun("new codes would end up in a log here; give --hand-out FILE, or start the class at a terminal")
    if slips is not None:
        os.close(_open(slips))


def hand_out(
    text: str, slips: Path | None, note: Callable[[str], object] = lambda what: click.echo(what, err=True)
) -> None:
    """Show them, this once; `note` is given where they are."""
    if slips is None:
        click.echo(text)
    else:
        try:
            with os.fdopen(_open(slips), "a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CannotRun(f"{slips} does not hold the new codes: {why(error)}; then give new ones: {AGAIN}") from None
        note(f"the new codes are in {slips}; print it, then delete it")


def slip(url: str, name: str, code: str, whose: str, pin: str | None) -> str:
    """What one student needs."""
    shown = "" if whose == name else f"   (the class sees: {name})"
    arguments = {"name": name, "code": code} | ({"fingerprint": pin} if pin else {})
    words = ", ".join([repr(url), *(f"{key}={value!r}" for key, value in arguments.items())])
    return f"{whose}{shown}\n    from labkit import classroom\n    classroom.join({words})\n"


def sheet(url: str, codes: Mapping[str, str], real_names: Mapping[str, str], pin: str | None) -> str:
    """A slip for each student, to cut apart."""
    slips = (slip(url, name, code, real_names.get(name, name), pin) for name, code in codes.items())
    return "\n- - - - - - - - - - - - - - - - - - - - - - - -\n\n".join(slips)


def for_instructor(url: str, name: str, code: str) -> str:
    """What opens the board."""
    return f"The board: {url.replace('ws', 'http', 1)}/board\n    name  {name}\n    code  {code}\n\n"


def _open(slips: Path) -> int:
    try:
        descriptor = os.open(slips, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        there = os.fstat(descriptor)
        if there.st_uid != os.geteuid():
            raise CannotRun(f"{slips} is not yours; whoever owns it would read the codes: name another file")
        if S_ISREG(there.st_mode):
            os.fchmod(descriptor, 0o600)  # a file that was there already keeps its own mode
        return descriptor
    except OSError as error:
        raise CannotRun(f"cannot write {slips}: {why(error)}") from None
