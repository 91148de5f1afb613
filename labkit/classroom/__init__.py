"""The class room: who does what in a course, told live over the server that the course is about.

    from labkit import classroom
    classroom.join("ws://192.168.1.5:8080", name="ana", code="...")     # once; a student
    classroom.help_wanted("03-rooms"); classroom.status(); classroom.leave()

The instructor's side is `labkit class start`. Read in this order: board (what is known of a class, a pure fold of
events), register and roster (who may come in), serving (the server), joining and sending (a student's side), drill.
"""

from labkit.classroom.joining import help_wanted, join, leave, no_help_wanted, start, status

__all__ = ["help_wanted", "join", "leave", "no_help_wanted", "start", "status"]
