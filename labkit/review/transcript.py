"""What was said and heard while one probe ran, for the report: as lines to read, and as a script to run.

Tokens never enter it: each becomes a name, such as $TOKEN or $RESUME, and the script takes them from the environment.
A step that repeats the one before is counted instead of written again.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_STEPS = 60
MOST_SHOWN = 160

_PRELUDE = """\
import base64, json, os, socket, struct
def fill(text):
    for name in ("OPS_TOKEN", "TOKEN", "TICKET"): text = text.replace("$" + name, os.environ.get(name, ""))
    return text
class Peer:
    def __init__(self, head):
        self.sock = socket.create_connection(({host!r}, {port}), 10)
        self.got, self.resume = b"", ""
        self.sock.sendall(fill(head).encode())
        while b"\\r\\n\\r\\n" not in self.got and self.more(): pass
        head, _, self.got = self.got.partition(b"\\r\\n\\r\\n")
        print("<", head.split(b"\\r\\n")[0].decode())
    def more(self):
        try: data = self.sock.recv(65536)
        except OSError: return False
        self.got += data
        return bool(data)
    def raw(self, data):
        try: self.sock.sendall(data)
        except OSError as error: print("> not sent:", error)
    def frame(self, first, payload, mask=128):
        n, key = len(payload), b"\\0\\0\\0\\0" if mask else b""
        size = bytes([mask | n]) if n < 126 else bytes([mask | 126]) + struct.pack("!H", n)
        self.raw(bytes([first]) + (size if n < 65536 else bytes([mask | 127]) + struct.pack("!Q", n)) + key + payload)
    def say(self, text):
        self.frame(129, fill(text.replace("$RESUME", self.resume)).encode("utf-8", "surrogatepass"))
    def hear(self):
        while True:
            size, at = (self.got[1] & 127, 2) if len(self.got) > 1 else (0, 2)
            if size > 125: at = 4 if size == 126 else 10; size = int.from_bytes(self.got[2:at], "big")
            if len(self.got) >= at + size: break
            if not self.more(): return print("< the connection ended, or 10 s of silence")
        first, payload, self.got = self.got[0], self.got[at:at + size], self.got[at + size:]
        if first & 15 == 8: return print("< close", int.from_bytes(payload[:2], "big"), payload[2:])
        print("<", payload[:300])
        if first & 15 == 9: self.frame(138, payload)
        elif b'"resume"' in payload: Peer.resume = self.resume = json.loads(payload)["resume"]"""


@dataclass(slots=True)
class _Step:
    shown: str
    code: str
    times: int = 1


@dataclass(slots=True)
class Transcript:
    """The steps of one probe. `secrets` maps each credential to the name that stands for it."""

    url: str
    secrets: dict[str, str] = field(default_factory=dict)
    _steps: list[_Step] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether further steps are dropped."""
        return len(self._steps) >= MOST_STEPS

    def hide(self, text: str) -> str:
        """The text without credentials."""
        for secret, name in sorted(self.secrets.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(secret, name)
        return text

    def note(self, who: str, shown: str, code: str) -> None:
        """Add a step: what to show, and the line of the script that does it again."""
        shown, code = f"{who} {self.hide(shown)}", self.hide(code)
        if len(shown) > MOST_SHOWN:
            shown = f"{shown[:MOST_SHOWN]}... ({len(shown)} characters)"
        last = self._steps[-1] if self._steps else None
        if last is not None and last.code == code and not code.endswith(".hear()"):
            last.times += 1
        elif len(self._steps) < MOST_STEPS:
            self._steps.append(_Step(shown, code))

    def lines(self) -> tuple[str, ...]:
        """What was said and heard, a line a step."""
        return tuple(step.shown if step.times == 1 else f"{step.shown} ({step.times} times)" for step in self._steps)

    def script(self) -> tuple[str, ...]:
        """Lines to paste into a shell: the same steps, with nothing but Python's standard library."""
        if not self._steps:
            return ()
        where = urlsplit(self.url)
        prelude = _PRELUDE.replace("{host!r}", repr(where.hostname)).replace("{port}", str(where.port or 80))
        steps = [step.code if step.times == 1 else f"for _ in range({step.times}): {step.code}" for step in self._steps]
        secrets = "export TOKEN='the token of --token' TICKET='a fresh one of --token-command'"
        return secrets, "python3 - <<'END'", *prelude.split("\n"), *steps, "END"
