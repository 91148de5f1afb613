"""A finding as a short program, in the language of the server: Node with `ws`, or Python with `websockets`.

It has at most MOST_LINES lines. A finding that needs more has none: the script without dependencies repeats it.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from urllib.parse import urlsplit, urlunsplit

from labkit.review.transcript import Did, Transcript

MOST_LINES, WIDTH = 15, 150
OWN_HEADERS = ("host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol")
ENVIRONMENT = ("$TOKEN", "$TICKET", "$OPS_TOKEN")  # the credentials that a program can read there
_RUN = re.compile(r"(.{1,12}?)\1{39,}", re.DOTALL)
_SECRET = re.compile(r"\$(TOKEN|TICKET|OPS_TOKEN)")
NODE = (
    'import { WebSocket } from "ws"; // npm install ws; node reproduce.mjs',
    "const pause = (ms) => new Promise((done) => setTimeout(done, ms));",
    "const open = (name, path, headers) => new Promise((done) => {",
    "  const ws = new WebSocket(URL + path, { headers, perMessageDeflate: false });",
    '  ws.on("open", () => done(ws)).on("message", (text) => console.log(name, "<", `${text}`));',
    '  ws.on("close", (code, why) => console.log(name, "< close", code, `${why}`));',
    '  ws.on("error", (error) => done(console.log(name, error.message) ?? ws)); });',
)
PYTHON = (
    "import os  # pip install websockets",
    "from websockets.sync.client import connect",
    "def receive(name, ws):",
    "    try: print(name, '<', ws.recv(timeout=5))",
    "    except Exception as end: print(name, '<', repr(end))",
)
TOGETHER = (  # after a first message that ends the connection, `send` would refuse the next ones
    "def send_together(ws, *texts):",
    "    with ws.protocol_mutex: [ws.protocol.send_text(text.encode()) for text in texts], ws.send_data()",
)
DIALS = {"node": "node", "deno": "node", "bun": "node", "npm": "node", "npx": "node"}


def language_of(command: str | None) -> str:
    """Return "node" or "python": the language of the server that this command starts, or else ours."""
    words = (command or "").replace("\\", "/").split()
    names = [word.rpartition("/")[2].removesuffix(".exe") for word in words]
    return next((DIALS[name] for name in names if name in DIALS), "python")


def short_script(transcript: Transcript, language: str) -> tuple[str, ...]:
    """Return the lines of the program, or none if the steps do not fit into one."""
    steps = _relevant(transcript)
    if any(step is None or (step.kind == "raw" and not isinstance(step.value, bytes)) for step in steps):
        return ()
    text = "".join(str(step.value) for step in steps if step is not None and step.kind != "receive")
    if not steps or any(name not in ENVIRONMENT and secret in text for secret, name in transcript.secrets.items()):
        return ()
    where = urlsplit(transcript.url)
    url = urlunsplit((where.scheme, where.netloc, "", "", ""))
    write = _node if language == "node" else _python
    statements = list(write([step for step in steps if step is not None], transcript, url))
    head = [*NODE[:3], NODE[3].replace("URL", json.dumps(url)), *NODE[4:]] if language == "node" else list(PYTHON)
    head += TOGETHER if any(line.startswith("send_together") for line in statements) else ()
    lines = [*head, *_packed(statements, MOST_LINES - len(head))]
    return tuple(lines) if len(lines) <= MOST_LINES else ()


def _relevant(transcript: Transcript) -> list[Did | None]:
    """Return what was done up to the marked step, and after it; without the connections that had ended by then."""
    steps, marked = transcript.steps, transcript.marked
    dids = [step.did for step in steps for _ in range(1 if step.times > 20 else step.times)]
    if transcript.is_full or any(step.times > 20 for step in steps):
        return [None]
    if marked is None:
        return dids
    at = sum(step.times for step in steps[:marked])
    guilty = marked_one.peer if (marked_one := dids[at]) is not None else ""
    dids = [
        did
        for place, did in enumerate(dids)
        if place <= at or did is None or did.peer != guilty or did.kind in ("receive", "end")
    ]
    last = {did.peer: (place, did) for place, did in enumerate(dids) if did is not None}
    over = {peer for peer, (place, did) in last.items() if place < at and peer != guilty and _is_over(did, dids, peer)}
    return [did for did in dids if did is None or did.peer not in over]


def _is_over(last: Did, dids: list[Did | None], peer: str) -> bool:
    """Return whether this connection ended, or only showed that another message was refused."""
    return last.kind == "end" or not any(did is not None and did.peer == peer and did.kind == "receive" for did in dids)


def _packed(statements: list[str], most: int) -> list[str]:
    """Put the statements on at most `most` lines, several on one if necessary."""
    if len(statements) <= most:
        return statements
    lines: list[str] = []
    for statement in statements:
        if lines and len(lines[-1]) + len(statement) + 2 <= WIDTH:
            lines[-1] = f"{lines[-1].removesuffix(';')}; {statement}"
        else:
            lines.append(statement)
    return lines


def _node(steps: list[Did], transcript: Transcript, url: str) -> Iterator[str]:
    if transcript.canary_request:
        yield 'await open("a healthy client", "/");'
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        name = step.peer
        match step.kind:
            case "open":
                path, headers = _request(step.value)
                more = f", {_js(json.dumps(headers), transcript, is_raw=True)}" if headers else ""
                yield f'const {name} = await open("{step.peer}", {_js(path, transcript)}{more});'
            case "text":
                yield f"{name}.send({_js(step.value, transcript)});"
            case "frame" | "raw":
                yield f"{name}._socket.write({_js_bytes(_bytes(step))});"
            case "flood":
                yield from _flood_in_node(transcript, name, *step.value)
            case "unread":
                data, times = step.value
                yield f"{name}._socket.pause(); const data = {_js_bytes(data)};"
                yield f"for (let n = 0; n < {times}; n++) if (!{name}._socket.write(data)) await pause(1);"
                yield f'await pause(3000); console.log("{name}:", {name}.readyState); process.exit();'
        if step.kind in ("text", "frame", "raw") and (following is None or following.kind not in ("text", "frame")):
            yield "await pause(300);"


def _python(steps: list[Did], transcript: Transcript, url: str) -> Iterator[str]:
    if transcript.canary_request:
        yield f"canary = connect({url!r}, compression=None).__enter__()"
    for (kind, name), group in groupby(steps, lambda step: (step.kind, step.peer)):
        alike = list(group)
        if kind == "text" and len(alike) > 1:
            yield f"send_together({name}, {', '.join(_py(step.value, transcript) for step in alike)})"
        else:
            yield from (line for step in alike for line in _python_step(step, transcript, url))
    if transcript.canary_request:
        yield "receive('the healthy client', canary)"


def _python_step(step: Did, transcript: Transcript, url: str) -> Iterator[str]:
    name = step.peer
    match step.kind:
        case "open":
            path, headers = _request(step.value)
            more = f", additional_headers={_py(json.dumps(headers), transcript, is_raw=True)}" if headers else ""
            yield f"{name} = connect({_py(url + path, transcript)}, compression=None{more}).__enter__()"
        case "text":
            yield f"{name}.send({_py(step.value, transcript)})"
        case "frame" | "raw":
            yield f"{name}.socket.sendall({_py_bytes(_bytes(step))})"
        case "receive" | "end":
            yield f"receive({step.peer!r}, {name})"
        case "flood":
            yield from _flood_in_python(transcript, name, *step.value)
        case "unread":
            data, times = step.value
            yield f"for _ in range({times}): {name}.socket.sendall({_py_bytes(data)})"


def _flood_in_node(
    transcript: Transcript, stalled: str, sender: str, chat: str, count: int, wait_s: float
) -> Iterator[str]:
    batch = f"for (let m = 0; m < 20; m++) {sender}.send(chat)"
    yield f"{stalled}._socket.pause(); const chat = {_js(chat, transcript)};"
    yield f"for (let n = 0; n < {count}; n += 20) {{ {batch}; await pause(5); }}"
    yield f'await pause({wait_s * 1000:.0f}); console.log("{stalled}:", {stalled}.readyState); process.exit();'


def _flood_in_python(
    transcript: Transcript, stalled: str, sender: str, chat: str, count: int, wait_s: float
) -> Iterator[str]:
    yield f"chat = {_py(chat, transcript)}  # {stalled} reads nothing"
    yield f"for _ in range({count}): {sender}.send(chat), {sender}.recv()"
    yield f"import time; time.sleep({wait_s:g}); print({stalled!r}, {stalled}.state)"


def _request(head: str) -> tuple[str, dict[str, str]]:
    """Return the path and the unusual headers of a handshake."""
    first, *lines = head.strip().splitlines()
    headers = dict(line.partition(": ")[::2] for line in lines)
    return first.split(" ")[1], {name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS}


def _bytes(step: Did) -> bytes:
    """Return the bytes of a frame, with a mask of zeros, which shows the payload."""
    if step.kind == "raw":
        return bytes(step.value)
    first, mask = step.value[0], step.value[2]
    payload: bytes = step.value[1]
    size = len(payload)
    head = [size] if size < 126 else [126, *size.to_bytes(2, "big")]
    head = head if size < 65536 else [127, *size.to_bytes(8, "big")]
    return bytes([first, head[0] | mask, *head[1:]]) + bytes(4 if mask else 0) + payload


def _js(text: str, transcript: Transcript, *, is_raw: bool = False) -> str:
    return _expression(text, transcript, _js_quoted, "{0}.repeat({1})", "process.env.{0}", is_raw)


def _js_quoted(text: str) -> str:
    is_plain = text.isascii() and text.isprintable() and not set(text) & {"'", chr(92)}
    return f"'{text}'" if is_plain else json.dumps(text)


def _py(text: str, transcript: Transcript, *, is_raw: bool = False) -> str:
    return _expression(text, transcript, ascii, "{0} * {1}", "os.environ[{0!r}]", is_raw)


def _expression(
    text: str, transcript: Transcript, quoted: Callable[[str], str], repeat: str, secret: str, is_raw: bool
) -> str:
    """Write a text as an expression: credentials come from the environment, and long repetitions are products."""
    hidden, parts, at = transcript.hide(text), [], 0
    if is_raw:
        return hidden
    while at < len(hidden):
        run, name = _RUN.search(hidden, at), _SECRET.search(hidden, at)
        found = min((one for one in (run, name) if one is not None), key=lambda one: one.start(), default=None)
        stop = len(hidden) if found is None else found.start()
        if stop > at:
            parts.append(quoted(hidden[at:stop]))
        if found is None:
            break
        is_secret = found is name
        times = (found.end() - found.start()) // len(found[1])
        parts.append(secret.format(found[1]) if is_secret else repeat.format(quoted(found[1]), times))
        at = found.end()
    return " + ".join(parts) or quoted("")


def _js_bytes(data: bytes) -> str:
    head, tail = _head_and_run(data)
    start = f'Buffer.from("{head.hex()}", "hex")'
    return f"Buffer.concat([{start}, Buffer.alloc({len(tail)}, {tail[0]})])" if tail else start


def _py_bytes(data: bytes) -> str:
    head, tail = _head_and_run(data)
    start = f'bytes.fromhex("{head.hex()}")'
    return f"{start} + {bytes(tail[:1])!r} * {len(tail)}" if tail else start


def _head_and_run(data: bytes) -> tuple[bytes, bytes]:
    """Split off a long run of one byte at the end."""
    size = len(data) - len(data.rstrip(data[-1:]))
    return (data[:-size], data[-size:]) if size > 40 else (data, b"")
