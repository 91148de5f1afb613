"""Running the targets: by seed and shard, so that any input can be had again."""

import asyncio
from collections.abc import Callable, Iterator
from random import Random

from tests.fuzz.targets import TARGETS

CHUNK = 2_000


class FuzzFault(AssertionError):
    """An input that broke something; `seed` brings it back."""


def chunks(inputs: int, seed: int) -> Iterator[tuple[str, str, int]]:
    """Target, seed and number of inputs of each chunk."""
    for name, (_, share) in TARGETS.items():
        total = inputs * share // 100
        for number, start in enumerate(range(0, total, CHUNK)):
            yield name, f"{seed} {name} {number}", min(CHUNK, total - start)


def run_chunk(name: str, seed: str, inputs: int) -> int:
    """So many inputs for one target. Raises FuzzFault."""

    async def run() -> None:
        faults: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(str(context)))
        feed, rng = TARGETS[name][0](), Random(seed)
        for number in range(inputs):
            try:
                feed(rng)
            except Exception as error:
                raise FuzzFault(f"{name}, seed {seed!r}, input {number}: {error!r}") from error
            if number % 100 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        if faults:
            raise FuzzFault(f"{name}, seed {seed!r}: {faults[0]}")

    asyncio.run(run())
    return inputs


def fuzz(inputs: int, seed: int, progress: Callable[[int], None] = lambda _: None) -> int:
    """All targets, here. Raises FuzzFault."""
    done = 0
    for name, chunk_seed, many in chunks(inputs, seed):
        done += run_chunk(name, chunk_seed, many)
        progress(done)
    return done
