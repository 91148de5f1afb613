"""Rows 4 and 5, and the class's certificate: clocks that are put right, and file systems without locks."""

import contextlib
import re
import ssl
import time
from pathlib import Path

import pytest

from tests.black_box.kit import Kit, last
from tests.black_box.talking import Member, refusal, request, ticket
from tests.black_box.wrong_machine import Clock, without_locks

DAY_S = 86400
USERS = ("--users", "users.csv", "--audit", "room.db")
OPS = {"OPS_TOKEN": "ops-secret-ops-secret"}


def code_on_slip(kit: Kit, name: str, file: str = "slips") -> str:
    """The code of a name, beside it or below it."""
    text = (kit.folder / file).read_text()
    found = re.search(r"\b[a-z0-9]{4}(?:-[a-z0-9]{4})+\b", text[text.index(name) :])
    assert found, text
    return found[0]


@pytest.mark.parametrize("restarts", [False, True])
def test_fresh_tickets_open_after_a_revocation_under_a_wrong_clock(restarts: bool, kit: Kit) -> None:
    (kit.folder / "users.csv").write_text("name,code,rooms\nada,correct-horse,*\n")
    clock = Clock(kit.folder)
    env = clock.env | OPS
    server = kit.serve(*USERS, env=env)
    assert refusal(server.url, ticket(server.port, "ada", "correct-horse")) is None
    clock.put(DAY_S)
    bearer = {"Authorization": f"Bearer {OPS['OPS_TOKEN']}", "Content-Length": "0"}
    assert request(server.port, "POST", "/revoke/ada", bearer)[0] == 200
    clock.put(0)
    if restarts:
        server.ends()
        server = kit.serve(*USERS, env=env)
    fresh = [refusal(server.url, ticket(server.port, "ada", "correct-horse")) for _ in range(3)]
    assert fresh == [None] * 3


def test_code_renewed_under_a_wrong_clock_opens(kit: Kit) -> None:
    clock = Clock(kit.folder)
    school = kit.school(names=("ana",), env=clock.env)
    Member(school.url, ticket(school.port, "ana", code_on_slip(kit, "ana")))
    clock.put(DAY_S)
    done = kit.run("class", "code", "c", "ana", "--hand-out", "new", env=clock.env)
    assert done.returncode == 0, done.stderr
    renewed = code_on_slip(kit, "ana", "new")
    time.sleep(1.5)
    with contextlib.suppress(Exception):  # a running class notices it when the code is used
        ticket(school.port, "ana", renewed)
    clock.put(0)
    assert [refusal(school.url, ticket(school.port, "ana", renewed)) for _ in range(3)] == [None] * 3


def test_audit_opens_where_locks_are_missing(kit: Kit) -> None:
    assert refusal(kit.serve("--audit", "room.db", env=without_locks()).url) is None


def test_class_starts_where_locks_are_missing(kit: Kit) -> None:
    assert request(kit.school(env=without_locks()).port, "GET", "/healthz")[0] == 200


def in_class(kit: Kit, cells: list[str]) -> str:
    """Run cells of a student without locks, who has joined a class."""
    school = kit.school(names=("ana",))
    join = f"classroom.join('ws://localhost:{school.port}', {code_on_slip(kit, 'ana')!r}, 'ana')"
    return kit.kernel(["from labkit import classroom, check\nimport time", join, *cells], env=without_locks())


def test_records_reach_the_class_without_locks(kit: Kit) -> None:
    out = in_class(kit, [kit.solution(), "check('04-validator', validate)", "time.sleep(3)"])
    assert '"pass"' in kit.run("class", "export", "c", "--json").stdout, out


def test_hand_is_raised_without_locks(kit: Kit) -> None:
    raise_hand = "getattr(classroom, 'raise_hand', None) or classroom.help_wanted"
    assert "Error" not in in_class(kit, [f"({raise_hand})('04-validator')", "time.sleep(2)"])


# The certificate of a class

CLOCKS = {"90 minutes behind": -5400, "463 days ahead": 463 * DAY_S}


@pytest.mark.parametrize("off", CLOCKS)
def test_fingerprint_joins_whatever_the_laptops_clock_says(off: str, kit: Kit) -> None:
    kit.school("--tls", names=("ana",))
    slips = (kit.folder / "slips").read_text()
    call = re.search(r"classroom\.join\([^\n]*ana[^\n]*\)", slips)
    assert call, slips
    done = kit.python(f"from labkit import classroom\nprint({call[0]})", env=Clock(kit.folder, CLOCKS[off]).env)
    assert done.returncode == 0, done.stderr


def certificate(kit: Kit) -> Path:
    found = [*kit.folder.glob("*.crt"), *kit.folder.glob("*.pem")]
    return next(one for one in found if "BEGIN CERTIFICATE" in one.read_text())


def test_certificate_begins_weeks_ago(kit: Kit) -> None:
    kit.school("--tls")
    decoded = ssl._ssl._test_decode_cert(str(certificate(kit)))  # type: ignore[attr-defined]
    assert time.time() - ssl.cert_time_to_seconds(decoded["notBefore"]) > 14 * DAY_S


def test_certificate_that_seems_too_old_names_the_clock(kit: Kit) -> None:
    school = kit.school("--tls", names=("ana",))
    join = f"classroom.join('wss://localhost:{school.port}', {code_on_slip(kit, 'ana')!r}, 'ana')"
    env = Clock(kit.folder, 463 * DAY_S).env | {"SSL_CERT_FILE": certificate(kit)}
    assert "your clock says" in last(kit.python(f"from labkit import classroom\n{join}", env=env).stderr)
