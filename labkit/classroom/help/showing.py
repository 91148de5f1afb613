"""Send the cases that the student agreed to show, each once, to the help room."""

import asyncio
from contextlib import suppress

import msgspec

from labkit.classroom.grading.submission import pieces
from labkit.classroom.help.consent import Agreed, Consent
from labkit.classroom.membership import Membership
from labkit.course.progress import NoHome
from labkit.wire.client.client import Client, Refused
from labkit.wire.client.room import ClientRoom

LOOK_S = 0.25


async def showing(client: Client, member: Membership, consent: Consent) -> None:
    """Send while the client is connected."""
    with suppress(Refused):  # from the server of an older labkit
        room, sent = await client.join(member.help_room), set[str]()
        while True:
            for case in consent.due():
                if case.id not in sent:
                    await _send(room, case)
                sent.add(case.id)
                with suppress(NoHome):  # the disk is full, but the class has the case
                    consent.sent(case.id)
            await asyncio.sleep(LOOK_S)


async def _send(room: ClientRoom, case: Agreed) -> None:
    for number, piece in enumerate(pieces(msgspec.to_builtins(case.failed), case.id)):
        await room.publish("comment", requestId=f"{case.id}.{number}", **piece)
