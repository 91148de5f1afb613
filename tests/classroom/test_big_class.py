"""A class over real sockets with weather and kills: the board says what each student's own file says."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.classroom.big_class import run


def check(seed: int, students: int, seconds: float, folder: Path) -> None:
    told = asyncio.run(run(seed, students, seconds, folder))
    print(json.dumps(told))
    assert (told["kills"], told["dead"], told["late"]) == (2, [], {})
    assert (told["wrong_in_the_file"], told["wrong_on_the_live_board"]) == ({}, {})
    assert told["stored"] - told["repeated"] == told["records"] > students


@pytest.mark.timeout(330)
def test_class_small_all_boards_agree(tmp_path: Path) -> None:
    """Sixteen students, seconds of bad Wi-Fi, and a server that is killed twice."""
    check(seed=1, students=16, seconds=6, folder=tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(1, 6))
def test_class_of_200_all_boards_agree(tmp_path: Path, seed: int) -> None:
    """Twenty minutes at ten times the speed, five times."""
    check(seed, students=200, seconds=120, folder=tmp_path)
