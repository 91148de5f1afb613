"""Responses that pile up for a client that never reads them."""

from labkit.evidence import Outcome, broken, held
from labkit.review import frames
from labkit.review.dialect import IN_PINGS
from labkit.review.flood import MOST_CHARS, flood_without_reading
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

PATIENT_S = 12.0  # many servers wait ten seconds for the answer to a close


async def _defence(scene: Scene, data: bytes, max_bytes: int) -> str | None:
    """Return how the server stops a client that sends this repeatedly and reads nothing; None if it does not."""
    peer, other = await scene.enter(receive_buffer=4096), await scene.enter()
    is_stated = scene.is_strict or "close_deadline_s" in scene.promised.declared
    deadline_s = scene.promised.close_deadline_s + 3 if is_stated else PATIENT_S
    return await flood_without_reading(peer, data, max_bytes, deadline_s, other.received_so_far)


async def _unread_pongs(scene: Scene) -> Outcome:
    defence = await _defence(scene, frames.frame(frames.PING, b"x" * 125), 12 * 2**20)
    return held(defence) if defence else broken("the server read 12 MiB of pings and keeps their pongs in memory")


UNREAD_PONGS = Probe(
    id="slow/4",
    title="Pongs do not pile up for a client that does not read",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="answers to a client that does not read are not limited",
    requirement="The data kept for one connection is limited, control frames included.",
    expected="the connection ends, or the server stops reading from it",
    fix="Count pongs as part of the queue, or stop reading while the socket does not accept them.",
    missing_test="Send ping frames without reading, and expect the connection to end.",
    run=_unread_pongs,
    alone=True,
)


async def _unread_responses(scene: Scene) -> Outcome:
    text = scene.encode(type="ping")
    if scene.target.dialect.pings_by_chat:  # a chat as long as a chat may be fills a queue as well as many short ones
        text = IN_PINGS.sub("x" * int(min(MOST_CHARS, scene.promised.text_chars)), text)
    defence = await _defence(scene, frames.frame(frames.TEXT, text.encode()), 6 * 2**20)
    return held(defence) if defence else broken("the server read 6 MiB of messages and keeps their responses in memory")


UNREAD_RESPONSES = Probe(
    id="slow/5",
    title="Responses do not pile up for a client that does not read",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="answers to a client that does not read are not limited",
    requirement="The data kept for one connection is limited, responses included.",
    expected="the connection ends, or the server stops reading from it",
    fix="Send responses through the same limited queue as events, and limit the message rate.",
    missing_test="Send ping messages without reading, and expect the connection to end.",
    run=_unread_responses,
    alone=True,
)
