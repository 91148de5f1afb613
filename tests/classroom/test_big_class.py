"""A class over real sockets with bad Wi-Fi and killed servers: the board equals each student's own file."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.classroom.big_class import run


def check(seed: int, students: int, seconds: float, folder: Path) -> None:
    result = asyncio.run(run(seed, students, seconds, folder))
    print(json.dumps(result))
    assert (result["kills"], result["dead"], result["late"]) == (2, [], {})
    assert (result["wrong_in_the_file"], result["wrong_on_the_live_board"]) == ({}, {})
    assert result["stored"] - result["repeated"] == result["records"] > students


@pytest.mark.timeout(330)
def test_class_small_all_boards_agree(tmp_path: Path) -> None:
    """Sixteen students, seconds of bad Wi-Fi, and a server killed twice."""
    check(seed=1, students=16, seconds=6, folder=tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(1, 6))
def test_class_of_200_all_boards_agree(tmp_path: Path, seed: int) -> None:
    """Twenty minutes at ten times the speed, five times."""
    check(seed, students=200, seconds=120, folder=tmp_path)
