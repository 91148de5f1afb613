"""The options of `labkit serve` for identities from elsewhere: what they accept, and what refuses to start."""

import json
import signal
from pathlib import Path
from time import time

import jwt
import pytest
from click.testing import CliRunner
from itsdangerous import URLSafeSerializer

from labkit.cli import main
from labkit.commands.identities import ways_of
from tests.docs.pages import ROOT, blocks
from tests.wire.external.issuer import (
    AUDIENCE,
    HEADER,
    ISSUER,
    ROOMS_HEADER,
    SECRET,
    claims,
    key_set,
    pem,
    rsa_key,
    token,
    write_private,
)  # fmt: skip
from tests.wire.external.presented import OWN
from tests.wire.people import refused
from tests.wire.raw import Raw, process

FAILED = (4403, "auth failed")


async def test_key_set_with_audience_and_issuer_is_used(tmp_path: Path) -> None:
    keys = write_private(tmp_path / "keys.json", json.dumps(key_set()))
    options = ["--jwks", str(keys), "--jwt-audience", AUDIENCE, "--jwt-issuer", ISSUER]
    async with process(tmp_path, *options) as server:
        assert (await Raw.enter(server.url, token("r1"), "room:a")).ok["userId"] == "ada"
        assert await refused(server.url, token(aud="mail")) == FAILED
        assert await server.end(signal.SIGTERM) == 0  # it has written its log then
    log = server.log.read_text(encoding="utf-8")
    assert "it is for another audience" in log and "eyJ" not in log


async def test_one_key_with_another_rooms_claim_is_used(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(pem(rsa_key()), encoding="utf-8")
    own = claims(aud=..., iss=..., rooms=..., **{"https://example.com/rooms": "news=r"})
    async with process(tmp_path, "--jwt-key", str(key), "--rooms-claim", "https://example.com/rooms") as server:
        await Raw.enter(server.url, jwt.encode(own, rsa_key(), "RS256"), "news")


async def test_cookie_that_the_page_shows_is_accepted(tmp_path: Path) -> None:
    """The example of docs/identity.md, run as an application would."""
    write_private(tmp_path / "cookie.key", "ab" * 32 + "\n")
    (example,) = blocks((ROOT / "docs/identity.md").read_text(encoding="utf-8"), "python")
    made: dict[str, object] = {}
    exec(example.replace('"cookie.key"', repr(str(tmp_path / "cookie.key"))), made)
    assert "URLSafeSerializer" in made and URLSafeSerializer
    options = ["--session-cookie", "session", "--cookie-key", str(tmp_path / "cookie.key")]
    async with process(tmp_path, *options) as server:
        raw = await Raw.enter(server.url, "handshake", "room:a", **OWN, Cookie=f"session={made['value']}")
        assert raw.ok["userId"] == "ada"


async def test_gateway_options_are_used(tmp_path: Path) -> None:
    options = ["--gateway", "127.0.0.1", "--gateway", "10.1.0.0/24", "--gateway-header", HEADER]
    options += ["--gateway-rooms", ROOMS_HEADER, "--default-rooms", "news=r"]
    async with process(tmp_path, *options) as server:
        await Raw.enter(server.url, "handshake", "room:a", **{HEADER: "ada", ROOMS_HEADER: "room:*"})
        await Raw.enter(server.url, "handshake", "news", **{HEADER: "ada"})


REFUSED = [
    (["--jwt-audience", "chat"], "--jwt-audience has no effect without --jwt-key or --jwks"),
    (["--jwt-issuer", "me"], "--jwt-issuer has no effect without --jwt-key or --jwks"),
    (["--session-cookie", "session"], "--session-cookie has no effect without --cookie-key"),
    (["--cookie-key", "key"], "--cookie-key has no effect without --session-cookie"),
    (["--gateway", "10.1.0.2"], "--gateway has no effect without --gateway-header"),
    (["--gateway-header", "X-User"], "--gateway-header has no effect without --gateway"),
    (["--default-rooms", "a"], "--default-rooms has no effect without"),
    (["--jwt-key", "key", "--jwks", "keys"], "put them all into the key set"),
    (["--jwt-key", "none"], "cannot read none"),
    (["--session-cookie", "a b", "--cookie-key", "key"], "is no name of a cookie"),
    (["--session-cookie", "a", "--cookie-key", "none"], "does not exist; create it with"),
    (["--gateway", "0.0.0.0/0", "--gateway-header", "X-User"], "is every address"),
    (["--gateway", "10.1.0.2", "--gateway-header", "Cookie"], "clients send Cookie themselves"),
    (["--gateway", "10.1.0.2", "--gateway-header", "X-User", "--default-rooms", "a=x"], "--default-rooms: access 'x'"),
    (["--gateway", "10.1.0.2", "--gateway-header", "X-User", "--token", "handshake"], "--token handshake would hide"),
]


@pytest.mark.parametrize(("options", "sentence"), REFUSED, ids=[" ".join(options)[:50] for options, _ in REFUSED])
def test_options_that_do_not_fit_are_a_sentence(
    options: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_private(tmp_path / "key", "ab" * 32)
    result = CliRunner().invoke(main, ["serve", "--port", "0", *options])
    assert result.exit_code == 2 and sentence in result.output and "Traceback" not in result.output


def test_short_secret_is_refused_and_not_shown(tmp_path: Path) -> None:
    write_private(tmp_path / "key", "hunter2")
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--jwt-key", str(tmp_path / "key")])
    assert result.exit_code == 2 and "can be guessed" in result.output and "hunter2" not in result.output


def test_server_says_how_its_users_sign_in() -> None:
    none = dict.fromkeys(("jwt_key", "jwks", "session_cookie", "gateway_header"))
    assert ways_of(**none) == []
    assert ways_of(**{**none, "jwks": Path("keys"), "gateway_header": HEADER}) == [
        "token: a JSON Web Token", "token: handshake, with the cookie or through the gateway",
    ]  # fmt: skip


async def test_secret_key_signs_for_a_server(tmp_path: Path) -> None:
    key = write_private(tmp_path / "secret", SECRET)
    async with process(tmp_path, "--jwt-key", str(key)) as server:
        good = jwt.encode(claims(aud=..., iss=...), SECRET)
        assert (await Raw.enter(server.url, good, "room:a")).ok["userId"] == "ada"
        late = jwt.encode(claims(aud=..., iss=..., exp=time() - 5), SECRET)
        assert await refused(server.url, late) == (4419, "session expired")
