"""The key that signs tickets and resume credentials, stored next to the audit file.

For `--audit room.db` it is in `room.key`. The file holds 64 hex digits and is readable by its owner only. With it, a
server's credentials stay valid after a restart. No error message shows the key.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from labkit.platform.os_errors import why
from labkit.platform.private_files import is_open_to_others, open_private

SECRET_BYTES = 32


class KeyFileError(Exception):
    """A key file that cannot be used; the text names the file, the cause and what to do, in one line."""


class Key(NamedTuple):
    """A secret and its public id. Credentials carry the id, so that a server recognizes its own."""

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.key_id}, ***)"


def new_key() -> Key:
    """Generate a key."""
    return _key(secrets.token_bytes(SECRET_BYTES))


def key_from(text: str) -> Key:
    """Read a key from 64 hex digits. Raises KeyFileError."""
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyFileError("the key has to be 64 hex digits, as `openssl rand -hex 32` makes them")
    return _key(secret)


def key_path(audit: Path) -> Path:
    """Return the path of an audit file's key. Raises KeyFileError when that is the audit file itself."""
    path = audit.with_suffix(".key")
    if path == audit:
        raise KeyFileError(f"{audit} is the name of a key file; call the audit file something like {audit.stem}.db")
    return path


def load_or_create_key(audit: Path) -> Key:
    """Load the key of an audit file, or create it when there is none. Raises KeyFileError."""
    return load_or_create(key_path(audit))


def load_or_create(path: Path) -> Key:
    """Load the key in a file, or create it when there is none. Raises KeyFileError."""
    try:
        if not path.exists():
            _create(path, new_key().secret)
        return _load(path)
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be used: {why(error)}") from None


def _key(secret: bytes) -> Key:
    return Key(hashlib.sha256(b"labkit key id" + secret).hexdigest()[:12], secret)


def _load(path: Path) -> Key:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"key file {path} is not a file; move it away")
    if is_open_to_others(path):
        raise KeyFileError(f"key file {path} is open to others than its owner; run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(f"key file {path} holds no key; move it away to get a new one (everybody must log in again)")
    return _key(secret)


def _create(path: Path, secret: bytes) -> None:
    """Create a key file atomically, never over an existing one: write it under another name, then link it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster: use its key
    finally:
        draft.unlink()
