"""The functions for students: join a class (once per working copy), raise a hand, see what has been sent, and leave.

    from labkit import classroom
    classroom.join("ws://192.168.1.5:8080", name="otter", code="k3mw-9xqa-t7hd")
    classroom.status()              # whether it is connected, and the records that it sent
    classroom.raise_hand("03-rooms"); classroom.lower_hand("03-rooms")
    classroom.send_case("03-rooms")     # sends the instructor the failed answer that raise_hand displayed
    classroom.vote(); classroom.vote("two")     # shows the instructor's question; answers it
    classroom.leave()

Without a code, a name belongs to the first student who joins with it; later, a secret in the working copy proves that.
"""

import re
import secrets
import ssl
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError

from labkit.bench.ask import ask, json_of
from labkit.bench.tunnel import route_to
from labkit.classroom import membership as memberships
from labkit.classroom.grading.submission import TooLong
from labkit.classroom.help.consent import Consent
from labkit.classroom.help.in_kernel import follow_news
from labkit.classroom.membership import Membership, NotAdmitted
from labkit.classroom.readiness import examine_and_send
from labkit.classroom.sending import Sender, device_of
from labkit.classroom.tls import NoCertificate, pinned
from labkit.classroom.votes import voting
from labkit.course import failed as failures
from labkit.course.exercises import exercise as listed
from labkit.course.progress import NoHome, Progress, Record, home
from labkit.platform.os_errors import clock_fault
from labkit.platform.proxies import ForwardProxy
from labkit.wire import background
from labkit.wire.client.address import checked

TOO_MANY = 429
LOGIN_NEEDED = re.compile(r"Tunnel connection failed: (407|401)\b")  # tinyproxy answers a wrong password with 401
MOMENT_S = 3.0
UNGRADED = (
    "This class verifies passes, and yours stay unverified; join(..., graded=True) also hands in the source of each "
    "answer that passes, so that the class can judge it."
)
NAMED = "In this class, the instructor can see who voted what; the board shows only the counts."
ASKS = "To show your instructor what fails, run classroom.send_case({!r}). Exactly this is sent, and nothing else:"
NOT_SHOWN = (
    "Not sent, because you have not seen it yet or it has changed. Run classroom.send_case({!r}) again to send this:"
)
SENT = "sent to your instructor: the case of {}"
WAITS = "the case of {} is waiting on this machine, and will be sent when the class answers"
CONNECTED = "connected"
STANDING_BY = "another notebook of this working copy reports to the class"
_now: "tuple[Sender, Future[None]] | None" = None  # this process's sender, and the future of its run


@dataclass(frozen=True)
class Status:
    """Whether this working copy reports to a class. `sent`: the newest records that the class has stored."""

    who: str
    state: str
    waiting: int
    sent: tuple[Record, ...] = ()
    news: tuple[str, ...] = ()
    is_new: bool = False  # just joined; the code is still in a cell
    before: int = 0  # records that are not sent because they are older than the membership
    graded: bool = False  # the student agreed to submit answers that passed
    asks: bool = False  # just joined, and the class asks for them
    is_asked: bool = False  # this working copy has not voted on the instructor's question
    names_votes: bool = False  # just joined, and the instructor may see who voted what
    cases: tuple[str, ...] = ()  # the exercises for which a case was sent
    is_sending: bool = False  # a case waits to be sent
    asks_consent: str = ""  # just raised a hand: what send_case would send, and how to send it

    def __repr__(self) -> str:
        lines = [f"{self.who}: {self.state}; {self.waiting} records waiting to be sent"]
        lines += [f"  news: {text}" for text in self.news]
        if self.is_asked:
            lines.append("  a question is open: classroom.vote() shows it")
        if self.is_new:
            lines.append("You can delete this cell: the name and code are saved in this working copy.")
        if self.is_new and self.before:
            lines.append(f"{self.before} earlier records are not sent; join(..., earlier=True) sends them too.")
        lines.append("sent for each check: exercise, status, check, time, number.")
        if self.graded:
            lines[-1] += " Sent for each pass: the answer's source, which the class judges again."
        if self.cases:
            lines[-1] += f" Sent because you agreed: the case of {', '.join(self.cases)}."
        lines[-1] += " Sent for each vote: the question, the option, and what was measured."
        lines[-1] += " Nothing else leaves this machine."
        if self.asks and not self.graded:
            lines.append(UNGRADED)
        if self.names_votes:
            lines.append(NAMED)
        lines += [f"  {one['n']:>4} {one['exercise']} {one['status']} {one['check'] or ''}" for one in self.sent]
        return "\n".join([*lines, self.asks_consent] if self.asks_consent else lines)


@dataclass(frozen=True)
class CaseAnswer:
    """The outcome of sending a case, in words. `is_sent`: whether the class has stored it."""

    words: str
    is_sent: bool = False

    def __repr__(self) -> str:
        return self.words


def join(
    url: str,
    code: str | None = None,
    name: str = "",
    *,
    fingerprint: str | None = None,
    earlier: bool = False,
    readiness: bool = True,
    graded: bool = False,
) -> Status:
    """Join a class with every notebook of this working copy.

    `name`: the name that the class sees. `code`: the code on the slip; without one, a free name is claimed.
    `fingerprint`: the fingerprint of the class's own certificate, on the slip. `earlier`: also send records from before
    joining. `readiness`: examine this machine as `labkit doctor` does, and send the names of the checks that found a
    problem. `graded`: agree to submit the source of each answer that passes, in a class that verifies passes. Raises
    NotAdmitted, ValueError for a bad URL or an empty name, OSError if the class does not respond, and NoHome (an
    OSError) if the membership cannot be saved.
    """
    if not name:
        raise ValueError("name is empty; give the name that the class sees: classroom.join(url, name=..., code=...)")
    url = checked(url).rstrip("/")
    memberships.check_place()
    before = memberships.read()
    about = _class_at(url, fingerprint)
    class_id, grades = str(about["class"]), bool(about.get("grades"))
    if code is None:  # compare the class, not its address, which changes with the network
        is_same = before is not None and (before.class_id, before.name) == (class_id, name)
        code = before.code if before is not None and is_same else secrets.token_urlsafe(24)
    member = Membership(url, name, code, class_id, fingerprint, graded=graded and grades)
    _check(member)
    leave()
    if not earlier:
        member = replace(member, **_beginning(member, before))
    member.keep()
    if readiness:
        examine_and_send(url, print)
    return replace(
        _settled(), is_new=True, before=member.since, asks=grades, names_votes=bool(about.get("votesByName"))
    )


def _beginning(member: Membership, before: Membership | None) -> dict[str, Any]:
    """Return the record after which reporting starts; only a student who was in the class before sends older ones."""
    if before is not None and (before.class_id, before.name) == (member.class_id, member.name):
        return {"since": before.since, "since_file": before.since_file}
    records = Progress().records()
    return {"since": max((record["n"] for record in records), default=0), "since_file": device_of(records)}


def start() -> None:
    """Start reporting this working copy's progress from this process, if it has joined a class. Idempotent."""
    global _now
    member = memberships.membership()
    if member is None:
        return
    follow_news()
    if _now is not None:
        sender, ending = _now
        is_closed = ending.done() and (ending.cancelled() or ending.exception() is None)
        if sender.membership == member and not is_closed:  # a rejected code is not retried: it would be a wrong guess
            return
        _now[1].cancel()  # another kernel has joined again
    sender = Sender(member, Progress(), lambda: memberships.membership() == member)
    _now = sender, background.spawn(sender.run())


def flush() -> None:
    """Wait up to 3 seconds for new records to reach the class, before a process ends."""
    if memberships.membership() is not None:
        _settled()


def leave() -> None:
    """Leave the class. Progress stays on this machine, and the class keeps the records that were sent."""
    global _now
    if _now is not None:
        _now[1].cancel()
    _now = None
    memberships.forget()


def raise_hand(exercise: str) -> Status:
    """Ask the instructor for help with an exercise, and show what `send_case` would send. Raises NoExercise."""
    asked, progress = listed(exercise).id, Progress()
    progress.add(asked, "help")
    consent, failed = _consent(), failures.kept(progress, asked)
    if consent is None or failed is None:
        return _settled()
    return replace(_settled(), asks_consent=f"{ASKS.format(asked)}\n{consent.show(failed)}")


def send_case(exercise: str) -> CaseAnswer:
    """Send the instructor the failed answer and what the check found, as shown by `raise_hand`.

    Returns the outcome. A case that has not been shown yet is shown now, and not sent. Raises NoExercise, NoHome.
    """
    asked, progress = listed(exercise).id, Progress()
    consent, failed = _consent(), failures.kept(progress, asked)
    if consent is None:
        return CaseAnswer("this working copy is in no class, so there is nobody to send it to")
    if failed is None:
        return CaseAnswer(f"no check of {asked} fails here, so there is nothing to send")
    try:
        if not consent.agree(failed):
            return CaseAnswer(f"{NOT_SHOWN.format(asked)}\n{consent.show(failed)}")
    except TooLong as error:
        return CaseAnswer(f"not sent: {error}")
    if not _asks(progress, asked):
        progress.add(asked, "help")
    _settled()
    waits = any(case.failed.exercise == asked for case in consent.due())
    return CaseAnswer((WAITS if waits else SENT).format(asked), is_sent=not waits)


def _consent() -> Consent | None:
    member = memberships.membership()
    return None if member is None else Consent(home(), member.class_id, member.name)


def _asks(progress: Progress, exercise: str) -> bool:
    """Return whether the student has a hand raised for an exercise."""
    own = [record for record in progress.records() if record["exercise"] == exercise]
    return bool(own) and own[-1]["status"] == "help"


def lower_hand(exercise: str) -> Status:
    """Withdraw the request for help with an exercise. Raises NoExercise."""
    Progress().add(listed(exercise).id, "started")
    return _settled()


def vote(answer: str | int | None = None) -> voting.Answer:
    """Answer the instructor's newest question with an option or its number; without an answer, show the question."""
    start()
    return voting.cast(memberships.membership(), answer)


def vote_on(question: str, answers: Sequence[str]) -> voting.PredictionVote | None:
    """Return the class's vote on one of a lesson's predictions; None if there is no class."""
    start()
    return voting.prediction_vote(question, answers)


help_wanted, no_help_wanted = raise_hand, lower_hand  # the earlier names


def status() -> Status:
    """Return the connection's state and the newest records that were sent."""
    try:
        member = memberships.read()
    except NoHome as error:
        return Status("not in a class", f"nothing is sent: {error}", 0)
    if member is None:
        return Status("not in a class", "nothing is sent", 0)
    start()
    assert _now is not None
    sender, ending = _now
    who = f"{member.name} in class {member.class_id}"
    try:
        waiting = sender.waiting
    except NoHome as error:
        return Status(who, f"nothing is sent: {error}", 0)
    state = _state(sender, ending)
    sent, news = tuple(sender.sent), tuple(sender.news)
    cases = tuple(sender.consent.exercises())
    is_asked = sender.votes.has_question()
    return Status(
        who,
        state,
        waiting,
        sent,
        news,
        graded=member.graded,
        is_asked=is_asked,
        cases=cases,
        is_sending=bool(sender.consent.due()),
    )


def _settled() -> Status:
    """Return the status as soon as everything has been sent, or after MOMENT_S."""
    ends = monotonic() + MOMENT_S
    now = status()
    while monotonic() < ends and (now.waiting or now.is_sending or now.state not in (CONNECTED, STANDING_BY)):
        sleep(0.05)
        now = status()
    return now


def _state(sender: Sender, ending: "Future[None]") -> str:
    if ending.done() and not ending.cancelled():
        return f"stopped: {ending.exception()}"
    if sender.is_standing_by:
        return STANDING_BY
    state = sender.client.state.value if sender.client else "starting"
    return {"open": CONNECTED, "waiting": "not connected, reconnecting"}.get(state, state)


def _class_at(url: str, fingerprint: str | None) -> dict[str, Any]:
    """Return what a class reports about itself: its id, and what it asks its students to agree to."""
    proxy = None
    try:
        proxy = route_to(url)
        tls = pinned(url, fingerprint, proxy) if fingerprint else None
        return json_of(ask(url, "/class", tls=tls, proxy=proxy))
    except NoCertificate as error:
        raise NotAdmitted(str(error)) from None
    except HTTPError as error:
        raise NotAdmitted(
            f"no class is running on the server at {url} (HTTP {error.code}); check the address on your slip"
        ) from None
    except OSError as error:
        raise ConnectionError(_no_answer(url, error, proxy)) from None


def _no_answer(url: str, error: OSError, proxy: ForwardProxy | None) -> str:
    """Explain why a class could not be reached. If the server presents a certificate, the address is right."""
    reason = getattr(error, "reason", error)
    if not isinstance(reason, ssl.SSLCertVerificationError):
        if proxy is not None:
            return _not_through(url, proxy, str(reason))
        return f"no class responds at {url} ({reason}); check the address, and that the class has started"
    clock = clock_fault(reason)
    why = f"{clock}, or" if clock else f"its certificate is not trusted here ({reason.verify_message});"
    return f"{url} responds, but {why} give the fingerprint that `labkit class start` printed"


def _not_through(url: str, proxy: ForwardProxy, reason: str) -> str:
    fault = f"no class responds at {url}, neither directly nor through the proxy {proxy} ({reason})"
    if LOGIN_NEEDED.search(reason):
        return f"{fault}; the proxy needs a name and a password: set HTTPS_PROXY=http://NAME:PASSWORD@{proxy}"
    return f"{fault}; check the address, that the class has started, and that the proxy lets you reach it"


def _check(member: Membership) -> None:
    """Raise NotAdmitted at once for a wrong name or code."""
    try:
        member.ticket()
    except HTTPError as error:
        if error.code == TOO_MANY:
            raise NotAdmitted(
                "too many wrong codes or new names came from this address; wait a minute and try again"
            ) from None
        raise
