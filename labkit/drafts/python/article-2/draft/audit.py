"""Where an audit log is attached.

Sending something over WebSocket is no proof that it has arrived, nor a record
that it happened. This log is written independently of delivery, and before it.
Here it goes to a file; replace it by durable storage in production.
"""

import json
import logging
from datetime import datetime, timezone

from config import ROOT

_logger = logging.getLogger("audit")
_logger.setLevel(logging.INFO)
_logger.propagate = False
_handler = logging.FileHandler(ROOT / "audit.log", encoding="utf-8")
_handler.setFormatter(logging.Formatter("%(message)s"))
_logger.addHandler(_handler)


def record(event, **details):
    """Never pass a token to this function."""
    entry = {"time": datetime.now(timezone.utc).isoformat(), "event": event, **details}
    _logger.info(json.dumps(entry, ensure_ascii=False))
