"""The phase and percent that tools print."""

import pytest

from labkit.text.job_output import JobOutput, Step

START = Step("started", 0)


@pytest.mark.parametrize(
    ("output", "step"),
    [
        (b"tests/a.py ....   [ 42%]\n", Step("started", 42)),
        (b"\x1b[32m.\x1b[0m\x1b[32m [ 42%]\x1b[0m\n", Step("started", 42)),
        (b"===== test session starts =====\n", Step("test session starts", 0)),
        (b"\rload:  42%|####      | 42/100", Step("load", 42)),
        (b"\r 42%|####      | 42/100", Step("started", 42)),
        (b"[ 42%] Building C object a.o\n", Step("Building C object a.o", 42)),
        (b"make[1]: Entering directory 'docs'\n", Step("docs", 0)),
        (b"make: *** [Makefile:3: lint] Error 1\n", Step("lint", 0)),
        (b"make: *** [" + b": " * 2000 + b"\n", START),
        (b"\x00\xff" * 5000 + b"[ 42%]\n", Step("started", 42)),
        (b"[ 42%] \xff\x00\n", Step("\ufffd", 42)),
        (b"\r 41%|#\r 42%|##\r\n", Step("started", 42)),
        (b"", START),
        (b"Makefile:3: target 'lint' does not exist\n", Step("lint", 0)),
        (b"make: 'all' is up to date.\n", Step("all", 0)),
        (b"[142%]\n142%|\nonly 42% here\n", START),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10000])
def test_step_is_read_from_pieces_of_any_size(output: bytes, step: Step, size: int) -> None:
    reader = JobOutput(START)
    for start in range(0, len(output), size):
        reader.feed(output[start : start + size])
    assert reader.step == step
