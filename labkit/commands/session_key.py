"""The key that lets people back in under their names when a plain `labkit serve` is started again.

Without --audit no history, ticket or revocation is stored, so the key signs resume credentials alone, and the first
revocation takes it away. One secret for each user of this machine lies in the state folder, never in a working folder;
what a server was started with goes into its key, so that another token, list of users or folder is another server.
"""

import hashlib
import hmac
import json
import logging
import os
from pathlib import Path
from typing import Any

from labkit.bench import working_copy
from labkit.wire.keyfile import Key, KeyFileError, key_from, load_or_create

NAME = "serve.key"
_LOGGER = logging.getLogger(__name__)


def state_folder() -> Path:
    """Where programs keep what outlives them: XDG_STATE_HOME, or ~/.local/state. Raises RuntimeError without a home."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "labkit"


def session_key(host: str, port: int, token: str, users: Path | None, **_: Any) -> Key:
    """The key of a server that is started so, in this folder. Raises KeyFileError where none can be kept."""
    try:
        folder = state_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = load_or_create(folder / NAME).secret
        people = hashlib.sha256(users.read_bytes()).hexdigest() if users else ""
        words = json.dumps([str(working_copy.here()), host, port, token, people])
    except (OSError, RuntimeError) as error:
        raise KeyFileError(f"no key can be kept in the state folder: {error}") from None
    return key_from(hmac.digest(secret, words.encode(), "sha256").hex())


def forget_session_key() -> None:
    """Take the secret away: no credential of before opens anything once its server has ended."""
    try:
        (state_folder() / NAME).unlink(missing_ok=True)
    except OSError as error:
        _LOGGER.error("a revoked user may come back after a restart", extra={"fault": str(error)})
