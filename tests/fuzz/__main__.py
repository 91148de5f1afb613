"""`python -m tests.fuzz --inputs 10000000 --processes 2 --seed 1`: progress and rate on stderr."""

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from tests.fuzz.fuzzing import chunks, run_chunk


def main() -> int:
    """Exit code 0 when nothing broke."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    done, shown, started = 0, 0, monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = list(zip(*chunks(options.inputs, options.seed)))
        for many in pool.map(run_chunk, *waiting, chunksize=4):
            done += many
            if done - shown >= 100_000:
                shown = done
                print(f"{done:,} inputs, {done / (monotonic() - started):,.0f} a second", file=sys.stderr, flush=True)
    print(f"{done:,} inputs in {monotonic() - started:.0f} s, seed {options.seed}: nothing broke", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
