"""`labkit lab`: which folder it opens, what it copies and never overwrites, and the projector's settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jupyter_client.kernelspec import KernelSpecManager

from labkit.bench.launch.python import ISOLATED
from labkit.bench.seed import FILE
from labkit.cli import main
from labkit.commands import lab
from labkit.course.paths import original

FIRST = "notebooks/00_start_here.ipynb"
START = "START.md"


class Started(Exception):
    """Stands for JupyterLab: keeps its command line."""


@pytest.fixture(autouse=True)
def _no_jupyter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def instead(_: str, command: list[str]) -> None:
        raise Started(*command)

    monkeypatch.setattr(os, "execv", instead)
    for variable in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(lab, "is_checkout", lambda: False)  # else the default is a folder of this checkout
    monkeypatch.chdir(tmp_path)


def started(*arguments: str) -> list[str]:
    """Run the verb and return JupyterLab's command line."""
    result = CliRunner().invoke(main, ["lab", *arguments], standalone_mode=False)
    assert isinstance(result.exception, Started), result.output
    return [str(each) for each in result.exception.args]


def root_of(command: list[str]) -> Path:
    return Path(command[command.index("--ServerApp.root_dir") + 1])


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["lab", *arguments])
    assert result.exit_code == 2
    return result.output


def test_lab_without_arguments_opens_copy_at_start(tmp_path: Path) -> None:
    """`my-course`, at its start page; inside a copy, that copy."""
    command = started()
    assert root_of(command) == tmp_path / "my-course"
    assert (root_of(command) / FIRST).is_file()
    assert f"--LabApp.default_url=/lab/tree/{START}" in command
    os.chdir(tmp_path / "my-course" / "notebooks")
    assert root_of(started()) == tmp_path / "my-course"


def test_make_lab_opens_folder_ignored_by_git(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(lab, "is_checkout", lambda: True)
    monkeypatch.setattr(lab, "_prepare", lambda copy, _seed: opened.append(copy))
    started()
    assert opened == [original() / "my-course"]
    assert subprocess.run(["git", "check-ignore", "--quiet", "my-course/"], cwd=original(), check=False).returncode == 0


def test_labkit_is_found_in_terminals_and_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("SHELL", "/bin/sh")
    command = started()
    assert os.environ["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/usr/bin"]
    assert "--ServerApp.terminado_settings={'shell_command': ['/bin/sh']}" in command


def test_kernel_imports_nothing_from_notebooks_folder() -> None:
    """Jupyter's own kernel would put that folder in front of the standard library."""
    command = started()
    kernel = KernelSpecManager().get_kernel_spec("python3")
    assert kernel.argv[1:4] == ["-P", "-m", "ipykernel_launcher"]
    assert command[1 : 1 + len(ISOLATED)] == list(ISOLATED)


def test_options_after_two_dashes_go_to_jupyter() -> None:
    assert started("--", "--no-browser", "--port", "9000")[-3:] == ["--no-browser", "--port", "9000"]


def test_directory_is_copy_with_its_own_seed(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    command = started(str(copy), "--seed", "ana", "--", "--no-browser")
    assert root_of(command) == copy
    assert command[-1] == "--no-browser"
    assert (copy / FIRST).is_file() and (copy / "exercises").is_dir()
    assert (copy / FILE).read_text() == "ana\n"


def test_copy_made_before_is_opened_unchanged(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    started(str(copy), "--seed", "ana")
    (copy / FIRST).write_text("my work")
    assert root_of(started(str(copy))) == copy
    assert (copy / FIRST).read_text() == "my work"
    assert (copy / FILE).read_text() == "ana\n"


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """A typo must not spread notebooks over someone's documents."""
    (tmp_path / "letters.txt").write_text("dear")
    assert "is not empty" in refused(str(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["letters.txt"]


def test_seed_differing_is_refused_except_default(tmp_path: Path) -> None:
    started("--seed", "ana")
    assert (tmp_path / "my-course" / FILE).read_text() == "ana\n"
    assert "has the seed ana, not ben" in refused("--seed", "ben")


def test_only_copy_opens_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["lab", "mine", "--only-copy"])
    assert (done.exit_code, done.output) == (0, f"created a working copy of the course in {tmp_path / 'mine'}\n")
    assert "made" not in CliRunner().invoke(main, ["lab", "mine", "--only-copy"]).output


def test_directory_unwritable_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot write the working copy" in refused("file/mine")


def test_present_has_large_type_and_one_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--present puts the projector's settings before ours, and its font sizes before the user's."""
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR", raising=False)
    assert f"--LabApp.default_url=/doc/tree/{START}" in started("--present")
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


def test_course_missing_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lab, "original", lambda: tmp_path)
    assert "install its wheel" in refused()
