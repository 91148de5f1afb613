"""codes/2: what a client does about codes that say stop."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe

FINAL = {1000: "done", 1008: "invalid message", 4409: "replaced", 4410: "session revoked"}


async def _run(scene: ClientScene) -> Seen:
    subjects = {code: await scene.client() for code in FINAL}
    visits = await asyncio.gather(*(subject.enter() for subject in subjects.values()))
    for visit, (code, reason) in zip(visits, FINAL.items(), strict=True):
        visit.close(code, reason)
    await scene.control_returned()
    back = [str(code) for code, subject in subjects.items() if subject.has_called_again]
    if back:
        return broken(f"it came back after {', '.join(back)}")
    return held(f"it stayed away after {', '.join(map(str, FINAL))}, while a client closed with 1001 came back")


PROBE = Probe(
    id="codes/2",
    title="A code that says stop is final",
    severity="P1",
    profile="client",
    requirement="1000, 1008, 4409 and 4410 are final; after 4409, two tabs would throw each other out for ever.",
    expected="no further connection after 1000, 1008, 4409 and 4410",
    fix="Keep a table of close codes, and reconnect only after those that say so.",
    missing_test="Close with each final code and expect no further connection.",
    run=_run,
)
