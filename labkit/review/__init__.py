"""The reviewer: test a room server from outside, in any language, for what would break it in production.

    report = labkit.review.run("ws://localhost:8080")       # or: labkit review ws://localhost:8080
    print(report)                                           # with labkit.views, a notebook displays it
    labkit.review.run(url, only=["auth", "rooms/4"], promised={"auth_timeout_s": 0.5})     # a few probes
    labkit.review.run(url, profile="core", start="node server.mjs")       # starts and restarts the server

`await examine(...)` does the same on a running event loop. `promised` holds the limits that the server runs with;
shorter deadlines make the review faster.

The server is a black box. The reviewer shares only the table of close codes with labkit's server, and has its own
WebSocket client, so that a bug in one is not hidden by the same bug in the other. Read `probe`, `scene`, then any file
in `probes/`. `client` reviews clients instead.
"""

from labkit.review.client.client_review import examine_client, run_client
from labkit.review.finding import CannotReview, Finding
from labkit.review.report import Report
from labkit.review.server_review import examine, run

__all__ = ["CannotReview", "Finding", "Report", "examine", "examine_client", "run", "run_client"]
