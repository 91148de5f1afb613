"""Signed tokens: base64url(JSON payload) "." base64url(HMAC-SHA256)."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from pathlib import Path

KEY_FILE = Path(__file__).resolve().parent / ".secret"


class InvalidToken(Exception):
    pass


def key():
    """The key from TOKEN_SECRET, or from a file that is made when needed."""
    if os.environ.get("TOKEN_SECRET"):
        return os.environ["TOKEN_SECRET"].encode()
    try:
        fd = os.open(KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(fd, "w") as f:
            f.write(secrets.token_hex(32))
    return KEY_FILE.read_text().strip().encode()


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sign(payload):
    return hmac.new(key(), payload, hashlib.sha256).digest()


def issue(user, lifetime=8 * 3600):
    payload = json.dumps({"sub": user, "exp": int(time.time()) + lifetime}).encode()
    return f"{_encode(payload)}.{_encode(_sign(payload))}"


def verify(token):
    try:
        first, second = token.split(".")
        payload, signature = _decode(first), _decode(second)
    except (ValueError, binascii.Error):
        raise InvalidToken("malformed") from None
    if not hmac.compare_digest(signature, _sign(payload)):
        raise InvalidToken("bad signature")
    claims = json.loads(payload)
    if claims["exp"] < time.time():
        raise InvalidToken("expired")
    return claims["sub"]
