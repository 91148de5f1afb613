"""`labkit course build`: generate the exercises from the solutions, or only check that they are up to date."""

from pathlib import Path

from labkit.course import generate
from labkit.course.notebook import notebook_json, read_notebook


def build(home: Path, *, is_only_compared: bool = False) -> list[Path]:
    """Build every exercise of a course.

    Return the files that were out of date. Raises BadSource, which names the file.
    """
    changed = []
    for path, text in made(home).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path)
            if not is_only_compared:
                path.write_text(text, encoding="utf-8", newline="\n")
    return changed


def made(home: Path) -> dict[Path, str]:
    """Return each file of `solutions/` and `exercises/` with the text that it should contain."""
    files = {}
    for path in sorted((home / "solutions").glob("*.ipynb")):
        notebook = read_notebook(path)
        try:
            files[path] = notebook_json(generate.source(notebook, path.stem))
            files[home / "exercises" / path.name] = notebook_json(generate.exercise(notebook, path.stem))
        except (generate.BadSource, KeyError) as error:
            raise generate.BadSource(f"{path.name}: {error}") from None
    return files
