"""Judgements that many probes make. Each proves a negative by a positive: a ping that is answered, a member that hears.

No probe concludes from silence: it says one thing more that must be answered, and looks at what came before it.
"""

from collections.abc import Iterable

from labkit.review.dialect import NOTHING
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended, Peer, Silent
from labkit.review.scene import Scene

ANSWERS = {"auth": "auth_ok", "join": "joined", "ping": "pong"}


async def must_end(scene: Scene, peer: Peer, *codes: int) -> Seen:
    """What was just said must end the connection with one of these codes, and be answered with nothing else.

    Where a dialect has an answer in place of the code, that is as good; so is none, where it says so.

    Behind it goes a message that a live connection answers; its answer shows that this one lives on.
    """
    answers = {scene.target.dialect.answer(code) for code in codes}
    if NOTHING in answers:
        return await _must_be_passed_over(scene, peer)
    peer.say(**peer.control)
    wanted = {scene.target.dialect.code(code) for code in codes}
    alive = "auth_ok" if peer.control["type"] == "auth" else "pong"
    try:
        while True:
            said = await peer.hear()
            if said.get("type") in answers:
                return held(f"it was answered with {said.get('type')}, and did nothing")
            if said.get("type") == alive:
                return broken(f"the connection lives on: what came next was answered with {alive}")
            if said.get("type") != "error":
                return broken(f"it was answered with {said.get('type')}")
    except Ended as ended:
        return (held if ended.code in wanted else broken)(str(ended))
    except Silent as silent:
        return broken(f"neither a close nor an answer: {silent}")


async def _must_be_passed_over(scene: Scene, peer: Peer) -> Seen:
    """What was just said must be answered with nothing, and heard by nobody: what is said behind it is answered.

    By two different answers, where there are two: what was said may itself be like one of them.
    """
    behind = [peer.control]
    if peer.control["type"] == "ping" and "joined" not in scene.target.dialect.no_answers:
        behind.insert(0, {"type": "join", "roomId": scene.room("control")})
    for message in behind:
        peer.say(**message)
    for kind in (ANSWERS[message["type"]] for message in behind):
        try:
            said = await peer.hear()
        except (Ended, Silent) as ended:
            return broken(str(ended))
        if said.get("type") != kind:
            return broken(f"it was answered with {said.get('type')}")
    if peer.ear is not None:
        await peer.ear.everything()
        if peer.ear.overheard:
            return broken(f"the room heard {peer.ear.overheard[0]!r:.40}")
    return held("it was passed over without a word")


async def must_be_well(peer: Peer) -> Seen:
    """The connection must live on: a ping is answered."""
    try:
        heard = await peer.everything()
    except (Ended, Silent) as ended:
        return broken(str(ended))
    errors = [said for said in heard if said.get("type") == "error"]
    return broken(f"it was answered with error {errors[0].get('code')}") if errors else held("a ping was answered")


async def each_must_end(scene: Scene, codes: tuple[int, ...], texts: Iterable[str | bytes], *rooms: str) -> Seen:
    """Each of these texts, on a connection of its own, must end it. The first that does not is told."""
    count, seen = 0, held("")
    for text in texts:
        peer = await scene.enter(*rooms)
        peer.text(text)
        seen = await must_end(scene, peer, *codes)
        if seen.verdict != "held":
            shown = text if isinstance(text, str) else repr(text)
            return broken(f"{shown[:80] or 'an empty text'}: {seen.actual}")
        peer.drop()
        count += 1
    return held(f"each of {count} was refused; the last: {seen.actual}")


async def heard_texts(peer: Peer) -> list[str]:
    """The texts of the chats that this member was told so far."""
    return [said["text"] for said in await peer.everything() if said.get("type") == "chat"]


async def must_hear_only(members: dict[str, Peer], speaker: Peer, room: str, wanted: list[str]) -> Seen:
    """After one more chat that everybody in the room must hear, each member has heard exactly the wanted texts."""
    last = "the last word"
    speaker.chat(room, last)
    for name, peer in members.items():
        texts: list[str] = []
        while last not in texts:
            texts.append((await peer.hear("chat")).get("text", ""))
        if texts[:-1] != wanted:
            return broken(f"{name} heard {texts[:-1]!r}")
    return held(f"each member heard {wanted or 'nothing'!r} and then the control message")
