"""02-auth: who says nothing holds a place for ever, and who says the wrong thing is let in."""

from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen, failed, passed
from labkit.course.stage import asked
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_end

AUTH_TIMEOUT_S = 0.8

SHUT_OUT = Misconception(
    "right-token-shut-out",
    "Who brings the right token, in time, is not let in.",
    (
        "Follow the one case in which everything is right: which line lets it in?",
        "Every path ends with a close, or the right token is compared with something else.",
        'After the refusals, each with a `return`: `await talk(connection, "ana")`.',
    ),
)
NOT_ALWAYS_FIRST = Misconception(
    "first-message-not-auth",
    "What comes before auth is taken for auth, answered, or passed over.",
    (
        "Look at what you do with a first message that is no auth at all.",
        "Only one type may come first; everything else is a stranger who tries the door.",
        '`if message.get("type") != "auth": await connection.close(4403, "auth failed"); return`',
    ),
)
ANY_TOKEN = Misconception(
    "any-token-opens",
    "The token is there, so it is believed: nobody compares it with anything.",
    (
        "Look for the line that says whether this token is the right one.",
        "That there is a token, or that it is long enough, does not make it right.",
        '`if not hmac.compare_digest(token.encode(), TOKEN.encode()):` close with 4403 `"auth failed"`, and return.',
    ),
)
SECOND_GUESS = Misconception(
    "second-guess",
    "After a wrong token the connection stays, so a program may guess again.",
    (
        "Look at what happens after a wrong token: may the same connection try once more?",
        "A loop reads the next message, or `close` is not followed by `return`.",
        '`await connection.close(4403, "auth failed")`, and `return` right behind it.',
    ),
)
LOOSE = Misconception(
    "token-compared-loosely",
    "A token that is nearly right is let in.",
    (
        "Look at how the token is compared.",
        "It is trimmed, lowered, or only its beginning or its length is looked at.",
        "`hmac.compare_digest(token.encode(), TOKEN.encode())`, of the whole token as it came.",
    ),
)
NO_TIMEOUT = Misconception(
    "no-auth-timeout",
    "Who connects and says nothing is kept for ever.",
    (
        "Look at the line that waits for the first message: for how long?",
        "`recv()` alone waits until the peer goes, and a silent peer never does.",
        "`await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)`, and close 4401 on TimeoutError.",
    ),
)
WRONG_CODE = Misconception(
    "silence-is-no-wrong-token",
    "Silence gets another close code than 4401, so a slow client stops for good, or a wrong one comes back.",
    (
        "Look at the code with which silence is closed. What does a client do after it?",
        "4403 means stop, 4401 means come back with a fresh credential; 1000 says that all went well.",
        '`except TimeoutError: await connection.close(4401, "auth required")`',
    ),
)
OVER_ALL = Misconception(
    "timeout-over-everything",
    "The deadline is laid over the whole connection, so it ends those who are in.",
    (
        "Look at what stands inside the time limit.",
        "The limit is for the first message; the talk afterwards has none.",
        "End the `async with asyncio.timeout(...)` before `talk`.",
    ),
)
FRAGILE = Misconception(
    "odd-message-raises",
    "A first message of an unexpected kind raises an error in the handler, so the peer sees 1011.",
    (
        "Look at each line that takes the message apart: what if it is no JSON, a list, or has no token?",
        "`json.loads` raises, `.get` is only there on a dict, and a token may be a number, or hold any letters.",
        "Ask `isinstance(message, dict)` and `isinstance(token, str)`, and catch ValueError around json.loads.",
    ),
)
TELLS = Misconception(
    "reason-gives-back",
    "The close reason repeats what the peer sent, and so does every log that keeps it.",
    (
        "Look at the text in your `close` calls.",
        "What was sent goes into the reason: the next log line holds a token.",
        'A constant: `"auth failed"`.',
    ),
)


async def _lets_in(stage: Any) -> Seen:
    member = await stage.enter(stage.room())
    return passed(f"{', '.join(sorted(member.ok)) or 'nothing'} came with auth_ok, and the room was entered")


async def _slowly(stage: Any) -> Seen:
    """Bring the token late, but in time; then stay for longer than the deadline."""
    peer = await stage.connect()
    await peer.until_ended(AUTH_TIMEOUT_S / 3)
    peer.send(type="auth", token=stage.target.tokens[0])
    await peer.receive("auth_ok")
    if await peer.until_ended(1.6 * AUTH_TIMEOUT_S):
        return failed(f"let in, and then {peer.ended}")
    await peer.received_so_far()
    return passed("let in, and still served after the deadline")


async def _silence(stage: Any) -> Seen:
    peer = await stage.connect()
    ended = await peer.until_ended(4 * AUTH_TIMEOUT_S)
    if ended is None:
        return failed(f"still connected after {4 * AUTH_TIMEOUT_S:g} s, where {AUTH_TIMEOUT_S:g} are allowed")
    return passed(str(ended)) if ended.code == 4401 else failed(str(ended), WRONG_CODE)


async def _wrong_token(stage: Any) -> Seen:
    """A wrong token; one at once followed by the right one; and one that is no ASCII."""
    for token, right_behind in (("not-the-token", False), ("not-the-token", True), ("d\u00e9v-token", False)):
        peer = await stage.connect()
        peer.send(type="auth", token=token)
        peer.send(**(peer.control if right_behind else {"type": "ping"}))
        try:
            said = await peer.receive()
        except ConnectionEnded as ended:
            if ended.code != 4403:
                return failed(f"token {token!r}: {ended}", WRONG_CODE if token.isascii() else FRAGILE)
        else:
            let_in = said.get("type") == "auth_ok" and not right_behind
            return failed(f"it was answered with {said.get('type')}", ANY_TOKEN if let_in else None)
    return passed("closed with 4403, and what came behind it was not looked at")


async def _odd(stage: Any) -> Seen:
    odd = ["no JSON", "[]", '"auth"', "null", '{"type": "auth"}', '{"type": "auth", "token": 5}', '{"type": ["auth"]}']
    for text in (*odd, '{"type": "auth", "token": ["dev-token"]}', '{"type": "auth", "token": null}'):
        peer = await stage.connect()
        peer.send_text(text)
        seen = await must_end(stage, peer, 4403, 1008)
        if seen.verdict != "held":
            return failed(f"{text}: {seen.actual}")
    return passed(f"each of {len(odd) + 2} was closed: the last {seen.actual}")


async def _reason(stage: Any) -> Seen:
    marker = f"marker{stage.rng.getrandbits(32):08x}"
    for message in ({"type": "auth", "token": marker}, {"type": marker}):
        peer = await stage.connect()
        peer.send(**message)
        ended = await peer.until_ended(stage.target.patience_s)
        if ended is not None and marker in ended.reason:
            return failed(f"the reason is {ended.reason!r}")
    return passed("no reason holds what was sent")


LETS_IN = "lets-in"
STAYS = "stays"
EXERCISE = Exercise(
    id="02-auth",
    title="Anybody who connects holds a place, and nobody asks who it is",
    asks="Let in who brings the token in the first message; everybody else is gone in time, with the right close code.",
    lesson="02_auth",
    kind="handler",
    answer="handler",
    settings={"AUTH_TIMEOUT_S": AUTH_TIMEOUT_S},
    promised={"auth_timeout_s": AUTH_TIMEOUT_S},
    checks=(
        Check(id=LETS_IN, expected="the right token is answered with auth_ok", usual=SHUT_OUT, run=_lets_in),
        Check(
            id=STAYS,
            expected="who is in stays in, also when the deadline has passed",
            usual=OVER_ALL,
            run=_slowly,
            needs=(LETS_IN,),
        ),
        Check(
            id="auth-first",
            expected="a chat, a join or a ping before auth: close 4403, and the room hears nothing",
            usual=NOT_ALWAYS_FIRST,
            run=asked("auth/2", "auth/1", "auth/3"),
            needs=(LETS_IN, STAYS),
        ),
        Check(
            id="wrong-token",
            expected="a wrong token: close 4403, with no second guess on that connection",
            usual=SECOND_GUESS,
            run=_wrong_token,
            needs=(LETS_IN,),
        ),
        Check(
            id="nearly-right",
            expected="a token that is nearly right: close 4403",
            usual=LOOSE,
            run=asked("auth/7"),
            needs=(LETS_IN, "wrong-token"),
        ),
        Check(
            id="silence",
            expected="nothing is said: close 4401 when AUTH_TIMEOUT_S is over",
            usual=NO_TIMEOUT,
            run=_silence,
        ),
        Check(id="odd", expected="a first message of any odd kind: close 4403 or 1008", usual=FRAGILE, run=_odd),
        Check(id="reason", expected="no close reason holds what the peer sent", usual=TELLS, run=_reason),
    ),
    more=(ANY_TOKEN, WRONG_CODE),
)
