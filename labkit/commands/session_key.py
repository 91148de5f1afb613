"""The key that lets users resume their sessions after a restart of `labkit serve` without --audit.

Without --audit no history, ticket or revocation is stored, so the key signs resume credentials only, and the first
revocation deletes it. The state folder, never a working folder, holds one secret per user of this machine. Each
server's key is derived from that secret and the server's options, so a different token, user list or folder gives a
different key.
"""

import hashlib
import hmac
import json
import logging
import os
from pathlib import Path
from typing import Any

from labkit.bench import working_copy
from labkit.platform import plain_file
from labkit.platform.os_errors import describe
from labkit.wire.keyfile import Key, KeyFileError, key_from, load_or_create

NAME = "serve.key"
_LOGGER = logging.getLogger(__name__)


def state_folder() -> Path:
    """Return labkit's folder in XDG_STATE_HOME or ~/.local/state. Raises OSError without a home folder."""
    try:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "labkit"
    except RuntimeError:
        raise OSError("this user has no home folder; set XDG_STATE_HOME") from None


def session_key(host: str, port: int, token: str, users: Path | None, **_: Any) -> Key:
    """Return the key of a server with these options in this folder. Raises KeyFileError if it cannot be stored."""
    try:
        folder = state_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = load_or_create(folder / NAME).secret
        users_digest = hashlib.sha256(plain_file.read_bytes(users, may_be_given=True)).hexdigest() if users else ""
        settings = json.dumps([str(working_copy.here()), host, port, token, users_digest])
    except OSError as error:
        raise KeyFileError(f"the state folder cannot store a key: {describe(error)}") from None
    return key_from(hmac.digest(secret, settings.encode(), "sha256").hex())


def forget_session_key() -> None:
    """Delete the stored secret, so that no earlier credential works after a restart."""
    try:
        (state_folder() / NAME).unlink(missing_ok=True)
    except OSError as error:
        _LOGGER.error("a revoked user may resume a session after a restart", extra={"fault": describe(error)})
