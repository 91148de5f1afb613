"""Each patch takes exactly its finding, and the written test of it goes from red to green.

`make test` walks every patch alone, with the probes of its finding; `make matrix` walks the whole ladders, and the
patches whose probes fill buffers for many seconds.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from labkit.evidence import Verdict
from labkit.ladder.rungs import Language, Rung, ladder
from labkit.ladder.walking import CannotWalk, Climb, Walk, place
from labkit.review.finding import Finding
from labkit.review.report import Report
from tests.e2e.need import NODE_MODULES, node_module, node_path

RUNG = Rung(1, "01-a.diff", "it failed: it does not\n\nFinding: auth/1\n")


def short(rung: Rung) -> bool:
    return not rung.findings[0].startswith("slow/")


def rungs(language: Language) -> list[object]:
    """The patches; those with long probes are for the matrix."""
    return [
        pytest.param(rung, id=rung.name, marks=() if short(rung) else pytest.mark.matrix)
        for rung in ladder(language).rungs
    ]


def room_for_node(folder: Path) -> Path:
    node_path(), node_module("ws")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    return folder


@pytest.mark.timeout(180)
@pytest.mark.parametrize("rung", rungs("python"))
async def test_python_patch_takes_its_finding_and_turns_its_test_green(rung: Rung, tmp_path: Path) -> None:
    climb = await Walk(ladder("python"), tmp_path, rung.findings).climb(rung)
    assert climb.troubles == []
    assert set(climb.tests) == set(rung.findings)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("rung", rungs("node"))
async def test_node_patch_takes_its_finding_and_turns_its_tests_green(rung: Rung, tmp_path: Path) -> None:
    climb = await Walk(ladder("node"), room_for_node(tmp_path), rung.findings).climb(rung)
    assert climb.troubles == []
    assert set(climb.tests) == set(rung.findings)


@pytest.mark.matrix
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("language", ["python", "node"])
async def test_whole_ladder_ends_without_a_finding(language: Language, tmp_path: Path) -> None:
    """The whole profile is reviewed at every step: one finding less each time, and nothing else changes."""
    if language == "node":
        room_for_node(tmp_path)
    walk, whole = Walk(ladder(language), tmp_path), ladder(language).rungs
    climbs = [await walk.climb(rung) for rung in whole]
    assert {climb.rung.name: climb.troubles for climb in climbs if climb.troubles} == {}
    assert [len(climb.after.causes) for climb in climbs] == list(range(len(whole)))[::-1]
    assert climbs[-1].after.summary["broken"] == climbs[-1].after.summary["unknown"] == 0


# What counts as trouble


def report(**verdicts: Verdict) -> Report:
    """Return a report; auth_1 stands for auth/1."""
    found = [
        Finding(name.replace("_", "/"), name, "P1", verdict, "", "it was seen", (), (), "", "", 0.0)
        for name, verdict in verdicts.items()
    ]
    return Report("ws://localhost", "article", tuple(found), 0.0)


RED_GREEN = {"auth/1": (1, 0)}
BROKEN = report(auth_1="broken", rooms_1="broken", slow_1="held")
FIXED = report(auth_1="held", rooms_1="broken", slow_1="held")


def test_patch_that_takes_its_finding_is_no_trouble() -> None:
    climb = Climb(RUNG, BROKEN, FIXED, RED_GREEN)
    assert climb.removed == ("auth/1",) and climb.troubles == []


@pytest.mark.parametrize(
    ("after", "tests", "said"),
    [
        (BROKEN, RED_GREEN, "it removed nothing"),
        (report(auth_1="held", rooms_1="held", slow_1="held"), RED_GREEN, "it removed auth/1, rooms/1"),
        (report(auth_1="broken", rooms_1="held", slow_1="held"), RED_GREEN, "it removed rooms/1"),
        (report(auth_1="unknown", rooms_1="broken", slow_1="held"), RED_GREEN, "it removed nothing"),
        (report(auth_1="held", rooms_1="broken", slow_1="broken"), RED_GREEN, "slow/1 does not hold any more"),
        (report(auth_1="held", rooms_1="broken", slow_1="unknown"), RED_GREEN, "slow/1 does not hold any more"),
        (FIXED, {"auth/1": (0, 0)}, "the test of auth/1 is green -> green"),
        (FIXED, {"auth/1": (1, 1)}, "the test of auth/1 is red -> red"),
        (FIXED, {}, "no test of auth/1 ran"),
    ],
)
def test_patch_that_does_anything_else_is_trouble(
    after: Report, tests: Mapping[str, tuple[int, int]], said: str
) -> None:
    assert said in "\n".join(Climb(RUNG, BROKEN, after, tests).troubles)


def test_node_needs_its_package_here_or_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    with pytest.raises(CannotWalk, match="npm install ws"):
        place(ladder("node"), below)
    (tmp_path / "a/node_modules/ws").mkdir(parents=True)
    assert place(ladder("node"), below) == tmp_path / "a"
    assert place(ladder("python"), below) is None
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(CannotWalk, match="Node is not installed"):
        place(ladder("node"), below)
