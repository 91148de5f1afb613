"""The conversation check: before any probe judges, the review holds one whole conversation in the server's dialect.

It connects, authenticates, enters a room, sends, receives, asks for a pong and leaves. If it cannot follow, nothing is
judged: the error shows the frames, the server's own words, and the line of a dialect that would help.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labkit.evidence import CannotTell
from labkit.review import frames
from labkit.review.dialect import PING, Dialect
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import CannotReview
from labkit.review.peer import Peer
from labkit.review.proposals import Proposal, named, spoken, toml_lines
from labkit.review.responses import retry_s
from labkit.review.scene import MAX_WAIT_S, NO_ENTRY, TRIES, Scene

_RANDOM = re.compile(r"(?<![a-z0-9])(?=[a-f-]*[0-9])[0-9a-f-]{8,}(?![a-z0-9])")  # 4bad19f0 is an id, and no refusal
REFUSALS = (
    "err",
    "fail",
    "denied",
    "refus",
    "invalid",
    "bad",
    "unknown",
    "unauthor",
    "forbid",
    "fault",
    "unsupport",
    "oops",
    "reject",
    "illegal",
    "missing",
)
AFTER_ODD, LEAST_S = 0.1, 0.2  # the part of its patience that it still waits once another answer has arrived
MOST_FRAMES = 24


class CannotFollow(CannotReview):
    """The conversation stopped. `proposal`: the part of a dialect that would let it continue, if one was seen.

    `refusal`: what the server answered, or how it ended the connection, if it refused a message.
    """

    def __init__(self, message: str, step: str, proposal: Proposal | None = None, refusal: str = "") -> None:
        super().__init__(message)
        self.step, self.proposal, self.refusal = step, proposal, refusal


@dataclass(slots=True)
class _Stop(Exception):
    """A step that failed: what was missing, the line that would help, and in words what else may."""

    step: str
    missing: str
    proposal: Proposal | None = None
    advice: str = ""
    refusal: str = ""


async def converse(scene: Scene) -> tuple[str, ...]:
    """Hold one conversation, and return its frames. Raises CannotFollow, or CannotTell if there is no connection."""
    for _ in range(TRIES):
        begun = len(scene.transcript.codes)
        try:
            await _Conversation(scene).hold()
            return scene.transcript.lines()[begun:]
        except ConnectionEnded as ended:
            if ended.code != scene.target.dialect.code(1013):
                raise CannotTell(f"{NO_ENTRY}: {ended}") from None
            await asyncio.sleep(min(retry_s(ended.reason), MAX_WAIT_S))
        except _Stop as stop:
            raise _cannot_follow(scene, stop, scene.transcript.lines()[begun:]) from None
    raise CannotTell(f"{NO_ENTRY}: the server stayed busy")


class _Conversation:
    """One conversation of two members, `sender` and `receiver`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._dialect = scene.target.dialect
        self._room = scene.room("hello")

    @property
    def _brief_s(self) -> float:
        return max(LEAST_S, AFTER_ODD * self._scene.target.patience_s)

    async def hold(self) -> None:
        """Go through every step. Raises _Stop at the first one that fails."""
        sender, receiver = await self._member(), await self._member()
        await self._speaks(sender, receiver)
        if "chat" in self._dialect.no_answers and self._dialect.matches_pongs:
            sender.observer, receiver.observes_for = receiver, sender  # a chat as a ping comes back only there
        await self._answers_ping(sender)
        await self._leaves(sender)
        receiver.drop()

    async def _member(self) -> Peer:
        peer = await self._scene.connect(room=self._room)
        if not self._dialect.lacks_message("auth"):
            ok = await self._ask(peer, "authenticate", "auth_ok", type="auth", token=await self._scene.token())
            peer.ok = ok or peer.ok
        peer.control = {"type": "ping"}
        if not self._dialect.lacks_message("join"):
            await self._ask(peer, "enter", "joined", type="join", roomId=self._room)
        return peer

    async def _ask(self, peer: Peer, step: str, kind: str, **message: Any) -> dict[str, Any] | None:
        """Send a message and return its answer; None if the dialect says that there is none."""
        odd = len(peer.raw)
        text = self._dialect.text(message)
        peer.send_text(text)
        if kind in self._dialect.no_answers:
            return None
        return await self._answer(peer, step, text, message["type"], kind, odd)

    async def _answer(self, peer: Peer, step: str, text: str, sent: str, kind: str, odd: int) -> dict[str, Any]:
        """Return the answer to the message just sent, or stop with what came instead. An echo of it is no answer."""
        patience_s: float | None = None
        try:
            while True:
                message = await peer.receive(patience_s=patience_s)
                if message.get("type") == kind:
                    if _is_only_echoed(self._dialect, list(peer.raw)[odd:], kind, text):
                        raise _echoed(step, sent)
                    return message
                is_refused = any(map(_refuses_text, list(peer.raw)[odd:]))
                patience_s = LEAST_S if is_refused else self._brief_s
        except ConnectionEnded as ended:
            if ended.code == self._dialect.code(1013):
                raise
            words = str(ended)
            raise _Stop(step, f"{words}, instead of {kind}", None, _advice_for(sent, words), words) from None
        except ReceiveTimeout:
            raise self._missing(step, text, sent, kind, list(peer.raw)[odd:]) from None

    def _missing(self, step: str, text: str, sent: str, kind: str, raw: list[str]) -> _Stop:
        """Explain a missing answer: a refusal, an answer under another name, an echo, or nothing."""
        objects = [value for one in raw if (value := _object(one)) is not None]
        if objects and all(one == _object(text) for one in objects):
            return _echoed(step, sent)
        objects = [one for one in objects if one != _object(text) and not self._is_ignored(one)]
        refusals = [one for one in objects if refuses(one)]
        if refusals:
            words = json.dumps(refusals[-1])
            return _Stop(step, f"the server refused the {sent}: {words}", None, _advice_for(sent, words), words)
        if not objects:
            what = f"nothing came back that is a JSON object; the answer {kind} is missing"
            return _Stop(step, what, {"without": {"answers": [kind]}}, "if the server sends no such answer, say so")
        return _Stop(step, f"no {kind} among the answers to {sent}", named(self._dialect, kind, objects[0]))

    def _is_ignored(self, value: dict[str, Any]) -> bool:
        return self._dialect.ignores(self._dialect.decode(value))

    async def _speaks(self, sender: Peer, receiver: Peer) -> None:
        """Send one chat, and find it among what both members receive."""
        text, begun = f"hello {self._scene.unique()}", [len(peer.raw) for peer in (sender, receiver)]
        sender.chat(self._room, text)
        await self._until_heard(receiver, text)
        if "chat" not in self._dialect.no_answers:
            await self._until_heard(sender, text)
        heard = [list(peer.raw)[start:] for peer, start in zip((sender, receiver), begun, strict=True)]
        self._check_heard(receiver, heard[1], heard[0], text)
        is_echoed = "chat" in self._dialect.no_answers or _has_chat(self._dialect, heard[0], text)
        if not is_echoed:
            raise _Stop(
                "receive",
                "the other member received the chat, the sender did not",
                {"without": {"answers": ["chat"]}},
            )

    async def _until_heard(self, peer: Peer, text: str) -> None:
        """Wait until a message with this text has arrived, whatever its type, or patience ends."""
        begun = len(peer.raw)
        await peer.until(
            lambda: any(text in one for one in peer.raw) or peer.ended,
            self._brief_s if len(peer.raw) > begun else min(self._scene.target.patience_s, 5),
        )

    def _check_heard(self, receiver: Peer, raw: list[str], senders: list[str], text: str) -> None:
        if _has_chat(self._dialect, raw, text):
            return
        objects = [value for one in raw if text in one and (value := _object(one)) is not None]
        if objects:
            raise _Stop("receive", "the chat arrived under another name", spoken(self._dialect, objects[-1], text))
        refusals = [one for one in senders if (value := _object(one)) is not None and refuses(value)]
        if refusals:
            words = refusals[-1]
            raise _Stop("send", f"the server refused the chat: {words}", None, _advice_for("chat", words), words)
        if receiver.ended:
            raise _Stop("receive", f"the other member's connection ended: {receiver.ended}")
        advice = 'does the message have another name? [types] chat = "..."; other fields? [fields] text = "..."'
        raise _Stop("receive", "a chat was sent, and no member of the room received its text", advice=advice)

    async def _answers_ping(self, peer: Peer) -> None:
        begun = len(peer.raw)
        text = self._dialect.text({"type": "ping"})
        peer.send_text(text)
        try:
            while (await peer.receive(patience_s=min(self._scene.target.patience_s, 5))).get("type") != "pong":
                pass
        except ConnectionEnded as ended:
            raise _Stop("ping", f"{ended}, instead of pong", advice=NO_PING) from None
        except ReceiveTimeout:
            raise self._no_pong(text, list(peer.raw)[begun:]) from None

    def _no_pong(self, text: str, raw: list[str]) -> _Stop:
        objects = [value for one in raw if (value := _object(one)) is not None]
        if _object(text) in objects:
            what = "the server sends a ping back: only one that repeats its own ping is a pong"
            return _Stop("ping", what, {} if self._dialect.matches_pongs else _own_pongs(self._dialect))
        objects = [one for one in objects if not refuses(one)]  # the refusals of two messages look the same
        if not objects:
            return _Stop("ping", "the server did not answer ping", advice=NO_PING)
        return _Stop("ping", "no pong among the answers to ping", named(self._dialect, "pong", objects[-1]), NO_PING)

    async def _leaves(self, peer: Peer) -> None:
        if "leave" in self._dialect.types:
            await self._ask(peer, "leave", "left", type="leave", roomId=self._room)
        peer.send_frame(frames.CLOSE, frames.close_payload(1000))
        await peer.until_ended(1)


NO_PING = (
    "the review needs a message that the server always answers: name it with [types] ping, and its answer with"
    " [types] pong or [known.pong]"
)


def _is_only_echoed(dialect: Dialect, raw: list[str], kind: str, text: str) -> bool:
    """Return whether every message that passes for the answer repeats what was sent."""
    objects = [value for one in raw if (value := _object(one)) is not None]
    answers = [one for one in objects if dialect.decode(one).get("type") == kind]
    return bool(answers) and all(one == _object(text) for one in answers)


def _echoed(step: str, sent: str) -> _Stop:
    """Return the stop at a server that only sends back what it gets: it knows no such message."""
    has_one_room = {"has_one_room": True} if sent == "join" else {}
    what = f"the server sends the {sent} back, which is no answer to it"
    return _Stop(step, what, {"without": {"messages": [sent]}, **has_one_room})


def _own_pongs(dialect: Dialect) -> Proposal:
    kind = dialect.types.get("ping", "ping")
    return {"more": {"ping": {"id": PING}}, "known": {"pong": {dialect.kind: kind, "id": PING}}}


def _has_chat(dialect: Dialect, raw: list[str], text: str) -> bool:
    decoded = (dialect.decode(value) for one in raw if (value := _object(one)) is not None)
    return any(one.get("type") == "chat" and one.get("text") == text for one in decoded)


def refuses(message: Mapping[str, Any]) -> bool:
    """Return whether a message reads as a refusal."""
    words = _RANDOM.sub("", json.dumps(message).lower())
    return any(word in words for word in REFUSALS)


def _refuses_text(text: str) -> bool:
    return (value := _object(text)) is not None and refuses(value)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _advice_for(sent: str, words: str) -> str:
    """Return what to try when the server refuses a message."""
    lower = words.lower()
    if sent == "auth" and ("4403" in words or "auth" in lower or "token" in lower or "cred" in lower):
        return "is --token the right one?"
    if sent == "join" and any(word in lower for word in ("room", "channel", "topic", "name")):
        return 'choose names that it accepts: room = "lobby-$ID" ($ID: 8 hex digits and more), or room = ["a", "b"]'
    return f'does it use other names? [types] {sent} = "...", [fields] ..., or more fields: [more.{sent}]'


def _cannot_follow(scene: Scene, stop: _Stop, lines: tuple[str, ...]) -> CannotFollow:
    """Return the error: the step, what is missing, the frames, and the lines that would help."""
    shown = [f"  {line}" for line in lines[-MOST_FRAMES:]]
    words = [f"cannot review {scene.target.url}: I cannot follow the conversation at the step {stop.step!r}:"]
    words[0] += f" {scene.transcript.hide(stop.missing)}"
    if stop.proposal:
        words += ["add to the dialect (--dialect FILE):", *(f"  {line}" for line in toml_lines(stop.proposal))]
    if stop.advice:
        words.append(stop.advice)
    whole = "\n".join([words[0], "sent (->) and received (<-):", *shown, *words[1:]])
    return CannotFollow(whole, stop.step, stop.proposal, stop.refusal)
