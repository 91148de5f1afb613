"""The brief names each probe once, and nothing that is not there."""

import json
import re
from collections import Counter
from typing import get_args

import pytest

from labkit.brief.constraints import CONSTRAINTS, STACKS, TRANSPORTS, Stack
from labkit.brief.schema import json_schema
from labkit.brief.writing import Part, brief
from labkit.review.client.probes import CLIENT_CHAPTERS, CLIENT_PROBES
from labkit.review.probes import CHAPTERS, PROBES
from labkit.review.server_review import select
from labkit.rules.close_codes import TABLE
from labkit.rules.limits import Limits
from tests.docs.pages import blocks, section, table

LINE = re.compile(r"^- .*\[([a-z]+/\d+), (P[012])\]$", re.MULTILINE)
JUDGES = {"server": PROBES, "client": CLIENT_PROBES, "all": PROBES + CLIENT_PROBES}


@pytest.mark.parametrize("part", JUDGES)
def test_every_probe_of_the_part_has_one_line(part: Part) -> None:
    lines = Counter(LINE.findall(brief("any", part)))
    assert lines == Counter({(probe.id, probe.severity): 1 for probe in JUDGES[part]})


def test_every_chapter_belongs_to_one_constraint() -> None:
    chapters = [chapter for one in CONSTRAINTS for chapter in one.chapters]
    assert sorted(chapters) == sorted((*CHAPTERS, *CLIENT_CHAPTERS))
    assert len(CONSTRAINTS) == 8


@pytest.mark.parametrize("part", JUDGES)
def test_constraints_come_first_and_name_probes_of_the_part(part: Part) -> None:
    text = section(brief("any", part), "The constraints")
    known = {probe.id for probe in JUDGES[part]}
    lines = re.findall(r"^\d\. \*\*.*\[(.*)\]$", text, re.MULTILINE)
    assert len(lines) == 8
    named = {name for line in lines for name in re.findall(r"[a-z]+/\d+", line)}
    assert named and named <= known
    full = {name for line in lines for name in re.findall(r"[a-z]+/\d+", line.partition("optional: ")[2])}
    assert full == {probe.id for probe in JUDGES[part] if probe.profile == "full"} & named


def test_full_probes_stand_apart_from_core_probes() -> None:
    """A server without tickets must not read that it needs them."""
    for part in re.split(r"^### ", brief("any", "server"), flags=re.MULTILINE)[1:]:
        required, _, offered = part.partition("Only if you offer the feature")
        names = {probe.id for probe in PROBES if probe.profile == "full"}
        assert not names & {name for name, _ in LINE.findall(required)}
        assert names >= {name for name, _ in LINE.findall(offered)}


@pytest.mark.parametrize("stack", get_args(Stack))
def test_stack_has_its_own_lines_and_no_others(stack: Stack) -> None:
    text = section(brief(stack), "The stack")
    assert text.strip().splitlines() == [f"- {line}" for line in STACKS[stack]]


def test_four_transports_codes_and_limits_are_in_the_brief() -> None:
    text = brief()
    assert [row[0] for row in table(text, "transport")] == [name for name, _, _ in TRANSPORTS]
    assert [int(row[0]) for row in table(text, "code")] == list(TABLE)
    for name, value, _ in table(text, "name"):
        assert value == str(getattr(Limits(), name.strip("`")))


def test_judging_command_judges_each_required_line() -> None:
    found = re.search(r"--profile (\w+) --start", section(brief(), "How it is judged"))
    required = {probe.id for probe in PROBES if probe.profile != "full"}
    assert found and {probe.id for probe in select(found[1])} == required
    assert found[1] != "core", "which does not judge the codes and the limits that the brief states"


def test_schema_part_holds_the_schema_alone() -> None:
    text = brief("any", "schema")
    assert json.loads(blocks(text, "json")[0]) == json_schema()
    assert {name.partition("/")[0] for name, _ in LINE.findall(text)} == {"validation"}
