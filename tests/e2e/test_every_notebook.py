"""Every notebook of the course in one JupyterLab, as a newcomer meets it: every control used once, nothing broken."""

from pathlib import Path

import pytest

from tests.e2e.learner import Classroom
from tests.e2e.need import ROOT
from tests.e2e.newcomer import Newcomer

COURSE = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.matrix  # `make test` has test_lessons, test_dashboard_notebook and test_hello_room
@pytest.mark.timeout(300)
@pytest.mark.parametrize("notebook", COURSE)
def test_a_newcomer_runs_it_and_uses_every_control(
    room: Classroom, notebook: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """No error, no word on stderr, no complaint of the browser, no dead control, and no process after the kernel.

    With --basetemp the screenshots stay where one can look at them.
    """
    pictures = tmp_path if request.config.option.basetemp else None
    with room.opened(notebook, lambda page: Newcomer(page, pictures)) as ana:
        for at in ana.code_cells():
            ana.run(at)
        ana.look_at_all(1280, "Light")
        ana.look_at_all(1440, "Dark")
        assert ana.faults == []
    assert room.left_of(notebook) == []
