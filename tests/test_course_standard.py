"""Each notebook keeps the standard of the course, and each standard sees its absence."""

import json
from pathlib import Path

import pytest

from tests import course_standard as standards
from tests.notebook_guards import Notebook, code_cells, read

COURSE = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SOUND = next(path for path in COURSE if path.stem.startswith("01"))


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
@pytest.mark.parametrize("standard", standards.STANDARDS, ids=lambda standard: standard.__name__)
def test_notebook_keeps_the_standard(path: Path, standard: standards.Standard) -> None:
    """What makes a lesson of it is there."""
    assert standard(read(path)) == []


def without(text: str, instead: str = "") -> Notebook:
    """A sound notebook in which this text, or each of several with | between them, is something else, everywhere."""
    whole = json.dumps(read(SOUND), ensure_ascii=False)
    for each in text.split("|"):
        assert each in whole
        whole = whole.replace(each, instead)
    notebook: Notebook = json.loads(whole)
    return notebook


@pytest.mark.parametrize(
    ("standard", "text", "instead"),
    [
        (
            standards.has_a_failure_for_a_title,
            "# 01 \u00b7 The connection is open. What happens to your first message?",
            "# Hello room",
        ),
        (standards.leads_to_the_glossary, "../docs/glossary.md", "../docs/index.md"),
        (standards.leads_to_the_glossary, "(../docs/glossary.md)", "(../docs/glossary.md)\\n\\n| term |"),
        (standards.is_short, "## Summary", "word " * 1000 + "## Summary"),
        (standards.predicts_first, ".ask()", ".asks()"),
        (standards.predicts_first, "guess.compare(", "print("),
        (standards.is_live, ".live(|.play(", ".freeze("),
        (standards.plots_latency_or_buffer, "image/png|labkit-play", "image/gif"),
        (standards.says_what_to_see, "*What to", "*Here"),
        (standards.tells_panels_in_words, "panel.text()", "panel"),
        (standards.shows_its_rule, "show_source(", "repr("),
        (standards.says_its_limits, "## What this does not show", "## More"),
        (standards.sums_up, "## Summary", "## The end"),
        (standards.asks_three_questions, "3. Which", "And which"),
        (standards.asks_three_questions, "<details>", ""),
        (standards.leads_to_exercises, "../exercises/", "../exam/"),
        (standards.draws_from_the_seed, "drawn(", "int("),
    ],
)
def test_the_standard_sees_what_is_missing(standard: standards.Standard, text: str, instead: str) -> None:
    """Red without it, green with it."""
    assert standard(read(SOUND)) == []
    assert standard(without(text, instead)) != []


@pytest.mark.parametrize("standard", [standards.plots_latency_or_buffer, standards.says_what_to_see])
def test_film_strip_of_an_experiment_is_a_picture(standard: standards.Standard) -> None:
    """A notebook whose only picture is a film strip has one, and needs words that say what to see."""
    strip = {"output_type": "display_data", "data": {"text/html": ['<div class="labkit-play" data-story="x">'] * 2}}
    cell = {"cell_type": "code", "source": ["await lab.play()"], "outputs": [strip]}
    words = {"cell_type": "markdown", "source": ["*What to look for: it falls.*"]}
    other = {"cell_type": "code", "source": ["await lab.play()"], "outputs": []}
    assert standard({"cells": [cell, words]}) == []
    assert standard({"cells": [cell if standard is standards.says_what_to_see else other]}) != []


def test_a_comparison_before_its_question_is_seen() -> None:
    """Who knows the answer predicts nothing."""
    notebook = read(SOUND)
    cells = code_cells(notebook)
    ask, compare = (next(c for c in cells if word in "".join(c["source"])) for word in (".ask()", ".compare("))
    ask["source"], compare["source"] = compare["source"], ask["source"]
    assert standards.predicts_first(notebook) != []
