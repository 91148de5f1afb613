"""Expectations that many probes share.

None of them relies on a pause. To show that something did not happen, each sends one more message that must be
answered, and checks what arrived before the answer.
"""

from collections.abc import Iterable

from labkit.evidence import CannotTell, NotSeen, Outcome, broken, held
from labkit.review.dialect_checks import NOTHING
from labkit.review.endpoint import ConnectionEnded, Message, ReceiveTimeout
from labkit.review.peer import Peer
from labkit.review.scene import Scene

IGNORED = "the server ignored it"
OVERTAKEN_S = 0.5
EFFECTS = ("joined", "left", "chat", "presence")  # answers to a message that was not refused
LATE_CODES = (4401, 4408)  # our closes because of the time, whatever the client sent
BUSY_CODES = (1012, 1013)  # of the load: on any server, as their numbers are registered
REFUSALS = (4403, 1008)
ANSWERS = {"auth": "auth_ok", "join": "joined", "ping": "pong"}


async def must_end(scene: Scene, peer: Peer, *codes: int, is_rfc: bool = False) -> Outcome:
    """Expect the last message to close the connection with one of these codes, and to get no other answer.

    If the server's dialect has an answer, or nothing, in place of the close, that is expected instead. Sends one more
    message, which a server answers if the connection is still open. Where our codes are not promised, any refusal will
    do: a close, an answer, or nothing; but not if RFC 6455 asks for the close (`is_rfc`).
    """
    scene.transcript.mark(peer.name)
    if not scene.is_strict:
        return await _must_have_no_effect(scene, peer, must_close=is_rfc)
    answers = {scene.target.dialect.answer(code) for code in codes}
    if NOTHING in answers:
        return await _must_be_ignored(scene, peer)
    peer.send(**peer.control)
    wanted = {scene.target.dialect.code(code) for code in codes}
    scene.transcript.refusals = tuple(sorted(wanted))
    alive = "auth_ok" if peer.control["type"] == "auth" else "pong"
    try:
        while True:
            message = await peer.receive()
            kind = message.get("type")
            if kind in answers:
                return held(f"the server answered with {kind} and did nothing")
            if kind == alive:
                return broken(f"the connection stays open: the server answered the next message with {alive}")
            if kind != "error":
                return broken(f"the server answered with {kind}")
    except ConnectionEnded as ended:
        return (held if ended.code in wanted else broken)(str(ended))
    except ReceiveTimeout as timeout:
        return broken(f"neither a close nor an answer: {timeout}")


async def _must_have_no_effect(scene: Scene, peer: Peer, *, must_close: bool) -> Outcome:
    """Expect the last message to be refused in any way. Sends more messages, the last of which must be answered."""
    if peer.control["type"] == "auth":  # a second auth may get no answer, but a join shows who is authenticated
        if not scene.target.dialect.lacks_message("join"):
            peer.send(type="join", roomId=scene.control_room())
        peer.send(**peer.control)
    peer.send(type="ping")
    odd = ""
    try:
        while (message := await peer.receive()).get("type") != "pong":
            if message.get("type") in EFFECTS:
                return broken(f"the server answered with {message.get('type')}")
            odd = odd or str(message.get("type"))
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
        return held(str(ended))
    except ReceiveTimeout as timeout:
        return broken(f"neither a close nor an answer: {timeout}")
    if must_close:
        return broken("the connection stays open: the server answered the next message")
    return await _reached_nobody(peer, held(f"the server answered with {odd} and did nothing" if odd else IGNORED))


async def _must_be_ignored(scene: Scene, peer: Peer) -> Outcome:
    """Expect the last message to get no answer and to reach nobody, while later messages are answered.

    Sends two messages with different answers if possible, because the ignored message may resemble one of them.
    """
    controls = [peer.control]
    dialect = scene.target.dialect
    if peer.control["type"] == "ping" and "joined" not in dialect.no_answers and not dialect.keeps_to_one_room:
        controls.insert(0, {"type": "join", "roomId": scene.room("control")})
    for control in controls:
        peer.send(**control)
    for kind in (ANSWERS[control["type"]] for control in controls):
        try:
            message = await peer.receive()
        except (ConnectionEnded, ReceiveTimeout) as ended:
            return broken(str(ended))
        if message.get("type") != kind:
            return broken(f"the server answered with {message.get('type')}")
    return await _reached_nobody(peer, held(IGNORED))


async def _reached_nobody(peer: Peer, outcome: Outcome) -> Outcome:
    """Return `outcome`, unless the member's observer received what should have been refused."""
    if peer.observer is not None:
        await peer.observer.received_so_far()
        if peer.observer.foreign_chats:
            return broken(f"the room received {peer.observer.foreign_chats[0]!r:.40}")
    return outcome


def must_be_refusal(scene: Scene, ended: ConnectionEnded | None) -> None:
    """Raise NotSeen if a connection did not end because of what it sent: a busy server may not have read that.

    Where our codes are not promised, any close is a refusal, unless its code has another meaning there.
    """
    dialect = scene.target.dialect
    late = [code for code in LATE_CODES if scene.is_strict or code in dialect.codes]
    others = {dialect.code(code) for code in (*late, *BUSY_CODES, 1001)} - {dialect.code(code) for code in REFUSALS}
    if ended is None or ended.code in others or (scene.is_strict and ended.code == 1006):
        raise NotSeen(f"no refusal of the message was seen: {ended or 'the connection stays open'}")


def must_not_be_busy(scene: Scene, ended: ConnectionEnded | None) -> None:
    """Raise NotSeen if the server ended a connection because it is busy or restarts."""
    if ended is not None and ended.code in {scene.target.dialect.code(code) for code in BUSY_CODES}:
        raise NotSeen(f"the server was too busy to show what it does: {ended}")


async def refused_or_served(scene: Scene, peer: Peer, brief_s: float) -> ConnectionEnded | None:
    """Return how the server refused what was sent, or None if the connection stays open.

    Where no close is promised, wait `brief_s` for one; after that only an answer to a ping shows that all was read.
    """
    ended = await peer.until_ended(scene.target.patience_s if scene.is_strict else brief_s)
    if scene.is_strict:
        return ended
    if ended is None and await answers_before_ping(scene, peer) is not None:
        return None
    must_be_refusal(scene, peer.ended)
    return peer.ended


async def refuses_fields(scene: Scene, sender: Peer) -> bool:
    """Return whether a server that promised nothing refuses the message just sent, perhaps for its unknown fields."""
    if scene.is_strict:
        return False
    answers = await answers_before_ping(scene, sender)
    kinds = [one.get("type") for one in answers or ()]
    return answers is None or ("error" in kinds and "chat" not in kinds)


async def answers_before_ping(scene: Scene, peer: Peer) -> list[Message] | None:
    """Ping the server; return what it sent before its answer, or None if it refused what was sent before.

    Raises NotSeen if it did neither, because then nobody knows whether it has read that.
    """
    try:
        return await peer.received_so_far()
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
        return None
    except ReceiveTimeout as timeout:
        raise NotSeen(f"neither a refusal nor an answer to the next message was seen: {timeout}") from None


async def must_be_well(peer: Peer) -> Outcome:
    """Expect the connection to stay open: the server must answer a ping and send no error."""
    try:
        messages = await peer.received_so_far()
    except (ConnectionEnded, ReceiveTimeout) as ended:
        return broken(str(ended))
    errors = [one for one in messages if one.get("type") == "error"]
    return broken(f"the server sent error {errors[0].get('code')}") if errors else held("the server answered a ping")


async def each_must_end(scene: Scene, codes: tuple[int, ...], texts: Iterable[str | bytes], *rooms: str) -> Outcome:
    """Send each text on a connection of its own, and expect it to be closed.

    The outcome names the first text that fails.
    """
    count, outcome = 0, held("")
    for text in texts:
        peer = await scene.enter(*rooms)
        peer.send_text(text)
        outcome = await must_end(scene, peer, *codes)
        if outcome.verdict != "held":
            shown = text if isinstance(text, str) else repr(text)
            return broken(f"{shown[:80] or 'an empty message'}: {outcome.actual}")
        peer.drop()
        count += 1
    return held(f"each of {count} was refused; the last: {outcome.actual}")


async def must_receive_only(members: dict[str, Peer], sender: Peer, room: str, wanted: list[str]) -> Outcome:
    """Expect each member to have received exactly the wanted texts before one more chat from `sender`."""
    last = "the last chat"
    sender.chat(room, last)
    for name, peer in members.items():
        texts: list[str] = []
        while last not in texts:
            texts.append((await peer.receive("chat")).get("text", ""))
        if texts[:-1] != wanted:
            peer.mark_text(next((text for text in texts[:-1] if text not in wanted), ""))
            return broken(f"{name} received {texts[:-1]!r}")
    return held(f"each member received {wanted or 'nothing'!r} and then the control chat")


async def is_joined(scene: Scene, name: object) -> bool:
    """Return whether the server lets a member into a room of this name, whatever the type of the name.

    Raises NotSeen if it did not show that, and CannotTell if it never does.
    """
    if "joined" in scene.target.dialect.no_answers:
        raise CannotTell("needs an answer to join, and this server sends none")
    peer = await scene.enter()
    peer.send(type="join", roomId=name)
    answers: list[Message] | None = None
    try:
        answers = await answers_before_ping(scene, peer)
        if answers == []:  # no refusal, so the answer may come after that of a later message
            answers = [await peer.receive(patience_s=OVERTAKEN_S)]
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
    except ReceiveTimeout:
        return False
    finally:
        peer.drop()
    return any(one.get("type") == "joined" for one in answers or ())
