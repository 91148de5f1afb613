"""The keys that check JSON Web Tokens, from a file: one key, or a JSON Web Key Set (RFC 7517).

The server only checks tokens, so it needs public keys, or a secret that it shares with the issuer. It refuses a
private key, which would let whoever takes the file sign tokens. No error contains a key.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jwt
from jwt import PyJWK

from labkit.platform.os_errors import why
from labkit.platform.packages import missing
from labkit.platform.private_files import is_open_to_others
from labkit.text import files as text_files

MIN_SECRET_BYTES = 32  # RFC 7518, section 3.2: as long as the hash
MIN_RSA_BITS = 2048  # RFC 7518, section 3.3
# A JWK without `alg` gets the usual algorithm of its kind. Only these are accepted.
_BY_KIND = {"oct": "HS256", "RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
_OF_KIND = {
    "oct": ("HS256", "HS384", "HS512"),
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    **{kind: (name,) for kind, name in _BY_KIND.items() if kind not in ("oct", "RSA")},
}


class BadTokenKey(Exception):
    """The key file cannot be used. The message gives the file, the cause and what to do, in one line."""


class TokenKey(NamedTuple):
    """A key and its one algorithm."""

    key: Any
    algorithm: str

    def __repr__(self) -> str:
        return f"TokenKey(***, {self.algorithm})"


def read_key(path: Path) -> Mapping[str | None, TokenKey]:
    """Read one key: a public key in PEM, or a shared secret of at least 32 characters. Raises BadTokenKey."""
    text = _read(path).strip()
    if "PRIVATE KEY" in text:
        raise BadTokenKey(f"{path} is a private key; give only its public half: openssl pkey -in {path} -pubout")
    if "-----BEGIN" in text:
        return {None: _from_pem(path, text)}
    if text.startswith("{"):
        raise BadTokenKey(f"{path} is JSON; give a key set with --jwks {path}")
    _must_be_private(path)
    return {None: _checked_secret(str(path), TokenKey(text.encode(), "HS256"))}


def read_key_set(path: Path) -> Mapping[str | None, TokenKey]:
    """Read a key set, without the keys that are for encryption. Raises BadTokenKey."""
    try:
        every = json.loads(_read(path))["keys"]
        keys = [(place, key) for place, key in enumerate(every, 1) if key.get("use", "sig") == "sig"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadTokenKey(f'{path} is not a key set; it must be JSON such as {{"keys": [...]}}') from None
    if not keys:
        raise BadTokenKey(f"{path} contains no key for verifying signatures")
    ids = [key.get("kid") for _, key in keys]
    if not all(key_id is None or isinstance(key_id, str) for key_id in ids):
        raise BadTokenKey(f"{path}: a kid must be text")
    if len(set(ids)) < len(ids) or (len(ids) > 1 and None in ids):
        raise BadTokenKey(f"{path}: with several keys, each needs a kid of its own, by which tokens name it")
    return {key.get("kid"): _from_jwk(path, f"{path} key {place}", key) for place, key in keys}


def _read(path: Path) -> str:
    try:
        return text_files.read(path)
    except (OSError, ValueError) as error:
        raise BadTokenKey(f"cannot read {path}: {why(error) if isinstance(error, OSError) else error}") from None


def _must_be_private(path: Path) -> None:
    if is_open_to_others(path):
        raise BadTokenKey(f"{path} is a secret, so it must be accessible only to its owner; run: chmod 600 {path}")


def _checked_secret(where: str, key: TokenKey) -> TokenKey:
    if len(key.key) < MIN_SECRET_BYTES:
        make = "openssl rand -hex 32"
        raise BadTokenKey(f"{where}: a secret under {MIN_SECRET_BYTES} bytes can be guessed; create one with: {make}")
    return key


def _from_pem(path: Path, text: str) -> TokenKey:
    try:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise BadTokenKey(f"{path}: {missing('cryptography', 'share a secret, for HS256', 'jwt')}") from None
    try:
        key = load_pem_public_key(text.encode())
    except Exception:  # of its many parsers; none of their messages helps
        raise BadTokenKey(f"{path} is not a public key in PEM; a certificate or a private key is none") from None
    if isinstance(key, rsa.RSAPublicKey):
        return _checked_rsa(str(path), TokenKey(key, "RS256"))
    if isinstance(key, ec.EllipticCurvePublicKey):
        names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        kind = names.get(key.curve.name, key.curve.name)
    else:
        kind = "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else type(key).__name__
    if kind not in _BY_KIND:
        raise BadTokenKey(f"{path}: no algorithm here uses a {kind} key; use RSA, P-256, P-384, P-521 or Ed25519")
    return TokenKey(key, _BY_KIND[kind])


def _from_jwk(path: Path, where: str, jwk: Mapping[str, Any]) -> TokenKey:
    kind = str(jwk.get("crv") or jwk.get("kty"))
    algorithm = jwk.get("alg", _BY_KIND.get(kind))
    if algorithm not in _OF_KIND.get(kind, ()):
        raise BadTokenKey(f"{where}: {algorithm!r:.20} is no algorithm for a {kind:.20} key; RFC 7518 lists them")
    if "d" in jwk or "p" in jwk:
        raise BadTokenKey(f"{where} is a private key; leave only the public members (RFC 7518, section 6)")
    if kind == "oct":
        _must_be_private(path)
    try:
        key = PyJWK(dict(jwk), algorithm).key
    except jwt.exceptions.MissingCryptographyError:
        raise BadTokenKey(f"{where}: {missing('cryptography', 'share a secret, for HS256', 'jwt')}") from None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):  # their messages quote the key
        raise BadTokenKey(f"{where} is not a {kind} key in the form of RFC 7518, section 6") from None
    made = TokenKey(key, algorithm)
    if kind == "oct":
        return _checked_secret(where, made)
    return _checked_rsa(where, made) if kind == "RSA" else made


def _checked_rsa(where: str, key: TokenKey) -> TokenKey:
    if key.key.key_size < MIN_RSA_BITS:
        raise BadTokenKey(f"{where}: an RSA key of {key.key.key_size} bits is too short; use {MIN_RSA_BITS} or more")
    return key
