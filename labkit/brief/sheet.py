"""The cheat sheet: one A4 page of close codes, limits and the seven questions, as HTML to print."""

from labkit.rules.close_codes import TABLE, CloseRow, Credential, Then, Wait
from labkit.rules.limits import Limits
from labkit.text.html import Markup, fill, join

QUESTIONS = (
    ("May a connection do anything before it has authenticated?", "auth"),
    ("Does a secret reach a URL, a log, a close reason or an error?", "secrets"),
    ("May a client read or write in a room that it did not join?", "rooms"),
    ("When do the clients of a dead server come back, and how many at once?", "storms"),
    ("Who finds a connection that is dead, and how late?", "heartbeat"),
    ("What may one slow reader cost, in bytes and in seconds?", "slow"),
    ("What is recorded, before anybody has received it?", "audit"),
)
LIMITS = (
    ("auth_timeout_s", "s", "until a valid auth"),
    ("ping_interval_s", "s", "between two pings"),
    ("ping_timeout_s", "s", "for the pong"),
    ("close_deadline_s", "s", "from a close frame to the end of the TCP connection"),
    ("outbox_bytes", "bytes", "waiting for one member"),
    ("outbox_age_s", "s", "age of the oldest waiting message"),
    ("max_message_bytes", "bytes", "one message"),
    ("max_frame_bytes", "bytes", "one frame"),
    ("messages_per_s", "per s", "from one connection"),
    ("rooms_per_connection", "", "rooms of one connection"),
    ("history_events", "", "events that a room keeps"),
    ("handshakes_per_s", "per s", "accept rate"),
)
_WAITS = {
    Wait.NOTHING: "",
    Wait.WINDOW: "anywhere in the window",
    Wait.SLOT: "the slot in the reason",
    Wait.SLOT_AT_LEAST_1S: "the slot, at least 1 s",
}
_STYLE = """\
@page { size: A4; margin: 12mm; }
body { font: 8.6pt/1.28 system-ui, sans-serif; color: #111; background: #fff; max-width: 186mm; margin: 0 auto; }
h1 { font-size: 15pt; margin: 0 0 1mm; } h2 { font-size: 10.5pt; margin: 3.5mm 0 1mm; } p { margin: 0 0 1.5mm; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .55mm 2mm .55mm 0; }
th { border-bottom: .4mm solid #111; } td { border-bottom: .1mm solid #999; } td.n { font-weight: 600; white-space: nowrap; }
tr.stop td:nth-child(3) { font-weight: 600; }
code { font: 8pt ui-monospace, monospace; } ol { margin: 0; padding-left: 5mm; } .two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm; }
"""  # noqa: E501
_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Realtime over WebSocket: cheat sheet</title><style>{}</style></head><body>
<h1>Realtime over WebSocket</h1>
<p>Authenticate in the first message, join a room, send. A chat is sent once its own event has come back.</p>
<h2>Seven questions for a review</h2>
<ol>{}</ol>
<h2>Close codes</h2>
<table><tr><th scope="col">code</th><th scope="col">when</th><th scope="col">client</th><th scope="col">waits</th><th scope="col">presents</th></tr>
{}
</table>
<p>An unknown 44xx code: stop. Any other unknown code: as 1006.</p>
<h2>Limits, as this kit starts</h2>
<div class="two">{}</div>
<h2>Reconnect</h2>
<p>Attempt n waits anywhere between 0 and max(window, min(30 s, 2<sup>n-1</sup> s)); the server sends the window, and n is 0
again only after ten seconds in. <code>retry=MS</code> in a close reason is the client's own slot.</p>
</body></html>
"""  # noqa: E501


def sheet() -> str:
    """Return the page. Every code and limit in it is the server's own."""
    style = Markup(_STYLE)  # our own constant
    half = (len(LIMITS) + 1) // 2
    limits = Markup().join((_limits(LIMITS[:half]), _limits(LIMITS[half:])))
    questions = join("<li>{} <code>{}</code></li>", QUESTIONS, "\n")
    return str(fill(_PAGE, style, questions, Markup("\n").join(_row(each) for each in TABLE.values()), limits))


def _row(each: CloseRow) -> Markup:
    css = "stop" if each.then is Then.STOP else "again"
    shows = "" if each.credential is Credential.NONE else each.credential.value
    line = '<tr class="{}"><td class="n">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>'
    return fill(line, css, each.code, each.when, each.then.value, _WAITS[each.wait], shows)


def _limits(some: tuple[tuple[str, str, str], ...]) -> Markup:
    usual = Limits()
    rows = [(name, f"{getattr(usual, name):,} {unit}".strip(), meaning) for name, unit, meaning in some]
    line = '<tr><td><code>{}</code></td><td class="n">{}</td><td>{}</td></tr>'
    return fill("<table>{}</table>", join(line, rows, "\n"))
