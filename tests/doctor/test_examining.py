"""Checks that crash, hang or cannot be imported."""

import threading

import pytest

from labkit.doctor.diagnosis import Diagnosis, Subject, ok, problem
from labkit.doctor.examining import CHECKS, Line, examine, failed
from labkit.rules.limits import MAX_NAME_UNITS


def only(check: object, longest_s: float = 20) -> Diagnosis:
    (line,) = examine(Subject(), {"one": check}, longest_s)  # type: ignore[dict-item]
    return line.diagnosis


def raising(error: Exception) -> Diagnosis:
    def check(_: Subject) -> Diagnosis:
        raise error

    return only(check)


def test_checks_keep_their_order() -> None:
    first = threading.Event()

    def slow(_: Subject) -> Diagnosis:
        first.wait(20)
        return ok("slow")

    def quick(_: Subject) -> Diagnosis:
        first.set()
        return problem("quick", "do")

    lines = list(examine(Subject(), {"slow": slow, "quick": quick}, 30))
    assert [line.name for line in lines] == ["slow", "quick"]
    assert failed(lines) == ["quick"]


def test_check_that_hangs_is_a_problem() -> None:
    forever = threading.Event()
    found = only(lambda _: forever.wait(), 0.2)
    forever.set()
    assert (found.status, found.text) == ("problem", "the check 'one' did not finish in 0.2 s")


def test_check_that_crashes_is_our_trouble_and_no_problem() -> None:
    found = raising(ZeroDivisionError("a\nb"))
    assert (found.status, found.is_ours) == ("warning", True)
    assert found.text == "labkit could not check this (ZeroDivisionError: a b)"


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (ModuleNotFoundError(name="psutil"), "warning", "not checked, because psutil is missing"),
        (
            PermissionError(1, "Operation not permitted"),
            "problem",
            "this check is not possible on this machine (Operation not ",
        ),
    ],
)
def test_missing_parts_are_named(error: Exception, status: str, text: str) -> None:
    found = raising(error)
    assert (found.status, found.is_ours) == (status, False)
    assert found.text.startswith(text)


def test_names_of_all_checks_fit_into_one_report() -> None:
    assert len(",".join([*CHECKS, "browser"])) <= MAX_NAME_UNITS


def test_diagnosis_reads_as_one_line() -> None:
    assert str(problem("it rains", "take an umbrella")) == "it rains: take an umbrella"
    assert Line("sky", ok("it shines")).diagnosis.todo == ""
