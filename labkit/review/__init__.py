"""The reviewer: it finds, from outside, what would break a room server in production, whatever it is written in.

    report = labkit.review.run("ws://localhost:8080")       # or: labkit review ws://localhost:8080
    print(report)                                           # in a notebook with labkit.views it shows itself
    labkit.review.run(url, only=["auth", "rooms/4"], promised={"auth_timeout_s": 0.5})     # some probes, in no time
    labkit.review.run(url, profile="core", start="node server.mjs")       # it starts the server, and again

`await examine(...)` is the same on a loop that runs. A review of some probes takes as long as they do and a handshake;
`promised` names what the server was served with, as shorter deadlines are seen sooner.

A black box: it imports nothing of the server but the table of close codes, has its own WebSocket client and writes its
JSON by hand, so that a mistake would have to be made twice to pass. Read `probe`, `scene`, then any file in
`probes/`. `client` turns the tables: it reviews a client.
"""

from labkit.review.client.reviewing import examine_client, run_client
from labkit.review.finding import CannotReview, Finding
from labkit.review.report import Report
from labkit.review.reviewing import examine, run

__all__ = ["CannotReview", "Finding", "Report", "examine", "examine_client", "run", "run_client"]
