"""`labkit lab`: which folder it opens, what it copies and never overwrites, and what the projector gets."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jupyter_client.kernelspec import KernelSpecManager

from labkit.bench.launch.python import ISOLATED
from labkit.bench.seed import FILE
from labkit.cli import main
from labkit.commands import lab

FIRST = "notebooks/00_start_here.ipynb"


class Started(Exception):
    """In place of JupyterLab: the command line it would have been."""


@pytest.fixture(autouse=True)
def _no_jupyter(monkeypatch: pytest.MonkeyPatch) -> None:
    def instead(_: str, command: list[str]) -> None:
        raise Started(*command)

    monkeypatch.setattr(os, "execv", instead)
    for variable in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):
        monkeypatch.delenv(variable, raising=False)


def started(*arguments: str) -> list[str]:
    """Run the verb and return JupyterLab's command line."""
    result = CliRunner().invoke(main, ["lab", *arguments])
    assert isinstance(result.exception, Started), result.output
    return [str(each) for each in result.exception.args]


def root_of(command: list[str]) -> Path:
    return Path(command[command.index("--ServerApp.root_dir") + 1])


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["lab", *arguments])
    assert result.exit_code == 2
    return result.output


def test_without_a_word_it_opens_the_course_at_its_beginning() -> None:
    """The course of this checkout, at notebook 00."""
    command = started()
    assert (root_of(command) / FIRST).is_file()
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in command


def test_labkit_is_found_in_its_terminals_and_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """`labkit class start` in a terminal of JupyterLab, though nobody has activated .venv."""
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("SHELL", "/bin/sh")
    command = started()
    assert os.environ["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/usr/bin"]
    assert "--ServerApp.terminado_settings={'shell_command': ['/bin/sh']}" in command


def test_a_kernel_imports_no_library_from_the_notebooks_folder() -> None:
    """Jupyter's own kernel would start with that folder in front of the standard library."""
    command = started()
    kernel = KernelSpecManager().get_kernel_spec("python3")
    assert kernel.argv[1:4] == ["-P", "-m", "ipykernel_launcher"]
    assert command[1 : 1 + len(ISOLATED)] == list(ISOLATED)


def test_what_follows_two_dashes_goes_to_jupyter() -> None:
    """With and without a directory; an option of Jupyter's is never taken for one."""
    assert started("--", "--no-browser", "--port", "9000")[-3:] == ["--no-browser", "--port", "9000"]


def test_a_directory_is_a_copy_with_its_own_seed(tmp_path: Path) -> None:
    """Notebooks and exercises are copied, and the seed lies beside them."""
    copy = tmp_path / "mine"
    command = started(str(copy), "--seed", "ana", "--", "--no-browser")
    assert root_of(command) == copy
    assert command[-1] == "--no-browser"
    assert (copy / FIRST).is_file() and (copy / "exercises").is_dir()
    assert (copy / FILE).read_text() == "ana\n"


def test_a_copy_from_before_is_opened_as_it_is(tmp_path: Path) -> None:
    """Nobody's work is overwritten; the seed stays when none is said."""
    copy = tmp_path / "mine"
    started(str(copy), "--seed", "ana")
    (copy / FIRST).write_text("my work")
    assert root_of(started(str(copy))) == copy
    assert (copy / FIRST).read_text() == "my work"
    assert (copy / FILE).read_text() == "ana\n"


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """A wrong name must not spread notebooks over somebody's documents."""
    (tmp_path / "letters.txt").write_text("dear")
    assert "holds other things already" in refused(str(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["letters.txt"]


def test_a_seed_needs_a_copy() -> None:
    """The checkout keeps the seed that nbval compares with."""
    assert "labkit lab my-course --seed NAME" in refused("--seed", "ana")


def test_the_projector_gets_large_letters_and_one_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--present puts the projector's settings before ours, and its letters in place of the user's own; not without."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR", raising=False)
    assert f"--LabApp.default_url=/doc/tree/{FIRST}" in started("--present")
    first = Path(os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    settings = json.loads((first / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/application-extension:shell"] == {"startMode": "single"}
    own = Path(os.environ["JUPYTERLAB_SETTINGS_DIR"])
    assert own.is_relative_to(tmp_path)
    themes = json.loads((own / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings").read_text())
    assert int(themes["overrides"]["code-font-size"].removesuffix("px")) >= 18
    monkeypatch.delenv("JUPYTER_CONFIG_PATH")
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR")
    started()
    assert "projector" not in os.environ["JUPYTER_CONFIG_PATH"]
    assert "JUPYTERLAB_SETTINGS_DIR" not in os.environ


def test_no_course_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is neither a checkout nor an installed course, the error says what to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "PACKAGE", tmp_path / "labkit")
    assert "install its wheel" in refused()
