"""The two commands without make: the wheel in an empty environment, outside any checkout, used as a learner does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from labkit.bench.seed import FILE
from labkit.course.exercises import exercises
from tests.course.answers import FOLDER as ANSWERS
from tests.e2e.jupyter import jupyter_lab
from tests.e2e.learner import Classroom, Learner

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PINS = ("--constraint", ROOT / "requirements.lock")
OURS = ("LABKIT", "JUPYTER", "PYTHON", "VIRTUAL_ENV", "DEV_TOKEN", "OPS_TOKEN")
# What a verb needs beyond the plain package: the sentence that names it, for each extra.
NEEDS = {
    "lab my-course": 'JupyterLab is not installed; pip install "realtime-labkit[lab]", or run `make lab` in a clone',
    "storm --plot storm.png": 'matplotlib is not installed; pip install "realtime-labkit[lab]", or omit --plot',
    "serve --port 0 --loop uvloop": 'uvloop is not installed; pip install "realtime-labkit[fast]", or omit --loop',
    "serve --port 0 --broker nats://localhost:1": 'nats-py is not installed; pip install "realtime-labkit[cluster]", '
    "or omit --broker",
    "class start physics --roster roster.csv --lan --tls": "cryptography is not installed; "
    'pip install "realtime-labkit[class]", or give --certfile',
}


def environment(home: Path) -> dict[str, str]:
    """The environment of somebody who has nothing of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"HOME": str(home), "LABKIT_HOME": str(home / "labkit")}


def run(*command: str | Path, where: Path, code: int = 0) -> str:
    """Run a command, judge its exit code, and return what it printed."""
    done = subprocess.run(
        list(map(str, command)), cwd=where, env=environment(where), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as it would be uploaded."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    return next(folder.glob("realtime_labkit-*.whl"))


def install(wheel: Path, folder: Path, extras: str = "") -> Path:
    """Install the wheel into an empty environment, and return its Python."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    asked = f"realtime-labkit{extras} @ {wheel.as_uri()}"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *PINS, asked], check=True)
    return python


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel with the extra `lab`, and nothing else."""
    return install(wheel, tmp_path_factory.mktemp("lab") / "venv", "[lab]")


@pytest.fixture(scope="module")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without an extra."""
    return install(wheel, tmp_path_factory.mktemp("plain") / "venv")


@pytest.mark.timeout(300)  # an environment, a JupyterLab and a notebook in a browser, beside three others
def test_learner_sees_the_first_panel_move(chromium: Browser, python: Path, tmp_path: Path) -> None:
    """`labkit lab` makes the copy with the learner's seed; a link of its start page leads to 01, which draws."""
    run(python.with_name("labkit"), "lab", "my-course", "--seed", "ana", "--only-copy", where=tmp_path)
    assert (tmp_path / "my-course" / FILE).read_text() == "ana\n"
    assert not (tmp_path / "my-course" / "labkit").exists()
    with (
        jupyter_lab(tmp_path, tmp_path / "my-course", str(python), where=tmp_path) as address,
        Classroom(chromium, tmp_path, address).arrived(Learner) as ana,
    ):
        ana.page.get_by_role("heading", name="Your way through the course").wait_for()
        ana.page.locator(".jp-MarkdownViewer").get_by_role("link", name="01 ·").first.click()
        ana.page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        ana.run_all()
        canvas = ana.page.locator(".labkit-panel canvas").first
        first = canvas.evaluate("canvas => canvas.toDataURL()")
        ana.page.wait_for_function(
            "first => document.querySelector('.labkit-panel canvas').toDataURL() !== first", arg=first
        )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", exercises())
def test_right_answer_passes(python: Path, tmp_path: Path, name: str) -> None:
    """Every exercise is judged by the wheel alone."""
    answer = min((ANSWERS / name / "right").glob("*.py"))
    run(python.with_name("labkit"), "check", name, "--answer", answer, where=tmp_path)


def test_doctor_finds_a_machine_in_order(python: Path, tmp_path: Path) -> None:
    """It reads what to install from the wheel's metadata, as there is no checkout."""
    lines = run(python.with_name("labkit"), "doctor", where=tmp_path).splitlines()
    assert len(lines) >= 14 and not [line for line in lines if line.startswith("PROBLEM")]
    assert [line[:2] for line in lines if line.endswith("packages")] == ["ok"]


@pytest.mark.parametrize("words", NEEDS)
def test_missing_extra_is_one_sentence(plain: Path, tmp_path: Path, words: str) -> None:
    """It names the package and the command that installs it; exit code 2."""
    (tmp_path / "roster.csv").write_text("name\nana\n")
    said = run(plain.with_name("labkit"), *words.split(), where=tmp_path, code=2)
    assert said.splitlines()[-1] == f"Error: {NEEDS[words]}"
    assert "Traceback" not in said
