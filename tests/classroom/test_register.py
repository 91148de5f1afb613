"""Admission to a class: codes issued once and stored as hashes, guesses rate-limited, names claimed once."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from labkit.classroom import codes
from labkit.classroom.register import (
    CLAIMS,
    INSTRUCTOR,
    LEAST_SECRET,
    MOST_NAMES,
    OtherClass,
    Register,
    open_register,
    own_room_of,
)
from labkit.classroom.roster import BadRoster
from labkit.wire.http.users import TooManyGuesses

HERE = "192.0.2.7"
SECRET = "s" * LEAST_SECRET


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return open_register(tmp_path / "c.db", "physics")


def may(register: Register, name: str, code: str, now: float = 0.0) -> dict[str, str] | None:
    grants = register.grants(name, code, HERE, now)
    return None if grants is None else dict(grants.rooms)


def test_student_writes_to_class_and_reads_news_and_votes(register: Register) -> None:
    code = register.enrol(["ana"])["ana"]
    shared = {"class:physics": "w", "class:physics:news": "r", "class:physics:votes": "r", "class:physics:help": "w"}
    assert may(register, "ana", code) == shared | {own_room_of("physics", "ana"): "r"}
    code = register.enrol_instructor() or ""
    reads = {"class:physics:votes": "r", "class:physics:help": "r"}
    assert may(register, INSTRUCTOR, code) == dict.fromkeys(shared, "rw") | reads


def test_own_room_is_one_for_each_name_however_spelled() -> None:
    assert own_room_of("physics", "Ana") == own_room_of("physics", "ANA")
    assert len({own_room_of(room, name) for room in ("physics", "art") for name in ("ana", "ben", "ana:to:ben")}) == 6


def test_answers_go_only_to_a_class_that_grades(register: Register) -> None:
    """Students write there, and only the instructor reads."""
    code, instructors = register.enrol(["ana"])["ana"], register.enrol_instructor() or ""
    register.begin_to_grade()
    register = open_register(register.path, "physics")
    assert register.grades
    assert (may(register, "ana", code) or {})["class:physics:answers"] == "w"
    assert (may(register, INSTRUCTOR, instructors) or {})["class:physics:answers"] == "r"


def test_code_is_accepted_however_typed(register: Register) -> None:
    code = register.enrol(["ana"])["ana"]
    assert may(register, "ana", " " + code.replace("-", " ").upper()) is not None
    assert may(register, "ana", code[:-1] + ("a" if code[-1] != "a" else "b")) is None


def test_codes_are_stored_as_hashes_only(register: Register) -> None:
    """Neither a code nor a device's secret is in the class files."""
    given = register.enrol(["ana", "ben"])
    may(register, "zoe", SECRET)
    stored = b"".join(path.read_bytes() for path in register.path.parent.iterdir())
    bare = [code.replace("-", "") for code in given.values()]
    assert [secret for secret in [*given.values(), *bare, SECRET] if secret.encode() in stored] == []
    assert b"zoe" in stored  # the control: names are


def test_code_hashed_twice_differs() -> None:
    assert codes.hashed("same-same-same") != codes.hashed("same-same-same")


def test_code_known_skips_hash_and_guess_does_not(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a storm of 200 logins would cost 2 s of hashing each time."""
    given = register.enrol(["ana", "ben"])
    costs: list[int] = []
    scrypt = hashlib.scrypt
    monkeypatch.setattr(hashlib, "scrypt", lambda *values, **options: (costs.append(1), scrypt(*values, **options))[1])
    for _ in range(3):
        assert may(register, "ana", given["ana"].upper()) is not None
    assert len(costs) == 1
    assert may(register, "ana", given["ben"]) is None
    assert len(costs) == 2
    register.enrol(["ana"], renew=True)
    assert may(register, "ana", given["ana"]) is None


def test_enrolling_again_gives_codes_to_new_names_only(register: Register) -> None:
    first = register.enrol(["ana"])
    assert set(register.enrol(["ana", "ben"])) == {"ben"}
    assert may(register, "ana", first["ana"]) is not None
    renewed = register.enrol(["ana"], renew=True)
    assert may(register, "ana", first["ana"]) is None
    assert may(register, "ana", renewed["ana"]) is not None


def test_name_spelled_differently_is_same_student(register: Register) -> None:
    """A new code for `Beaver` belongs to beaver: one row on the board, under the name of its records."""
    old = register.enrol(["beaver"])["beaver"]
    given = register.enrol(["Beaver"], renew=True)
    assert list(given) == register.names() == ["beaver"]
    assert may(register, "beaver", given["beaver"]) is not None
    assert may(register, "beaver", old) is None
    assert list(register.renewed()) == ["beaver"]


def test_open_class_name_belongs_to_first_claim(register: Register) -> None:
    assert may(register, "zoe", SECRET) is not None
    assert may(register, "zoe", SECRET) is not None
    assert may(register, "zoe", "t" * LEAST_SECRET) is None
    assert may(register, "ZOE", "t" * LEAST_SECRET) is None
    assert may(register, "zo\uff45", "t" * LEAST_SECRET) is None  # a wide e
    assert register.names() == ["zoe"]


@pytest.mark.parametrize("name", [INSTRUCTOR, "Instructor", "", " ana", "a\nb", "x" * 65, "\u202eana"])
def test_name_reserved_or_invalid_is_refused(register: Register, name: str) -> None:
    assert may(register, name, SECRET) is None
    assert register.names() == []


def test_secret_too_short_claims_nothing(register: Register) -> None:
    assert may(register, "zoe", "s" * (LEAST_SECRET - 1)) is None


def test_class_with_roster_accepts_no_new_names(register: Register) -> None:
    assert may(register, "zoe", SECRET) is not None
    register.close_to_new_names()
    assert may(register, "zoe", SECRET) is not None
    assert may(register, "yan", SECRET) is None
    assert not Register(register.path, "physics").is_open


def test_names_claimed_are_limited(register: Register) -> None:
    with sqlite3.connect(register.path) as file:
        file.executemany("INSERT INTO seats VALUES (?, ?, x'00')", [(f"n{n}", f"n{n}") for n in range(MOST_NAMES)])
    assert may(register, "zoe", SECRET) is None


def test_guessing_is_rate_limited(register: Register) -> None:
    """After a few wrong codes even the right one is refused; later it works again."""
    code = register.enrol(["ana"])["ana"]
    for _ in range(5):
        assert may(register, "ana", "wrong-wrong-wrong") is None
    with pytest.raises(TooManyGuesses):
        may(register, "ana", code)
    assert may(register, "ana", code, now=10.0) is not None


def test_guessing_does_not_lock_out_known_student(register: Register) -> None:
    """A code that was right before bypasses the limit, so that a stranger cannot lock out its owner."""
    code = register.enrol(["ana"])["ana"]
    assert may(register, "ana", code) is not None
    for _ in range(5):
        assert may(register, "ana", "wrong-wrong-wrong") is None
    assert may(register, "ana", code) is not None
    with pytest.raises(TooManyGuesses):
        may(register, "ana", "wrong-wrong-wrong")


def test_claims_from_one_address_are_rate_limited(register: Register) -> None:
    """A whole class may share one address, but a script with a thousand names must not succeed."""
    claimed = [may(register, f"n{n}", SECRET) is not None for n in range(CLAIMS[0])]
    assert all(claimed)
    with pytest.raises(TooManyGuesses):
        may(register, "one too many", SECRET)
    assert may(register, "n1", SECRET) is not None
    assert register.grants("zoe", SECRET, "192.0.2.8", 0.0) is not None
    assert may(register, "later", SECRET, now=1 / CLAIMS[1]) is not None


def test_name_can_be_removed(register: Register) -> None:
    assert may(register, "zoe", SECRET) is not None
    assert register.remove(["ZOE", "nobody"]) == ["zoe"]
    assert (register.names(), list(register.renewed())) == ([], ["zoe"])


def test_file_of_another_class_is_refused(register: Register) -> None:
    with pytest.raises(OtherClass, match=r"is the file of class 'physics', not "):
        Register(register.path, "chemistry")


def test_student_named_instructor_is_refused(register: Register) -> None:
    with pytest.raises(BadRoster, match="reserved for the instructor"):
        register.enrol(["ana", "Instructor"])
    assert register.names() == []
