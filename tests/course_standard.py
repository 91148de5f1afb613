"""What each notebook of the course has, as far as a machine can tell: each standard returns the faults it found.

A lesson is a failure: a tiny case, a prediction that is compared with a measurement, the failure live, a
picture with words that say what to see, the rule as the library runs it, the limits of the repair, a summary, three
questions with their answers, and the way to the exercises. `tests/test_course_standard.py` shows each standard red.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.notebook_guards import Notebook, code_cells, source

Standard = Callable[[Notebook], list[str]]
MOST_WORDS = 1000
FILM = '<div class="labkit-play"'
FAR = 2  # cells from a picture to its caption: a text twin may stand in between


def prose(notebook: Notebook) -> str:
    """All text cells."""
    return "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def code(notebook: Notebook) -> str:
    """All code cells."""
    return "\n".join(map(source, code_cells(notebook)))


def has_a_failure_for_a_title(notebook: Notebook) -> list[str]:
    """The title is a sentence, after a number or a name: `05 · The line is dead, and ...`."""
    title = source(notebook["cells"][0]).splitlines()[0]
    return [] if re.fullmatch(r"# .+ \u00b7 [A-Z].{20,}", title) else [f"the title is no sentence: {title!r}"]


def leads_to_the_glossary(notebook: Notebook) -> list[str]:
    """A link to it from the first cell, which has no table of terms of its own."""
    first = source(notebook["cells"][0])
    missing = [] if "(../docs/glossary.md)" in first else ["does not link to the glossary"]
    return missing + (["begins with a table of terms"] if "| term |" in first else [])


def is_short(notebook: Notebook) -> list[str]:
    """At most as many words of prose as a newcomer reads to the end."""
    words = len(re.sub(r"```.*?```", "", prose(notebook), flags=re.DOTALL).split())
    return [] if words <= MOST_WORDS else [f"has {words} words of prose, over {MOST_WORDS}"]


def predicts_first(notebook: Notebook) -> list[str]:
    """Every prediction is asked in one cell, and compared in a later one."""
    cells = list(map(source, code_cells(notebook)))
    asked = [at for at, text in enumerate(cells) for _ in re.findall(r"guess\.ask\(\)", text)]
    compared = [at for at, text in enumerate(cells) for _ in re.findall(r"guess\.compare\(", text)]
    if not asked:
        return ["asks for no prediction"]
    if len(asked) == len(compared) and all(first < later for first, later in zip(asked, compared)):
        return []
    return [f"predictions asked in cells {asked}, compared in {compared}"]


def is_live(notebook: Notebook) -> list[str]:
    """Something moves while it runs."""
    return [] if re.search(r"\.(live|play)\(", code(notebook)) else ["shows nothing that moves"]


def has_picture(cell: dict[str, Any]) -> bool:
    """A saved picture: of a panel or a chart, or the film strip of an experiment."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return any("image/png" in each or FILM in "".join(each.get("text/html", "")) for each in data)


def plots_latency_or_buffer(notebook: Notebook) -> list[str]:
    """A picture stays of latency, round trip or buffer size, or of an experiment, which measures one of them."""
    pictures = [cell for cell in code_cells(notebook) if has_picture(cell)]
    drawn = re.search(r"round.trip|latenc|buffer|outbox|Dashboard|storm|\.play\(", code(notebook))
    return [] if pictures and drawn else ["keeps no picture of latency or buffer size"]


def says_what_to_see(notebook: Notebook) -> list[str]:
    """Close behind every picture stand the words that say what to see."""
    cells, faults = notebook["cells"], []
    for at, cell in enumerate(cells):
        if has_picture(cell):
            behind = [source(each) for each in cells[at + 1 : at + 1 + FAR] if each["cell_type"] == "markdown"]
            if not any(re.search(r"\*What to (look for|see)", text) for text in behind):
                faults.append(f"a picture without a caption: {source(cell)[-40:]!r}")
    return faults


def tells_panels_in_words(notebook: Notebook) -> list[str]:
    """Each panel has a text twin, printed below it."""
    live, told = (len(re.findall(pattern, code(notebook))) for pattern in (r"LivePanel\(", r"panel\.text\(\)"))
    return [] if told >= live else [f"{live} live panels and {told} text twins"]


def shows_its_rule(notebook: Notebook) -> list[str]:
    """The rule of the lesson is shown by its source, so that lesson and library never drift."""
    return [] if re.search(r"show_source\(|inspect\.getsource\(", code(notebook)) else ["shows no rule by its source"]


def says_its_limits(notebook: Notebook) -> list[str]:
    """What is not repaired, or not to be seen, has a heading of its own."""
    return [] if re.search(r"^## What .*\bnot\b", prose(notebook), re.MULTILINE) else ["says nothing of its limits"]


def sums_up(notebook: Notebook) -> list[str]:
    """A summary of a few lines."""
    return [] if re.search(r"^## Summary\n\n\* ", prose(notebook), re.MULTILINE) else ["has no summary"]


def asks_three_questions(notebook: Notebook) -> list[str]:
    """Three questions, and three answers folded away."""
    _, _, last = prose(notebook).partition("## Three questions")
    questions, _, answers = last.partition("<details>")
    counts = [len(re.findall(r"^\d\. ", text, re.MULTILINE)) for text in (questions, answers)]
    return [] if counts == [3, 3] else [f"has {counts[0]} questions and {counts[1]} answers"]


def leads_to_exercises(notebook: Notebook) -> list[str]:
    """A link to them."""
    return [] if "(../exercises/" in prose(notebook) else ["does not link to its exercises"]


def draws_from_the_seed(notebook: Notebook) -> list[str]:
    """Some number is the learner's own."""
    used = re.search(r"\b(drawn|seed)\(", code(notebook))
    return [] if "labkit.bench.seed" in code(notebook) and used else ["draws nothing from the learner's seed"]


STANDARDS: tuple[Standard, ...] = (
    has_a_failure_for_a_title,
    leads_to_the_glossary,
    is_short,
    predicts_first,
    is_live,
    plots_latency_or_buffer,
    says_what_to_see,
    tells_panels_in_words,
    shows_its_rule,
    says_its_limits,
    sums_up,
    asks_three_questions,
    leads_to_exercises,
    draws_from_the_seed,
)
