"""Read a job's phase and percent from what pytest, make, cmake and tqdm print. It knows no pipe and no network."""

import re
from typing import NamedTuple

MAX_LINE = 4096  # bytes; a longer line keeps its end, where pytest prints its percent
MAX_PHASE = 60
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ENDS = re.compile(rb"[\r\n]")
_HINT = re.compile(rb"%[]|]|= |make|target ")  # other lines, nearly all, hold no step and cost nothing more
_PERCENT = re.compile(r"^\[ *(\d{1,3})%\]|\[ *(\d{1,3})%\]\s*$|(?<!\d)(\d{1,3})%\|")
_PHASES = (
    re.compile(r"^=+ (.+?) =+$"),  # pytest
    re.compile(r"^g?make(?:\[\d+\])?: \*\*\* \[(?:[^\]]*: )?([^\]]++)\]"),
    re.compile(r"^g?make(?:\[\d+\])?: (?:Entering directory|Nothing to be done for) ['`](.+?)'"),
    re.compile(r"^g?make(?:\[\d+\])?: ['`](.+?)' is up to date"),
    re.compile(r"^\S+:\d+: (?:update )?target ['`](.+?)'"),  # make --trace
    re.compile(r"^\[ *\d{1,3}%\] (.+)$"),  # cmake
    re.compile(r"^(.+?): +\d{1,3}%\|"),  # tqdm with a description
)


class Step(NamedTuple):
    """How far a job is."""

    phase: str
    percent: int


class JobOutput:
    """The output of one stream, in pieces of any size, and the step that it has reported last."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self._rest = b""

    def feed(self, data: bytes) -> Step:
        """Read more output, a line without its end included, as tqdm writes. Return the newest step."""
        *lines, self._rest = _ENDS.split(self._rest + data)
        self._rest = self._rest[-MAX_LINE:]
        for line in (*lines, self._rest):
            if _HINT.search(line, max(0, len(line) - MAX_LINE)):
                self.step = _read(line[-MAX_LINE:].decode(errors="replace"), self.step)
        return self.step


def _read(line: str, step: Step) -> Step:
    """Return the step after a line: the one before, where the line says nothing."""
    line = _ESCAPES.sub("", line).rstrip()
    percent = _PERCENT.search(line)
    phases = (found[1] for pattern in _PHASES if (found := pattern.search(line)))
    phase = "".join(filter(str.isprintable, next(phases, step.phase))).strip()[:MAX_PHASE]
    number = int(percent[percent.lastindex or 0]) if percent else step.percent
    return Step(phase or step.phase, number if number <= 100 else step.percent)
