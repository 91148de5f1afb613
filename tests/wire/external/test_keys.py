"""Key files: what is accepted, and which sentence refuses the rest. No sentence contains a key."""

import json
from pathlib import Path
from time import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from labkit.platform.private_files import HAS_MODES
from labkit.wire.external.cookie import SessionCookie
from labkit.wire.external.gateway import Gateway
from labkit.wire.external.token_keys import BadTokenKey, TokenKey, read_key, read_key_set
from labkit.wire.external.tokens import Tokens
from labkit.wire.keyfile import KeyFileError, load_key
from tests.wire.external.issuer import (
    COOKIE_KEY,
    SECRET,
    claims,
    ec_key,
    ed_key,
    key_set,
    pem,
    rsa_key,
    write_private,
)  # fmt: skip

KEYS: dict[str, tuple[Any, str]] = {
    "RS256": (rsa_key, "rsa"), "ES256": (ec_key, "ec"), "EdDSA": (ed_key, "ed"),
}  # fmt: skip


@pytest.mark.parametrize("algorithm", KEYS)
def test_public_key_decides_the_algorithm(tmp_path: Path, algorithm: str) -> None:
    key = KEYS[algorithm][0]()
    path = tmp_path / "key.pem"
    path.write_text(pem(key), encoding="utf-8")
    tokens = Tokens(read_key(path))
    signed = jwt.encode(claims(aud=..., iss=...), key, algorithm)
    assert tokens.read(signed, time()).user_id == "ada"


def test_secret_file_may_end_with_a_line_feed(tmp_path: Path) -> None:
    path = write_private(tmp_path / "key", SECRET + "\n")
    assert Tokens(read_key(path)).read(jwt.encode(claims(aud=..., iss=...), SECRET), time()).user_id == "ada"


def private_pem() -> str:
    return rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


REFUSED_KEYS = [
    (lambda: private_pem(), "is a private key; give only its public half: openssl pkey -in "),
    (lambda: pem(rsa_key(1024)), "an RSA key of 1024 bits is too short; use 2048 or more"),
    (lambda: pem(dsa.generate_private_key(1024)), "no algorithm here uses a "),
    (lambda: pem(ec.generate_private_key(ec.SECP256K1())), "no algorithm here uses a secp256k1 key"),
    (lambda: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "is not a public key in PEM"),
    (lambda: json.dumps(key_set()), "is JSON; give a key set with --jwks"),
    (lambda: "too short", "a secret under 32 bytes can be guessed"),
    (lambda: "", "a secret under 32 bytes can be guessed"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED_KEYS, ids=[sentence[:30] for _, sentence in REFUSED_KEYS])
def test_key_that_checks_nothing_is_refused(tmp_path: Path, text: Any, sentence: str) -> None:
    path = write_private(tmp_path / "key", text())
    with pytest.raises(BadTokenKey) as refused:
        read_key(path)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)


def jwk(**changed: Any) -> str:
    return json.dumps({"keys": [{**RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True), **changed}]})


REFUSED_SETS = [
    (lambda: "[]", "is not a key set"),
    (lambda: '{"keys": [7]}', "is not a key set"),
    (lambda: '{"keys": []}', "contains no key for verifying signatures"),
    (lambda: jwk(use="enc"), "contains no key for verifying signatures"),
    (lambda: jwk(alg="HS256"), "'HS256' is no algorithm for a RSA key"),
    (lambda: jwk(alg="none"), "'none' is no algorithm for a RSA key"),
    (lambda: jwk(alg=["RS256"]), "is no algorithm for a RSA key"),
    (lambda: jwk(d="AQAB"), "is a private key; leave only the public members"),
    (lambda: jwk(n=7), "is not a RSA key in the form of RFC 7518"),
    (lambda: '{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}', "a secret under 32 bytes can be guessed"),
    (lambda: '{"keys": [{"kty": "new"}]}', "None is no algorithm for a new key"),
    (lambda: json.dumps({"keys": [*json.loads(jwk())["keys"]] * 2}), "each needs a kid of its own"),
    (lambda: json.dumps({"keys": [{**one, "kid": 7} for one in json.loads(jwk())["keys"]]}), "a kid must be text"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED_SETS, ids=[sentence[:30] for _, sentence in REFUSED_SETS])
def test_key_set_that_cannot_be_used_is_refused(tmp_path: Path, text: Any, sentence: str) -> None:
    path = write_private(tmp_path / "keys.json", text())
    with pytest.raises(BadTokenKey) as refused:
        read_key_set(path)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)["n"][:20] not in str(refused.value)


def test_key_set_has_the_keys_that_check_signatures(tmp_path: Path) -> None:
    found = read_key_set(write_private(tmp_path / "keys.json", json.dumps(key_set())))
    assert {name: key.algorithm for name, key in found.items()} == {
        "s1": "HS256", "r1": "RS256", "e1": "ES256", "d1": "EdDSA",
    }  # fmt: skip


@pytest.mark.skipif(not HAS_MODES, reason="Windows: the folder's access list decides")
def test_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    secret, keys = tmp_path / "secret", tmp_path / "keys.json"
    secret.write_text(SECRET, encoding="utf-8")
    keys.write_text(json.dumps(key_set()), encoding="utf-8")
    for read, path in ((read_key, secret), (read_key_set, keys)):
        path.chmod(0o644)
        with pytest.raises(BadTokenKey, match="run: chmod 600"):
            read(path)


def test_missing_file_is_a_sentence(tmp_path: Path) -> None:
    for read in (read_key, read_key_set):
        with pytest.raises(BadTokenKey, match=r"cannot read .*none: No such file"):
            read(tmp_path / "none")
    with pytest.raises(KeyFileError, match="does not exist; create it with"):
        load_key(tmp_path / "none")


def test_key_shows_nothing_of_itself() -> None:
    assert repr(TokenKey(SECRET.encode(), "HS256")) == "TokenKey(***, HS256)"


@pytest.mark.parametrize(
    ("addresses", "header", "sentence"),
    [
        ([], "X-User", "needs the gateway's address"),
        (["gateway.example"], "X-User", "is no IP address and no network"),
        (["10.1.0.7/24"], "X-User", "is no IP address and no network"),
        (["0.0.0.0/0"], "X-User", "is every address"),
        (["::/0"], "X-User", "is every address"),
        (["10.1.0.2"], "X User", "is no name of a header"),
        (["10.1.0.2"], "X_User", "is no name of a header"),
        (["10.1.0.2"], "Origin", "clients send Origin themselves"),
        (["10.1.0.2"], "sec-websocket-key", "clients send sec-websocket-key themselves"),
    ],
)
def test_gateway_that_anybody_could_be_is_refused(addresses: list[str], header: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Gateway(addresses, header)


def test_gateway_is_known_by_its_address() -> None:
    gateway = Gateway(["10.1.0.2", "10.2.0.0/16", "fd00::/8"], "X-User")
    here = ["10.1.0.2", "10.2.3.4", "fd00::7", "fd00::7%eth0", "::ffff:10.1.0.2"]
    elsewhere = ["10.1.0.3", "127.0.0.1", "::1", "::ffff:10.1.0.3", "", "gateway"]
    assert all(gateway.is_here(address) for address in here)
    assert not any(gateway.is_here(address) for address in elsewhere)


@pytest.mark.parametrize("name", ["", "my session", "a=b", "a;b", "sitzung\u00e4"])
def test_cookie_name_that_no_browser_sends_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a cookie"):
        SessionCookie(name, COOKIE_KEY)
