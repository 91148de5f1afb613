"""The reviewer: it finds, from outside, what would break a room server in production, whatever it is written in.

    report = labkit.review.run("ws://localhost:8080")       # or: labkit review ws://localhost:8080
    print(report)

A black box: it imports nothing of the server but the table of close codes, has its own WebSocket client and writes its
JSON by hand, so that a mistake would have to be made twice to pass. Read `probe`, `scene`, then any file in `probes/`.
"""

from labkit.review.finding import Finding
from labkit.review.report import Report
from labkit.review.reviewing import CannotReview, examine, run

__all__ = ["CannotReview", "Finding", "Report", "examine", "run"]
