"""The exit codes of labkit's commands: 0 passed, 1 failed, 2 labkit itself failed, 130 interrupted.

A command reports its result with `click.exceptions.Exit`. Any other ending counts as labkit's own failure: an
exception, a library that calls sys.exit, output that cannot be written, or a thread or task that died.
"""

import logging
import os
import platform
import re
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from labkit.platform.os_errors import is_closed_pipe
from labkit.platform.packages import installed_version, missing_package
from labkit.platform.standard_streams import fill_standard_streams

OK, TROUBLE, INTERRUPTED = 0, 2, 130
COMPLETION = "_LABKIT_COMPLETE"
MAX_CAUSE = 300
SECRET_NAME = re.compile(r"token|key|secret|passw|code|credential", re.IGNORECASE)
MIN_SECRET = 4  # removing shorter values would blank out half the report
CREDENTIALS = re.compile(r"\b[tr]\.[0-9a-f]{12}\.[\w-]+\.[\w-]+|(?<=://)[^/@\s]+(?=@)")


class Ending(click.Command):
    """A command whose own failures never look like a result. A group of this class covers all its commands."""

    def main(self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command. Exit the process afterwards, unless `standalone_mode` is off."""
        arguments = list(sys.argv[1:] if args is None else args)
        if standalone_mode:
            fill_standard_streams()

        def run() -> Any:
            return super(Ending, self).main(arguments, standalone_mode=False, **extra)

        return sys.exit(exit_code_of(run, arguments)) if standalone_mode else run()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and catch errors that click would turn into exits of its own before `main` sees them."""
        try:
            return super().invoke(ctx)
        except (OSError, EOFError) as error:
            raise _Trouble from error


class _Trouble(Exception):
    """Carries an error past click. The error is its `__cause__`."""


def leave(code: int) -> NoReturn:
    """End the process at once with another program's exit code. No thread that still waits delays or changes it."""
    os._exit(code if code < 2**31 else code - 2**32)  # Windows has unsigned ones


def exit_code_of(run: Callable[[], Any], arguments: Sequence[str] = ()) -> int:
    """Run a command and return its exit code. If labkit fails, print one sentence that says where the details are."""
    try:
        with _deaths() as deaths:
            code = _ended(run, arguments)
        if deaths and code not in (TROUBLE, INTERRUPTED):
            code = _crashed(deaths[0], arguments, "a background task died")
        return _flushed(code)
    except BaseException:  # such as no memory left for a proper report
        with suppress(OSError):
            os.write(2, b"Error: labkit could not finish, and could not report why. This is not a result.\n")
        return TROUBLE


def _ended(run: Callable[[], Any], arguments: Sequence[str]) -> int:
    try:
        code = run()
        return code if isinstance(code, int) else OK
    except click.ClickException as error:
        error.show()
        return TROUBLE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except SystemExit as error:
        if os.environ.get(COMPLETION):  # click answers a shell's completion request by raising SystemExit
            return int(error.code or 0)
        return _crashed(error, arguments, f"a library called sys.exit({error.code!r})")
    except BaseException as error:
        cause = error.__cause__ if isinstance(error, _Trouble) and error.__cause__ else error
        if package := missing_package(cause):
            click.echo(f"Error: {package}", err=True)
            return TROUBLE
        return _unwritten(cause) if isinstance(cause, OSError) and _is_of_output(cause) else _crashed(cause, arguments)


def _flushed(code: int) -> int:
    """Flush standard output, and return the exit code, or TROUBLE if the output is incomplete."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except OSError as error:
        with suppress(OSError, ValueError):  # the interpreter flushes once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE if code == TROUBLE else _unwritten(error)


def _is_of_output(error: OSError) -> bool:
    """Return whether the error comes from writing output, rather than from a socket or a file."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_code is click.echo.__code__


def _unwritten(error: OSError) -> int:
    """Report incomplete output, unless its reader closed the pipe, as `| head` does."""
    if not is_closed_pipe(error):
        click.echo(f"Error: cannot write to standard output: {error.strerror}; the output is incomplete", err=True)
    return TROUBLE


def _crashed(error: BaseException, arguments: Sequence[str], what: str = "") -> int:
    """Print what happened and where the details are, and return TROUBLE."""
    cause = "".join(traceback.format_exception_only(error)).strip()
    line = " ".join(_without_secrets(what or cause, arguments).split())
    shown = "".join(char if char.isprintable() else "?" for char in line)[:MAX_CAUSE]
    details = _without_secrets(_details(error), arguments)
    try:
        place = f"the details are in {_written(details)}"
    except OSError as fault:
        place = f"the details follow, because no file could be written ({fault.strerror}):\n{details.rstrip()}"
    click.echo(f"Error: labkit could not finish: {shown}. This is not a result; {place}", err=True)
    return TROUBLE


def _details(error: BaseException) -> str:
    about = f"labkit {installed_version()}, Python {platform.python_version()}, {platform.platform()}"
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{about}, {at}\n\n{''.join(traceback.format_exception(error))}"


def _written(details: str) -> str:
    """Write the details to a new file that only its owner can read, and return its path."""
    descriptor, path = tempfile.mkstemp(prefix="labkit-crash-", suffix=".txt")
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(details)
    return path


def _without_secrets(text: str, arguments: Sequence[str]) -> str:
    """Remove secrets from a text: signed credentials, and any token, key or code in the environment or arguments."""
    secrets = {value for name, value in os.environ.items() if SECRET_NAME.search(name)}
    for option, value in zip(arguments, [*arguments[1:], ""]):
        if option.startswith("-") and SECRET_NAME.search(option.partition("=")[0]):
            secrets.add(option.partition("=")[2] or value)
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***") if len(secret) >= MIN_SECRET else text
    return CREDENTIALS.sub("***", text)


@contextmanager
def _deaths() -> Iterator[list[BaseException]]:
    """Collect exceptions that end a thread or a task unobserved. They are still printed as usual."""
    deaths: list[BaseException] = []
    usual, asyncio_log, watching = threading.excepthook, logging.getLogger("asyncio"), _TaskDeaths(deaths)

    def note(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            deaths.append(failed.exc_value)
        usual(failed)

    threading.excepthook = note
    asyncio_log.addHandler(watching)
    try:
        yield deaths
    finally:
        threading.excepthook = usual
        asyncio_log.removeHandler(watching)


class _TaskDeaths(logging.Handler):
    """Collects unretrieved exceptions from asyncio's log. The failure of a peer or the network is not a crash."""

    def __init__(self, deaths: list[BaseException]) -> None:
        super().__init__(logging.ERROR)
        self._deaths = deaths

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a crash, and print the record if no other handler does."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not _is_from_outside(error):
            self._deaths.append(error)
        if logging.getLogger("asyncio").handlers == [self] and not logging.root.handlers and logging.lastResort:
            logging.lastResort.handle(record)


def _is_from_outside(error: BaseException) -> bool:
    return isinstance(error, OSError) or type(error).__module__.startswith("websockets")
