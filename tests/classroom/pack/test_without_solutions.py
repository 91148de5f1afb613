"""What a learner installs has none of our solutions: the wheel, and all that a pack holds."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.classroom.pack.making import Plan, find_uv, write
from labkit.classroom.pack.own_wheel import own_wheel
from labkit.classroom.pack.reading import COURSE
from labkit.classroom.pack.targets import Target
from labkit.course.generate import BEGIN, END
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.paths import original
from tests.classroom.pack.small import here

SOLUTIONS = original() / "solutions"
LEAST_LINES = 2  # one line alone may stand in a lesson


def parts() -> dict[str, list[str]]:
    """The lines of each part that a learner has to write, by exercise and number."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        for cell in read_notebook(path)["cells"]:
            for part in cell_source(cell).split(BEGIN)[1:]:
                found[f"{path.stem}.{len(found)}"] = stripped(part.split(END)[0])
    return {name: lines for name, lines in found.items() if len(lines) >= LEAST_LINES}


def stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def readable(name: str, data: bytes) -> Iterator[str]:
    """Yield what a person can read in a file: of a notebook its cells and outputs, of an archive its files."""
    if name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for each in archive.namelist():
                yield from readable(each, archive.read(each))
    elif name.endswith(".ipynb"):
        for cell in json.loads(data)["cells"]:
            yield cell_source(cell)
            yield json.dumps(cell.get("outputs", [])).replace("\\n", "\n")
    else:
        yield data.decode("utf-8", "replace")


def solved_in(name: str, data: bytes) -> set[str]:
    """The exercises whose solution a file has."""
    texts = ["\n".join(stripped(text)) for text in readable(name, data)]
    return {part.partition(".")[0] for part, lines in parts().items() if any("\n".join(lines) in one for one in texts)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that a pack holds, which is the one that is uploaded."""
    return own_wheel(tmp_path_factory.mktemp("wheel"), find_uv())


@pytest.fixture(scope="module")
def pack(wheel: Path) -> Path:
    """A pack with no packages of others."""
    out = wheel.with_name("pack.zip")
    write(Plan(wheel, {}, {Target(here(), "3.13"): []}, []), wheel.parent, out)
    return out


def test_solution_is_found_where_there_is_one() -> None:
    """Each of them, also in a pack in a pack; otherwise the tests below would show nothing."""
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        inner, outer = io.BytesIO(), io.BytesIO()
        for target, name, data in ((inner, path.name, path.read_bytes()), (outer, "course.zip", inner)):
            with zipfile.ZipFile(target, "w") as archive:
                archive.writestr(name, data if isinstance(data, bytes) else data.getvalue())
        assert solved_in("pack.zip", outer.getvalue()) == {path.stem}


def test_wheel_has_exercises_and_no_solution(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert sum("_course/exercises/" in name and name.endswith(".ipynb") for name in names) == len(
        list(SOLUTIONS.glob("*.ipynb"))
    )
    assert [name for name in names if "solutions/" in name] == []
    assert solved_in(wheel.name, wheel.read_bytes()) == set()


def test_pack_has_the_course_and_no_solution(pack: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        course = zipfile.ZipFile(io.BytesIO(archive.read(COURSE))).namelist()
    assert any(name.endswith("exercises/02-auth.ipynb") for name in course)
    assert [name for name in course if "solutions/" in name] == []
    assert solved_in(pack.name, pack.read_bytes()) == set()
