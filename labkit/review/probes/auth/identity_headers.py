"""Headers with which a gateway names a user. A client can send them too."""

from collections.abc import Mapping

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

# What common gateways and login proxies add to a request that they have authenticated.
HEADERS = (
    "X-User",
    "X-User-Id",
    "X-Forwarded-User",
    "X-Remote-User",
    "Remote-User",
    "X-Auth-Request-User",
    "X-Authenticated-User",
    "X-Authenticated-Userid",
    "X-WEBAUTH-USER",
)
HANDSHAKE = "handshake"  # the token with which a client of this kit asks for the user of its handshake


async def _names_itself(scene: Scene) -> Outcome:
    name, room = f"stranger-{scene.unique()}", scene.room()
    headers = dict.fromkeys(HEADERS, name)
    await scene.enter(room)  # so that a refusal below is because of the headers
    if not scene.target.dialect.lacks_message("auth"):
        try:
            with_name = await _entry(scene, headers)
        except CannotTell as refused:
            return held(str(refused))
        if with_name.verdict == "broken" and (await _entry(scene, {})).verdict != "broken":
            return with_name  # it opens with the headers only: any token would be another fault
    try:
        member = await scene.enter(room, headers=headers)
        member.chat(room, "who am I?")
        chat = await member.receive_chat(room)
    except (CannotTell, ConnectionEnded) as refused:
        return held(f"refused, even with the right token: {refused}")
    named = [one for one in (member.ok, chat) if name in one.values()]
    return broken(f"the user took its name from the header: {named[0]}") if named else held("the name had no effect")


async def _entry(scene: Scene, headers: Mapping[str, str]) -> Outcome:
    stranger = await scene.connect(headers=headers)
    stranger.send(type="auth", token=HANDSHAKE)
    return await must_end(scene, stranger, 4403)


IDENTITY_HEADERS = Probe(
    id="auth/21",
    title="A client cannot name its user in a header",
    severity="P0",
    profile="core",
    promise=DANGER,
    requirement="Headers with which a gateway names the user count only from the gateway's own addresses.",
    expected="the header neither admits a client without a credential nor changes the user of a valid one",
    fix="Believe such a header only if the connection comes from the gateway, and refuse it from anywhere else.",
    missing_test="Connect directly with X-Forwarded-User: ada, and expect that nobody becomes ada.",
    run=_names_itself,
)
