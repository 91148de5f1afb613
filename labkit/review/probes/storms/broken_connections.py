"""Connections that are reset or never complete their handshake."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _reset_connections(scene: Scene) -> Outcome:
    room = scene.room()
    await scene.dial()  # the server must be running
    try:
        stays = await scene.enter(room)
    except CannotTell as error:  # it admitted us when the review began; since then we have reset connections
        return broken(f"the server admits nobody any more: {error}")
    count = max(1, min(100, int(scene.promised.handshakes_per_s / 4)))
    for _ in range(count):
        (await scene.enter(room)).drop()
    stays.chat(room, "who is left?")
    if (await stays.receive("chat")).get("text") != "who is left?":
        return broken("the remaining member received another chat message")
    return held(f"after {count} members were reset, the room still works")


RESET_CONNECTIONS = Probe(
    id="storms/6",
    title="Members whose connections are reset do no harm",
    severity="P0",
    profile="core",
    promise=DANGER,
    requirement="The server forgets a connection that is reset, and the room continues.",
    expected="the remaining member receives its own chat message",
    fix="Handle the error event of every socket, and remove the member when it closes.",
    missing_test="Reset a hundred members' connections, then chat in their room.",
    run=_reset_connections,
    alone=True,
    needs_entry=False,
)


async def _incomplete_requests(scene: Scene) -> Outcome:
    head = scene.upgrade_request().encode()
    for size in range(1, 51):
        half = await scene.dial()
        half.transport.write(head[: size * len(head) // 60])
    return await must_be_well(await scene.enter(scene.room()))


INCOMPLETE_REQUESTS = Probe(
    id="storms/7",
    title="Incomplete requests do not delay other clients",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="An incomplete handshake does not delay any other connection.",
    expected="a client can join a room while fifty incomplete requests are open",
    fix="Read each connection independently; never wait for one before accepting the next.",
    missing_test="Send half a request on each of fifty connections, and join a room on another one.",
    run=_incomplete_requests,
)
