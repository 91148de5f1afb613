"""Sessions of users for whom another system vouches: when they end, what renews them, what a revocation ends."""

import asyncio
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import pytest

from labkit.wire.external import claims as claims_module
from labkit.wire.external.identities import Identities
from labkit.wire.server import Server
from tests.wire.external.issuer import HEADER, identities, token
from tests.wire.external.presented import OWN
from tests.wire.people import OPS, enter_as, refused, revoke, users
from tests.wire.raw import Raw, serving

FAR, NEAR = "10.1.0.0/24", "127.0.0.1"
EXPIRED, REVOKED, FAILED = (4419, "session expired"), (4410, "session revoked"), (4403, "auth failed")


def ends_in(ok: dict[str, Any]) -> float:
    """Seconds from now until the session expires."""
    return datetime.fromisoformat(ok["expiresAt"]).timestamp() - time()


async def renewed(raw: Raw, credential: str) -> dict[str, Any]:
    raw.say(type="refresh", token=credential)
    return await raw.hear("auth_ok")


async def test_session_ends_with_its_token(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, FAR)) as server:
        raw = await Raw.enter(server.url, token(exp=time() + 1.2))
        assert 0 < ends_in(raw.ok) <= 1.3
        assert await raw.ending() == EXPIRED


async def test_session_ends_after_its_limit_when_the_token_is_long(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, FAR), limits={"session_ttl_s": 100}) as server:
        raw = await Raw.enter(server.url, token(exp=time() + 3600))
        assert 90 < ends_in(raw.ok) <= 100.1


async def test_newer_token_extends_and_resume_does_not(tmp_path: Path) -> None:
    """The server's own credential never outlives what the issuer said, also after a reconnect."""
    async with serving(identities=identities(tmp_path, FAR)) as server:
        raw = await Raw.enter(server.url, token(exp=time() + 60))
        assert ends_in(await renewed(raw, raw.ok["resume"])) <= 61
        assert ends_in(await renewed(raw, "dev-token")) <= 61
        later = await renewed(raw, token(exp=time() + 600))
        assert 590 < ends_in(later) <= 601
        again = await Raw.enter(server.url, later["resume"])
        assert again.ok["userId"] == "ada"
        assert ends_in(await renewed(again, again.ok["resume"])) <= 601


async def test_resume_of_a_short_token_stays_short_after_a_restart(tmp_path: Path) -> None:
    accepted, audit = identities(tmp_path, FAR), tmp_path / "room.db"
    async with serving(identities=accepted, audit=audit) as server:
        first = await Raw.enter(server.url, token(exp=time() + 60))
    async with serving(identities=accepted, audit=audit) as server:
        second = await Raw.enter(server.url, first.ok["resume"])
        assert ends_in(await renewed(second, second.ok["resume"])) <= 61


async def test_ticket_of_our_own_still_extends(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, FAR), users=users(tmp_path)) as server:
        raw = await enter_as("ada", server.url)
        assert ends_in(await renewed(raw, raw.ok["resume"])) > 28_000


@pytest.mark.parametrize("credential", [lambda: token(sub="eve"), lambda: token(exp=time() - 60), lambda: "handshake"])
async def test_refresh_with_a_wrong_identity_closes(tmp_path: Path, credential: Any) -> None:
    async with serving(identities=identities(tmp_path, FAR)) as server:
        raw = await Raw.enter(server.url, token())
        raw.say(type="refresh", token=credential())
        assert (await raw.ending())[0] in (4403, 4419)


async def test_refresh_with_fewer_rooms_leaves_a_room(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, FAR)) as server:
        raw = await Raw.enter(server.url, token(), "room:a")
        raw.say(type="refresh", token=token(rooms="news=r"))
        assert (await raw.hear("left"))["roomId"] == "room:a"


@pytest.mark.parametrize("with_audit", [True, False])
async def test_revocation_ends_the_tokens_issued_before_it(tmp_path: Path, with_audit: bool) -> None:
    """Also a token that was never used, one that does not say when it was issued, and a user's cookie or session."""
    audit = tmp_path / "room.db" if with_audit else None
    unused, undated, later = token(), token(iat=...), token(iat=int(time()) + 29)
    async with serving(identities=identities(tmp_path, FAR), ops_token=OPS, audit=audit) as server:
        live = await Raw.enter(server.url, token())
        assert (await revoke(server.url, "ada")).status == 200
        assert await live.ending() == REVOKED
        for old in (unused, undated, later, live.ok["resume"]):
            assert await refused(server.url, old) == REVOKED
        assert (await Raw.enter(server.url, token(sub="eve"))).ok["userId"] == "eve"


async def test_revocation_of_tokens_survives_a_restart(tmp_path: Path) -> None:
    """It is remembered for as long as a token may live, not only for the longest session of ours."""
    accepted, audit, unused = identities(tmp_path, FAR), tmp_path / "room.db", token()
    async with serving(identities=accepted, ops_token=OPS, audit=audit) as server:
        await revoke(server.url, "ada")
    async with serving(identities=accepted, audit=audit) as server:
        assert await refused(server.url, unused) == REVOKED
        kept = server.hub.state.sessions._revoked_at["ada"]
        assert abs(kept - time()) < 60


async def test_token_issued_after_a_revocation_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "CLOCK_SKEW_S", 0.0)
    async with serving(identities=identities(tmp_path, FAR), ops_token=OPS) as server:
        await revoke(server.url, "ada")
        assert (await Raw.enter(server.url, token(iat=time()))).ok["userId"] == "ada"


async def test_handshake_before_a_revocation_counts_as_before(tmp_path: Path) -> None:
    """A gateway's word is from the handshake, even if `auth` comes later."""
    async with serving(identities=identities(tmp_path, NEAR), ops_token=OPS) as server:
        early = await Raw.open(server.url, **{HEADER: "ada"})
        await revoke(server.url, "ada")
        early.say(type="auth", token="handshake")
        assert await early.ending() == REVOKED
        late = await Raw.open(server.url, **{HEADER: "ada"})
        late.say(type="auth", token="handshake")
        assert (await late.hear("auth_ok"))["userId"] == "ada"


async def test_gateway_binds_every_credential_to_its_user(tmp_path: Path) -> None:
    """A resume credential or a token of somebody else is refused on the connection of ada."""
    async with serving(identities=identities(tmp_path, NEAR)) as server:
        eve = await Raw.enter(server.url, token(sub="eve"))
        for theirs in (eve.ok["resume"], token(sub="eve")):
            assert await refused(server.url, theirs, **{HEADER: "ada"}) == FAILED
        ada = await Raw.enter(server.url, "handshake", **{HEADER: "ada"})
        assert (await Raw.enter(server.url, ada.ok["resume"], **{HEADER: "ada"})).ok["userId"] == "ada"


async def test_gateway_session_is_not_extended_without_the_gateway(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, NEAR), limits={"session_ttl_s": 100}) as server:
        raw = await Raw.enter(server.url, "handshake", **{HEADER: "ada"})
        await asyncio.sleep(0.3)
        for own in ("handshake", raw.ok["resume"]):
            assert (await renewed(raw, own))["expiresAt"] == raw.ok["expiresAt"]


async def test_stale_cookie_does_not_disturb_a_token(tmp_path: Path) -> None:
    """A browser sends it whether or not anybody wants it."""
    async with serving(identities=identities(tmp_path, FAR)) as server:
        raw = await Raw.enter(server.url, token(), **{**OWN, "Cookie": "session=stale"})
        assert raw.ok["userId"] == "ada"


async def test_default_rooms_are_for_users_who_bring_none(tmp_path: Path) -> None:
    async with serving(identities=identities(tmp_path, FAR, default_rooms="news=r")) as server:
        without, with_some = await Raw.enter(server.url, token(rooms=...)), await Raw.enter(server.url, token())
        for raw, answer in ((without, "joined"), (with_some, "error")):
            raw.say(type="join", roomId="news")
            assert (await raw.hear())["type"] == answer


@pytest.mark.parametrize("credential", ["handshake", "eyJhbGciOiJIUzI1NiJ9.e30.eA"])
async def test_server_that_accepts_none_refuses_each(credential: str) -> None:
    async with serving() as server:
        assert await refused(server.url, credential, **{HEADER: "ada"}) == FAILED
    async with serving(identities=Identities()) as server:
        assert await refused(server.url, credential, **{HEADER: "ada"}) == FAILED


def test_server_without_identities_needs_no_library() -> None:
    """PyJWT and cryptography cost a start that most servers do without."""
    import subprocess
    import sys

    code = "import sys, labkit.wire.server, labkit.commands.serve; print('jwt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    assert Server(port=0)._identities is None
