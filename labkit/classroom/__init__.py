"""Report students' progress in the course to a live board, through the course's own room server.

    from labkit import classroom
    classroom.join("ws://192.168.1.5:8080", name="ana", code="...")     # a student, once
    classroom.raise_hand("03-rooms"); classroom.status(); classroom.leave()
    classroom.catch_up()            # up to where the class is; what you wrote is kept beside it

The instructor's side is `labkit class start`. Read the modules in this order: board (the state of a class, a pure fold
of events), register and roster (admission), serving (the server), joining and sending (the student's side), drill.
"""

from labkit.classroom.catching_up import catch_up
from labkit.classroom.joining import (
    help_wanted,
    join,
    leave,
    lower_hand,
    no_help_wanted,
    raise_hand,
    send_case,
    start,
    status,
    vote,
    vote_on,
)

__all__ = [
    "catch_up",
    "help_wanted",
    "join",
    "leave",
    "lower_hand",
    "no_help_wanted",
    "raise_hand",
    "send_case",
    "start",
    "status",
    "vote",
    "vote_on",
]
