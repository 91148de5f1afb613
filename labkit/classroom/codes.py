"""Codes that admit students: short enough to type from paper, too long to guess, stored as hashes.

A code has 59 bits from an alphabet without 0, O, 1, l and i, and the server rate-limits guesses. The file holds a
salted scrypt hash, which takes about 10 ms to check, so that a stolen file is expensive to attack. If a class of 200
reconnected, that would cost the server 10 ms per student, so a code that has been verified once is then recognised by a
keyed hash, held only in memory.
"""

import hashlib
import hmac
import secrets

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 3, 4
SALT_BYTES = 16
_COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


def new_code() -> str:
    """Generate a code of three groups of four characters, such as `k3mw-9xqa-t7hd`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def hashed(code: str) -> bytes:
    """Return a code's salt and hash, to be stored in the class file."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + _hash(code, salt)


def matches(code: str, stored: bytes) -> bool:
    """Return whether a code matches a stored hash. Takes the same time either way."""
    salt, expected = stored[:SALT_BYTES], stored[SALT_BYTES:]
    return hmac.compare_digest(_hash(code, salt), expected)


class Checked:
    """Checks codes. A code that was accepted before is recognised in 3 us instead of 10 ms."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, bytes] = {}  # keyed hash of the right code, by stored hash

    def matches(self, code: str, stored: bytes) -> bool:
        """Return whether a code matches a stored hash. Rejecting a wrong code always takes the full time."""
        if self.knows(code, stored):
            return True
        right = matches(code, stored)
        if right:
            self._right[stored] = self._quick(code)
        return right

    def knows(self, code: str, stored: bytes) -> bool:
        """Return whether this code was accepted before.

        No rate limit is needed, because codes are too long to guess.
        """
        return hmac.compare_digest(self._right.get(stored, b""), self._quick(code))

    def _quick(self, code: str) -> bytes:
        return hmac.digest(self._key, _bytes(code), "sha256")


def _hash(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(_bytes(code), salt=salt, **_COST)


def _bytes(code: str) -> bytes:
    return _as_typed(code).encode("utf-8", "surrogatepass")


def _as_typed(code: str) -> str:
    """Normalize a code as typed: ignore case, spaces and dashes. A device's own secret is returned unchanged."""
    bare = "".join(code.split()).replace("-", "").lower()
    return bare if len(bare) == GROUPS * GROUP and set(bare) <= set(ALPHABET) else code
