"""storms/6: a hundred connections that vanish."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    await scene.dial()  # there is a server
    try:
        stays = await scene.enter(room)
    except CannotTell as error:  # it let us in when the review began; since then, connections of ours have vanished
        return broken(f"nobody is let in any more: {error}")
    count = min(100, int(scene.promised.handshakes_per_s / 4))
    for _ in range(count):
        (await scene.enter(room)).drop()
    stays.chat(room, "who is left?")
    if (await stays.hear("chat")).get("text") != "who is left?":
        return broken("the survivor heard something else")
    return held(f"after {count} members vanished, the room goes on")


PROBE = Probe(
    id="storms/6",
    title="Members that vanish do no harm",
    severity="P0",
    profile="core",
    requirement="A connection that is reset is forgotten, and the room goes on.",
    expected="the member that stays hears its own chat",
    fix="Handle the error event of every socket, and remove the member when it closes.",
    missing_test="Reset a hundred members' connections and chat in their room.",
    run=_run,
    alone=True,
    needs_entry=False,
)
