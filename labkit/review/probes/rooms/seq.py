"""rooms/14: the seq of a room's events."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

COUNT = 30


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        sender.chat(room, str(number))
    seqs = [(await receiver.receive("chat")).get("seq") for _ in range(COUNT)]
    own = [(await sender.receive("chat")).get("seq") for _ in range(COUNT)]
    is_whole = seqs == own and seqs == list(range(1, COUNT + 1))
    return (held if is_whole else broken)(f"seqs {seqs[0]} to {seqs[-1]}, {len(set(seqs))} distinct")


PROBE = Probe(
    id="rooms/14",
    title="seq has no gaps, so a lost event is noticed",
    severity="P1",
    profile="full",
    requirement="The events of a room have a per-room seq without gaps.",
    expected="1, 2, 3 ... for every member",
    fix="Number the events of a room where you accept them.",
    missing_test="Send 30 chats and expect seq 1 to 30.",
    run=_run,
)
