"""Everything that the table of docs/identity.md shows, and how to present it."""

from collections.abc import Callable
from functools import partial
from time import time
from typing import Any, NamedTuple

import jwt

from labkit.wire.keyfile import key_from
from tests.wire.external import issuer
from tests.wire.external.issuer import COOKIE, HEADER, ROOMS_HEADER, cookie, token

OWN = {"Host": "localhost:8080", "Origin": "http://localhost:8080"}
OTHER_KEY = key_from("cd" * 32)


class Case(NamedTuple):
    """One row. `headers` make those of the handshake; `is_near`: the peer is the gateway."""

    shown: str
    token: Callable[[], str] = lambda: "handshake"
    headers: Callable[[], dict[str, str]] = dict
    is_near: bool = False


def jwt_case(shown: str, *arguments: Any, **changed: Any) -> Case:
    return Case(shown, partial(token, *arguments, **changed))


def cookie_case(shown: str, page: dict[str, str], make: Callable[[], str]) -> Case:
    return Case(shown, headers=lambda: {**page, "Cookie": make()})


def gateway_case(shown: str, is_near: bool = True, token: str = "handshake", **headers: str) -> Case:
    return Case(shown, lambda: token, lambda: {name.replace("_", "-"): each for name, each in headers.items()}, is_near)


def _in(seconds: float) -> int:
    return int(time()) + int(seconds)


# What has a time in it is made when it is presented.
TOKENS = [
    jwt_case("shared secret, HS256"),
    jwt_case("RSA key, RS256", "r1"),
    jwt_case("P-256 key, ES256", "e1"),
    jwt_case("Ed25519 key, EdDSA", "d1"),
    jwt_case('`rooms` as text, `"news=r room:*"`', rooms="news=r room:*"),
    jwt_case("no `rooms`", rooms=...),
    jwt_case("`aud` is a list that contains ours", aud=["mail", "chat"]),
    jwt_case("no `iat`", iat=...),
    Case("`exp` a minute ago", lambda: token(exp=_in(-60))),
    Case("`exp` in 500 days", lambda: token(exp=_in(500 * issuer.DAY))),
    jwt_case("no `exp`", exp=...),
    jwt_case('`exp` is text, `"tomorrow"`', exp="tomorrow"),
    jwt_case("`exp` is 10^400", exp=10**400),
    jwt_case("no `sub`", sub=...),
    jwt_case("`sub` is a number", sub=7),
    jwt_case("`sub` ends with a line feed", sub="ada\n"),
    jwt_case("`sub` has 101 characters", sub="a" * 101),
    Case("`nbf` in an hour", lambda: token(nbf=_in(3600))),
    Case("`iat` in 20 s: the issuer's clock is ahead", lambda: token(iat=_in(20))),
    jwt_case("another `aud`", aud="mail"),
    jwt_case("no `aud`", aud=...),
    jwt_case("another `iss`", iss="https://evil.example"),
    jwt_case('`rooms` is `[["room:*", "admin"]]`', rooms=[["room:*", "admin"]]),
    jwt_case("`rooms` longer than a credential can carry", rooms=[[f"room:{n:04}-team", "rw"] for n in range(215)]),
    Case("`alg` is `none`, no signature", issuer.unsigned),
    Case("a claim changed after signing", issuer.altered),
    Case("signed with another secret", lambda: jwt.encode(issuer.claims(), "x" * 40, headers={"kid": "s1"})),
    Case("HS256, signed with our public RSA key as the secret", issuer.public_key_as_secret),
    jwt_case("`kid` that we do not have", header={"kid": "s2"}),
    jwt_case("`kid` of our key for encryption", header={"kid": "x1"}),
    jwt_case("no `kid`, and several keys", None),
    jwt_case("`crit` names an extension that we do not know", header={"crit": ["b65"], "b65": True}),
    Case("header nested 2000 deep", issuer.nested),
    Case("three parts that are no JSON", lambda: "eyJhbGciOi.J9.x"),
]
COOKIES = [
    cookie_case("page of the server itself", OWN, cookie),
    cookie_case("page named with `--allow-origin`", {**OWN, "Origin": "https://app.example"}, cookie),
    cookie_case("page of another port of this machine", {**OWN, "Origin": "http://localhost:3000"}, cookie),
    cookie_case("page of a foreign site", {**OWN, "Origin": "https://evil.example"}, cookie),
    cookie_case("page with `Origin: null`, named with `--allow-origin null`", {**OWN, "Origin": "null"}, cookie),
    cookie_case("no `Origin`", {"Host": "localhost:8080"}, cookie),
    cookie_case("expired", OWN, lambda: cookie(exp=_in(-60))),
    cookie_case("no `exp`", OWN, lambda: cookie(exp=...)),
    cookie_case("signed with another key", OWN, lambda: cookie(OTHER_KEY)),
    cookie_case("a letter changed", OWN, lambda: cookie().replace("=", "=Z", 1)),
    cookie_case("twice, the second for eve", OWN, lambda: f"{cookie()}; {cookie(sub='eve')}"),
    cookie_case("the name in capitals", OWN, lambda: cookie().replace(COOKIE, COOKIE.upper(), 1)),
    Case("no cookie", headers=lambda: OWN),
]
GATEWAY = [
    gateway_case("from the gateway", X_User="ada", X_User_Rooms="room:*"),
    gateway_case("from the gateway, no rooms", X_User="ada"),
    gateway_case("from the gateway, beyond ASCII", X_User="zoë".encode().decode("latin-1"), X_User_Rooms="room:*"),
    gateway_case("from the gateway, Latin-1 instead of UTF-8", X_User="zo\xeb"),
    gateway_case("from the gateway, twice", X_User=f"ada\r\n{HEADER}: eve"),
    gateway_case("from the gateway, two values in one", X_User="ada, eve"),
    gateway_case("from the gateway, empty", X_User=""),
    gateway_case("from the gateway, rooms that are none", X_User="ada", X_User_Rooms="room:*=admin"),
    gateway_case("from the gateway, the rooms alone", X_User_Rooms="room:*"),
    gateway_case("from the gateway, but no header"),
    gateway_case("from the gateway, and the dev token", token="dev-token", X_User="ada"),
    gateway_case("from a stranger", is_near=False, X_User="ada", X_User_Rooms="room:*"),
    gateway_case("from a stranger, in capitals", is_near=False, **{HEADER.upper(): "ada"}),
    gateway_case("from a stranger, the rooms alone", is_near=False, **{ROOMS_HEADER: "room:*"}),
    Case("from a stranger, with a good token", token, lambda: {HEADER: "ada"}),
    Case("from a stranger, with a good cookie", headers=lambda: {**OWN, "Cookie": cookie(), HEADER: "ada"}),
]
TABLES = {"token": TOKENS, "cookie": COOKIES, "header": GATEWAY}
