"""The ladders: in each language a server as a first draft, and patches that take one finding of the review each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from labkit.ladder.patching import patched

Language = Literal["node", "python"]
LANGUAGES: tuple[Language, ...] = ("node", "python")
_FILES = {"node": "server.mjs", "python": "server.py"}
_FINDING = re.compile(r"^Finding: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rung:
    """A patch. `findings`: the probes that are broken before it and hold after it; they have one cause."""

    number: int
    name: str
    text: str

    @property
    def subject(self) -> str:
        """What failed, and what the patch does."""
        return self.text.partition("\n")[0]

    @property
    def findings(self) -> tuple[str, ...]:
        """The ids of the probes."""
        found = _FINDING.search(self.text)
        assert found is not None, f"{self.name} names no finding"
        return tuple(found[1].split())


@dataclass(frozen=True, slots=True)
class Ladder:
    """A server before the first patch, and the patches in order."""

    language: Language
    file: str
    base: str
    rungs: tuple[Rung, ...]

    def server(self, step: int) -> str:
        """Return the server after so many patches."""
        text = self.base
        for rung in self.rungs[:step]:
            text = patched(text, rung.text)
        return text


@cache
def ladder(language: Language) -> Ladder:
    """Read the ladder of a language."""
    folder = files("labkit.ladder").joinpath(language)
    base = folder.joinpath(_FILES[language]).read_text(encoding="utf-8")
    return Ladder(language, _FILES[language], base, tuple(_rungs(language)))


def _rungs(language: Language) -> Iterator[Rung]:
    folder = files("labkit.ladder").joinpath(language, "patches")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".diff"))
    for number, name in enumerate(names, 1):
        yield Rung(number, name, folder.joinpath(name).read_text(encoding="utf-8"))


def rungs_for(finding: str) -> list[tuple[Ladder, Rung]]:
    """Return the patches of both ladders that take this finding."""
    ladders = [ladder(language) for language in LANGUAGES]
    return [(one, rung) for one in ladders for rung in one.rungs if finding in rung.findings]


def findings() -> list[str]:
    """Return the ids of all probes that a patch takes."""
    return sorted({one for language in LANGUAGES for rung in ladder(language).rungs for one in rung.findings})
