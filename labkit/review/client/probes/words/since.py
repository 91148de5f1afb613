"""words/4: what was heard before the connection was lost."""

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.enter()
    subject.publish(visit, "the first event", "of another", userId="another")
    await visit.read()
    visit.abort()
    visit = await subject.authed()
    subject.admit(visit)
    join = await subject.asks_in(visit)
    is_right = join.get("since") == {"epoch": "one", "seq": 1}
    return (held if is_right else broken)(f"join held since {join.get('since')}")


PROBE = Probe(
    id="words/4",
    title="Who comes back says where it stopped hearing",
    severity="P2",
    profile="client",
    requirement="join holds since {epoch, seq} of the last event, so that the server can give what was missed.",
    expected="since with the epoch of joined and the seq of the last event",
    fix="Remember epoch and seq of each room, and send them with the next join.",
    missing_test="Send an event, cut the connection, and expect its seq in the next join.",
    run=_run,
)
