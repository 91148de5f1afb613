"""Judge every known answer to the exercises, right and wrong, and print what differs from the expected result.

python -m tests.windows.judge_answers [--unseen] [ID...]        runs on any system; `make windows` runs it under Wine

What differs is judged once more, one at a time: Wine is slow, and several at a time may miss the deadlines of half a
second that some exercises set. It ends with one line of JSON: how many answers of each exercise were judged, how many
of them twice, and how many not as expected.
"""

import asyncio
import json
import sys

from labkit.course.exercises import exercises
from tests.course import matrix
from tests.course.answers import Known, known, unseen


def main(words: list[str]) -> int:
    """Judge the answers to these exercises, or to all."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    chosen = [word for word in words if word != "--unseen"] or list(exercises())
    counts = {}
    for name in chosen:
        answers = [*known(name), *(unseen(name) if "--unseen" in words else ())]
        doubtful = _not_as_expected(answers)
        faulty = [answer for answer in doubtful if _not_as_expected([answer])]
        counts[name] = {
            "right": sum(one.is_right for one in answers),
            "wrong": sum(not one.is_right for one in answers),
            "twice": len(doubtful),
            "not as expected": len(faulty),
        }
        print(f"{name}: {counts[name]}", flush=True)
    print(json.dumps({"system": sys.platform, "answers": counts}))
    return 1 if any(one["not as expected"] for one in counts.values()) else 0


def _not_as_expected(answers: list[Known]) -> list[Known]:
    """Judge answers, print what differs from the expected result, and return those answers."""
    found = [(one[0], faults) for one in asyncio.run(matrix.results(answers)) if (faults := matrix.faults([one]))]
    for _, faults in found:
        print(*faults, sep="\n", flush=True)
    return [answer for answer, _ in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
