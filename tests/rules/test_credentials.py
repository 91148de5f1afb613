"""Tickets and resume credentials: only what was signed opens anything, and every refusal has its exact code."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import (
    RESUME,
    SPENT_KEPT,
    TICKET,
    Credentials,
    Moment,
    Rejected,
    Resumed,
    SpentTickets,
    Ticket,
    kind_of,
    same_secret,
)
from labkit.rules.grants import EVERY_ROOM, Grants
from labkit.rules.session import Identity
from tests.clock import Clock

OURS = Credentials("key-1", b"a secret of ours")
GRANTS = Grants.of([["room:*", "rw"], ["news", "r"]])
IDENTITY = Identity("session-1", "ann", GRANTS, 2_000.0)
WHEN = {"exp": 5.0}
A_TICKET = Ticket("ticket-1", "ann", GRANTS, 2_000.0)
NOW = 1_000.0
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=+/ \n!\u00e9\ud800"


def code_of_ticket(token: str, now: float = NOW, reader: Credentials = OURS) -> int:
    """The close code of a refusal; 0 when the ticket is good."""
    try:
        reader.read_ticket(token, now)
    except Rejected as rejected:
        return rejected.code
    return 0


def code_of_resume(token: str, now: float = NOW, reader: Credentials = OURS) -> int:
    """The same for a resume credential."""
    try:
        reader.read_resume(token, now)
    except Rejected as rejected:
        return rejected.code
    return 0


@given(st.text(max_size=50), st.text(st.characters(codec=None), max_size=50), st.floats(0, 4e9), st.booleans())
def test_what_was_signed_is_read_again(name: str, user: str, expires_at: float, wide: bool) -> None:
    """Ticket and identity come back as they were, whatever the names."""
    grants = EVERY_ROOM if wide else GRANTS
    moment = Moment(name, 7, (user,))
    ticket = Ticket(name, user, grants, expires_at, moment)
    identity = Identity(name, user, grants, expires_at)
    assert OURS.read_ticket(OURS.ticket(ticket), expires_at) == ticket
    assert OURS.read_resume(OURS.resume(identity, moment), expires_at) == Resumed(identity, moment)


@pytest.mark.parametrize("at", range(len(OURS.ticket(A_TICKET))))
def test_a_ticket_with_any_character_changed_is_refused(at: int) -> None:
    """Changed, dropped or with one put in, anywhere, the last character of the signature included: 4403."""
    token = OURS.ticket(A_TICKET)
    for letter in LETTERS:
        if letter != token[at]:
            assert code_of_ticket(token[:at] + letter + token[at + 1 :]) == CloseCode.AUTH_FAILED
        assert code_of_ticket(token[:at] + letter + token[at:]) == CloseCode.AUTH_FAILED
        assert code_of_ticket(token + letter) == CloseCode.AUTH_FAILED
    assert code_of_ticket(token[:at] + token[at + 1 :]) == CloseCode.AUTH_FAILED


@settings(max_examples=300)
@given(st.data())
def test_a_resume_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    """4403 for a wrong signature; 4419 where the change is in the name of the key, which makes it an unknown key."""
    token = OURS.resume(IDENTITY)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(LETTERS.replace(token[at], "")))
    changed = token[:at] + letter + token[at + 1 :]
    names_our_key = changed.split(".")[1:2] == ["key-1"]
    assert code_of_resume(changed) == (CloseCode.AUTH_FAILED if names_our_key else CloseCode.SESSION_EXPIRED)


def test_a_signature_written_another_way_is_refused() -> None:
    """Base64 spells one signature in several ways: spare bits, padding, characters that a decoder skips."""
    token = OURS.ticket(A_TICKET)
    head, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=")
    spelled = {signature[:-1] + letter for letter in LETTERS[:64]}
    same = [text for text in spelled if text.isascii() and base64.urlsafe_b64decode(text + "=") == raw]
    assert len(same) == 4
    assert [text for text in same if code_of_ticket(f"{head}.{text}") == 0] == [signature]
    for text in (signature + "=", signature[:5] + "!" + signature[5:], signature + "\u00e9"):
        assert code_of_ticket(f"{head}.{text}") == CloseCode.AUTH_FAILED


def test_the_kinds_do_not_mix() -> None:
    """A ticket is no resume and a resume is no ticket, also with the other's letter in front."""
    ticket, resume = OURS.ticket(A_TICKET), OURS.resume(IDENTITY)
    assert code_of_ticket(resume) == CloseCode.AUTH_FAILED
    assert code_of_resume(ticket) == CloseCode.AUTH_FAILED
    assert code_of_ticket("t" + resume[1:]) == CloseCode.AUTH_FAILED
    assert code_of_resume("r" + ticket[1:]) == CloseCode.AUTH_FAILED


@pytest.mark.parametrize(("now", "ticket", "resume"), [(2_000.0, 0, 0), (2_000.001, 4403, 4419)])
def test_expiry(now: float, ticket: int, resume: int) -> None:
    """Good up to its last moment; then a ticket is 4403, and a session 4419, which says: fetch a fresh ticket."""
    assert code_of_ticket(OURS.ticket(A_TICKET), now) == ticket
    assert code_of_resume(OURS.resume(IDENTITY), now) == resume


def test_another_key() -> None:
    """A session of a server that is gone is 4419; a forgery under our key's name is 4403, however late."""
    gone, forged = Credentials("key-0", b"a secret of ours"), Credentials("key-1", b"a guess of theirs")
    assert code_of_resume(gone.resume(IDENTITY)) == CloseCode.SESSION_EXPIRED
    assert code_of_resume(forged.resume(IDENTITY)) == CloseCode.AUTH_FAILED
    assert code_of_resume(forged.resume(IDENTITY), 9_000.0) == CloseCode.AUTH_FAILED
    assert code_of_ticket(gone.ticket(A_TICKET)) == CloseCode.AUTH_FAILED
    assert code_of_ticket(forged.ticket(A_TICKET)) == CloseCode.AUTH_FAILED


@pytest.mark.parametrize(
    "token", ["", ".", "t", "t.", "t.key-1", "t.key-1.", "t.key-1..", "t.key-1.e30.", "\ud800" * 8]
)
def test_fragments_are_refused(token: str) -> None:
    """What is no credential at all is refused like one that is wrong, and raises nothing else."""
    assert code_of_ticket(token) == CloseCode.AUTH_FAILED
    assert code_of_resume("r" + token[1:]) in (CloseCode.AUTH_FAILED, CloseCode.SESSION_EXPIRED)


@given(st.text(st.characters(codec=None)))
def test_any_text_is_refused(text: str) -> None:
    """And nothing but Rejected is raised."""
    for token in (text, f"t.key-1.{text}", f"r.key-1.{text}", f"r.key-1.e30.{text}"):
        assert code_of_ticket(token) == CloseCode.AUTH_FAILED
        assert code_of_resume(token) in (CloseCode.AUTH_FAILED, CloseCode.SESSION_EXPIRED)


def test_a_refusal_does_not_hold_the_credential() -> None:
    """Neither its text, its repr nor its reason, nor an error it came from."""
    token = OURS.resume(IDENTITY)[:-1] + "?"
    with pytest.raises(Rejected) as refused:
        OURS.read_resume(token, NOW)
    assert token not in f"{refused.value} {refused.value!r} {refused.value.reason} {refused.value.__cause__!r}"
    assert refused.value.reason == "auth failed"


@pytest.mark.parametrize("key_id", ["", "a.b", "."])
def test_a_key_id_that_would_break_its_credentials_is_refused(key_id: str) -> None:
    """Its own credentials could not be read back."""
    with pytest.raises(ValueError, match="a key id needs at least one character and no dot"):
        Credentials(key_id, b"secret")


def test_the_payload_holds_no_secret() -> None:
    """It is readable by its holder: id, user, rooms and expiry, and nothing of the key."""
    short = Credentials("k", b"secret").ticket(Ticket("i", "u", Grants.of([]), 5.0))
    payload = short.split(".")[2]
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == {"id": "i", "user": "u", "rooms": [], **WHEN}


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (OURS.ticket(A_TICKET), TICKET),
        (OURS.resume(IDENTITY), RESUME),
        ("dev-token", None),
        ("t", None),
        ("ticket.x", None),
        ("x.key-1.e30.sig", None),
        ("", None),
        (".t", None),
    ],
)
def test_the_kind_of_a_token(token: str, kind: str | None) -> None:
    """By its first letter and a dot; a dev token has none."""
    assert kind_of(token) == kind


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("dev-token", "dev-token", True),
        ("dev-token", "dev-toke", False),
        ("", "x", False),
        ("\ud800", "\ud800", True),
        ("\ud800", "x", False),
        ("\u00e9", "e\u0301", False),
    ],
)
def test_secrets_are_compared_as_they_are(given: str, expected: str, same: bool) -> None:
    """Any text, lone surrogates too, without an error that would tell something."""
    assert same_secret(given, expected) is same


# Spent tickets


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 100)), max_size=60))
def test_a_ticket_opens_once(steps: list[tuple[str, int]]) -> None:
    """Any order of uses in time: each ticket is good once while it lives, and no longer than it lives."""
    clock, spent = Clock(0.0), SpentTickets()
    expires_at = {name: 60.0 + 60 * number for number, name in enumerate("abcd")}
    used: set[str] = set()
    for name, later in steps:
        clock.tick(later / 10)
        if clock.now <= expires_at[name]:  # `read_ticket` lets no other through
            assert spent.spend(name, expires_at[name], clock.now) is (name not in used)
            used.add(name)


def test_spent_tickets_are_forgotten_when_they_have_expired() -> None:
    """Hours later only the newest are known: the list holds what could otherwise be used, and a bounded rest."""
    clock, spent = Clock(0.0), SpentTickets()
    for number in range(2 * SPENT_KEPT):
        spent.spend(f"ticket-{number}", clock.now + 60, clock.now)
        clock.tick(1)
    assert all(spent.spend(f"ticket-{number}", clock.now + 60, clock.now) for number in range(100))
    assert not any(
        spent.spend(f"ticket-{number}", clock.now + 60, clock.now) for number in range(SPENT_KEPT + 200, 2 * SPENT_KEPT)
    )


def test_a_spent_ticket_stays_spent_when_the_clock_goes_back() -> None:
    """It ran a day ahead for a moment, and others were spent meanwhile."""
    spent = SpentTickets()
    assert spent.spend("early", 60.0, 0.0)
    assert spent.spend("ahead", 86_460.0, 86_400.0)
    assert not spent.spend("early", 60.0, 1.0)
