"""validation/4: invalid room names."""

from labkit.evidence import NotSeen, Outcome, held
from labkit.review.judge import each_must_end, is_joined
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

NAMES = ("", "a" * 65, "a b", "\u00fc", "a\n", "\na", "../a", "a/b", "a.b", "\u0661", ["a"], 1, None, {"a": 1}, True)
LENGTHS = (64, 65, 80, 128, 256, 1024, 4096)


async def _run(scene: Scene) -> Outcome:
    if not scene.is_strict:
        return await _measured(scene)
    texts = [scene.encode(type="join", roomId=name) for name in NAMES]
    return await each_must_end(scene, (1008,), [*texts, scene.encode(type="join")])


async def _measured(scene: Scene) -> Outcome:
    """Find out which names this server accepts: its own limits are no fault. A crash is, and the canary shows it."""
    odd = [name for name in NAMES if not isinstance(name, str) or len(name) < 10]
    accepted = [repr(name) for name in odd if await is_joined(scene, name)]
    own = scene.room()
    if not await is_joined(scene, own):
        raise NotSeen(f"whether the server accepts a name was not seen: not even {own} could be joined")
    longest = [size for size in LENGTHS if await is_joined(scene, own.ljust(size, "a")[:size])]
    most = f"names of up to {longest[-1]} characters" if longest else "none of these lengths"
    return held(f"it accepts {most}, and of the odd names {', '.join(accepted) or 'none'}")


PROBE = Probe(
    id="validation/4",
    title="A roomId is a string that matches the pattern completely",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="messages are used before they are validated",
    requirement="The whole roomId matches [a-zA-Z0-9:_-]{1,64}; a final newline is invalid.",
    expected="close 1008 for each message",
    fix="Check the type first, then match the whole text; in Python use fullmatch, as $ allows a final newline.",
    missing_test="Join with a final newline, 65 characters, a list and an umlaut; expect 1008.",
    run=_run,
)
