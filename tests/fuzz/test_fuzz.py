"""Nothing that comes in breaks anything: a small part here, ten million inputs in the long runs."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from labkit.rules import messages
from tests.fuzz import targets
from tests.fuzz.fuzzing import FuzzFault, chunks, run_chunk
from tests.fuzz.mutate import mutated

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", targets.TARGETS)
def test_some_thousand_inputs_break_nothing(name: str) -> None:
    """Every target, always the same inputs."""
    assert run_chunk(name, f"1 {name} small", 1_500) == 1_500


@pytest.mark.matrix
def test_ten_million_inputs_break_nothing() -> None:
    """In two processes; a fault names the seed that brings it back."""
    command = [sys.executable, "-m", "tests.fuzz", "--inputs", "10000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("10,000,000 inputs")


def test_the_chunks_are_all_the_inputs() -> None:
    """Each target has its share, and no two chunks the same seed."""
    parts = list(chunks(100_000, seed=1))
    assert sum(many for _, _, many in parts) == 100_000
    assert len({seed for _, seed, _ in parts}) == len(parts)
    assert {name for name, _, _ in parts} == set(targets.TARGETS)


def test_a_decoder_that_breaks_is_found_and_named_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The positive control: without it, a fuzzer that feeds nothing would pass."""

    def fragile(raw: bytes, most: int) -> messages.Message:
        if b"__proto__" in raw:
            raise KeyError("planted")
        return messages.decode(raw, most)

    monkeypatch.setattr(targets, "decode", fragile)
    with pytest.raises(FuzzFault, match=r"decoder, seed '1 decoder 0', input \d+: KeyError\('planted'\)"):
        run_chunk("decoder", "1 decoder 0", 2_000)


def test_a_long_reason_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """124 bytes would break a close frame."""
    monkeypatch.setattr(targets, "MAX_REASON_BYTES", 3)
    with pytest.raises(FuzzFault, match="session"):
        run_chunk("session", "1 session 0", 2_000)


def test_most_mutated_messages_are_refused_and_some_are_not() -> None:
    """A fuzzer whose inputs are all alike looks behind one door only."""
    rng, taken, refused = Random(5), 0, set()
    for _ in range(3_000):
        raw = mutated(rng.choice(targets.GOOD_MESSAGES), rng).decode("utf-8", "replace").encode()
        try:
            messages.decode(raw, 8192)
            taken += 1
        except messages.InvalidMessage as refusal:
            refused.add(str(refusal))
    assert 150 < taken < 2_700
    assert len(refused) > 10
