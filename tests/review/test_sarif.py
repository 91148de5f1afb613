"""Faults in SARIF: what a code host requires of a log, one alert per probe, and nothing that the server can forge."""

import json
from dataclasses import replace
from typing import Any

from labkit.review.report import Report
from labkit.review.sarif import LEVELS, sarif
from tests.review.test_markdown import BROKEN, HELD, SAME_CAUSE, UNSEEN, report

MINOR = replace(BROKEN, id="ping/2", severity="P2", promise="labkit")


def only_run(made: Report, file: str = "") -> dict[str, Any]:
    log = json.loads(json.dumps(sarif(made, file)))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_each_broken_finding_is_one_result_with_its_rule() -> None:
    run = only_run(report(HELD, BROKEN, UNSEEN, SAME_CAUSE, MINOR))
    rules = run["tool"]["driver"]["rules"]
    assert [one["ruleId"] for one in run["results"]] == ["rooms/6", "rooms/7", "ping/2"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
    assert [one["level"] for one in run["results"]] == ["error", "warning", "note"] == list(LEVELS.values())
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)


def test_security_severity_is_a_number_as_text_and_falls() -> None:
    rules = only_run(report(BROKEN, SAME_CAUSE, MINOR))["tool"]["driver"]["rules"]
    values = [float(rule["properties"]["security-severity"]) for rule in rules]
    assert values == sorted(values, reverse=True)
    assert all(isinstance(rule["properties"]["security-severity"], str) for rule in rules)


def test_fault_stays_one_alert_when_its_evidence_changes() -> None:
    again = replace(BROKEN, actual="something else", seconds=9.0)
    prints = [only_run(report(one))["results"][0]["partialFingerprints"] for one in (BROKEN, again)]
    assert prints[0] == prints[1] == {"probe/v1": "rooms/6"}


def test_result_stands_in_the_file_or_else_at_the_address() -> None:
    (placed,) = only_run(report(BROKEN), "src/server.js")["results"]
    (loose,) = only_run(report(BROKEN))["results"]
    assert placed["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "src/server.js"},
        "region": {"startLine": 1},
    }
    assert "physicalLocation" not in loose["locations"][0]
    assert loose["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "ws://localhost:1"


def test_no_fault_is_an_empty_list() -> None:
    assert only_run(report(HELD))["results"] == []


def test_control_characters_of_a_server_are_escaped() -> None:
    (result,) = only_run(report(replace(BROKEN, actual="a\x1b[2J\nb")))["results"]
    assert result["message"]["text"].endswith("a\\x1b[2J\\nb")
