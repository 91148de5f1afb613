"""rooms/14: the seq of a room's events."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

COUNT = 30


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    speaker, listener = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        speaker.chat(room, str(number))
    seqs = [(await listener.hear("chat")).get("seq") for _ in range(COUNT)]
    mine = [(await speaker.hear("chat")).get("seq") for _ in range(COUNT)]
    is_whole = seqs == mine and seqs == list(range(1, COUNT + 1))
    return (held if is_whole else broken)(f"seqs {seqs[0]} to {seqs[-1]}, {len(set(seqs))} different ones")


PROBE = Probe(
    id="rooms/14",
    title="A loss can be seen: seq has no holes",
    severity="P1",
    profile="full",
    requirement="Room events have a per-room seq without holes.",
    expected="1, 2, 3 ... for every member",
    fix="Number the events of a room where they are accepted.",
    missing_test="Send 30 chats and expect seq 1 to 30.",
    run=_run,
)
