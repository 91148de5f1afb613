"""Propose a dialect for a server: hold the conversation again and again, each time with what the last one showed.

The server's answers give their own names. The names of what a client sends are tried from a short list.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from labkit.evidence import CannotTell
from labkit.review.conversation import CannotFollow, converse
from labkit.review.dialect import dialect_of, merged
from labkit.review.finding import CannotReview
from labkit.review.hosted_server import hosting
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
    best = await _tried(target, tables or {})
    seen = {best.refusal}
    for _ in range(MOST_ROUNDS):
        if best.stopped is None:
            break
        better = await _better(target, best, seen)
        if better is None:
            break
        best = better
    return best


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
    otherwise: Learned | None = None
    for proposal in _guesses(best):
        attempt = await _tried(target, merged(best.tables, proposal))
        if attempt.rank > best.rank:
            return attempt
        if otherwise is None and attempt.rank == best.rank and attempt.refusal not in seen:
            otherwise = attempt
            break
    seen.update([otherwise.refusal] if otherwise else [])
    return otherwise


def _guesses(best: Learned) -> Iterator[Proposal]:
    """Yield other names to try at the step that failed."""
    assert best.stopped is not None
    message, field = TRIED.get(best.stopped.step, ("", ""))
    names, words = NAMES.get(field, ("",)), WORDS.get(message, ())
    if message == "join":
        yield from ({"room": room} for room in ROOMS)
    yield from ({"types": {message: word}} for word in words[1:])
    fields: list[Proposal] = [{"fields": {field: name}} for name in names[1:]]
    yield from fields
    if message == "join":
        yield from (merged(one, {"room": room}) for one in fields for room in ROOMS)
    yield from (merged(one, {"types": {message: word}}) for one in fields for word in words[1:])
    if not best.tables.get("fields", {}).get("type"):
        for kind in KIND_NAMES[1:6]:
            yield {"fields": {"type": kind}}
            yield from ({"fields": {"type": kind}, "types": {message: word}} for word in WORDS.get(message, ())[1:])
    if message == "auth":
        yield {"without": {"messages": ["auth"]}}


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
