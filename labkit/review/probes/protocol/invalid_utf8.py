"""protocol/5: text that is not UTF-8."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

BODIES = (b'{"type":"ping","x":"\xff"}', b"\xc0\xaf", b"\xed\xa0\x80", b'{"type":"ping","x":"\xe2\x82')


async def _run(scene: Scene) -> Outcome:
    return await each_must_end(scene, (1007,), BODIES)


PROBE = Probe(
    id="protocol/5",
    title="Text that is not UTF-8 is refused",
    severity="P2",
    profile="full",
    requirement="RFC 6455 8.1: text that is not valid UTF-8 closes the connection with 1007.",
    expected="close 1007 for each message",
    fix="Validate the bytes before you decode them; never replace invalid bytes.",
    missing_test="Send text frames with invalid UTF-8 and expect 1007.",
    run=_run,
    alone=True,
)
