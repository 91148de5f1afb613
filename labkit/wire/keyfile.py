"""The key that signs tickets and resume credentials, stored next to the audit file.

For `--audit room.db`, the key is in `room.key`. The file contains 64 hex digits, and only its owner can read it. It
keeps the server's credentials valid after a restart. No error message shows the key.
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
    """The key file cannot be used. The message gives the file, the cause and what to do, in one line."""


class Key(NamedTuple):
    """A secret and its public id. Credentials contain the id, so that a server recognizes its own."""

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
        raise KeyFileError("the key must be 64 hex digits; create one with `openssl rand -hex 32`")
    return _key(secret)


def key_path(audit: Path) -> Path:
    """Return the path of an audit file's key. Raises KeyFileError if both would be the same file."""
    path = audit.with_suffix(".key")
    if path == audit:
        raise KeyFileError(f"{audit} is the name of a key file; name the audit file {audit.stem}.db, for example")
    return path


def load_or_create_key(audit: Path) -> Key:
    """Load an audit file's key, or create one if there is none. Raises KeyFileError."""
    return load_or_create(key_path(audit))


def load_key(path: Path) -> Key:
    """Load a key that another program shares. Raises KeyFileError if there is none."""
    try:
        return _load(path)
    except FileNotFoundError:
        make = f"(umask 077; openssl rand -hex 32 > {path})"
        raise KeyFileError(f"key file {path} does not exist; create it with: {make}") from None
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be used: {why(error)}") from None


def load_or_create(path: Path) -> Key:
    """Load the key from a file, or create the file if it does not exist. Raises KeyFileError."""
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
        raise KeyFileError(f"key file {path} must be accessible only to its owner; run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(f"key file {path} contains no key; move it away to get a new one (users must log in again)")
    return _key(secret)


def _create(path: Path, secret: bytes) -> None:
    """Create a key file atomically: write it under another name, then link it. Never overwrite an existing file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster, so use its key
    finally:
        draft.unlink()
