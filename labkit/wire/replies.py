"""Actions that affect only one connection: pong, error and close. They run after all earlier effects."""

from functools import partial
from time import time

from labkit.rules import actions, answers
from labkit.rules.close_codes import CloseCode, reason_with_retry
from labkit.rules.session import STRIKE_WINDOW_S, Input
from labkit.wire.audit.writer import Entry
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState


class Replies:
    """Performs the actions `Pong`, `Refuse` and `Close`."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def pong(self, member: Member, _: actions.Pong) -> None:
        """Answer a ping."""
        self._state.queue.then(None, lambda: member.send(answers.encode(answers.pong(time()))))

    def refuse(self, member: Member, action: actions.Refuse) -> None:
        """Send an `error`; the connection stays open. Errors about grants are recorded in the audit file."""
        state = self._state
        state.counts.errors[action.code] += 1
        body = answers.encode(answers.error(action.code, action.request_id, action.room_id))
        if action.code in ("room_denied", "read_only"):
            state.queue.record(Entry(time(), "denied", room=action.room_id, connection=member.id, body=body.decode()))
        state.queue.then(None, partial(member.send, body))

    def close(self, member: Member, action: actions.Close) -> None:
        """Ignore all later messages from this client, and send the close frame after all earlier answers."""
        member.session.happened(Input.CLOSE)
        reason = action.reason
        if action.code is CloseCode.RATE_LIMITED:
            reason = reason_with_retry(reason, round(1000 * STRIKE_WINDOW_S))
        self._state.queue.then(None, partial(member.close, action.code, reason))
