"""A review compared with an earlier one: verdicts, and the number of faults."""

import json
from pathlib import Path

import pytest

from labkit.evidence import Verdict
from labkit.review.comparing import Comparison, Earlier, earlier
from labkit.review.finding import CannotReview, Finding
from labkit.review.report import Report


def report(*causes: str, **verdicts: Verdict) -> Report:
    """Return a report; rooms_1 stands for rooms/1, and the broken ones have these causes."""
    left = list(causes)
    found = []
    for name, verdict in verdicts.items():
        cause = left.pop(0) if verdict == "broken" and left else ""
        found.append(Finding(name.replace("_", "/"), name, "P1", verdict, "", "", (), (), "", "", 0.0, cause=cause))
    return Report("ws://localhost", "core", tuple(found), 0.0)


def compared(before: Report, now: Report, tmp_path: Path) -> str:
    old = tmp_path / "old.json"
    old.write_text(json.dumps(before.json()))
    return str(Comparison.of(earlier(old), now))


def test_findings_with_one_cause_are_one_fault(tmp_path: Path) -> None:
    before = report("a", "a", "b", rooms_1="broken", rooms_2="broken", rooms_3="broken")
    now = report("b", rooms_1="held", rooms_2="held", rooms_3="broken")
    assert compared(before, now, tmp_path) == (
        "fixed: rooms/1, rooms/2; still broken: rooms/3; faults: 2 before, 1 now"
    )
    half = report("a", "b", rooms_1="held", rooms_2="broken", rooms_3="broken")
    assert compared(before, half, tmp_path).endswith("faults: 2 before, 2 now")
    assert compared(before, before, tmp_path) == "still broken: rooms/1, rooms/2, rooms/3; faults: 2 before, 2 now"


def test_faults_of_probes_that_did_not_run_now_are_not_counted(tmp_path: Path) -> None:
    before = report("a", "b", rooms_1="broken", rooms_2="broken")
    assert compared(before, report(rooms_1="held"), tmp_path) == "fixed: rooms/1; faults: 1 before, 0 now"
    held = report(rooms_1="held")
    assert compared(held, held, tmp_path) == "nothing changed; faults: 0 before, 0 now"


def test_report_of_an_older_labkit_has_no_faults_to_count(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"probes": [{"id": "rooms/1", "verdict": "broken"}]}))
    assert earlier(old) == Earlier({"rooms/1": "broken"})
    assert str(Comparison.of(earlier(old), report(rooms_1="held"))) == "fixed: rooms/1"


@pytest.mark.parametrize(
    "text", ["[]", "{}", "no", '{"probes": [1]}', '{"probes": [], "causes": [{}]}', '{"probes": [], "causes": 1}']
)
def test_file_that_is_no_report_is_named(text: str, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text(text)
    with pytest.raises(CannotReview, match=r"old\.json is not a report"):
        earlier(old)
