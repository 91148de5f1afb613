"""Structured logs: one JSON object per line on stderr. Callers never log secrets, so the logs need no filter."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pythonjsonlogger.json import JsonFormatter

from labkit.wire.output import Output, never_waiting

FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
NAMES = {"asctime": "at", "levelname": "level", "name": "from", "message": "what"}
_LOGGER = logging.getLogger(__name__)


@contextmanager
def logging_to_stderr(level: int = logging.INFO) -> Iterator[None]:
    """Send all logs to stderr as JSON lines: labkit's from `level` up, and other libraries' from WARNING up.

    No log call waits for a reader. If lines have to be dropped, a later line says how many.
    """
    with never_waiting():
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter(FIELDS, rename_fields=NAMES))
        if isinstance(sys.stderr, Output):
            sys.stderr.about_dropped = lambda lines: handler.format(_about_dropped(lines))
        logging.getLogger("labkit").setLevel(level)
        with _everything_to(handler):
            yield


@contextmanager
def _everything_to(handler: logging.Handler) -> Iterator[None]:
    """Send all logs to one handler, including warnings and exceptions from threads and finalizers."""
    root = logging.getLogger()
    usual = root.handlers[:], threading.excepthook, sys.unraisablehook
    root.handlers[:] = [handler]
    logging.captureWarnings(True)
    threading.excepthook = lambda failed: _failed(f"the thread {getattr(failed.thread, 'name', '')} failed", failed)
    sys.unraisablehook = lambda failed: _failed(failed.err_msg or "an exception was ignored", failed)
    try:
        yield
    finally:
        root.handlers[:], threading.excepthook, sys.unraisablehook = usual
        logging.captureWarnings(False)


def _failed(what: str, failed: "threading.ExceptHookArgs | sys.UnraisableHookArgs") -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        _LOGGER.error(what, exc_info=failed.exc_value)


def _about_dropped(lines: int) -> logging.LogRecord:
    what = f"{lines} log lines were dropped, because nothing read them in time"
    return logging.makeLogRecord(
        {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "msg": what, "dropped": lines}
    )
