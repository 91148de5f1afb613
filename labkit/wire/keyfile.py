"""The key that signs tickets and resume credentials, kept beside the audit file. Lesson: notebook 02 (auth).

For `--audit room.db` it lies in `room.key`: the audit file's path with `.key` for its suffix. The file holds 64 hex
digits and is readable by its owner only. With it, the credentials of a server outlive it. No error shows it.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from labkit.platform.os_errors import why

SECRET_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(Exception):
    """A key file that cannot be used: one line that names the file, the fault and the way out."""


class Key(NamedTuple):
    """A secret, and its public name: credentials carry the name, so that a server knows its own."""

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.key_id}, ***)"


def new_key() -> Key:
    """A key that nobody has seen before."""
    return _key(secrets.token_bytes(SECRET_BYTES))


def key_from(text: str) -> Key:
    """A key that somebody else keeps: 64 hex digits. Raises KeyFileError."""
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyFileError("the key has to be 64 hex digits, as `openssl rand -hex 32` makes them")
    return _key(secret)


def key_path(audit: Path) -> Path:
    """Where the key of an audit file lies. Raises KeyFileError when that would be the audit file itself."""
    path = audit.with_suffix(".key")
    if path == audit:
        raise KeyFileError(f"{audit} is the name of a key file; call the audit file something like {audit.stem}.db")
    return path


def load_or_create_key(audit: Path) -> Key:
    """The key beside an audit file; a new one is stored when there is none. Raises KeyFileError."""
    return load_or_create(key_path(audit))


def load_or_create(path: Path) -> Key:
    """The key in a file; a new one is stored when there is none. Raises KeyFileError."""
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
    if mode & _OTHERS:
        raise KeyFileError(f"key file {path} is open to others than its owner; run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(f"key file {path} holds no key; move it away, and a new one is made (all log in anew)")
    return _key(secret)


def _create(path: Path, secret: bytes) -> None:
    """All or nothing, and never over an existing key: written under another name, then linked to its own."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody was quicker: theirs is the key
    finally:
        draft.unlink()
