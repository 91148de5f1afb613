"""Whether a client comes back, when, and with which credential: what the close codes make of its life."""

import asyncio
from random import Random
from typing import Any

import pytest

from labkit.rules.close_codes import TABLE, CloseCode, Then, row
from labkit.wire.client.client import Client, Disconnected, Stopped
from labkit.wire.client.state import ClientState
from tests.wire.raw import until
from tests.wire.scripted import QUICK_WINDOW, Peer, Script, Share, client_of, closes, scripted, waits, welcoming

STOPS = [code for code in TABLE if row(code).then is Then.STOP] + [4400, 4499]
FRESH = [CloseCode.AUTH_TIMEOUT, CloseCode.SESSION_EXPIRED]
SENDABLE = [code for code in TABLE if code != CloseCode.NO_CLOSE_FRAME]
RESUMES = [code for code in SENDABLE if row(code).then is Then.RECONNECT and code not in FRESH] + [4500, 4599]


def closing(code: int, reason: str = "") -> Script:
    """Let the client in, then close."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.close(code, reason)

    return play


def slamming(code: int, reason: str = "") -> Script:
    """Close before anything is said."""

    async def play(peer: Peer) -> None:
        await peer.close(code, reason)

    return play


@pytest.mark.parametrize("code", STOPS)
async def test_stop_code_ends_the_client_and_fails_all_waiting(code: int) -> None:
    """A chat, a ping, a presence, a join and an iteration all end with the code; nothing connects again."""

    async def play(peer: Peer) -> None:
        await peer.welcome()
        await peer.admit()
        while set(peer.said_types) < {"auth", "join", "chat", "ping", "presence", "refresh"}:
            await peer.hear()
        await peer.close(code, "because")

    async with scripted(play) as server, client_of(server) as client:
        room = await client.join("demo")
        waiting: list[Any] = [room.chat("hi"), client.ping(), room.presence(), client.join("other")]
        waiting += [anext(room), client.refresh("a-newer-token")]
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [(type(end), end.code, end.reason) for end in ends] == [(Stopped, code, "because")] * len(waiting)
        for later in (room.chat("hi"), client.ping(), client.join("third"), room.presence()):
            with pytest.raises(Stopped, match=str(code)):
                await later
        assert client.state is ClientState.STOPPED
        await asyncio.sleep(0.1)
        assert len(server.peers) == 1
        assert client.buffered_bytes == 0


@pytest.mark.parametrize("code", [CloseCode.AUTH_FAILED, CloseCode.REVOKED, CloseCode.INVALID_MESSAGE])
async def test_stopped_client_explains_the_close_code(code: int) -> None:
    """Before the first auth_ok it is `async with` that raises, with what the table says of the code."""
    async with scripted(slamming(code, "no")) as server:
        with pytest.raises(Stopped, match=row(code).name) as stopped:
            await client_of(server).__aenter__()
        assert row(code).when in str(stopped.value)
        assert len(server.peers) == 1


@pytest.mark.parametrize("code", RESUMES)
async def test_other_codes_bring_it_back_with_resume(code: int) -> None:
    """The next connection authenticates with `resume`, and names the connection before it."""
    async with scripted(closing(code, "retry=1"), welcoming) as server, client_of(server, stable_s=0) as client:
        first = client.connection_id
        again = await server.met(1)
        await until(lambda: client.connection_id != first)
        assert again.heard[0] == {"type": "auth", "token": "resume-of-ana", "previous": first}
        assert closes(client) == [code]


async def test_a_connection_cut_without_a_word_counts_as_1006() -> None:
    """And it, too, is taken up with resume."""

    async def cut(peer: Peer) -> None:
        await peer.welcome()
        peer.abort()

    async with scripted(cut, welcoming) as server, client_of(server) as client:
        again = await server.met(1)
        await until(lambda: bool(again.heard))
        assert again.heard[0]["token"] == "resume-of-ana"
        assert closes(client) == [1006]


@pytest.mark.parametrize("code", FRESH)
async def test_where_the_code_asks_for_a_fresh_ticket_one_is_fetched(code: int) -> None:
    """Not the resume of the session that ended, and not the ticket of last time."""
    fetched: list[str] = []

    async def ticket() -> str:
        fetched.append(f"ticket-{len(fetched)}")
        return fetched[-1]

    async with scripted(closing(code), welcoming) as server, client_of(server, ticket):
        again = await server.met(1)
        await until(lambda: bool(again.heard))
        assert [peer.heard[0]["token"] for peer in server.peers] == ["ticket-0", "ticket-1"]


async def test_a_ticket_that_cannot_be_fetched_now_is_fetched_later() -> None:
    """OSError and TimeoutError mean later; the client waits as for any lost connection."""
    faults: list[BaseException] = [OSError("the ticket office is closed"), TimeoutError()]

    async def ticket() -> str:
        if faults:
            raise faults.pop()
        return "a-ticket"

    async with scripted(welcoming) as server, client_of(server, ticket) as client:
        assert len(waits(client)) == 2
        assert server.peers[0].heard[0]["token"] == "a-ticket"


async def test_ticket_callable_that_refuses_ends_the_client() -> None:
    """Anything else that the callable raises reaches the user as it is."""

    async def ticket() -> str:
        raise PermissionDenied("wrong code")

    class PermissionDenied(Exception):
        pass

    async with scripted(welcoming) as server:
        with pytest.raises(PermissionDenied, match="wrong code"):
            await client_of(server, ticket).__aenter__()
        assert server.peers == []


async def test_only_credential_expired_is_not_retried_for_ever() -> None:
    """A fixed text that was refused as expired gets no fresher by waiting."""
    async with scripted(slamming(CloseCode.SESSION_EXPIRED)) as server:
        with pytest.raises(Stopped, match="4419"):
            await client_of(server).__aenter__()
        assert len(server.peers) == 1


async def test_fixed_token_starts_a_new_session_after_expiry() -> None:
    """A dev token is good again and again: only the resume was too old."""
    async with scripted(closing(CloseCode.SESSION_EXPIRED), welcoming) as server, client_of(server):
        again = await server.met(1)
        await until(lambda: bool(again.heard))
        assert again.heard[0]["token"] == "dev-token"


async def test_accepted_and_closed_again_and_again_is_no_hot_loop() -> None:
    """The library's own iterator comes back 365 times in a second; the waits here grow whatever the server tells."""
    scripts = [slamming(1011), closing(1011), closing(1012, "restart retry=0"), closing(4429)]
    for knocks in await asyncio.gather(*(knocks_in_two_seconds(script) for script in scripts)):
        assert 2 <= knocks <= 15


async def knocks_in_two_seconds(script: Script) -> int:
    """How often a client of such a server connects."""
    async with scripted(script) as server:
        client = Client(server.url, "dev-token", rng=Random(7))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2), client:
                await asyncio.sleep(20)
        assert client.state is ClientState.STOPPED
        return len(server.peers)


@pytest.mark.parametrize(
    ("code", "reason", "seconds"),
    [
        (CloseCode.RESTART, "restart retry=300", 0.3),
        (CloseCode.RESTART, "restart", 0.01),  # no slot: the window, as last told
        (CloseCode.RATE_LIMITED, "rate limited retry=200", 0.2),
        (CloseCode.TRY_LATER, "busy retry=1200", 1.2),
        (CloseCode.TRY_LATER, "busy retry=200", 1.2),
        (CloseCode.TRY_LATER, "slow", 1.01),
        (CloseCode.GOING_AWAY, "going away retry=9000", 0.01),  # carries no slot
    ],
)
async def test_slots_are_kept_and_1013_is_never_early(code: int, reason: str, seconds: float) -> None:
    """What it says it waits, and that it does not knock before."""
    async with scripted(closing(code, reason), welcoming) as server, client_of(server, share=1, stable_s=0) as client:
        await until(lambda: bool(waits(client)))
        assert waits(client) == [pytest.approx(seconds)]
        again = await server.met(1)
        assert again.at - client.log.of("waiting")[0].at >= seconds - 0.05


async def test_first_window_is_the_servers_latest() -> None:
    """In auth_ok, and later in `reconnect`; then 1, 2, 4 seconds whatever was told."""

    async def telling(peer: Peer) -> None:
        await peer.welcome(reconnect={"windowMs": 7000})
        await peer.hear("ping")
        await peer.say("reconnect", windowMs=250)
        await peer.say("pong")
        await peer.hear("ping")
        peer.abort()

    async with scripted(telling, slamming(1011)) as server, client_of(server, share=1) as client:
        assert client.window_ms == 7000
        await client.ping()
        assert client.window_ms == 250
        with pytest.raises(Disconnected):
            await client.ping()
        await until(lambda: len(waits(client)) == 3)
        assert waits(client) == [0.25, 1, 2]


async def test_the_waits_start_over_only_after_auth_ok_and_a_while() -> None:
    """Three connections that ended too soon, then one that lived: only after that one the first window is back."""

    async def living(peer: Peer) -> None:
        await peer.welcome(reconnect=QUICK_WINDOW)
        await asyncio.sleep(0.4)
        peer.abort()

    scripts = [closing(1011), slamming(1011), closing(1011), living, welcoming]
    async with scripted(*scripts) as server, client_of(server, share=0.1, stable_s=0.3) as client:
        await server.met(4)
        assert waits(client) == pytest.approx([0.001, 0.1, 0.2, 0.001])


async def test_life_without_auth_ok_proves_nothing() -> None:
    """A server that accepts, keeps silent for long and closes is as bad as one that closes at once."""

    async def silent(peer: Peer) -> None:
        await peer.hear("auth")
        await asyncio.sleep(0.2)
        peer.abort()

    scripts = [closing(1011), silent, silent, welcoming]
    async with scripted(*scripts) as server, client_of(server, share=0.1, stable_s=0.05) as client:
        await server.met(3)
        assert waits(client) == pytest.approx([0.001, 0.1, 0.2])


async def test_leaving_while_it_waits_ends_it_at_once() -> None:
    """A window of a minute does not keep `async with` from ending."""
    async with scripted(closing(1011)) as server:
        client = Client(server.url, "dev-token", rng=Share(1))
        async with client:
            client._backoff.told(60_000)
            await until(lambda: client.state is ClientState.WAITING)
        assert client.state is ClientState.STOPPED
        assert len(server.peers) == 1
