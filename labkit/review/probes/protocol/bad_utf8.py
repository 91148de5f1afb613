"""protocol/5: text that is not UTF-8."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

BODIES = (b'{"type":"ping","x":"\xff"}', b"\xc0\xaf", b"\xed\xa0\x80", b'{"type":"ping","x":"\xe2\x82')


async def _run(scene: Scene) -> Seen:
    return await each_must_end(scene, (1007,), BODIES)


PROBE = Probe(
    id="protocol/5",
    title="Text that is not UTF-8 is refused",
    severity="P2",
    profile="full",
    requirement="RFC 6455 8.1: text that is not UTF-8 closes with 1007.",
    expected="close 1007 for each",
    fix="Check the bytes before they are decoded; never replace what is wrong.",
    missing_test="Send text frames with bytes that are no UTF-8 and expect 1007.",
    run=_run,
    alone=True,
)
