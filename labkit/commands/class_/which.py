"""Options that select a class: its name, its file and its address."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from labkit.classroom.register import OtherClass, Register
from labkit.commands.failing import CannotRun
from labkit.wire.audit.schema import AuditError
from labkit.wire.client.address import checked

CLASS_ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")


def _read_id(_ctx: click.Context, _argument: click.Parameter, text: str) -> str:
    if not CLASS_ID.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a class name; use 1 to 40 letters, digits, _ and -")
    return text


def which_class(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument CLASS and the option --file to a verb."""
    file = click.option("--file", type=click.Path(path_type=Path), help="The class file.  [default: CLASS.class.db]")
    return click.argument("class_id", metavar="[CLASS]", default="lab", callback=_read_id)(file(command))


def _read_address(_ctx: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    try:
        return None if url is None else checked(url).rstrip("/")
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def at_address(help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the option --url. It is checked early, because a slip cannot be printed twice."""
    return click.option("--url", callback=_read_address, help=help)


def file_of(class_id: str, file: Path | None) -> Path:
    """Return the path of a class file."""
    return file or Path(f"{class_id}.class.db")


def existing_file(class_id: str, file: Path | None) -> Path:
    """Return the path of a class file that exists. Raises CannotRun."""
    path = file_of(class_id, file)
    if not path.exists():
        raise CannotRun(
            f"there is no class file {path}; create it with `labkit class start {class_id}`, or give --file"
        )
    try:
        Register(path, class_id)
    except (AuditError, OtherClass) as error:
        raise CannotRun(str(error)) from None
    return path
