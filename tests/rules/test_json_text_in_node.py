"""JSON is read as the JSON.parse of a real JavaScript engine reads it."""

import json
import subprocess
from pathlib import Path
from random import Random

from labkit.rules.messages import InvalidMessage, parse_json
from tests.e2e.need import node_path
from tests.rules.json_texts import canonical, mutated, random_text

TEXTS = 8_000


def texts(seed: int) -> list[str]:
    """As many texts that are JSON as texts that were."""
    rng = Random(seed)
    whole = [random_text(rng) for _ in range(TEXTS // 2)]
    return whole + [mutated(rng, text) for text in whole]


def judged_by_node(candidates: list[str]) -> list[str | None]:
    """What JSON.parse makes of each, in one node process; None where it refuses."""
    script = Path(__file__).with_name("json_parse.mjs")
    done = subprocess.run(
        [node_path(), script], input=json.dumps(candidates), capture_output=True, text=True, check=True, timeout=60
    )
    judged: list[str | None] = json.loads(done.stdout)
    return judged


def judged_by_us(text: str) -> str | None:
    """The same for our reader."""
    try:
        return canonical(parse_json(text.encode("utf-8", "surrogatepass")))
    except InvalidMessage:
        return None


def test_reads_and_refuses_as_node_does() -> None:
    """Eight thousand texts, half of them broken: the same ones are refused and the others have the same value."""
    candidates = texts(seed=20)
    theirs = judged_by_node(candidates)
    different = [text for text, expected in zip(candidates, theirs, strict=True) if judged_by_us(text) != expected]
    assert different == []
    assert TEXTS // 10 < theirs.count(None) < TEXTS // 2  # the generator makes enough of both
