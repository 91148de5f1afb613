"""Who comes in with what: the dev token, tickets, resume, refresh; and what ends a session."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from labkit.rules.grants import Grants
from labkit.wire import commit_queue, sessions
from labkit.wire.audit import recovery
from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.writer import Audit
from labkit.wire.client.client import Client, Refused
from tests.wire.people import OPS, basic, enter_as, refused, revoke, ticket, ticket_answer, users
from tests.wire.raw import TOKEN, Ended, Raw, ask, request, serving, until, upgrade

FAILED = (4403, "auth failed")


async def test_dev_token_is_reusable_with_a_new_user_each_time() -> None:
    """Two users, two sessions."""
    async with serving() as server:
        ann, bob = await Raw.enter(server.url), await Raw.enter(server.url)
        assert ann.ok["userId"] != bob.ok["userId"] and ann.ok["resume"] != bob.ok["resume"]


OF_PROXIES = [
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix",
    "X-Forwarded", "X-Real-IP", "X-Original-URL", "X-Original-Forwarded-For", "X-Envoy-External-Address",
    "X-Cluster-Client-IP", "X-Client-IP", "Client-IP", "X-ProxyUser-Ip", "X-Request-ID", "X-Amzn-Trace-Id",
    "X-Azure-ClientIP", "X-Appengine-User-IP", "X-Vercel-Id", "X-Nf-Client-Connection-Ip", "X-Varnish",
    "CF-Connecting-IP", "CF-Ray", "CDN-Loop", "True-Client-IP", "Fly-Client-IP", "Fastly-Client-IP",
    "Akamai-Origin-Hop", "Ali-CDN-Real-IP", "Incap-Client-IP", "Tailscale-User-Login", "Ngrok-Trace-Id",
    "Proxy-Connection", "SSL-Client-Cert", "Client-Cert", "Front-End-Https",
]  # fmt: skip


@pytest.mark.parametrize("header", [*OF_PROXIES, "x-real-ip"])
async def test_the_dev_token_does_not_pass_through_a_proxy(header: str) -> None:
    """Whatever the address of the proxy: any header that a proxy or a CDN adds shows that it is in between."""
    async with serving() as server:
        assert await refused(server.url, TOKEN, **{header.replace("-", "_"): "10.0.0.1"}) == FAILED


@pytest.mark.parametrize("fast_path", [True, False])
@pytest.mark.parametrize(
    "host",
    ["chat.example.org", "chat.example.org:8080", "localhost.example.org", "127.0.0.1.nip.io", "0.0.0.0:8080",
     "192.168.1.5", "[2001:db8::1]:8080", "localhost@chat.example.org", "localhost:80:80", "1.127"],
)  # fmt: skip
async def test_the_dev_token_needs_a_host_of_this_machine(host: str, fast_path: bool) -> None:
    """A proxy on this machine passes the public name on, if it adds nothing else."""
    async with serving(limits={"fast_path": fast_path}) as server:
        assert await refused(server.url, TOKEN, Host=host) == FAILED


@pytest.mark.parametrize("fast_path", [True, False])
@pytest.mark.parametrize(
    "host",
    ["localhost:8080", "LOCALHOST", "localhost.", "lab.localhost:8080", "127.0.0.1", "127.8.8.8:1", "127.1:8080",
     "0x7f.1", "2130706433", "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]:80"],
)  # fmt: skip
async def test_the_dev_token_takes_every_name_of_loopback(host: str, fast_path: bool) -> None:
    """Names and addresses in every notation, with a port or without."""
    async with serving(limits={"fast_path": fast_path}) as server:
        assert (await Raw.enter(server.url, Host=host)).ok["type"] == "auth_ok"


async def test_the_dev_token_needs_a_target_of_this_machine() -> None:
    """An absolute target is what a proxy is asked for, and counts more than the Host beside it (RFC 9112, 3.2.2)."""
    async with serving() as server:
        raw = await Raw.dial(server.url)
        raw.send(upgrade().replace(b"GET / ", b"GET http://chat.example.org/ ", 1))
        assert (await raw.head()).status == 101
        raw.say(type="auth", token=TOKEN)
        assert await raw.ending() == FAILED


async def test_refused_dev_token_logs_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    """The right token only: a wrong one is a wrong one, wherever it comes from."""
    async with serving() as server:
        await refused(server.url, "wrong-token", X_Real_IP="10.0.0.1")
        await refused(server.url, TOKEN, X_Real_IP="10.0.0.1")
        await refused(server.url, TOKEN, Host="chat.example.org")
    whys = [line.why for line in caplog.records if line.msg == "dev token refused"]
    assert whys == [
        "it has the header X-Real-IP, which proxies add",
        "it is addressed to 'chat.example.org', not to localhost",
    ]


async def test_the_dev_token_needs_a_listener_on_loopback() -> None:
    """On every address it opens nothing, not even from here; and None is no token at all."""
    async with serving(host="0.0.0.0") as server:
        assert await refused(server.url, TOKEN) == FAILED
    async with serving(token=None) as server:
        assert await refused(server.url, "None-None") == FAILED


async def test_a_ticket_lets_its_user_in_once(tmp_path: Path) -> None:
    """POST /ticket: {ticket, expiresIn}; userId is the name; spent, it is 4403, also while its session lives."""
    async with serving(users=users(tmp_path)) as server:
        answer = await ticket_answer(server.url, "ada")
        assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
        assert list(answer.json) == ["ticket", "expiresIn"] and answer.json["expiresIn"] == 60
        ada = await Raw.enter(server.url, answer.json["ticket"])
        assert ada.ok["userId"] == "ada"
        assert await refused(server.url, answer.json["ticket"]) == FAILED
        assert await ada.everything() == []


async def test_a_ticket_that_is_old_forged_or_foreign_opens_nothing(tmp_path: Path) -> None:
    """Expired, changed in one letter, a resume called a ticket, and one of another server: 4403, all of them."""
    async with serving(users=users(tmp_path), limits={"ticket_ttl_s": 0.2}) as server:
        late = await ticket(server.url, "ada")
        await asyncio.sleep(0.3)
        assert await refused(server.url, late) == FAILED
        good = await ticket(server.url, "ada")
        at = len(good) // 2
        assert await refused(server.url, good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]) == FAILED
        ada = await enter_as("ada", server.url)
        assert await refused(server.url, "t" + ada.ok["resume"][1:]) == FAILED
        async with serving(users=users(tmp_path)) as other:
            assert await refused(other.url, await ticket(server.url, "ada")) == FAILED


async def test_grants_limit_reading_and_writing(tmp_path: Path) -> None:
    """rw, r and w; a room outside them is room_denied; `access` tells."""
    async with serving(users=users(tmp_path)) as server:
        ada, bob = await enter_as("ada", server.url), await enter_as("bob", server.url, "news", "box", "team:1")
        joined = {}
        for room in ("team:1", "news", "box"):
            ada.say(type="join", roomId=room)
            joined[room] = (await ada.hear())["access"]
        assert joined == {"team:1": "rw", "news": "r", "box": "w"}
        ada.say(type="join", roomId="secret")
        assert await ada.hear() == {
            "type": "error",
            "code": "room_denied",
            "message": "your grants do not cover this room",
            "roomId": "secret",
        }
        ada.chat("news", "may I?", requestId="r1")
        refusal = await ada.hear()
        assert (refusal["code"], refusal["requestId"], refusal["roomId"]) == ("read_only", "r1", "news")
        ada.say(type="presence", roomId="box")
        assert (await ada.hear())["code"] == "room_denied"
        told: list[tuple[str, int]] = []
        for speaker, room, words in ((bob, "box", "not for ada"), (ada, "box", "mine"), (bob, "news", "read this")):
            speaker.chat(room, words)
            assert [said["text"] for said in await bob.hear_many(1)] == [words]
            told += [(said["text"], said["seq"]) for said in await ada.everything()]
        assert told == [("mine", 2), ("read this", 1)]


async def test_the_newest_connection_of_a_session_wins() -> None:
    """resume: the same user, the older connection gets 4409, and the newer is told of it."""
    async with serving() as server:
        old = await Raw.enter(server.url, TOKEN, "a")
        new = await Raw.enter(server.url, old.ok["resume"], "a", previous=old.ok["connectionId"])
        assert new.ok["userId"] == old.ok["userId"] and new.ok["connectionId"] != old.ok["connectionId"]
        assert new.ok["previousClose"]["code"] == 4409
        assert await old.ending() == (4409, "replaced")
        new.chat("a", "here")
        assert (await new.hear())["text"] == "here"


async def test_previous_close_is_sent_for_any_credential() -> None:
    """previousClose {code, reason, at}: by `previous` alone; an unknown one is no fault and tells nothing."""
    async with serving() as server:
        raw = await Raw.enter(server.url)
        raw.say(type="nonsense")
        assert await raw.ending() == (1008, "unsupported type")
        for token in (raw.ok["resume"], TOKEN):
            told = (await Raw.enter(server.url, token, previous=raw.ok["connectionId"])).ok["previousClose"]
            assert list(told) == ["code", "reason", "at"]
            assert (told["code"], told["reason"]) == (1008, "unsupported type")
        assert "previousClose" not in (await Raw.enter(server.url, previous="unknown")).ok


@pytest.mark.parametrize("lose", [Raw.drop, Raw.reset])
async def test_lost_connection_is_reported_as_1006(lose: Callable[[Raw], None]) -> None:
    """No close frame on either side."""
    async with serving() as server:
        raw = await Raw.enter(server.url)
        lose(raw)
        await until(lambda: not server.hub.state.connections)
        assert (await Raw.enter(server.url, previous=raw.ok["connectionId"])).ok["previousClose"]["code"] == 1006


async def test_refresh_moves_the_expiry_of_a_live_connection(tmp_path: Path) -> None:
    """auth_ok again: same connection, same user, later; with another's credential 4403."""
    async with serving(users=users(tmp_path), limits={"session_ttl_s": 1.0}) as server:
        ada = await enter_as("ada", server.url, "team:1")
        lapsing = await enter_as("ada", server.url)
        await asyncio.sleep(0.4)
        ada.say(type="refresh", token=await ticket(server.url, "ada"))
        again = await ada.hear("auth_ok")
        assert {again[name] == ada.ok[name] for name in ("connectionId", "userId", "pingMs")} == {True}
        assert datetime.fromisoformat(again["expiresAt"]) > datetime.fromisoformat(ada.ok["expiresAt"])
        assert await lapsing.ending() == (4419, "session expired")
        ada.chat("team:1", "still here")
        assert (await ada.hear())["text"] == "still here"
        ada.say(type="refresh", token=await ticket(server.url, "bob"))
        assert await ada.ending() == FAILED


async def test_refresh_may_change_what_a_user_may_do(tmp_path: Path) -> None:
    """The dev token keeps the user it made; the session of a ticket stays the same session."""
    async with serving(users=users(tmp_path)) as server:
        ann = await Raw.enter(server.url)
        ann.say(type="refresh", token=TOKEN)
        assert (await ann.hear("auth_ok"))["userId"] == ann.ok["userId"]
        ada = await enter_as("ada", server.url)
        ada.say(type="refresh", token=await ticket(server.url, "ada"))
        newer = await Raw.enter(server.url, (await ada.hear("auth_ok"))["resume"])
        assert newer.ok["userId"] == "ada"
        assert await ada.ending() == (4409, "replaced")


async def test_expired_session_closes_4419_forged_one_4403() -> None:
    """4419 for an expired one and for another server's; 4403 for a wrong signature under our key."""
    async with serving(limits={"session_ttl_s": 0.3}) as server, serving() as other:
        raw = await Raw.enter(server.url)
        assert await raw.ending() == (4419, "session expired")
        assert await refused(server.url, raw.ok["resume"]) == (4419, "session expired")
        foreign = (await Raw.enter(other.url)).ok["resume"]
        assert await refused(server.url, foreign) == (4419, "session expired")
        assert await refused(other.url, foreign[:-2] + ("AA" if foreign[-2:] != "AA" else "BB")) == FAILED


async def test_revoke_ends_every_session_of_that_user_only(tmp_path: Path) -> None:
    """4410 for the live ones, 4410 for their resume, and a fresh ticket begins anew."""
    async with serving(users=users(tmp_path), ops_token=OPS) as server:
        adas = [await enter_as("ada", server.url) for _ in range(2)]
        bob = await enter_as("bob", server.url)
        assert (await ask(server.url, request("POST", "/revoke/ada"))).status == 401
        assert (await ask(server.url, request("GET", "/revoke/ada"))).status == 405
        answer = await revoke(server.url, "ada")
        assert (answer.status, answer.json) == (200, {"closed": 2})
        for ada in adas:
            assert await ada.ending() == (4410, "session revoked")
            assert await refused(server.url, ada.ok["resume"]) == (4410, "session revoked")
        assert await bob.everything() == []
        assert (await enter_as("ada", server.url)).ok["userId"] == "ada"


async def test_a_ticket_from_before_its_user_was_revoked_opens_nothing(tmp_path: Path) -> None:
    """4410 as for a resume, also as a refresh; a later ticket opens, and that of somebody else too."""
    async with serving(users=users(tmp_path), ops_token=OPS) as server:
        before, another = [await ticket(server.url, "ada") for _ in range(2)]
        of_bob = await ticket(server.url, "bob")
        await revoke(server.url, "ada")
        assert await refused(server.url, before) == (4410, "session revoked")
        ada = await enter_as("ada", server.url)
        ada.say(type="refresh", token=another)
        assert await ada.ending() == (4410, "session revoked")
        assert (await Raw.enter(server.url, of_bob)).ok["userId"] == "bob"


async def test_revoke_closes_a_connection_waiting_for_auth_ok(tmp_path: Path) -> None:
    """Between the credential and its answer, nothing slips through."""
    async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
        ada = await enter_as("ada", server.url)
        held: list[tuple[object, ...]] = []
        queue = server.hub.state.queue
        audit = queue._audit
        assert isinstance(audit, Audit)
        queue._audit = Held(held)  # type: ignore[assignment]
        again = await Raw.open(server.url)
        again.say(type="auth", token=ada.ok["resume"])
        await until(lambda: bool(held))
        revoked = asyncio.create_task(revoke(server.url, "ada"))
        assert await ada.ending() == (4410, "session revoked")
        queue._audit = audit
        assert not revoked.done()
        audit.submit(*held[0])  # type: ignore[arg-type]
        assert (await revoked).json == {"closed": 1}
        assert await again.ending() == (4410, "session revoked")


async def test_unauthenticated_closes_displace_no_stored_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was never let in has no `previous` to ask with: it takes no place, now and after a restart."""
    monkeypatch.setattr(sessions, "CLOSES_KEPT", 5)
    monkeypatch.setattr(recovery, "CLOSES_KEPT", 5)
    async with serving(audit=tmp_path / "room.db") as server:
        ann = await Raw.enter(server.url)
        ann.say(type="nonsense")
        assert await ann.ending() == (1008, "unsupported type")
        for _ in range(10):
            (await Raw.open(server.url)).drop()
        await until(lambda: server.hub.state.counts.closed[1006] == 10)
        assert (await Raw.enter(server.url, previous=ann.ok["connectionId"])).ok["previousClose"]["code"] == 1008
    async with serving(audit=tmp_path / "room.db") as server:
        assert (await Raw.enter(server.url, previous=ann.ok["connectionId"])).ok["previousClose"]["code"] == 1008


class Register:
    """A directory whose grants change, as those of a class do."""

    def __init__(self) -> None:
        self.now = [["*", "rw"]]

    def grants(self, *_: object) -> Grants:
        """The present ones, whoever asks."""
        return Grants.of(self.now)


@pytest.mark.parametrize("fast_path", [True, False])
@pytest.mark.parametrize("audited", [True, False])
async def test_refresh_with_less_takes_away_what_was_joined(fast_path: bool, audited: bool, tmp_path: Path) -> None:
    """Not covered any more is left, and told so; what is still heard or written follows the newer grants."""
    register = Register()
    audit = tmp_path / "room.db" if audited else None
    async with serving(users=register, audit=audit, limits={"fast_path": fast_path}) as server:
        ada = await enter_as("ada", server.url, "secret", "news", "box")
        bob = await enter_as("bob", server.url, "secret", "news", "box")
        ada.say(type="presence", roomId="box")
        await ada.hear("presence")
        bob.say(type="presence", roomId="secret")
        await bob.hear("presence")
        register.now = [["news", "r"], ["box", "w"]]
        ada.say(type="refresh", token=await ticket(server.url, "ada"))
        assert [(await ada.hear())["type"] for _ in range(2)] == ["auth_ok", "left"]
        assert (await bob.hear("gone"))["roomId"] == "secret"
        for room in ("secret", "news"):
            ada.chat(room, "may I?")
        assert [(await ada.hear())["code"] for _ in range(2)] == ["room_denied", "read_only"]
        for room in ("secret", "news", "box"):
            bob.chat(room, f"of bob in {room}")
        bob.say(type="leave", roomId="box")
        await bob.hear("left")
        ada.chat("box", "mine")
        assert [said["text"] for said in await ada.hear_many(2, "chat")] == ["of bob in news", "mine"]


async def test_lost_room_right_sends_left(tmp_path: Path) -> None:
    """`labkit.connect`: the iteration ends with the refusal, and the other rooms go on."""
    register = Register()
    async with serving(users=register) as server, Client(server.url, await ticket(server.url, "ada")) as client:
        secret, news = await client.join("secret"), await client.join("news")
        register.now = [["news", "rw"]]
        await client.refresh(await ticket(server.url, "ada"))
        with pytest.raises(Refused, match="room_denied"):
            await anext(secret)
        assert (await news.chat("still here"))["seq"] == 1


async def test_a_revocation_is_stored_before_it_is_answered(tmp_path: Path) -> None:
    """200 and then a kill at once: the file has it."""
    path = tmp_path / "room.db"
    async with serving(users=users(tmp_path), ops_token=OPS, audit=path) as server:
        assert (await revoke(server.url, "nobody-here")).status == 200
        with reading(path) as connection:
            assert [entry.user for _, entry, _ in rows(connection)] == ["nobody-here"]


async def test_revocation_not_stored_is_retried_until_it_is(tmp_path: Path) -> None:
    """503 and not 200; in force at once, and after a restart too, though the file was locked at that time.

    It is stored before whatever comes later: a session that begins afterwards was not revoked.
    """
    path = tmp_path / "room.db"
    limits = {"auth_timeout_s": 10.0}
    async with serving(users=users(tmp_path), ops_token=OPS, audit=path, limits=limits) as server:
        ada = await enter_as("ada", server.url)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        ending = asyncio.create_task(ada.ending())
        answer = await revoke(server.url, "ada")
        assert answer.status == 503 and b"not yet in the audit file" in answer.body
        assert await ending == (4410, "session revoked")
        other.execute("ROLLBACK")
        other.close()
        fresh = await enter_as("ada", server.url)
    async with serving(users=users(tmp_path), audit=path) as server:
        assert await refused(server.url, ada.ok["resume"]) == (4410, "session revoked")
        assert (await Raw.enter(server.url, fresh.ok["resume"])).ok["userId"] == "ada"


async def test_server_end_logs_revocations_never_stored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody was told 200, and the log has it."""
    async with serving(users=users(tmp_path), ops_token=OPS, audit=tmp_path / "room.db") as server:
        assert isinstance(server.hub.state.queue._audit, Audit)
        server.hub.state.queue._audit.close()
        assert (await revoke(server.url, "ada")).status == 503
    lost = [vars(record)["user"] for record in caplog.records if record.getMessage() == "audit entry was never stored"]
    assert lost == ["ada"]


async def test_a_disk_that_stands_still_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither failing nor working, it would have all that is said wait in memory; what was accepted stays accepted."""
    monkeypatch.setattr(commit_queue, "MAX_WAITING", 10)
    async with serving(audit=tmp_path / "room.db") as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        held: list[tuple[object, ...]] = []
        queue = server.hub.state.queue
        audit = queue._audit
        assert isinstance(audit, Audit)
        queue._audit = Held(held)  # type: ignore[assignment]
        ann.chat("a", "the disk has this one")
        await until(lambda: bool(held))
        for number in range(12):
            ann.chat("a", "x" * 1_000, requestId=f"r{number}")
        await until(lambda: server.hub.state.counts.errors["unavailable"] == 2)
        queue._audit = audit
        audit.submit(*held[0])  # type: ignore[arg-type]
        heard = await ann.hear_many(13)
        assert [said.get("seq") for said in heard] == [*range(1, 12), None, None]
        assert [said["requestId"] for said in heard[-2:]] == ["r10", "r11"]


async def test_gone_is_sent_after_it_is_stored(tmp_path: Path) -> None:
    """Who left and who was lost alike."""
    async with serving(audit=tmp_path / "room.db") as server:
        bob, ada, eve = [await Raw.enter(server.url, TOKEN, "a") for _ in range(3)]
        bob.say(type="presence", roomId="a")
        await bob.hear("presence")
        held: list[tuple[object, ...]] = []
        queue = server.hub.state.queue
        audit = queue._audit
        assert isinstance(audit, Audit)
        queue._audit = Held(held)  # type: ignore[assignment]
        watching = server.hub.state.connections[bob.ok["connectionId"]]
        told = watching.sent
        ada.say(type="leave", roomId="a")
        await ada.hear("left")
        eve.drop()
        room = server.hub.state.rooms.room("a")
        await until(lambda: len(room.members) == 1)
        await asyncio.sleep(0.05)
        assert watching.sent == told
        queue._audit = audit
        audit.submit(*held[0])  # type: ignore[arg-type]
        assert [(await bob.hear("gone"))["userId"] for _ in range(2)] == [ada.ok["userId"], eve.ok["userId"]]


class Held:
    """An audit log that takes its time."""

    def __init__(self, held: list[tuple[object, ...]]) -> None:
        self._held = held

    def submit(self, *submission: object) -> None:
        self._held.append(submission)


async def test_wrong_codes_over_the_limit_are_not_compared(tmp_path: Path) -> None:
    """Five at once for a name, then 429 with Retry-After, for the right code as well; other names go on."""
    async with serving(users=users(tmp_path)) as server:
        for code in ("wrong-1", "", "correct-hors", "correct-horse ", "CORRECT-HORSE"):
            answer = await ticket_answer(server.url, "ada", code)
            assert (answer.status, answer.body) == (401, b"wrong name or code\n")
            assert answer.headers["www-authenticate"].startswith("Basic ")
        for code in ("wrong", "correct-horse"):
            answer = await ticket_answer(server.url, "ada", code)
            assert answer.status == 429 and int(answer.headers["retry-after"]) > 0
        assert (await ticket_answer(server.url, "bob")).status == 200


async def test_guessing_at_many_names_is_rate_limited_by_address(tmp_path: Path) -> None:
    """A wrong name is a wrong code."""
    async with serving(users=users(tmp_path)) as server:
        statuses = [(await ticket_answer(server.url, f"nobody-{number}", "x")).status for number in range(33)]
        assert statuses[:30] == [401] * 30 and statuses[-1] == 429


async def test_right_codes_are_never_braked(tmp_path: Path) -> None:
    """A class behind one address, all at once."""
    async with serving(users=users(tmp_path)) as server:
        assert {(await ticket_answer(server.url, "bob")).status for _ in range(60)} == {200}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer correct-horse"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic /////w=="},
        {"Authorization": "Basic"},
        basic("ada", "") | {"X": "y"},
    ],
)
async def test_a_ticket_needs_basic_authorization(tmp_path: Path, headers: dict[str, str]) -> None:
    """Anything else is 401."""
    async with serving(users=users(tmp_path)) as server:
        answer = await ask(server.url, request("POST", "/ticket", {**headers, "Content-Length": "0"}))
        assert answer.status == 401


async def test_without_users_there_are_no_tickets() -> None:
    """403, and a word on what to do."""
    async with serving() as server:
        answer = await ticket_answer(server.url, "ada")
        assert answer.status == 403 and b"--users" in answer.body


async def test_a_restart_with_audit_is_a_pause(tmp_path: Path) -> None:
    """Rooms, requests, sessions, spent tickets, endings and revocations survive; the key is its owner's alone."""
    path = tmp_path / "room.db"
    async with serving(users=users(tmp_path), ops_token=OPS, audit=path) as server:
        spent = await ticket(server.url, "ada")
        ada = await Raw.enter(server.url, spent, "team:1")
        bob = await enter_as("bob", server.url)
        ada.chat("team:1", "before", requestId="r1")
        before = await ada.hear()
        unused = await ticket(server.url, "bob")
        await revoke(server.url, "bob")
        fresh = await ticket(server.url, "bob")
        assert await bob.ending() == (4410, "session revoked")
        ada.say(type="leave", roomId="team:1")
        ada.say(type="join", roomId="team:1")
        epoch = (await ada.hear("joined"))["epoch"]
        ada.say(type="nonsense")
        assert await ada.ending() == (1008, "unsupported type")
    async with serving(users=users(tmp_path), audit=path) as server:
        back = await Raw.enter(server.url, ada.ok["resume"], previous=ada.ok["connectionId"])
        assert back.ok["userId"] == "ada" and back.ok["previousClose"]["code"] == 1008
        back.say(type="join", roomId="team:1", since={"epoch": epoch, "seq": 0})
        joined, missed = await back.hear_many(2)
        assert (joined["epoch"], joined["seq"], joined["gap"], missed) == (epoch, 1, False, before)
        back.chat("team:1", "again", requestId="r1")
        back.chat("team:1", "after")
        again, after = await back.hear_many(2)
        assert again == {**before, "duplicate": True} and (after["seq"], after["text"]) == (2, "after")
        assert await refused(server.url, spent) == FAILED
        assert await refused(server.url, bob.ok["resume"]) == (4410, "session revoked")
        assert await refused(server.url, unused) == (4410, "session revoked")
        assert (await Raw.enter(server.url, fresh)).ok["userId"] == "bob"
    assert stat.S_IMODE(os.stat(tmp_path / "room.key").st_mode) == 0o600


async def test_restart_events_without_request_id_displace_none(tmp_path: Path) -> None:
    """Said again, a payment is a repetition before the restart and after it, whatever was said in between."""
    path, limits = tmp_path / "room.db", {"dedupe_entries": 3}
    async with serving(users=users(tmp_path), audit=path, limits=limits) as server:
        ada = await enter_as("ada", server.url, "team:1")
        ada.chat("team:1", "pay once", requestId="A")
        for _ in range(3):
            ada.chat("team:1", "no id")
        ada.chat("team:1", "pay once", requestId="A")
        first, *_, again = await ada.hear_many(5, "chat")
        assert again == {**first, "duplicate": True}
    async with serving(users=users(tmp_path), audit=path, limits=limits) as server:
        ada = await enter_as("ada", server.url, "team:1")
        ada.chat("team:1", "pay once", requestId="A")
        assert await ada.hear("chat") == again


async def test_restart_without_audit_starts_empty(tmp_path: Path) -> None:
    """A new epoch, a gap that is told, and 4419 for the old server's resume."""
    async with serving() as server:
        old = await Raw.enter(server.url)
        old.say(type="join", roomId="a")
        epoch = (await old.hear())["epoch"]
    async with serving() as server:
        assert await refused(server.url, old.ok["resume"]) == (4419, "session expired")
        new = await Raw.enter(server.url)
        new.say(type="join", roomId="a", since={"epoch": epoch, "seq": 0})
        joined = await new.hear()
        assert joined["gap"] is True and joined["epoch"] != epoch


async def test_failing_audit_admits_nobody_and_publishes_nothing(tmp_path: Path) -> None:
    """Closed under the server: a chat is refused as unavailable, and nobody is given an auth_ok that is not stored."""
    async with serving(audit=tmp_path / "room.db") as server:
        ann = await Raw.enter(server.url, TOKEN, "a")
        audit = server.hub.state.queue._audit
        assert audit is not None
        audit.close()
        ann.chat("a", "lost", requestId="r")
        refusal = await ann.hear()
        assert (refusal["code"], refusal["requestId"], refusal["roomId"]) == ("unavailable", "r", "a")
        late = await Raw.open(server.url)
        late.say(type="auth", token=TOKEN)
        with pytest.raises(Ended) as ended:
            await late.hear()
        assert (ended.value.code, ended.value.reason) == (1011, "internal error")
