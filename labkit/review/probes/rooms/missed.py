"""rooms/15: what was said while a member was away."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    stays = await scene.enter(room)
    away = await scene.enter()
    away.say(type="join", roomId=room)
    place = await away.hear("joined")
    away.drop()
    for words in ("one", "two", "three"):
        stays.chat(room, words)
    await stays.everything()
    back = await scene.enter()
    since = {"epoch": place.get("epoch"), "seq": place.get("seq")}
    back.say(type="join", roomId=room, since=since)
    joined = await back.hear("joined")
    texts = [said.get("text") for said in await back.everything() if said.get("type") == "chat"]
    is_whole = texts == ["one", "two", "three"] and joined.get("gap") is False
    return (held if is_whole else broken)(f"gap {joined.get('gap')}, then {texts!r}")


PROBE = Probe(
    id="rooms/15",
    title="Who comes back is told what it missed",
    severity="P1",
    profile="full",
    requirement="join with since is answered with joined and the missed events in order.",
    expected="gap false, then one, two, three",
    fix="Keep the last events of each room and send those after since.",
    missing_test="Leave, let others talk, join with since, and expect what was said, in order.",
    run=_run,
)
