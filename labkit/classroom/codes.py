"""The codes that let students in: short enough to type from paper, long enough not to be guessed, kept as hashes.

59 bits from an alphabet without 0, O, 1, l and i; the server slows down whoever guesses. At rest there is a salted
scrypt hash, which costs about 10 ms to check: dear for whoever steals the file, cheap for a class of 200.
Taught in notebook 02 (auth).
"""

import hashlib
import hmac
import secrets

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 3, 4
SALT_BYTES = 16
_COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


def new_code() -> str:
    """Three groups of four, such as `k3mw-9xqa-t7hd`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def hashed(code: str) -> bytes:
    """Salt and hash, for the file."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + _hash(code, salt)


def matches(code: str, stored: bytes) -> bool:
    """Whether a code is the one that was stored. Takes as long for a wrong one."""
    salt, expected = stored[:SALT_BYTES], stored[SALT_BYTES:]
    return hmac.compare_digest(_hash(code, salt), expected)


def _hash(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(_as_typed(code).encode("utf-8", "surrogatepass"), salt=salt, **_COST)


def _as_typed(code: str) -> str:
    """Capitals, spaces and dashes do not matter in a code of ours; a device's own secret is taken as it is."""
    bare = "".join(code.split()).replace("-", "").lower()
    return bare if len(bare) == GROUPS * GROUP and set(bare) <= set(ALPHABET) else code
