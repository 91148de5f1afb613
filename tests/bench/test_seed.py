"""The learner's seed: from the environment, from the working copy, or that of the saved notebooks."""

from pathlib import Path

import pytest

from labkit.bench.seed import FILE, SAVED_WITH, VARIABLE, drawn, seed


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")


def test_seed_unset_is_that_of_saved_notebooks() -> None:
    assert seed() == SAVED_WITH == 1


@pytest.mark.parametrize("folder", [".", ".."])
def test_seed_file_of_the_working_copy_counts(folder: str) -> None:
    Path(folder, FILE).write_text("17\n")
    assert seed() == 17


def test_seed_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(FILE).write_text("17")
    monkeypatch.setenv(VARIABLE, " 23 ")
    assert seed() == 23


def test_seed_name_becomes_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ana")
    first = seed()
    monkeypatch.setenv(VARIABLE, "ben")
    assert first == 154761430
    assert seed() != first


def test_drawn_repeats_for_the_same_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = [drawn(f"thing {n}", 10, 99) for n in range(20)]
    assert mine == [drawn(f"thing {n}", 10, 99) for n in range(20)]
    monkeypatch.setenv(VARIABLE, "a neighbour")
    others = [drawn(f"thing {n}", 10, 99) for n in range(20)]
    assert others != mine
    assert all(10 <= each <= 99 for each in others)
