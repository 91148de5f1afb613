"""Every rule names its proof, and a broken server or client turns each rule red."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit.brief.constraints import CONSTRAINTS
from labkit.broken import broken
from labkit.broken_clients import broken_client
from labkit.cli import VERBS
from labkit.review import examine, examine_client
from labkit.review.client.probes import CLIENT_PROBES
from labkit.review.probes import PROBES
from labkit.rules.close_codes import TABLE, Then
from labkit.rules.limits import Limits
from labkit.team import close_codes
from labkit.team.pages import AUDIT_REVIEW, SERVER_REVIEW, SEVERITIES, files, rules, section
from labkit.wire.server import Server
from tests.docs.pages import table
from tests.docs.test_workflows import actionlint
from tests.review.full_server import LIMITS, promised

ALL = PROBES + CLIENT_PROBES
PROBE = re.compile(r"\b[a-z]+/\d+\b")
# What breaks each rule, in the order of the rules.
BREAKS = (
    "guests_before_auth",
    "room_by_prefix",
    "final_newline_passes",
    "pings_nobody",
    "close_without_deadline",
    "busy_is_no_reason",
    "type_in_the_reason",
    "audit_in_the_background",
)
RULES = list(zip(CONSTRAINTS, BREAKS, strict=True))
SERVER_RULES = [rule for rule in RULES if rule[1] != "busy_is_no_reason"]
NAMES = [fault for _, fault in SERVER_RULES]


async def red(kind: type[Server], probes: set[str], tmp: Path, **extra: Any) -> set[str]:
    """Those of the probes that are broken in a server of this kind."""
    settings = [f"{name}={value}" for name, value in extra.items()]
    limits, token = Limits().set_lines([*LIMITS, *settings]), "token-of-a-test"
    async with kind(port=0, token=token, limits=limits, audit=tmp / "room.db") as server:
        report = await examine(
            server.url,
            tokens=[token],
            only=probes & {one.id for one in PROBES},
            audit=tmp / "room.db",
            promised=promised().set_lines(settings),
        )
    return {finding.id for finding in report.findings if finding.verdict == "broken"}


@pytest.mark.parametrize(("rule", "fault"), SERVER_RULES, ids=NAMES)
async def test_rule_is_red_for_a_broken_server_and_green_for_ours(rule: Any, fault: str, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    extra, probes = broken(fault).reviewed_limits, set(rule.probes)
    assert await red(broken(fault), probes, tmp_path, **extra) == probes & set(broken(fault).found_by) != set()
    assert await red(Server, probes, tmp_path / "ours", **extra) == set()


async def test_rule_of_clients_is_red_for_a_broken_client() -> None:
    rule, fault = RULES[5]
    expected = set(rule.probes) & set(broken_client(fault).found_by)
    command = f"{shlex.quote(sys.executable)} -m labkit.broken_clients {fault}"
    report = await examine_client(command, only=expected)
    assert {one.id for one in report.findings if one.verdict == "broken"} == expected != set()


def test_commands_of_a_team_run_every_probe_of_its_rules() -> None:
    """Red if a rule names a probe that the printed commands leave out."""
    run = {one.id for one in PROBES if one.profile != "full" or one.id.startswith("audit/")}
    assert "--profile article" in SERVER_REVIEW and "--only audit" in AUDIT_REVIEW
    assert {probe for rule in CONSTRAINTS for probe in rule.probes} <= run | {one.id for one in CLIENT_PROBES}
    assert SERVER_REVIEW in section() and AUDIT_REVIEW in section()
    workflow = " ".join(files()[".github/workflows/realtime-review.yml"].split())
    assert SERVER_REVIEW in workflow


def test_every_rule_and_policy_names_probes_or_verbs_that_exist() -> None:
    texts = {"section": section(), **files()}
    known = {one.id for one in ALL}
    chapters = {name.partition("/")[0] for name in known}
    for name, text in texts.items():
        probes = {one for one in PROBE.findall(text) if one.partition("/")[0] in chapters}
        assert probes <= known, name
        assert set(re.findall(r"labkit ([a-z]+) ", text)) - {"team"} <= set(VERBS), name
    for line in rules():
        assert PROBE.search(line.partition("Proof: ")[2])
    for name in ("docs/realtime/audit-storage.md",):
        assert all(row[2] for row in table(texts[name], "question"))
    steps = re.findall(r"^\d\. .*?(?=^\d\. |^$)", texts["docs/realtime/rollback.md"], re.MULTILINE | re.DOTALL)
    assert len(steps) == 6 and all("Proof:" in step for step in steps)


def test_review_lists_every_probe_under_its_severity() -> None:
    """A severity is the one that the probe has, and each has a meaning."""
    parts = re.split(r"^## (P\d)$", files()["REVIEW.md"], flags=re.MULTILINE)[1:]
    listed = {
        severity: set(re.findall(r"^- (\S+):", text, re.MULTILINE))
        for severity, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert listed == {severity: {one.id for one in ALL if one.severity == severity} for severity in SEVERITIES}


def test_close_code_policies_agree_with_the_table() -> None:
    assert [int(row[0]) for row in table(close_codes.markdown(), "code")] == list(TABLE)
    policy = json.loads(close_codes.as_json())
    assert {int(code): row["then"] for code, row in policy.items()} == {c: row.then.value for c, row in TABLE.items()}
    final = re.search(r"FINAL = (\[.*\])", close_codes.typescript())
    assert final and json.loads(final[1]) == [code for code, row in TABLE.items() if row.then is Then.STOP]


def test_workflow_passes_actionlint(tmp_path: Path) -> None:
    (tmp_path / "review.yml").write_text(files()[".github/workflows/realtime-review.yml"])
    done = actionlint(tmp_path / "review.yml")
    assert (done.returncode, done.stdout) == (0, "")
