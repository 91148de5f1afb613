"""Propose a dialect for a server: hold the conversation again and again, each time with what the last one showed.

The server's answers give their own names. The names of what a client sends are tried from a short list. Once the
conversation works, `observing` finds out what it does not show.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

from labkit.evidence import CannotTell, NotHeld
from labkit.review.conversation import CannotFollow, converse
from labkit.review.dialect import ORIGIN, PEER, PING, UNIQUE, dialect_of, merged
from labkit.review.finding import CannotReview
from labkit.review.hosted_server import hosting
from labkit.review.observing import greetings, has_one_room, keeps_to_one_room, shares_pongs, unasked
from labkit.review.proposals import KIND_NAMES, Proposal
from labkit.review.running import run_blocking
from labkit.review.scene import Scene
from labkit.review.target import Target, check_url

STEPS = ("authenticate", "enter", "send", "receive", "ping", "leave", "")
MOST_ROUNDS = 12
PATIENCE_S = 1.0
WORDS = {
    "auth": ("auth", "login", "authenticate", "identify", "hello", "connect"),
    "join": ("join", "subscribe", "enter", "joinRoom", "join_room", "sub"),
    "chat": ("chat", "message", "say", "publish", "send", "msg"),
    "ping": ("ping", "heartbeat", "keepalive", "time"),
}
NAMES = {
    "roomId": ("roomId", "room", "channel", "topic", "name"),
    "text": ("text", "message", "body", "content", "data", "payload"),
    "token": ("token", "accessToken", "password", "ticket", "key", "secret"),
}
TRIED = {  # by the step that failed: the message to rename, and the field
    "authenticate": ("auth", "token"),
    "enter": ("join", "roomId"),
    "send": ("chat", "text"),
    "receive": ("chat", "text"),
    "ping": ("ping", ""),
}
ROOMS = ("lobby-$ID", "$ID")
WHO = ("name", "username", "user", "nick", "nickname")  # additional fields of a message that says who comes
PATHS = ("/ws", "/chat", "/socket", "/websocket", "/realtime", "/rt", "/api/ws")


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned: the tables of the dialect, the frames of the last conversation, and where it stopped."""

    tables: Mapping[str, Any]
    frames: tuple[str, ...]
    stopped: CannotFollow | None

    @property
    def refusal(self) -> str:
        """What the server said when it refused a message."""
        return "" if self.stopped is None else self.stopped.refusal

    @property
    def rank(self) -> float:
        """How far the conversation came; half a step more if the next line of the dialect is known."""
        if self.stopped is None:
            return len(STEPS)
        return STEPS.index(self.stopped.step) + (0.5 if self.stopped.proposal else 0)


async def learn(target: Target, tables: Mapping[str, Any] | None = None) -> Learned:
    """Propose a dialect, starting from `tables`. Raises CannotReview if there is no conversation at all."""
    best = await _first(target, tables or {})
    if names := await _seen(target, best, greetings):
        best = await _tried(target, merged(best.tables, {"without": {"meaning": names}}))
    seen = {best.refusal}
    for _ in range(MOST_ROUNDS):
        if best.stopped is None:
            return await _observed(target, await _simpler(target, best))
        better = await _better(target, best, seen)
        if better is None:
            break
        best = better
    return best


async def _first(target: Target, tables: Mapping[str, Any]) -> Learned:
    """Hold the first conversation, at another path if the server has no WebSocket at this one."""
    try:
        return await _admitted(target, tables)
    except CannotReview as no_conversation:
        if "path" in tables or "handshake got HTTP" not in str(no_conversation):
            raise
        for path in PATHS:
            with suppress(CannotReview):
                return await _admitted(target, merged(tables, {"path": path}))
        raise


async def _admitted(target: Target, tables: Mapping[str, Any]) -> Learned:
    """Hold the first conversation, as the server's own page if it admits nobody else."""
    try:
        return await _tried(target, tables)
    except CannotReview as refused:
        if "HTTP 403" not in str(refused):
            raise
        return await _tried(target, merged(tables, {"headers": {"Origin": ORIGIN}}))


async def _simpler(target: Target, best: Learned) -> Learned:
    """Leave out each message that the server never answered, if the conversation works without it."""
    for message, answer in (("auth", "auth_ok"), ("join", "joined")):
        answers = best.tables.get("without", {}).get("answers", [])
        if answer in answers:
            rest = {name: table for name, table in best.tables.items() if name != "without"}
            without = dict(best.tables["without"]) | {"answers": [one for one in answers if one != answer]}
            without = {name: names for name, names in without.items() if names}
            shorter = merged(merged(rest, {"without": without} if without else {}), _lacking(message))
            attempt = await _tried(target, shorter)
            best = attempt if attempt.stopped is None else best
    return best


def _lacking(message: str) -> Proposal:
    """Return the part of a dialect of a server without this message. One without join has one room."""
    return {"without": {"messages": [message]}} | ({"has_one_room": True} if message == "join" else {})


async def _observed(target: Target, best: Learned) -> Learned:
    """Find out whether the server has rooms, whose a pong is, and what it sends unasked."""
    dialect = dialect_of(best.tables)
    if not dialect.has_one_room and not dialect.joins_by_path and await _seen(target, best, has_one_room):
        best = await _with_rooms(target, best) or await _kept(target, best, {"has_one_room": True})
    may_switch = not dialect_of(best.tables).has_one_room and not dialect.lacks_message("join")
    if may_switch and await _seen(target, best, keeps_to_one_room):
        best = await _kept(target, best, {"one_room": True})
        best = await _kept(target, best, {"without": {"room": ["chat"]}})  # if it means that one in any case
    if not dialect.matches_pongs and await _seen(target, best, shares_pongs):
        best = await _kept(target, best, {"more": {"ping": {"id": PING}}, "known": {"pong": {"id": PING}}})
    if names := await _seen(target, best, unasked):
        best = await _kept(target, best, {"without": {"meaning": names}})
    return best


async def _with_rooms(target: Target, best: Learned) -> Learned | None:
    """Return a dialect in which the server does have rooms, which it names in another field, or None."""
    for name in NAMES["roomId"]:
        for room in ("", *ROOMS):
            more = {"fields": {"roomId": name}} | ({"room": room} if room else {})
            attempt = await _tried(target, merged(best.tables, more))
            if attempt.stopped is None and await _seen(target, attempt, has_one_room) is False:
                return attempt
    return None


async def _kept(target: Target, best: Learned, more: Proposal) -> Learned:
    """Return the dialect with more in it, if the conversation still works."""
    tables = {name: one for name, one in best.tables.items() if name != "room" or "has_one_room" not in more}
    attempt = await _tried(target, merged(tables, more))
    return attempt if attempt.stopped is None else best


Seen = TypeVar("Seen")


async def _seen(target: Target, best: Learned, observe: Callable[[Scene], Awaitable[Seen]]) -> Seen | None:
    """Return what is observed in this dialect, or None if that cannot be told."""
    dialect = dialect_of(best.tables)
    async with Scene(replace(target, dialect=dialect, patience_s=PATIENCE_S), Random()) as scene:
        with suppress(CannotTell, NotHeld):
            return await observe(scene)
    return None


async def examine_dialect(
    url: str,
    *,
    tables: Mapping[str, Any] | None = None,
    tokens: Iterable[str] = (),
    start: str | None = None,
    **given: Any,
) -> Learned:
    """Propose a dialect for the server at `url`, starting from `tables`; `start`: the command that starts it."""
    check_url(url)
    async with hosting(start, url) as hosted:
        return await learn(Target.of(url, tuple(tokens), hosted=hosted, **given), tables)


def run_learning(url: str, **options: Any) -> Learned:
    """Call `examine_dialect` from a script or a notebook cell."""
    return run_blocking(examine_dialect(url, **options))


async def _better(target: Target, best: Learned, seen: set[str]) -> Learned | None:
    """Return the first attempt that comes further, or one that is refused for a reason not seen before, or None."""
    assert best.stopped is not None
    if best.stopped.proposal:
        next_one = await _tried(target, merged(best.tables, best.stopped.proposal))
        if next_one.rank >= best.rank and next_one.tables != best.tables:
            return next_one
    if best.stopped.step == STEPS[0] and (better := await _without_login(target, best)):
        return better
    otherwise: Learned | None = None
    for proposal in _guesses(best):
        attempt = await _tried(target, merged(best.tables, proposal))
        is_further = attempt.rank > best.rank
        if proposal == _lacking("auth"):  # without a login it always comes further, but perhaps to the same refusal
            is_further = attempt.refusal not in seen or otherwise is None
        if is_further:
            return attempt
        if otherwise is None and attempt.rank == best.rank and attempt.refusal not in seen:
            otherwise = attempt
            if "type" not in proposal.get("fields", {}):  # which the server may not even have read
                break
    seen.update([otherwise.refusal] if otherwise else [])
    return otherwise


async def _without_login(target: Target, best: Learned) -> Learned | None:
    """Return an attempt in which a client enters without a login, perhaps with a name, or None."""
    bare = merged(best.tables, _lacking("auth"))
    for more in ({}, *({"more": {"join": {who: UNIQUE}}} for who in WHO)):
        attempt = await _tried(target, merged(bare, more))
        if attempt.rank > STEPS.index("enter"):
            return attempt
    return None


def _guesses(best: Learned) -> Iterator[Proposal]:
    """Yield other names to try at the step that failed."""
    assert best.stopped is not None
    message, field = TRIED.get(best.stopped.step, ("", ""))
    names, words = NAMES.get(field, ("",)), WORDS.get(message, ())
    if message == "join":
        yield from ({"room": room} for room in ROOMS)
    if message in ("auth", "join"):
        yield from ({"more": {message: {who: UNIQUE}}} for who in WHO)
    if message == "chat":
        yield {"without": {"room": ["chat"]}}
    yield from ({"types": {message: word}} for word in words[1:])
    if message == "chat" and "chat" not in best.tables.get("without", {}).get("room", ()):
        yield from ({"types": {message: word}, "without": {"room": ["chat"]}} for word in words[1:])
    if message == "ping":
        yield from _pings_that_are_answered(best.tables)
    fields: list[Proposal] = [{"fields": {field: name}} for name in names[1:]]
    yield from fields
    if message == "join":
        yield from (merged(one, {"room": room}) for one in fields for room in ROOMS)
    yield from (merged(one, {"types": {message: word}}) for one in fields for word in words[1:])
    if not best.tables.get("fields", {}).get("type"):
        for kind in KIND_NAMES[1:6]:
            yield {"fields": {"type": kind}}
            yield from ({"fields": {"type": kind}, "types": {message: word}} for word in WORDS.get(message, ())[1:])
    if message in ("auth", "join"):
        yield _lacking(message)


def _pings_that_are_answered(tables: Mapping[str, Any]) -> Iterator[Proposal]:
    """Yield other messages that may serve as a ping: a chat that comes back, or joining a room of one's own again."""
    dialect = dialect_of(tables)
    for kind, message, name, mark in (("chat", "chat", "text", PING), ("joined", "join", "roomId", PEER)):
        marks = dict(dialect.known.get(kind, {dialect.kind: dialect.types.get(kind, kind)}))
        sent = {"types": {"ping": dialect.types.get(message, message)}}
        more = dict(dialect.more.get(message, {})) | {name: mark}
        yield sent | {"more": {"ping": more}, "known": {"pong": marks | {dialect.fields.get(name, name): mark}}}


async def _tried(target: Target, tables: Mapping[str, Any]) -> Learned:
    """Hold one conversation in this dialect."""
    try:
        dialect = dialect_of(tables)
    except ValueError as error:  # two guesses that do not fit together
        return Learned(tables, (), CannotFollow(str(error), STEPS[0]))
    async with Scene(replace(target, dialect=dialect, patience_s=PATIENCE_S), Random()) as scene:
        try:
            return Learned(tables, await converse(scene), None)
        except CannotFollow as stopped:
            return Learned(tables, scene.transcript.lines(), stopped)
        except CannotTell as error:
            raise CannotReview(f"cannot review {target.url}: {error}") from None
