"""Every document and message installs this distribution, in a form that each shell understands.

On the package index the name `labkit` belongs to a stranger, so one `pip install labkit[lab]` hands a learner a package
of somebody else. Single quotes are no quotes to Windows' cmd, and zsh reads unquoted brackets as a pattern.
"""

import re
import tomllib

import pytest
from pathspec import GitIgnoreSpec

from labkit.duel.drafts import recorded
from labkit.platform.packages import EXTRAS, install, missing
from tests.notebook_guards import code_cells, read, source
from tests.test_repository import ROOT, TEXTS, TRACKED

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
KNOWN = set(PYPROJECT["project"]["optional-dependencies"])
MADE_ELSEWHERE = (
    "requirements.lock",
    "requirements-lab.lock",
    "tests/test_distribution.py",
    "labkit/platform/packages.py",
    "labkit/review/hosted_server.py",  # has `.[cm]` in a pattern of names of Node's files
    "labkit/review/short_script.py",  # for an engineer who has websockets, and not the kit
    "labkit/doctor/distribution.py",  # names the distribution that is installed, whatever it is
    "tests/doctor/test_distribution.py",
    "tests/doctor/checks/test_software.py",
)
STRANGER = re.compile(r"(?<![\w-])labkit\[\w|pip install (?:-\S+ )*[\"']?labkit\b")
EXTRA = re.compile(r"(.?)(?:realtime-labkit|\.)\[([a-z, ]+)\](.?)")
COMMAND = re.compile(r"pip install(?: +(?:--(?:constraint|python) +\S+|-\S+))*+ +([^\s-]\S*)")
TOOLS = "uv|packaging"  # an instructor's: they make a pack, and no extra brings them
OURS = re.compile(rf"\"?(realtime-labkit|\.|{TOOLS})(\[[a-z,]+\])?(\\n|[.,;:`)'\"])*$")


def faults(text: str) -> list[str]:
    """What is wrong with the commands of a text that install something."""
    text = text.replace('\\"', '"')  # as notebooks and Python write it
    found = [f"{each[0]}: a stranger's package" for each in STRANGER.finditer(text)]
    for each in EXTRA.finditer(text):
        if (each[1], each[3]) != ('"', '"') and "pip install" in text[max(0, each.start() - 40) : each.start()]:
            found.append(f"{each[0]}: put it into double quotes")
        found += [f"{each[0]}: no extra {one}" for one in each[2].split(",") if one not in KNOWN]
    for each in COMMAND.finditer(text):
        if not OURS.match(each[1]):
            found.append(f"{each[0]}: an extra of ours brings it")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "pip install 'labkit[lab]'",
        'pip install "labkit[lab]"',
        "Install `labkit[lab]` there",
        "pip install labkit",
        "pip install --user labkit",
        "pip install 'realtime-labkit[lab]'",
        "pip install realtime-labkit[lab]",
        "pip install -e '.[lab]'",
        'pip install "realtime-labkit[labs]"',
        "pip install nbgrader, or use --gradebook",
    ],
)
def test_each_kind_of_fault_is_found(text: str) -> None:
    assert faults(text) != []


@pytest.mark.parametrize(
    "text",
    [
        'pip install "realtime-labkit[lab]"',
        'python -m pip install "realtime-labkit[lab,class]"',
        'pip install ".[lab]"',
        "pip install realtime-labkit",
        "pip install --quiet .",
        'pip install --no-cache-dir --constraint /tmp/constraints.txt ".[cluster]"',
        r'"pip install \"realtime-labkit[fast]\"\n"',
        "the extras of realtime-labkit[lab] are many",
    ],
)
def test_right_command_has_no_fault(text: str) -> None:
    assert faults(text) == []


def test_image_copies_all_that_the_wheel_is_built_from() -> None:
    """A folder that is missing ends the build of the image, which no test makes."""
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], "hatch_build.py", "pyproject.toml", "README.md", "LICENSE"}
    assert needed <= set(" ".join(copied).split())


def test_wheel_has_the_one_draft_that_a_notebook_runs() -> None:
    """A second would only make it larger: the table of `labkit duel` needs the reviews alone."""
    left_out = GitIgnoreSpec.from_lines(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"])
    kept = [path for path in TRACKED if path.startswith("labkit/drafts/") and not left_out.match_file(path)]
    run = {path.split("/draft/")[0] for path in kept if "/draft/" in path}
    cells = "\n".join(map(source, code_cells(read(ROOT / "notebooks/11_one_message.ipynb"))))
    named = [draft.name for draft in recorded() if f'"{draft.name}"' in cells]
    assert run == {f"labkit/drafts/{name}" for name in named} and len(named) == 1
    assert sum(path.endswith("/findings.json") for path in kept) == len(recorded())


def test_texts_install_this_distribution() -> None:
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in TEXTS if path not in MADE_ELSEWHERE}
    assert {path: found for path, text in texts.items() if (found := faults(text))} == {}


@pytest.mark.parametrize("sentence", [*map(install, sorted(KNOWN)), *map(missing, EXTRAS)])
def test_message_installs_this_distribution(sentence: str) -> None:
    assert "pip install" in sentence
    assert faults(sentence) == []
