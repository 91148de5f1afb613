"""Show five times that retries keep a server from recovering, and that a window from the server brings everybody back.

    python -m labkit.bench.storm.collapse --times 5

Each run has real sockets and a server that hashes a password for each attempt. The program ends with 0 if every run of
a retry without a window collapsed and every run with it recovered, with 1 if not, and with 2 if it could not run.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator

from labkit.bench.storm.run import StormFailed, storm
from labkit.bench.storm.tally import StormResult

HALL = {"clients": 400, "stands_for": 10_000, "hash_ms": 8.0}
COLLAPSING = {"fixed": 10.0, "exponential": 10.0}  # policies, and how many seconds to watch
RECOVERING = {"ours": 90.0}  # ends as soon as everybody is back
NEXT_TO_NOTHING = 0.05


def runs() -> Iterator[StormResult]:
    """Run each policy once with real sockets. Raises StormFailed."""
    for policy, seconds in (COLLAPSING | RECOVERING).items():
        yield from storm(policy=policy, mode="real", seconds=seconds, **HALL)


def is_dead(result: StormResult) -> bool:
    """Whether the server worked until the end, and for nobody."""
    return result.late_goodput <= NEXT_TO_NOTHING and result.wasted > result.back and result.t99_s is None


def is_expected(result: StormResult) -> bool:
    """Whether a policy did what its kind does."""
    return is_dead(result) if result.policy in COLLAPSING else result.back == result.clients


def line(result: StormResult) -> str:
    """Return the figures of one run."""
    back = "never" if result.t99_s is None else f"{result.t99_s:.1f} s"
    return (
        f"{result.policy:<12} capacity {result.handshakes_per_s:5.1f}/s   back {result.back:3} of {result.clients}   "
        f"hashed {sum(result.hashed):5,}, {result.wasted:5,} wasted   "
        f"goodput in the second half {result.late_goodput:4.0%}   99 % back: {back}"
    )


def main(times: int) -> int:
    """Run them, print the figures, and return the exit code."""
    held = True
    for number in range(1, times + 1):
        print(f"run {number}")
        for result in runs():
            held &= is_expected(result)
            print(f"  {line(result)}{'' if is_expected(result) else '   NOT EXPECTED'}", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    try:
        sys.exit(main(parser.parse_args().times))
    except (StormFailed, OSError) as error:
        sys.exit(print(f"the storm could not run: {error}", file=sys.stderr) or 2)
