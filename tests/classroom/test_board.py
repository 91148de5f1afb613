"""The board as a pure fold of events."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from labkit.classroom.board import MOST_UNKNOWN, QUIET_MS, READY, STUCK_MS, Board
from tests.classroom.school import exercise
from tests.web.pages import answer_of

MINUTE = 60_000
FAR = [1e308, -1e17, "9999-12-31T23:59:59Z"]


def folded(*events: dict[str, Any], exercises: tuple[str, ...] = ("01", "02")) -> Board:
    board = Board(exercises)
    for event in events:
        board.apply(event)
    return board


def test_status_is_newest_record() -> None:
    board = folded(
        exercise("ana", 1),
        exercise("ana", 2, status="fail", check="auth-first"),
        exercise("ana", 3, status="fail", check="auth-first"),
        exercise("ana", 4, status="pass"),
    )
    cell = board.students["ana"].cells["01"]
    assert (cell.status, cell.check, cell.fails, cell.tries) == ("pass", None, 0, 3)


def test_event_repeated_counts_once() -> None:
    """A repetition after a reconnect, or folding the whole history twice, changes nothing."""
    events = [exercise("ana", n, status="fail", check="c") for n in (1, 2, 3)]
    once, twice = folded(*events), folded(*events, *events)
    assert twice.json() == once.json()
    assert once.apply(events[1]) is None
    assert once.apply(exercise("ana", 4, status="pass")) == "ana"


def test_progress_file_new_is_new_device() -> None:
    """Numbers belong to one device, so another device's first record is not a repetition."""
    board = folded(exercise("ana", 7, status="fail", check="c"), exercise("ana", 1, status="pass", requestId="other-1"))
    assert board.students["ana"].cells["01"].status == "pass"


def test_event_user_is_set_by_server() -> None:
    board = folded(exercise("eve", 1, status="pass", user="ana", student="ana"))
    assert set(board.students) == {"eve"}


def test_hand_stays_up_until_next_record() -> None:
    board = folded(exercise("ana", 1, status="help"), exercise("ana", 2, "02", status="fail", check="c"))
    assert board.students["ana"].hand == "01"
    board.apply(exercise("ana", 3, "02", status="pass"))
    assert board.students["ana"].hand is None


def test_help_request_keeps_last_failed_check() -> None:
    """The fail stays on the wall and in the reason."""
    fails = [exercise("ana", n, status="fail", check="c") for n in (1, 2, 3)]
    board = folded(*fails, exercise("ana", 4, status="help"))
    assert board.wall() == [(1, "01", "c", ["ana"])]
    assert board.students["ana"].stuck(2000) == "fails c for <1 min, 3 tries"


def test_three_fails_in_a_row_are_stuck() -> None:
    board = folded(
        exercise("ana", 1, status="fail", check="a"),
        exercise("ana", 2, status="fail", check="b"),
    )
    assert board.students["ana"].stuck(2000) is None
    board.apply(exercise("ana", 3, status="fail", check="b"))
    assert board.students["ana"].stuck(2000) == "fails b for <1 min, 2 tries, 3 fails in a row"
    board.apply(exercise("ana", 4, status="pass"))
    assert board.students["ana"].stuck(2000) is None


def test_stuck_tells_check_and_minutes_and_tries() -> None:
    """The minutes count from the first of the tries that failed at this check, not from the exercise's beginning."""
    board = folded(*(failed_at(n, check, n * MINUTE) for n, check in enumerate(["a", "over", "over", "over"], 1)))
    row = board.students["ana"]
    assert row.stuck(14 * MINUTE + 5000) == "fails over for 12 min, 3 tries, 4 fails in a row"
    assert row.stuck(80 * MINUTE + 5000) == "fails over for 1 h 18 min, 3 tries, 4 fails in a row"
    board.apply(failed_at(5, "a", 14 * MINUTE))
    assert row.stuck(14 * MINUTE + 5000) == "fails a for <1 min, 1 try, 5 fails in a row"


def failed_at(n: int, check: str | None, at: int) -> dict[str, Any]:
    return exercise("ana", n, status="fail", check=check, at=1000 + at, sentAt=iso_of(5000 + at))


def test_fails_without_check_are_counted() -> None:
    board = folded(*(failed_at(n, None, n * MINUTE) for n in (1, 2, 3)))
    assert board.students["ana"].stuck(9 * MINUTE) == "3 fails in a row"


def test_quiet_student_is_told_with_last_check() -> None:
    board = folded(failed_at(1, "over", 0), failed_at(2, "over", MINUTE))
    assert board.students["ana"].stuck(21 * MINUTE + 5000) == "no check for 20 min, after 2 tries, the last at over"


def test_headline_is_what_most_of_the_class_fails() -> None:
    board = folded(*(exercise(name, 1, status="fail", check="seq") for name in ("ana", "ben", "cleo")))
    board.apply(exercise("dan", 1, "02", status="fail", check="order"))
    board.add("eve")
    assert board.headline() == "3 of 5 fail `seq` in 01"
    for name in ("ana", "ben", "cleo"):
        board.apply(exercise(name, 2, status="pass"))
    assert board.headline() == "1 of 5 fails `order` in 02"
    board.apply(exercise("dan", 2, "02", status="pass"))
    assert board.headline() is None


def test_erased_record_is_no_record() -> None:
    """What `labkit audit --erase` leaves of one has its number and its status, but no exercise."""
    board = folded(exercise("ana", 1, "", status="fail", erased=True))
    assert (board.students, board.exercises) == ({}, ["01", "02"])


def test_long_silence_in_unsolved_exercise_is_stuck() -> None:
    """Ten minutes on it, five of them without a check; one of the two is not enough."""
    board = folded(exercise("ana", 1))
    row = board.students["ana"]
    now = row.cells["01"].first_at
    assert row.stuck(now + STUCK_MS - 1) is None
    assert row.stuck(now + STUCK_MS) == "no check for 10 min"
    board.apply(exercise("ana", 2, status="fail", check="c", at=1000 + STUCK_MS, sentAt=iso_of(5000 + STUCK_MS)))
    assert row.stuck(now + STUCK_MS + QUIET_MS - 1) is None


def iso_of(ms: int) -> str:
    return f"1970-01-01T00:{ms // MINUTE:02}:{ms % MINUTE / 1000:06.3f}Z"


def test_record_sent_late_keeps_its_time() -> None:
    """The student's clock may be off by hours, but the time between two records is right."""
    skewed = 1_000_000_000
    board = folded(
        exercise("ana", 1, at=skewed, sentAt=iso_of(0)),
        exercise("ana", 2, status="pass", at=skewed + 4 * MINUTE, sentAt=iso_of(30 * MINUTE)),
    )
    assert board.students["ana"].cells["01"].on_task_ms(40 * MINUTE) == 4 * MINUTE


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", 1e308, -1e308, "0001-01-01T00:00:00Z", float("inf")])
def test_device_clock_off_by_years_is_ignored(at: Any) -> None:
    board = folded(
        exercise("ana", 1, at=at, sentAt="2026-11-26T09:00:00Z"),
        exercise("ana", 2, "02", at="2026-11-26T09:01:00Z", sentAt="2026-11-26T09:01:00Z"),
    )
    assert [cell.first_at % (24 * 60 * MINUTE) for cell in board.students["ana"].cells.values()] == [
        9 * 60 * MINUTE,
        9 * 60 * MINUTE + MINUTE,
    ]


def test_lone_surrogate_is_replaced() -> None:
    """JSON allows lone surrogates; files, pages and databases do not."""
    board = folded(exercise("eve", 1, "\ud800", status="fail", check="\udfff!", requestId="\ud800-1"))
    assert board.wall() == [(1, "\ufffd", "\ufffd!", ["eve"])]
    assert json.dumps(board.json(), ensure_ascii=False).encode()


def test_wall_counts_students_per_failing_check() -> None:
    fails = [exercise(name, 1, status="fail", check="auth-first") for name in ("ana", "ben", "cleo")]
    board = folded(*fails, exercise("dan", 1, "02", status="fail", check="seq"), exercise("cleo", 2, status="pass"))
    assert board.wall() == [(2, "01", "auth-first", ["ana", "ben"]), (1, "02", "seq", ["dan"])]


def test_invented_exercises_are_limited() -> None:
    board = folded(*(exercise("eve", n, f"joke-{n}") for n in range(1, 5000)))
    assert len(board.exercises) == 2 + MOST_UNKNOWN
    assert len(board.students["eve"].cells) == MOST_UNKNOWN


def test_readiness_is_newest_report_and_no_exercise() -> None:
    """It has no column, is no attempt, and leaves the current exercise and the hand alone."""
    board = folded(
        exercise("ana", 1, status="help"),
        exercise("ana", 2, READY, status="fail", check="disk,clock"),
        exercise("ben", 1, READY, status="fail", check="home"),
        exercise("ben", 2, READY, status="pass"),
        exercise("cleo", 1),
    )
    assert {name: row.missing for name, row in board.students.items()} == {
        "ana": ["disk", "clock"],
        "ben": [],
        "cleo": None,
    }
    ana = board.students["ana"]
    assert (ana.current, ana.hand, list(ana.cells), board.exercises) == ("01", "01", ["01"], ["01", "02"])
    assert board.wall() == []


def test_board_restored_from_json_is_equal() -> None:
    early = folded(exercise("ana", 1), exercise("ben", 1, status="fail", check="c"), exercise("ben", 2, READY))
    late = Board.of(early.json())
    for board in (early, late):
        board.apply(exercise("ben", 3, status="pass"))
    assert late.json() == early.json()


@pytest.mark.parametrize("seed", range(3))
def test_page_computes_same_state(tmp_path: Path, seed: int) -> None:
    """labkit/web/board_state.js gives the same board, wall and reasons for the same events, including odd ones."""
    rng = random.Random(seed)
    events = [odd(rng) for _ in range(400)]
    board = folded(*events)
    now = 40 * MINUTE
    expected = {
        "board": board.json(),
        "wall": [list(line) for line in board.wall()],
        "headline": board.headline(),
        "stuck": {name: row.stuck(now) for name, row in board.students.items()},
    }
    assert answer_of(tmp_path, "board_fold.mjs", {"exercises": ["01", "02"], "events": events, "now": now}) == expected


def odd(rng: random.Random) -> dict[str, Any]:
    status = rng.choice(["started", "fail", "fail", "fail", "pass", "inconclusive", "help"])
    said_at = rng.choice(
        [rng.randrange(30 * MINUTE), iso_of(rng.randrange(30 * MINUTE)), "yesterday", "2026-13-01", *FAR]
    )
    more = {"check": rng.choice(["a", "b", "\ud800b"])} if status == "fail" and rng.random() < 0.9 else {}
    n = rng.randrange(1, 60)
    device = rng.choice(["d1", "d2", "d-3"])
    return exercise(
        rng.choice(["ana", "ben", "__proto__", "constructor"]),
        n,
        rng.choice(["01", "02", "02", "toString", READY]),
        status,
        at=said_at,
        sentAt=iso_of(rng.randrange(30 * MINUTE)),
        requestId=rng.choice([f"{device}-{n}", str(n), ""]),
        **more,
    )
