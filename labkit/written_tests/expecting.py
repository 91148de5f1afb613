"""What a test repeats and expects: the first answer of the reviewed server that ours does not give.

Our server is reviewed by the same probe. Both recordings begin alike; where they part, ours shows what is expected.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from labkit.review.dialect import Dialect
from labkit.review.finding import Finding
from labkit.review.promise import KIT
from labkit.review.recording import Act, Recording

NOTHING: Mapping[str, Any] = MappingProxyType({})
ANSWERS = ("receive", "end")
EFFECTS = ("joined", "left", "chat", "presence")  # of a message that was not refused
ECHOED = ("text", "roomId", "requestId")
COMPARED = ("type", "text", "roomId", "requestId")
OF_THE_KIT = ("code", "gap", "duplicate")  # another server need not have them


class Expected(NamedTuple):
    """What the last answer must be.

    "close" with one of `codes`, or any; "refused": not with `fields`, the type of an effect; "message" with these
    `fields`, without those in `absent`, and without the values in `wrong`; "alive": the connection is still open.
    """

    peer: str
    kind: str
    fields: Mapping[str, Any] = NOTHING
    codes: tuple[int, ...] = ()
    absent: tuple[str, ...] = ()
    wrong: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class Plan:
    """A test: what to do, and what to expect at the end. The names are those of the server."""

    acts: tuple[Act, ...]
    expected: Expected
    kind: str = "type"  # the server's name of the field that holds the type of a message


@dataclass(slots=True)
class _Parting:
    """Where two recordings part: the connection, the act of the reviewed server if it has one, and ours."""

    peer: str
    theirs: Act | None
    ours: Act
    at: int
    basis: "_Basis"
    named: tuple[str, ...] = ()


class _Basis(NamedTuple):
    """What the comparison goes by: all that our server was sent, and the fields that count."""

    sent: str
    fields: tuple[str, ...]


def planned(finding: Finding, ours: Recording | None, dialect: Dialect, *, is_strict: bool) -> Plan | None:
    """Return the test of a finding, or None if its traffic does not show the fault.

    `ours`: what our server did in the same probe. `is_strict`: whether our close codes are promised.
    """
    theirs = finding.recording
    if theirs is None or dialect.messages != "one" or dialect.login:
        return None
    if theirs.canary is not None:
        return _plan_of_crash(theirs, dialect)
    fields = (*COMPARED, *OF_THE_KIT) if finding.promise == KIT else COMPARED
    parting = None if ours is None else _parting(theirs, ours, finding.actual, fields, is_strict=is_strict)
    if parting is None:
        return None
    expected = _expected(parting, theirs, dialect, is_strict=is_strict)
    acts = _acts_until(theirs, parting.peer, parting.at)
    return Plan(_translated(acts, dialect), expected, dialect.kind) if _can_open(acts) else None


def _plan_of_crash(theirs: Recording, dialect: Dialect) -> Plan | None:
    assert theirs.canary is not None
    guilty = theirs.acts[theirs.marked].peer
    acts = [one for one in _acts_until(theirs, guilty, theirs.marked) if one.kind != "end"]
    whole = (theirs.canary, *acts, Act(guilty, "settle", None))
    return Plan(_translated(whole, dialect), Expected("canary", "alive"), dialect.kind) if _can_open(acts) else None


def _can_open(acts: Iterable[Act]) -> bool:
    """Return whether each connection begins with a handshake that a library can repeat."""
    opened = set[str]()
    for one in acts:
        if one.kind == "open":
            opened.add(one.peer)
        elif one.peer not in opened:
            return False
    return True


# Where two recordings part


def _parting(
    theirs: Recording, ours: Recording, actual: str, fields: tuple[str, ...], *, is_strict: bool
) -> _Parting | None:
    """Return the first answer that differs in what is compared, or else in a field that the verdict names."""
    answers, basis = _answers(ours.acts), _Basis(_sent(ours), fields)
    found = [(at, act, mine) for at, act, mine in _pairs(theirs.acts, answers) if mine is not None]
    pairs = [one for one in found if one[2].kind == "receive" or one[2].value != 1006]  # a refused handshake, say
    for at, act, mine in pairs:
        if act is not None and _differs(act, mine, basis, is_strict=is_strict):
            return _Parting(act.peer, act, mine, at, basis)
    for at, act, mine in pairs:
        if act is not None and (named := _named_in(actual, act, mine)):
            return _Parting(act.peer, act, mine, at, basis, named)
    guilty = theirs.acts[theirs.marked].peer
    missing = [(act, mine) for _, act, mine in pairs if act is None]
    missing.sort(key=lambda pair: pair[1].peer != guilty)
    return _Parting(missing[0][1].peer, None, missing[0][1], len(theirs.acts), basis) if missing else None


def _answers(acts: Iterable[Act]) -> dict[str, list[Act]]:
    answers = defaultdict[str, list[Act]](list)
    for act in acts:
        answers[act.peer] += [act] * act.times if act.kind in ANSWERS else []
    return answers


def _pairs(theirs: tuple[Act, ...], ours: dict[str, list[Act]]) -> list[tuple[int, Act | None, Act | None]]:
    """Pair each answer of one server with that of the other at the same place of the same connection."""
    pairs: list[tuple[int, Act | None, Act | None]] = []
    seen = defaultdict[str, int](int)
    for at, act in enumerate(theirs):
        for _ in range(act.times if act.kind in ANSWERS else 0):
            place, seen[act.peer] = seen[act.peer], seen[act.peer] + 1
            pairs.append((at, act, ours[act.peer][place] if place < len(ours[act.peer]) else None))
    ended = {act.peer for act in theirs if act.kind == "end"}
    waiting = {act.peer for act in theirs} - ended
    rest = [ours[peer][seen[peer]] for peer in ours if peer in waiting and len(ours[peer]) > seen[peer]]
    return [*pairs, *((len(theirs), None, mine) for mine in rest)]


def _differs(theirs: Act, ours: Act, basis: _Basis, *, is_strict: bool) -> bool:
    if theirs.kind != ours.kind:
        return True
    if theirs.kind == "end":
        return is_strict and theirs.value != ours.value
    if "duplicate" in theirs.value and "duplicate" not in ours.value:
        return True
    return any(theirs.value.get(name) != value for name, value in _certain(ours, basis).items())


def _certain(ours: Act, basis: _Basis) -> dict[str, Any]:
    """Return the fields of our server's message that it does not choose itself."""
    found = {name: ours.value[name] for name in basis.fields if name in ours.value}
    return {name: value for name, value in found.items() if name not in ECHOED or str(value) in basis.sent}


def _sent(recording: Recording) -> str:
    return "".join(str(act.value) for act in recording.acts if act.kind not in ANSWERS)


def _named_in(actual: str, theirs: Act, ours: Act) -> tuple[str, ...]:
    """Return the fields that differ and that the verdict names."""
    if theirs.kind != "receive" or ours.kind != "receive":
        return ()
    differing = [name for name in {**theirs.value, **ours.value} if theirs.value.get(name) != ours.value.get(name)]
    return tuple(name for name in differing if re.search(rf"\b{re.escape(name)}\b", actual))


# What to expect there


def _expected(parting: _Parting, theirs: Recording, dialect: Dialect, *, is_strict: bool) -> Expected:
    ours, bad = parting.ours, parting.theirs
    kind = bad.value.get("type") if bad is not None and bad.kind == "receive" else None
    if ours.kind == "end":
        is_free = not is_strict or dialect.answer(ours.value) is not None
        if is_free and kind in EFFECTS:
            return Expected(parting.peer, "refused", {"type": _type(kind, dialect)})
        codes = theirs.refusals or (dialect.code(ours.value),)
        return Expected(parting.peer, "close", codes=() if is_free else codes)
    names = [dialect.fields.get(name, name) for name in parting.named]
    if parting.named and bad is not None:
        return _about_fields(parting.peer, names, parting.named, bad, ours, dialect)
    fields = _certain(ours, parting.basis)
    differing = {
        name: value
        for name, value in fields.items()
        if name == "type" or bad is None or bad.kind == "end" or bad.value.get(name) != value
    }
    if bad is None or bad.kind == "end" or kind != ours.value.get("type"):
        differing = {name: value for name, value in differing.items() if name in ("type", "text")}
    theirs_names = {dialect.fields.get(name, name): value for name, value in differing.items()}
    theirs_names[dialect.kind] = _type(ours.value.get("type"), dialect)
    extra = bad.value if bad is not None and bad.kind == "receive" else {}
    absent = [name for name in ("duplicate",) if name in extra and name not in ours.value]
    return Expected(parting.peer, "message", theirs_names, absent=tuple(absent))


def _about_fields(
    peer: str, names: list[str], ours_names: tuple[str, ...], bad: Act, ours: Act, dialect: Dialect
) -> Expected:
    """Expect fields to be there, not to be there, or not to have the value that they have."""
    fields: dict[str, Any] = {dialect.kind: _type(ours.value.get("type"), dialect)}
    absent, wrong = [], {}
    for name, own in zip(names, ours_names, strict=True):
        if own not in ours.value:
            absent.append(name)
        else:
            wrong[name] = bad.value.get(own)
    return Expected(peer, "message", fields, absent=tuple(absent), wrong=wrong)


def _type(ours: Any, dialect: Dialect) -> str:
    return dialect.types.get(str(ours), str(ours))


# What to do before


def _acts_until(theirs: Recording, guilty: str, at: int) -> tuple[Act, ...]:
    """Return what was sent, and the answers before `at`; without the connections that had no part in it."""
    first = next(place for place, act in enumerate(theirs.acts) if act.peer == guilty)
    last = {act.peer: place for place, act in enumerate(theirs.acts)}
    kept = [(place, act) for place, act in enumerate(theirs.acts) if act.peer == guilty or last[act.peer] > first]
    return tuple(act for place, act in kept if act.kind not in ANSWERS or place < at)


def _translated(acts: Iterable[Act], dialect: Dialect) -> tuple[Act, ...]:
    """Give each expected answer the server's name of its type."""
    return tuple(
        act._replace(value=_type(act.value.get("type"), dialect)) if act.kind == "receive" else act for act in acts
    )
