"""An issuer: keys, a key set as a file, and whatever token, cookie or header somebody may present."""

import base64
import json
from functools import cache
from pathlib import Path
from time import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from labkit.rules.grants import Grants
from labkit.wire.external.cookie import SessionCookie
from labkit.wire.external.gateway import Gateway
from labkit.wire.external.identities import Identities
from labkit.wire.external.token_keys import read_key_set
from labkit.wire.external.tokens import Tokens
from labkit.wire.keyfile import Key, key_from

SECRET = "a shared secret of more than 32 bytes"
AUDIENCE, ISSUER = "chat", "https://login.example"
COOKIE, HEADER, ROOMS_HEADER = "session", "X-User", "X-User-Rooms"
COOKIE_KEY = key_from("ab" * 32)
DAY = 86_400


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    """The public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[no-any-return]


def key_set() -> dict[str, Any]:
    """A key of each kind, and one for encryption, which checks nothing."""
    secret = base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")
    keys = [
        {"kid": "s1", "kty": "oct", "k": secret},
        {"kid": "r1", "alg": "RS256", "use": "sig", **RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)},
        {"kid": "e1", **ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True)},
        {"kid": "d1", **OKPAlgorithm.to_jwk(ed_key().public_key(), as_dict=True)},
        {"kid": "x1", "use": "enc", **RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)},
    ]
    return {"keys": [{name: value for name, value in key.items() if name != "key_ops"} for key in keys]}


def write_private(path: Path, text: str) -> Path:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def identities(folder: Path, gateway: str, *, default_rooms: str = "") -> Identities:
    """What a server accepts: tokens of the key set, the cookie, and a gateway's header."""
    keys = read_key_set(write_private(folder / "keys.json", json.dumps(key_set())))
    rooms = Grants.from_text(default_rooms)
    return Identities(
        Tokens(keys, audience=AUDIENCE, issuer=ISSUER, default_rooms=rooms),
        SessionCookie(COOKIE, COOKIE_KEY, default_rooms=rooms),
        Gateway([gateway], HEADER, rooms_header=ROOMS_HEADER, default_rooms=rooms),
    )


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims of ada for an hour. A claim that is changed to ... is left out."""
    good = {"sub": "ada", "exp": int(time()) + 3600, "iat": int(time()), "aud": AUDIENCE, "iss": ISSUER}
    good["rooms"] = [["room:*", "rw"]]  # type: ignore[assignment]
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def token(key_id: str | None = "s1", header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A token that the key set accepts, with some claims changed."""
    key, algorithm = {
        None: (SECRET, "HS256"), "s1": (SECRET, "HS256"), "r1": (rsa_key(), "RS256"), "e1": (ec_key(), "ES256"),
        "d1": (ed_key(), "EdDSA"),
    }[key_id]  # fmt: skip
    named = {} if key_id is None else {"kid": key_id}
    return by_hand(claims(**changed), key, algorithm, {**named, **(header or {})})


def by_hand(payload: dict[str, Any], key: Any, algorithm: str, header: dict[str, Any]) -> str:
    """A signed token, also one that a library would refuse to make."""
    tool = jwt.get_algorithm_by_name(algorithm)
    signed = f"{part({'alg': algorithm, 'typ': 'JWT', **header})}.{part(payload)}"
    return f"{signed}.{encoded(tool.sign(signed.encode(), tool.prepare_key(key)))}"


def part(value: object) -> str:
    """JSON as a part of a token; a string is taken as it is."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return encoded(text.encode())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unsigned() -> str:
    """A token whose algorithm is none."""
    return f"{part({'alg': 'none', 'typ': 'JWT', 'kid': 's1'})}.{part(claims())}."


def altered() -> str:
    """Ada's token, in which she has become eve."""
    head, _, signature = token().split(".")
    return f"{head}.{part(claims(sub='eve'))}.{signature}"


def public_key_as_secret() -> str:
    """Signed by the public RSA key's text, as if it were a secret: the server knows it, and so does everybody."""
    import hashlib
    import hmac

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'r1'})}.{part(claims())}"
    return f"{signed}.{encoded(hmac.digest(pem(rsa_key()).encode(), signed.encode(), hashlib.sha256))}"


def nested() -> str:
    """A token whose header nests deeper than a parser goes."""
    head = '{"alg":"HS256","x":' + "[" * 2000 + "]" * 2000 + "}"
    return f"{part(head)}.{part(claims())}.{encoded(b'x' * 32)}"


def cookie(key: Key = COOKIE_KEY, **changed: Any) -> str:
    """A signed cookie of ada for an hour."""
    return f"{COOKIE}={SessionCookie(COOKIE, key).sign(claims(aud=..., iss=..., **changed))}"
