"""02-auth: a client that never authenticates keeps its connection, and one with a wrong token gets in."""

from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.stage import by_probes
from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_be_refusal, must_end

AUTH_TIMEOUT_S = 0.8

SHUT_OUT = Misconception(
    "right-token-shut-out",
    "A client that sends the right token in time does not get in.",
    "Follow the one case in which everything is right. Which line lets the client in?",
    "Every path ends in a close, or the right token is compared with something else.",
    'After the refusals, each followed by `return`: `await talk(connection, "ana")`.',
)
NOT_ALWAYS_FIRST = Misconception(
    "first-message-not-auth",
    "A first message other than auth is treated as auth, answered, or skipped.",
    "Look at what you do when the first message is not auth.",
    "Only auth may come first. Any other first message comes from a client that you do not know yet.",
    '`if message.get("type") != "auth": await connection.close(4403, "auth failed"); return`',
)
ANY_TOKEN = Misconception(
    "any-token-opens",
    "Any token opens the connection: nothing compares it with the right one.",
    "Look for the line that checks whether this token is the right one.",
    "A token is not right because it is there, or because it is long enough.",
    '`if not hmac.compare_digest(token.encode(), TOKEN.encode()):` close with 4403 `"auth failed"`, and return.',
)
SECOND_GUESS = Misconception(
    "second-guess",
    "The connection stays open after a wrong token, so a program can guess again.",
    "Look at what happens after a wrong token. Can the same connection try again?",
    "A loop reads the next message, or no `return` follows the `close`.",
    '`await connection.close(4403, "auth failed")`, and `return` on the next line.',
)
LOOSE = Misconception(
    "token-compared-loosely",
    "A token that is almost right is accepted.",
    "Look at how you compare the token.",
    "It is stripped or lowercased first, or only its beginning or its length is compared.",
    "`hmac.compare_digest(token.encode(), TOKEN.encode())`, with the whole token exactly as it arrived.",
)
NO_TIMEOUT = Misconception(
    "no-auth-timeout",
    "A client that connects and sends nothing keeps its connection forever.",
    "Look at the line that waits for the first message. How long does it wait?",
    "`recv()` alone waits until the client leaves, and an idle client never does.",
    "`await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)`, and close with 4401 on TimeoutError.",
)
WRONG_CODE = Misconception(
    "silence-is-no-wrong-token",
    "The wrong close code: an idle client needs 4401 (try again), a client with a wrong token 4403 (stop).",
    "Look at the code with which you close. What does a client do after it?",
    "4403 means stop, 4401 means come back with a fresh credential, and 1000 means that all went well.",
    'For a client that sent nothing: `except TimeoutError: await connection.close(4401, "auth required")`',
)
OVER_ALL = Misconception(
    "timeout-over-everything",
    "The auth timeout covers the whole connection, so it also ends members who are in.",
    "Look at what is inside the time limit.",
    "The limit is for the first message only. What comes after it has no limit.",
    "End the `async with asyncio.timeout(...)` block before `talk`.",
)
FRAGILE = Misconception(
    "odd-message-raises",
    "An unexpected first message raises an error in the handler, so the client is closed with 1011.",
    "Look at each line that takes the message apart. What if it is not JSON, is a list, or has no token?",
    "`json.loads` raises, only a dict has `.get`, and a token may be a number or contain non-ASCII letters.",
    "Check `isinstance(message, dict)` and `isinstance(token, str)`, and catch ValueError around json.loads.",
)
TELLS = Misconception(
    "reason-gives-back",
    "The close reason repeats what the client sent, so every log that keeps the reason has it too.",
    "Look at the text in your `close` calls.",
    "What the client sent goes into the reason, so the next log line contains a token.",
    'Use a constant: `"auth failed"`.',
)


async def _lets_in(stage: Any) -> Outcome:
    member = await stage.enter(stage.room())
    return held(f"auth_ok arrived with {', '.join(sorted(member.ok)) or 'no fields'}, and joining a room worked")


async def _slowly(stage: Any) -> Outcome:
    """Send the token late but in time, then stay for longer than the timeout."""
    peer = await stage.connect()
    await peer.until_ended(AUTH_TIMEOUT_S / 3)
    peer.send(type="auth", token=stage.target.tokens[0])
    await peer.receive("auth_ok")
    if await peer.until_ended(1.6 * AUTH_TIMEOUT_S):
        return broken(f"let in, then {peer.ended}")
    await peer.received_so_far()
    return held("let in, and still served after the timeout")


async def _silence(stage: Any) -> Outcome:
    peer = await stage.connect()
    ended = await peer.until_ended(4 * AUTH_TIMEOUT_S)
    if ended is None:
        return broken(f"still connected after {4 * AUTH_TIMEOUT_S:g} s; the limit is {AUTH_TIMEOUT_S:g} s")
    return held(str(ended)) if ended.code == 4401 else broken(str(ended), WRONG_CODE)


async def _wrong_token(stage: Any) -> Outcome:
    """Send a wrong token, a wrong one with the right one right after it, and one that is not ASCII."""
    for token, right_behind in (("not-the-token", False), ("not-the-token", True), ("d\u00e9v-token", False)):
        peer = await stage.connect()
        peer.send(type="auth", token=token)
        peer.send(**(peer.control if right_behind else {"type": "ping"}))
        try:
            reply = await peer.receive()
        except ConnectionEnded as ended:
            if ended.code != 4403:
                return broken(f"token {token!r}: {ended}", WRONG_CODE if token.isascii() else FRAGILE)
        else:
            let_in = reply.get("type") == "auth_ok" and not right_behind
            return broken(f"token {token!r}: answered with {reply.get('type')}", ANY_TOKEN if let_in else None)
    return held("closed with 4403, and what followed was ignored")


async def _odd(stage: Any) -> Outcome:
    odd = ["not JSON", "[]", '"auth"', "null", '{"type": "auth"}', '{"type": "auth", "token": 5}', '{"type": ["auth"]}']
    for text in (*odd, '{"type": "auth", "token": ["dev-token"]}', '{"type": "auth", "token": null}'):
        peer = await stage.connect()
        peer.send_text(text)
        seen = await must_end(stage, peer, 4403, 1008)
        if seen.verdict != "held":
            return broken(f"{text}: {seen.actual}")
    return held(f"all {len(odd) + 2} were closed, the last with {seen.actual}")


async def _reason(stage: Any) -> Outcome:
    marker = f"marker{stage.rng.getrandbits(32):08x}"
    closes = []
    for message in ({"type": "auth", "token": marker}, {"type": marker}):
        peer = await stage.connect()
        peer.send(**message)
        closes.append(await peer.until_ended(stage.target.patience_s))
        if peer.ended is not None and marker in peer.ended.reason:
            return broken(f"the reason is {peer.ended.reason!r}")
    for ended in closes:
        must_be_refusal(stage, ended)
    return held("no close reason repeats what was sent")


LETS_IN = "lets-in"
STAYS = "stays"
EXERCISE = Exercise(
    id="02-auth",
    title="Anybody who connects holds a place, and nobody asks who it is",
    lesson="02_auth",
    kind="handler",
    answer="handler",
    settings={"AUTH_TIMEOUT_S": AUTH_TIMEOUT_S},
    promised={"auth_timeout_s": AUTH_TIMEOUT_S},
    checks=(
        Check(LETS_IN, "the right token gets auth_ok", SHUT_OUT, _lets_in),
        Check(STAYS, "a member stays connected after the auth timeout", OVER_ALL, _slowly, needs=(LETS_IN,)),
        Check(
            "auth-first",
            "chat, join or ping before auth: close 4403, and nothing reaches the room",
            NOT_ALWAYS_FIRST,
            by_probes("auth/2", "auth/1", "auth/3"),
            needs=(LETS_IN, STAYS),
        ),
        Check(
            "wrong-token",
            "a wrong token: close 4403, with no second try on that connection",
            SECOND_GUESS,
            _wrong_token,
            needs=(LETS_IN,),
        ),
        Check(
            "nearly-right",
            "a token that is almost right: close 4403",
            LOOSE,
            by_probes("auth/7"),
            needs=(LETS_IN, "wrong-token"),
        ),
        Check("silence", "no message at all: close 4401 after AUTH_TIMEOUT_S", NO_TIMEOUT, _silence),
        Check("odd", "an unexpected first message: close 4403 or 1008", FRAGILE, _odd),
        Check("reason", "no close reason repeats what the client sent", TELLS, _reason),
    ),
    more=(ANY_TOKEN, WRONG_CODE),
)
