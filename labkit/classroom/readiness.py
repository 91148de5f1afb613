"""Tell the class before a lesson whether this machine is ready, or which checks of `labkit doctor` found a problem.

It is a record like any other: stored first, then sent once and in order by `sending.py`. Only the names of checks leave
the machine.
"""

from collections.abc import Callable

from labkit.classroom.board import READY
from labkit.classroom.membership import membership
from labkit.course.progress import Progress
from labkit.doctor.diagnosis import Subject
from labkit.doctor.examining import examine, failed
from labkit.rules.limits import MAX_NAME_UNITS


def send(problems: list[str], note: Callable[[str], object]) -> bool:
    """Record the result, to be sent to the class. `note` is called first, with a description of what will be sent.

    Does nothing and returns False outside a class. Raises NoHome.
    """
    member = membership()
    if member is None:
        return False
    what = f"not ready ({', '.join(problems)})" if problems else "ready"
    note(f"sent to class {member.class_id}: {what}. Nothing else about this machine is sent.")
    Progress().add(READY, "fail" if problems else "pass", ",".join(problems)[:MAX_NAME_UNITS] or None)
    return True


def examine_and_send(url: str, note: Callable[[str], object]) -> None:
    """Examine this machine and send the result. Raises NoHome."""
    send(failed(list(examine(Subject(url)))), note)
