"""A member that stops reading."""

from labkit.evidence import Outcome, broken, held
from labkit.review.flood import stall_and_flood
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene


async def _closed_in_time(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene)
    return (held if flood.is_closed else broken)(flood.summary)


CLOSED_IN_TIME = Probe(
    id="slow/1",
    title="A slow consumer is closed in time",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="a member that does not read is never cut off",
    requirement="A member that is too far behind is closed with 1013, and aborted if it does not answer the close.",
    expected="the connection ends within outbox_age_s and the close deadline",
    fix="Limit the queue of each member, close with 1013, and abort the connection after a deadline.",
    missing_test="Stop reading while the room chats, and expect the server to end the connection within seconds.",
    run=_closed_in_time,
    alone=True,
)


async def _other_members(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene, waits=False)
    summary = f"{flood.sent} chats were sent; a healthy member received {flood.received}"
    outcome = await must_be_well(flood.healthy)
    return outcome if outcome.verdict == "broken" else (held if flood.received == flood.sent else broken)(summary)


OTHER_MEMBERS = Probe(
    id="slow/2",
    title="A slow consumer does not affect the others",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="No member waits for a slow one.",
    expected="a healthy member receives every chat",
    fix="Never wait for one member's socket in the loop that serves everybody.",
    missing_test="Let one member stop reading, and expect the others to receive everything.",
    run=_other_members,
    alone=True,
)


async def _reason(scene: Scene) -> Outcome:
    flood = await stall_and_flood(scene)
    if not flood.is_closed:
        return broken(flood.summary)
    again = await scene.enter(previous=str(flood.stalled.ok.get("connectionId")))
    close = again.ok.get("previousClose")
    code = close.get("code") if isinstance(close, dict) else None
    return (held if code == scene.target.dialect.code(1013) else broken)(f"previousClose {close}")


REASON = Probe(
    id="slow/3",
    title="A slow consumer learns why it was closed",
    severity="P1",
    profile="full",
    promise=KIT,
    cause="a member that does not read is never cut off",
    requirement="If a close frame cannot be delivered, the next auth_ok reports it as previousClose.",
    expected="previousClose with code 1013",
    fix="Remember how each connection ended, and report it in auth_ok when a client names that connection as previous.",
    missing_test="Get closed for being slow, authenticate with previous, and expect previousClose 1013.",
    run=_reason,
    alone=True,
)


MAX_GROWTH_KB = 20 * 1024


async def _memory(scene: Scene) -> Outcome:
    scene.rss_kb()
    await stall_and_flood(scene)
    before = scene.rss_kb()
    await stall_and_flood(scene)
    growth_kb = scene.rss_kb() - before
    return (held if growth_kb < MAX_GROWTH_KB else broken)(
        f"the memory of the server grew by {growth_kb / 1024:.1f} MiB"
    )


MEMORY = Probe(
    id="slow/6",
    title="A slow consumer's memory is freed",
    severity="P1",
    profile="full",
    promise=KIT,
    cause="a member that does not read is never cut off",
    requirement="The data kept for a slow member is limited, and freed when the member is closed.",
    expected="the server's memory grows by less than 20 MiB for a second slow member",
    fix="Drop the queue as soon as you decide to close, and abort the connection after a deadline.",
    missing_test="Measure the server's memory before and after a slow consumer.",
    run=_memory,
    alone=True,
)
