"""The three prompts: what each asks for, and what all share."""

import re

import pytest

from labkit.brief.writing import brief
from labkit.duel.prompts import LANGUAGES, NAMES, Language, Name, prompt
from labkit.review.probes import PROBES


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompts_of_a_language_end_with_the_same_lines(language: Language) -> None:
    ends = {prompt(name, language).rpartition("\n\n")[2] for name in NAMES}
    assert len(ends) == 1 and "PORT" in ends.pop()


@pytest.mark.parametrize("name", NAMES)
def test_prompt_names_the_library_of_its_language_alone(name: Name) -> None:
    where = {language: prompt(name, language).rpartition("\n\n")[2] for language in LANGUAGES}
    assert "`ws`" in where["node"] and "`websockets`" in where["python"]
    assert "`ws`" not in where["python"] and "`websockets`" not in where["node"]


def test_brief_is_the_brief_of_the_language_for_a_server() -> None:
    assert prompt("brief", "node").startswith(brief("node-ws", "server").rstrip())
    assert prompt("brief", "python").startswith(brief("websockets", "server").rstrip())


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_brief_names_probes_which_exist(language: Language) -> None:
    named = {name: set(re.findall(r"\b[a-z]+/\d+\b", prompt(name, language))) for name in NAMES}
    assert named["bare"] == named["article"] == set()
    assert {probe.id for probe in PROBES} <= named["brief"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_prompt_states_more_than_the_one_before(language: Language) -> None:
    bare, article, whole = (prompt(name, language) for name in NAMES)
    assert "1008" not in bare and "auth" not in bare
    asked = [line for line in article.splitlines() if line.startswith("- ")]
    assert len(asked) == 8, "the article has eight constraints"
    assert len(bare) < len(article) < len(whole)
