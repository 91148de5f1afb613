"""Joining a class from a notebook, once; and what a student sees of it.

    from labkit import classroom
    classroom.join("ws://192.168.1.5:8080", name="otter", code="k3mw-9xqa-t7hd")
    classroom.status()              # connected or not, and every record that was told
    classroom.help_wanted("03-rooms"); classroom.no_help_wanted("03-rooms")
    classroom.leave()

Without a code, the first to say a name has it, and a secret in this working copy keeps it. Taught in notebook 00.
"""

import secrets
import ssl
from concurrent.futures import Future
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError

from labkit.bench.ask import ask, json_of
from labkit.classroom import membership as memberships
from labkit.classroom.membership import Membership, NotAdmitted
from labkit.classroom.sending import Sender, device_of
from labkit.classroom.tls import NoCertificate, pinned
from labkit.course.exercises import exercise as listed
from labkit.course.progress import NoHome, Progress, Record
from labkit.platform.os_errors import clock_fault
from labkit.wire import background
from labkit.wire.client.address import checked

TOO_MANY = 429
MOMENT_S = 3.0
CONNECTED = "connected"
STANDING_BY = "another notebook of this working copy tells the class"
_now: "tuple[Sender, Future[None]] | None" = None  # this process's sender, and its end


@dataclass(frozen=True)
class Status:
    """How it stands between this working copy and its class. `told` are the newest records that the class has heard."""

    who: str
    state: str
    waiting: int
    told: tuple[Record, ...] = ()
    news: tuple[str, ...] = ()
    is_new: bool = False  # joined just now, with a code that stands in a cell
    before: int = 0  # records that are not told, as they are older

    def __repr__(self) -> str:
        lines = [f"{self.who}: {self.state}; {self.waiting} records wait to be told"]
        lines += [f"  news: {text}" for text in self.news]
        if self.is_new:
            lines.append("This cell may go: name and code are kept in this working copy, outside the notebook.")
        if self.is_new and self.before:
            lines.append(f"{self.before} records of before are not told; join(..., earlier=True) tells them, too.")
        lines.append("told of each check: exercise, status, check, time, number. Nothing else leaves this machine.")
        lines += [f"  {one['n']:>4} {one['exercise']} {one['status']} {one['check'] or ''}" for one in self.told]
        return "\n".join(lines)


def join(
    url: str, code: str | None = None, name: str = "", *, fingerprint: str | None = None, earlier: bool = False
) -> Status:
    """Join a class with every notebook of this working copy; with `earlier`, tell what was done before, too.

    Raises NotAdmitted, ValueError, OSError: NoHome where name and code could not be kept.
    """
    if not name:
        raise ValueError("say who you are: classroom.join(url, name=..., code=...); the class sees this name")
    url = checked(url).rstrip("/")
    memberships.check_place()
    before = memberships.read()
    class_id = _class_at(url, fingerprint)
    if code is None:  # by the class and not by its address, which changes with the room and its network
        is_same = before is not None and (before.class_id, before.name) == (class_id, name)
        code = before.code if before is not None and is_same else secrets.token_urlsafe(24)
    member = Membership(url, name, code, class_id, fingerprint)
    _check(member)
    leave()
    if not earlier:
        member = replace(member, **_beginning(member, before))
    member.keep()
    told = _settled()
    return replace(told, is_new=True, before=member.since)


def _beginning(member: Membership, before: Membership | None) -> dict[str, Any]:
    """From when on a class is told: from now, unless this student was in it already."""
    if before is not None and (before.class_id, before.name) == (member.class_id, member.name):
        return {"since": before.since, "since_file": before.since_file}
    records = Progress().records()
    return {"since": max((record["n"] for record in records), default=0), "since_file": device_of(records)}


def start() -> None:
    """Tell the class of this working copy, if it is in one, from this process too. Twice is once."""
    global _now
    member = memberships.membership()
    if member is None:
        return
    if _now is not None:
        sender, ending = _now
        is_over = ending.done() and (ending.cancelled() or ending.exception() is None)
        if sender.membership == member and not is_over:  # refused once, the same code is refused again: a wrong guess
            return
        _now[1].cancel()  # another kernel has joined anew
    sender = Sender(member, Progress(), lambda: memberships.membership() == member)
    _now = sender, background.spawn(sender.run())


def tell_now() -> None:
    """Before a process ends, give what was just noted a moment to reach the class, if this copy is in one."""
    if memberships.membership() is not None:
        _settled()


def leave() -> None:
    """Be in no class any more. What was done stays on this machine, and what was told stays with the class."""
    global _now
    if _now is not None:
        _now[1].cancel()
    _now = None
    memberships.forget()


def help_wanted(exercise: str) -> Status:
    """Raise your hand. Raises NoExercise."""
    Progress().add(listed(exercise).id, "help")
    return _settled()


def no_help_wanted(exercise: str) -> Status:
    """Lower it. Raises NoExercise."""
    Progress().add(listed(exercise).id, "started")
    return _settled()


def status() -> Status:
    """How it stands, and what was told."""
    try:
        member = memberships.read()
    except NoHome as error:
        return Status("in no class", f"nothing is told to anybody: {error}", 0)
    if member is None:
        return Status("in no class", "nothing is told to anybody", 0)
    start()
    assert _now is not None
    sender, ending = _now
    who = f"{member.name} in class {member.class_id}"
    try:
        waiting = sender.waiting
    except NoHome as error:
        return Status(who, f"nothing is told to anybody: {error}", 0)
    return Status(who, _state(sender, ending), waiting, tuple(sender.told), tuple(sender.news))


def _settled() -> Status:
    """Give the network a moment."""
    ends = monotonic() + MOMENT_S
    told = status()
    while monotonic() < ends and (told.waiting or told.state not in (CONNECTED, STANDING_BY)):
        sleep(0.05)
        told = status()
    return told


def _state(sender: Sender, ending: "Future[None]") -> str:
    if ending.done() and not ending.cancelled():
        return f"ended: {ending.exception()}"
    if sender.is_standing_by:
        return STANDING_BY
    state = sender.client.state.value if sender.client else "starting"
    return {"open": CONNECTED, "waiting": "not connected just now, and trying again"}.get(state, state)


def _class_at(url: str, fingerprint: str | None) -> str:
    try:
        tls = pinned(url, fingerprint) if fingerprint else None
        return str(json_of(ask(url, "/class", tls=tls))["class"])
    except NoCertificate as error:
        raise NotAdmitted(str(error)) from None
    except HTTPError as error:
        raise NotAdmitted(f"there is no class at {url} (HTTP {error.code}); `labkit class start` serves one") from None
    except OSError as error:
        raise ConnectionError(_no_answer(url, error)) from None


def _no_answer(url: str, error: OSError) -> str:
    """A server that shows a certificate does answer, so its address is right."""
    reason = getattr(error, "reason", error)
    if not isinstance(reason, ssl.SSLCertVerificationError):
        return f"no class answers at {url} ({reason}); check the address, and that it has begun"
    why = clock_fault(reason) or f"its certificate is not trusted here ({reason.verify_message})"
    return f"{url} answers, but {why}; or give the fingerprint that the instructor's start of the class printed"


def _check(member: Membership) -> None:
    """Say at once what is wrong with a name or a code."""
    try:
        member.ticket()
    except HTTPError as error:
        if error.code == TOO_MANY:
            raise NotAdmitted("too many wrong codes or new names came from here; wait a minute and try again") from None
        raise
