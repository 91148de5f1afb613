"""Judge every known answer to the exercises, right and wrong, and print what differs from the expected result.

python -m tests.windows.judge_answers [--unseen] [ID...]        runs on any system; `make windows` runs it under Wine

It ends with one line of JSON: how many answers of each exercise were judged, and how many of them not as expected.
"""

import asyncio
import json
import sys

from labkit.course.exercises import exercises
from tests.course import matrix
from tests.course.answers import known, unseen


def main(words: list[str]) -> int:
    """Judge the answers to these exercises, or to all."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    chosen = [word for word in words if word != "--unseen"] or list(exercises())
    counts = {}
    for name in chosen:
        answers = [*known(name), *(unseen(name) if "--unseen" in words else ())]
        faults = matrix.faults(asyncio.run(matrix.results(answers)))
        for fault in faults:
            print(fault, flush=True)
        counts[name] = {
            "right": sum(one.is_right for one in answers),
            "wrong": sum(not one.is_right for one in answers),
            "not as expected": len(faults),
        }
        print(f"{name}: {counts[name]}", flush=True)
    print(json.dumps({"system": sys.platform, "answers": counts}))
    return 1 if any(one["not as expected"] for one in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
