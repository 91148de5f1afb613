"""The tests of a review as files in a folder. A file that exists stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from labkit.platform import shell
from labkit.review.dialect import Dialect
from labkit.review.finding import Finding
from labkit.review.promise import Profile
from labkit.review.promised_limits import Promised
from labkit.review.report import Report
from labkit.written_tests import lines
from labkit.written_tests.expecting import Plan, planned
from labkit.written_tests.lines import LANGUAGES, Language
from labkit.written_tests.reference import held_by_ours, reference

CLIENTS = tuple(language.client for language in LANGUAGES.values())


class CannotWrite(Exception):
    """The folder cannot take the tests; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a folder: the test of each finding by its id, and those that existed before."""

    folder: Path
    language: Language
    tests: Mapping[str, Path]
    kept: tuple[Path, ...]

    def command(self, ids: Iterable[str] = ()) -> str:
        """Return the command that runs these tests, or all; URL and the credentials come from the environment."""
        paths = [str(self.tests[one]) for one in ids if one in self.tests]
        runner = self.language.command
        if not paths and self.language is lines.NODE:
            return f"{shell.join(runner)} {shell.quote(str(self.folder))}/*.test.mjs"  # older releases need the names
        return shell.join([*runner, *(paths or [str(self.folder)])])


def check_folder(folder: Path) -> None:
    """Raise CannotWrite unless tests can be added to the folder: the client beside them must be ours."""
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(f"{folder} is a file; name a folder")
    for name in CLIENTS:
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") != _client(name):
            raise CannotWrite(f"{path} is not ours, and the tests need their own {name}; name another folder")


async def plans(report: Report, profile: Profile, dialect: Dialect, promised: Promised) -> dict[str, Plan]:
    """Return the tests that our server passes, by the id of the finding."""
    broken = [one for one in report if one.verdict == "broken"]
    ours = await reference((one.id for one in broken if one.recording is not None), profile, promised)
    is_strict = profile != "core"
    found = {one.id: planned(one, ours.get(one.id), dialect, is_strict=is_strict) for one in broken}
    candidates = {
        one.id: (plan, lines.replayed(plan, one, lines.PYTHON)) for one in broken if (plan := found[one.id]) is not None
    }
    is_ours = not dialect.types and not dialect.fields  # it cannot answer other names
    passed = await held_by_ours({one: text for one, (_, text) in candidates.items()}) if is_ours else set(candidates)
    return {one: plan for one, (plan, _) in candidates.items() if one in passed}


def write(
    folder: Path, report: Report, found: Mapping[str, Plan], language: Language, options: Iterable[str]
) -> Written:
    """Write a test for each broken finding. `options`: of the review, for tests that must run a probe.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _create(folder / language.client, _client(language.client))
    tests: dict[str, Path] = {}
    kept: list[Path] = []
    for one in (finding for finding in report.worst_first if finding.verdict == "broken"):
        tests[one.id] = folder / language.file.format(name=one.id.replace("/", "_"))
        if not _create(tests[one.id], _text(one, found.get(one.id), language, options)):
            kept.append(tests[one.id])
    return Written(folder, language, tests, tuple(kept))


def _text(finding: Finding, plan: Plan | None, language: Language, options: Iterable[str]) -> str:
    if plan is None:
        return lines.by_probe(finding, language, list(options))
    return lines.replayed(plan, finding, language)


def _client(name: str) -> str:
    return files("labkit.written_tests").joinpath(name).read_text(encoding="utf-8")


def _create(path: Path, text: str) -> bool:
    """Write a file; return whether it is new."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
