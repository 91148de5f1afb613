"""Structured logs: a JSON object a line on stderr. Secrets are never put in, so none has to be taken out."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send the kit's logs to stderr, one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    names = {"asctime": "at", "levelname": "level", "name": "from", "message": "what"}
    handler.setFormatter(JsonFormatter(FIELDS, rename_fields=names))
    logger = logging.getLogger("labkit")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
