"""Odd messages, and what a server makes of each: the verdict of the article's own server beside ours.

How it was made: the messages are of our own making. Each was sent, as bytes, through `decodeMessage` of the article's
server.mjs under node 20, with a fixed text for randomUUID; what it said is the verdict here. Ours is the same, but
where the sentence of docs/protocol.md that a row names says otherwise. A verdict is the normalised value, or the
reason of the refusal. Long texts are spelled `"x" * 1000`.
"""

import json
from typing import Any, NamedTuple

GENERATED = "<a generated id>"  # for a requestId that the sender did not give

FIXED_REASONS = "A reason is one of a fixed list, at most 123 bytes, and never contains user text."
PREVIOUS = "the `connectionId` of this client's last connection"
SINCE = "Join each room with `since`: the stored `epoch` and `seq`."
WRONG_TYPES = "A field that is present must be valid, even an optional one"
DEPTH = "Nesting that is deeper than the server's parser accepts is refused"
NEW_TYPES = "`refresh` | `token`"

INVALID = "invalid JSON"
NO_OBJECT = "message must be an object"
NO_TYPE = "type is required"
NO_TOKEN = "auth.token is invalid"
NO_ROOM = "roomId is invalid"
NO_TEXT = "text must be 1-1000 chars"
TOO_LARGE = "message too large"
PING = {"type": "ping"}
JOIN = {"type": "join", "roomId": "a"}
AUTH = {"type": "auth", "token": "dev-token"}

Verdict = dict[str, Any] | str


class Row(NamedTuple):
    """A frame, the article's verdict and ours, and the sentence of docs/protocol.md that sets them apart."""

    title: str
    frame: str
    article: Verdict
    ours: Verdict
    design: str


def same(title: str, frame: str, verdict: Verdict) -> Row:
    """Both servers agree."""
    return Row(title, frame, verdict, verdict, "")


def differs(title: str, frame: str, article: Verdict, ours: Verdict, design: str) -> Row:
    """Ours differs, because docs/protocol.md says so."""
    return Row(title, frame, article, ours, design)


def chat(title: str, fields: str, refusal: str = "", **value: Any) -> Row:
    """Both agree about a chat with these fields: on the refusal, or on the value besides what every chat has."""
    return same(title, _frame("chat", "a", fields), refusal or _value("chat", "a", value))


def published(title: str, kind: str, fields: str, refusal: str = "", **value: Any) -> Row:
    """Only ours knows this kind of publication."""
    room = "class" if kind == "exercise" else "a"
    return new(title, _frame(kind, room, fields), refusal or _value(kind, room, value))


def new(title: str, frame: str, ours: Verdict) -> Row:
    """Only ours knows this type."""
    kind = frame.split('"')[3]
    return differs(title, frame, f"unsupported type: {kind}", ours, NEW_TYPES)


def odd_type(title: str, kind: str) -> Row:
    """Neither knows this type, a JSON string; the article repeats it in its reason."""
    return differs(
        title, f'{{"type":{kind}}}', f"unsupported type: {json.loads(kind)}", "unsupported type", FIXED_REASONS
    )


def deep(title: str, frame: str, article: Verdict) -> Row:
    """Ours refuses what is nested as deeply as this."""
    return differs(title, frame, article, INVALID, DEPTH)


def since(title: str, given: str, value: dict[str, Any] | None = None) -> Row:
    """Only ours reads `since` in a join; None where it is refused."""
    frame = _frame("join", "a", f'"since":{given}')
    ours: Verdict = {**JOIN, "since": value} if value else "since is invalid"
    return differs(title, frame, JOIN, ours, SINCE if value else WRONG_TYPES)


def _frame(kind: str, room: str, fields: str) -> str:
    return f'{{"type":"{kind}","roomId":"{room}",{fields}}}'


def _value(kind: str, room: str, value: dict[str, Any]) -> Verdict:
    return {"type": kind, "roomId": room, "requestId": GENERATED} | value


ROWS = [
    # JSON itself
    same("empty", "", INVALID),
    same("one space", " ", INVALID),
    same("only white space", " \t\r\n", INVALID),
    same("a byte order mark, then a message", '\ufeff{"type":"ping"}', INVALID),
    same("a byte order mark alone", "\ufeff", INVALID),
    same("a byte order mark behind", '{"type":"ping"}\ufeff', INVALID),
    same("a byte order mark between tokens", '{"type":\ufeff"ping"}', INVALID),
    same("a message in white space", ' \t\r\n{ "type" : "ping" } \n', PING),
    same("a form feed before", '\x0c{"type":"ping"}', INVALID),
    same("a vertical tab between", '{"type":\x0b"ping"}', INVALID),
    same("a no-break space before", '\xa0{"type":"ping"}', INVALID),
    same("a line separator before", '\u2028{"type":"ping"}', INVALID),
    same("a NUL behind", '{"type":"ping"}\x00', INVALID),
    same("two messages", '{"type":"ping"}{"type":"ping"}', INVALID),
    same("two messages on two lines", '{"type":"ping"}\n{"type":"ping"}', INVALID),
    same("a comma behind", '{"type":"ping"},', INVALID),
    same("a trailing comma", '{"type":"ping",}', INVALID),
    same("a leading comma", '{,"type":"ping"}', INVALID),
    same("two commas", '{"type":"ping",,"x":1}', INVALID),
    same("no comma", '{"type":"ping" "x":1}', INVALID),
    same("a line comment", '{"type":"ping"} // hello', INVALID),
    same("a block comment", '{/* hello */"type":"ping"}', INVALID),
    same("a hash comment", '{"type":"ping"} # hello', INVALID),
    same("single quotes", "{'type':'ping'}", INVALID),
    same("bare keys", '{type:"ping"}', INVALID),
    same("a bare word", "ping", INVALID),
    same("a template string", '{"type":`ping`}', INVALID),
    same("a semicolon behind", '{"type":"ping"};', INVALID),
    same("never closed", '{"type":"ping"', INVALID),
    same("never opened", '"type":"ping"}', INVALID),
    same("a string cut off", '{"type":"pin', INVALID),
    same("an escape cut off", '{"type":"ping\\', INVALID),
    same("a unicode escape cut off", '{"type":"ping","x":"\\u00"}', INVALID),
    same("a unicode escape with a wrong digit", '{"type":"ping","x":"\\u00g1"}', INVALID),
    same("a hexadecimal escape", '{"type":"ping","x":"\\x41"}', INVALID),
    same("an escaped line end", '{"type":"ping","x":"\\\n"}', INVALID),
    same("an escape of a letter without meaning", '{"type":"ping","x":"\\a"}', INVALID),
    same("an octal escape", '{"type":"ping","x":"\\0"}', INVALID),
    same("every legal short escape", '{"type":"ping","x":"\\"\\\\\\/\\b\\f\\n\\r\\t"}', PING),
    same("a colon missing", '{"type" "ping"}', INVALID),
    same("a colon twice", '{"type"::"ping"}', INVALID),
    same("a value missing", '{"type":}', INVALID),
    same("an equals sign", '{"type"="ping"}', INVALID),
    same("brackets crossed", '{"type":"ping","x":[1}]', INVALID),
    same("NaN ignored", '{"type":"ping","x":NaN}', INVALID),
    same("Infinity ignored", '{"type":"ping","x":Infinity}', INVALID),
    same("-Infinity ignored", '{"type":"ping","x":-Infinity}', INVALID),
    same("NaN as the message", "NaN", INVALID),
    same("undefined ignored", '{"type":"ping","x":undefined}', INVALID),
    same("1e400 ignored", '{"type":"ping","x":1e400}', PING),
    same("-1e400 ignored", '{"type":"ping","x":-1e400}', PING),
    same("1e-400 ignored", '{"type":"ping","x":1e-400}', PING),
    same("-0 ignored", '{"type":"ping","x":-0}', PING),
    same("-0.0e0 ignored", '{"type":"ping","x":-0.0e0}', PING),
    same("exponents in every legal form", '{"type":"ping","x":[1e5,1E5,1e+5,1E-5,1.5e05,0e0]}', PING),
    same("an exponent without digits", '{"type":"ping","x":1e}', INVALID),
    same("a fraction without digits", '{"type":"ping","x":1.}', INVALID),
    same("a fraction without a whole", '{"type":"ping","x":.5}', INVALID),
    same("a leading zero", '{"type":"ping","x":01}', INVALID),
    same("a negative leading zero", '{"type":"ping","x":-01}', INVALID),
    same("a plus sign", '{"type":"ping","x":+1}', INVALID),
    same("a minus alone", '{"type":"ping","x":-}', INVALID),
    same("two minus signs", '{"type":"ping","x":--1}', INVALID),
    same("a hexadecimal number", '{"type":"ping","x":0x10}', INVALID),
    same("a big integer literal", '{"type":"ping","x":1n}', INVALID),
    same("digits with an underscore", '{"type":"ping","x":1_000}', INVALID),
    same("Arabic digits", '{"type":"ping","x":\u0661}', INVALID),
    same("5,000 digits", '{"type":"ping","x":' + "9" * 5000 + "}", PING),
    same("5,000 digits after the point", '{"type":"ping","x":0.' + "3" * 5000 + "}", PING),
    same("an exponent of 400 digits", '{"type":"ping","x":1e' + "9" * 400 + "}", PING),
    same("2 to the 64th", '{"type":"ping","x":18446744073709551616}', PING),
    same("True with a capital", '{"type":"ping","x":True}', INVALID),
    same("None", '{"type":"ping","x":None}', INVALID),
    same("nul", '{"type":"ping","x":nul}', INVALID),
    same("a tab in a string", '{"type":"ping","x":"\t"}', INVALID),
    same("a line end in a string", '{"type":"ping","x":"\n"}', INVALID),
    same("a NUL in a string", '{"type":"ping","x":"\x00"}', INVALID),
    same("unit separator in a string", '{"type":"ping","x":"\x1f"}', INVALID),
    same("DEL in a string", '{"type":"ping","x":"\x7f"}', PING),
    same("a C1 control in a string", '{"type":"ping","x":"\x85"}', PING),
    same("a control character in a key", '{"type":"ping","\x01":1}', INVALID),
    deep("1,000 levels of arrays ignored", '{"type":"ping","x":' + "[" * 1000 + "]" * 1000 + "}", PING),
    deep("4,000 levels of arrays ignored", '{"type":"ping","x":' + "[" * 4000 + "]" * 4000 + "}", PING),
    same("4,000 levels, one bracket missing", '{"type":"ping","x":' + "[" * 4000 + "]" * 3999 + "}", INVALID),
    deep("1,300 levels of objects ignored", '{"type":"ping","x' + '":{"a' * 1300 + '":0' + "}" * 1301, PING),
    deep("4,000 levels before the type", '{"x":' + "[" * 4000 + "]" * 4000 + ',"type":"ping"}', PING),
    deep("4,000 levels as the text", '{"type":"chat","roomId":"a","text":' + "[" * 4000 + "]" * 4000 + "}", NO_TEXT),
    deep("4,000 levels as the message", "[" * 4000 + "]" * 4000, NO_OBJECT),
    # What is not an object
    same("null", "null", NO_OBJECT),
    same("true", "true", NO_OBJECT),
    same("zero", "0", NO_OBJECT),
    same("a number", "42", NO_OBJECT),
    same("a string", '"ping"', NO_OBJECT),
    same("an empty string", '""', NO_OBJECT),
    same("a lone surrogate", '"\\ud800"', NO_OBJECT),
    same("an empty array", "[]", NO_OBJECT),
    same("a message in an array", '[{"type":"ping"}]', NO_OBJECT),
    same("-0 alone", "-0", NO_OBJECT),
    same("1e400 alone", "1e400", NO_OBJECT),
    # The type
    same("no field at all", "{}", NO_TYPE),
    same("an empty key", '{"":"ping"}', NO_TYPE),
    same("type is null", '{"type":null}', NO_TYPE),
    same("type is a number", '{"type":1}', NO_TYPE),
    same("type is true", '{"type":true}', NO_TYPE),
    same("type is an array", '{"type":["ping"]}', NO_TYPE),
    same("type is an object", '{"type":{"type":"ping"}}', NO_TYPE),
    same("type is 1e400", '{"type":1e400}', NO_TYPE),
    same("TYPE", '{"TYPE":"ping"}', NO_TYPE),
    same("Type", '{"Type":"ping"}', NO_TYPE),
    same("a blank in the key", '{"type ":"ping"}', NO_TYPE),
    same("a Cyrillic letter in the key", '{"t\u0443pe":"ping"}', NO_TYPE),
    same("a full-width key", '{"\uff54\uff59\uff50\uff45":"ping"}', NO_TYPE),
    same("type nested in x", '{"x":{"type":"ping"}}', NO_TYPE),
    same("type in __proto__", '{"__proto__":{"type":"ping"}}', NO_TYPE),
    same("type in constructor.prototype", '{"constructor":{"prototype":{"type":"ping"}}}', NO_TYPE),
    same("type and a __proto__ that says otherwise", '{"type":"ping","__proto__":{"type":"chat"}}', PING),
    same("__proto__ is null", '{"type":"ping","__proto__":null}', PING),
    same("toString and hasOwnProperty overridden", '{"type":"ping","toString":1,"hasOwnProperty":2}', PING),
    same("type twice, ping last", '{"type":"nonsense","type":"ping"}', PING),
    same("type twice, ping first", '{"type":"ping","type":null}', NO_TYPE),
    same("type twice, once escaped, ping last", '{"type":"nonsense","\\u0074ype":"ping"}', PING),
    same("type twice, once escaped, ping first", '{"\\u0074ype":"ping","type":5}', NO_TYPE),
    same("type escaped throughout", '{"\\u0074\\u0079\\u0070\\u0065":"\\u0070\\u0069\\u006e\\u0067"}', PING),
    same("type three times", '{"type":1,"type":2,"type":"ping"}', PING),
    same("type twice inside x", '{"type":"ping","x":{"type":1,"type":2}}', PING),
    odd_type("an escaped slash in the value", '"\\/ping"'),
    odd_type("an empty type", '""'),
    odd_type("PING", '"PING"'),
    odd_type("Ping", '"Ping"'),
    odd_type("a blank behind ping", '"ping "'),
    odd_type("a blank before ping", '" ping"'),
    odd_type("a line end behind ping", '"ping\\n"'),
    odd_type("a NUL behind ping", '"ping\\u0000"'),
    odd_type("a zero-width space in ping", '"pi\u200bng"'),
    odd_type("a soft hyphen in ping", '"pi\xadng"'),
    odd_type("a dotless i in ping", '"p\u0131ng"'),
    odd_type("a Cyrillic letter in chat", '"\u0441hat"'),
    odd_type("full-width ping", '"\uff50\uff49\uff4e\uff47"'),
    odd_type("a combining mark on ping", '"ping\u0301"'),
    odd_type("a lone surrogate as type", '"\\ud800"'),
    odd_type("a lone surrogate behind ping", '"ping\\ud800"'),
    odd_type("constructor", '"constructor"'),
    odd_type("toString", '"toString"'),
    odd_type("__proto__", '"__proto__"'),
    odd_type("hasOwnProperty", '"hasOwnProperty"'),
    odd_type("valueOf", '"valueOf"'),
    odd_type("__class__", '"__class__"'),
    odd_type("the text null", '"null"'),
    odd_type("an event of ours", '"auth_ok"'),
    odd_type("error", '"error"'),
    odd_type("a type of 200 letters", '"' + "x" * 200 + '"'),
    odd_type("a type of 8,000 letters", '"' + "x" * 8000 + '"'),
    odd_type("a type with markup", '"<script>alert(1)</script>"'),
    odd_type("a type with a secret in it", '"token=hunter2"'),
    odd_type("a type with a line end for the log", '"x\\r\\nlevel=info"'),
    # Ping
    same("ping", '{"type":"ping"}', PING),
    same("ping with more", '{"type":"ping","roomId":"a","text":5,"token":null}', PING),
    same("ping with a lone surrogate ignored", '{"type":"ping","x":"\\ud800"}', PING),
    same("ping with a lone surrogate as key", '{"type":"ping","\\udfff":1}', PING),
    same("ping with a pair written as escapes", '{"type":"ping","x":"\\ud83d\\ude00"}', PING),
    same("ping with a pair the wrong way round", '{"type":"ping","x":"\\ude00\\ud83d"}', PING),
    same("ping with keys as numbers", '{"type":"ping","1":1,"0":0}', PING),
    # Size
    same("8,191 bytes", '{"type":"ping","x":"' + "a" * 8169 + '"}', PING),
    same("8,192 bytes", '{"type":"ping","x":"' + "a" * 8170 + '"}', PING),
    same("8,193 bytes", '{"type":"ping","x":"' + "a" * 8171 + '"}', TOO_LARGE),
    same("8,191 bytes, of two each", '{"type":"ping","x":"a' + "\xe9" * 4084 + '"}', PING),
    same("8,192 bytes, of two each", '{"type":"ping","x":"' + "\xe9" * 4085 + '"}', PING),
    same("8,193 bytes, of two each", '{"type":"ping","x":"a' + "\xe9" * 4085 + '"}', TOO_LARGE),
    same("8,192 bytes, of three each", '{"type":"ping","x":"a' + "\u65e5" * 2723 + '"}', PING),
    same("8,193 bytes, of three each", '{"type":"ping","x":"aa' + "\u65e5" * 2723 + '"}', TOO_LARGE),
    same("8,192 bytes, of four each", '{"type":"ping","x":"aa' + "\U0001f600" * 2042 + '"}', PING),
    same("8,194 bytes, of four each, 4,120 units", '{"type":"ping","x":"' + "\U0001f600" * 2043 + '"}', TOO_LARGE),
    same("8,192 bytes of white space and ping", " " * 8177 + '{"type":"ping"}', PING),
    same("8,193 bytes of white space and ping", " " * 8178 + '{"type":"ping"}', TOO_LARGE),
    same("8,193 bytes of nonsense", "x" * 8193, TOO_LARGE),
    # Auth
    same("auth", '{"type":"auth","token":"dev-token"}', AUTH),
    same("auth without a token", '{"type":"auth"}', NO_TOKEN),
    same("a token of 7", '{"type":"auth","token":"1234567"}', NO_TOKEN),
    same("a token of 8", '{"type":"auth","token":"12345678"}', {"type": "auth", "token": "12345678"}),
    same("an empty token", '{"type":"auth","token":""}', NO_TOKEN),
    same("a token of 8 blanks", '{"type":"auth","token":"        "}', {"type": "auth", "token": "        "}),
    same(
        "a token of 4 astral characters",
        '{"type":"auth","token":"\U0001f600\U0001f600\U0001f600\U0001f600"}',
        {"type": "auth", "token": "\U0001f600\U0001f600\U0001f600\U0001f600"},
    ),
    same(
        "a token of 3 astral characters and a letter",
        '{"type":"auth","token":"\U0001f600\U0001f600\U0001f600x"}',
        NO_TOKEN,
    ),
    same(
        "a token of 8 lone surrogates",
        '{"type":"auth","token":"\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800"}',
        {"type": "auth", "token": "\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800"},
    ),
    same(
        "a token of 8 NULs",
        '{"type":"auth","token":"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"}',
        {"type": "auth", "token": "\x00\x00\x00\x00\x00\x00\x00\x00"},
    ),
    same(
        "a token of 8 combining marks",
        '{"type":"auth","token":"\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"}',
        {"type": "auth", "token": "\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"},
    ),
    same("a token of 4,000", '{"type":"auth","token":"' + "t" * 4000 + '"}', {"type": "auth", "token": "t" * 4000}),
    same("a token that is null", '{"type":"auth","token":null}', NO_TOKEN),
    same("a token that is a number", '{"type":"auth","token":12345678}', NO_TOKEN),
    same("a token that is true", '{"type":"auth","token":true}', NO_TOKEN),
    same("a token that is an array", '{"type":"auth","token":["12345678"]}', NO_TOKEN),
    same("a token that is an object with a length", '{"type":"auth","token":{"length":8}}', NO_TOKEN),
    same("a token twice, the good one last", '{"type":"auth","token":5,"token":"dev-token"}', AUTH),
    same("a token twice, the good one first", '{"type":"auth","token":"dev-token","token":"short"}', NO_TOKEN),
    same("an escaped key for the token", '{"type":"auth","\\u0074oken":"dev-token"}', AUTH),
    same("Token with a capital", '{"type":"auth","Token":"dev-token"}', NO_TOKEN),
    same("auth with a room", '{"type":"auth","token":"dev-token","roomId":"a\\n"}', AUTH),
    # Join
    same("join", '{"type":"join","roomId":"room:demo"}', {"type": "join", "roomId": "room:demo"}),
    same("join without a room", '{"type":"join"}', NO_ROOM),
    same(
        "every letter a room may have", '{"type":"join","roomId":"azAZ09:_-"}', {"type": "join", "roomId": "azAZ09:_-"}
    ),
    same("a room of one character", '{"type":"join","roomId":"-"}', {"type": "join", "roomId": "-"}),
    same("a room of 64", '{"type":"join","roomId":"' + "r" * 64 + '"}', {"type": "join", "roomId": "r" * 64}),
    same("a room of 65", '{"type":"join","roomId":"' + "r" * 65 + '"}', NO_ROOM),
    same("an empty room", '{"type":"join","roomId":""}', NO_ROOM),
    same("a room with a final line end", '{"type":"join","roomId":"room\\n"}', NO_ROOM),
    same("a room of 64 and a final line end", '{"type":"join","roomId":"' + "r" * 64 + '\\n"}', NO_ROOM),
    same("a room with a final carriage return", '{"type":"join","roomId":"room\\r"}', NO_ROOM),
    same("a room with a line end before", '{"type":"join","roomId":"\\nroom"}', NO_ROOM),
    same("a room in two lines", '{"type":"join","roomId":"room\\nroom"}', NO_ROOM),
    same("a room with a final line separator", '{"type":"join","roomId":"room\u2028"}', NO_ROOM),
    same("a room with a blank", '{"type":"join","roomId":"a b"}', NO_ROOM),
    same("a room with a dot", '{"type":"join","roomId":"a.b"}', NO_ROOM),
    same("a room with a slash", '{"type":"join","roomId":"a/b"}', NO_ROOM),
    same("a room with a star", '{"type":"join","roomId":"room:*"}', NO_ROOM),
    same("a room with an accent", '{"type":"join","roomId":"caf\xe9"}', NO_ROOM),
    same("a room with a Cyrillic letter", '{"type":"join","roomId":"r\u043eom"}', NO_ROOM),
    same("a room with Arabic digits", '{"type":"join","roomId":"room\u0661"}', NO_ROOM),
    same("a room with a Kelvin sign", '{"type":"join","roomId":"\u212a"}', NO_ROOM),
    same("a room with a long s", '{"type":"join","roomId":"\u017f"}', NO_ROOM),
    same("a room with a NUL", '{"type":"join","roomId":"room\\u0000"}', NO_ROOM),
    same("a room with an astral character", '{"type":"join","roomId":"\U0001f600"}', NO_ROOM),
    same("a room that is a lone surrogate", '{"type":"join","roomId":"\\ud800"}', NO_ROOM),
    same("a room with a lone surrogate behind", '{"type":"join","roomId":"room\\udc00"}', NO_ROOM),
    same(
        "a room written in escapes",
        '{"type":"join","roomId":"\\u0072\\u006f\\u006f\\u006d"}',
        {"type": "join", "roomId": "room"},
    ),
    same("a room that is null", '{"type":"join","roomId":null}', NO_ROOM),
    same("a room that is a number", '{"type":"join","roomId":7}', NO_ROOM),
    same("a room that is true", '{"type":"join","roomId":true}', NO_ROOM),
    same("a room that is an array of a room", '{"type":"join","roomId":["a"]}', NO_ROOM),
    same("a room that is an array of two", '{"type":"join","roomId":["a","b"]}', NO_ROOM),
    same("a room that is an object", '{"type":"join","roomId":{"id":"a"}}', NO_ROOM),
    same(
        "a room named constructor", '{"type":"join","roomId":"constructor"}', {"type": "join", "roomId": "constructor"}
    ),
    same("a room named __proto__", '{"type":"join","roomId":"__proto__"}', {"type": "join", "roomId": "__proto__"}),
    same("a room named toString", '{"type":"join","roomId":"toString"}', {"type": "join", "roomId": "toString"}),
    same(
        "a room twice, the good one last",
        '{"type":"join","roomId":["a"],"roomId":"b"}',
        {"type": "join", "roomId": "b"},
    ),
    same("a room twice, the good one first", '{"type":"join","roomId":"b","roomId":"b\\n"}', NO_ROOM),
    same(
        "a room twice, both good",
        '{"type":"join","roomId":"first","roomId":"second"}',
        {"type": "join", "roomId": "second"},
    ),
    same(
        "an escaped key for the room, last",
        '{"type":"join","roomId":"first","room\\u0049d":"second"}',
        {"type": "join", "roomId": "second"},
    ),
    same(
        "an escaped key for the room, first",
        '{"type":"join","room\\u0049d":"first","roomId":"second"}',
        {"type": "join", "roomId": "second"},
    ),
    same("roomid", '{"type":"join","roomid":"a"}', NO_ROOM),
    same("room_id", '{"type":"join","room_id":"a"}', NO_ROOM),
    same("a room in __proto__", '{"type":"join","__proto__":{"roomId":"a"}}', NO_ROOM),
    same("join with a text", '{"type":"join","roomId":"a","text":"","requestId":5}', JOIN),
    # Chat
    chat("chat", '"text":"hi"', text="hi"),
    chat("chat with a requestId", '"requestId":"r-1","text":"hi"', requestId="r-1", text="hi"),
    same(
        "chat in another order of fields",
        '{"text":"hi","requestId":"r-1","roomId":"a","type":"chat"}',
        {"type": "chat", "roomId": "a", "requestId": "r-1", "text": "hi"},
    ),
    chat("chat with more", '"text":"hi","userId":"root","seq":1,"id":"x","sentAt":"now"', text="hi"),
    same("chat without a room", '{"type":"chat","text":"hi"}', NO_ROOM),
    same("chat with a room in an array", '{"type":"chat","roomId":["a"],"text":"hi"}', NO_ROOM),
    same("chat without a room or a text", '{"type":"chat"}', NO_ROOM),
    same("chat without a text", '{"type":"chat","roomId":"a"}', NO_TEXT),
    same("a bad room and a bad text", '{"type":"chat","roomId":"a b","text":""}', NO_ROOM),
    chat("an empty text", '"text":""', NO_TEXT),
    chat("a text of one blank", '"text":" "', text=" "),
    chat("a text of blanks only is not trimmed", '"text":"  \\n\\t "', text="  \n\t "),
    chat("a text with blanks around it is not trimmed", '"text":" hi "', text=" hi "),
    chat("a text of 1,000", '"text":"' + "t" * 1000 + '"', text="t" * 1000),
    chat("a text of 1,001", '"text":"' + "t" * 1001 + '"', NO_TEXT),
    chat("a text of 1,000 and blanks", '"text":" ' + "t" * 1000 + ' "', NO_TEXT),
    chat("a text of 1,000 in two bytes each", '"text":"' + "\xe9" * 1000 + '"', text="\xe9" * 1000),
    chat("a text of 1,001 in two bytes each", '"text":"' + "\xe9" * 1001 + '"', NO_TEXT),
    chat("a text of 1,000 in three bytes each", '"text":"' + "\u65e5" * 1000 + '"', text="\u65e5" * 1000),
    chat("a text of 500 astral characters", '"text":"' + "\U0001f600" * 500 + '"', text="\U0001f600" * 500),
    chat("a text of 501 astral characters", '"text":"' + "\U0001f600" * 501 + '"', NO_TEXT),
    chat(
        "a text of 499 astral characters and two letters",
        '"text":"' + "\U0001f600" * 499 + 'ab"',
        text="\U0001f600" * 499 + "ab",
    ),
    chat("a text of 500 astral characters and a letter", '"text":"' + "\U0001f600" * 500 + 'a"', NO_TEXT),
    chat("a text of 500 pairs in escapes", '"text":"' + "\\ud83d\\ude00" * 500 + '"', text="\U0001f600" * 500),
    chat("a text of 501 pairs in escapes", '"text":"' + "\\ud83d\\ude00" * 501 + '"', NO_TEXT),
    chat("a text of 1,000 lone surrogates", '"text":"' + "\\ud800" * 1000 + '"', text="\ud800" * 1000),
    chat("a text of 1,001 lone surrogates", '"text":"' + "\\ud800" * 1001 + '"', NO_TEXT),
    chat("a text of 1,000 NULs in escapes", '"text":"' + "\\u0000" * 1000 + '"', text="\x00" * 1000),
    chat("a text of 1,001 NULs in escapes", '"text":"' + "\\u0000" * 1001 + '"', NO_TEXT),
    chat("a text of one NUL in an escape", '"text":"\\u0000"', text="\x00"),
    chat("a text with a raw NUL", '"text":"a\x00b"', INVALID),
    chat("a text with a raw line end", '"text":"a\nb"', INVALID),
    chat("a text with an escaped line end", '"text":"a\\nb"', text="a\nb"),
    chat("a text that is a lone high surrogate", '"text":"\\ud83d"', text="\ud83d"),
    chat("a text that is a lone low surrogate", '"text":"\\ude00"', text="\ude00"),
    chat("a lone surrogate between letters", '"text":"a\\ud800b"', text="a\ud800b"),
    chat("a high surrogate before a pair", '"text":"\\ud83d\\ud83d\\ude00"', text="\ud83d\U0001f600"),
    chat("a pair the wrong way round", '"text":"\\ude00\\ud83d"', text="\ude00\ud83d"),
    chat("a pair in capitals", '"text":"\\uD83D\\uDE00"', text="\U0001f600"),
    chat("a high surrogate before a raw character", '"text":"\\ud83d\xe9"', text="\ud83d\xe9"),
    chat("a text with a line separator", '"text":"a\u2028b\u2029c"', text="a\u2028b\u2029c"),
    chat("a text with a byte order mark", '"text":"\ufeff"', text="\ufeff"),
    chat("a text with right-to-left marks", '"text":"\u202egnip"', text="\u202egnip"),
    chat("a text that is not normalised", '"text":"e\u0301 \xe9"', text="e\u0301 \xe9"),
    chat("a text with a noncharacter", '"text":"\uffff\ufffe"', text="\uffff\ufffe"),
    chat("a text with the last code point", '"text":"\U0010ffff"', text="\U0010ffff"),
    chat("a text with markup", '"text":"<b>&amp;</b>"', text="<b>&amp;</b>"),
    chat("a text that is JSON", '"text":"{\\"type\\":\\"auth\\"}"', text='{"type":"auth"}'),
    chat("a text with every short escape", '"text":"\\"\\\\\\/\\b\\f\\n\\r\\t"', text='"\\/\x08\x0c\n\r\t'),
    chat("a text that is null", '"text":null', NO_TEXT),
    chat("a text that is a number", '"text":5', NO_TEXT),
    chat("a text that is true", '"text":true', NO_TEXT),
    chat("a text that is an array", '"text":["hi"]', NO_TEXT),
    chat("a text that is an object with a length", '"text":{"length":5}', NO_TEXT),
    chat("a text twice, the good one last", '"text":"","text":"hi"', text="hi"),
    chat("a text twice, the good one first", '"text":"hi","text":""', NO_TEXT),
    chat("a text in a nested chat", '"x":{"text":"hi"}', NO_TEXT),
    chat("Text with a capital", '"Text":"hi"', NO_TEXT),
    # RequestId
    chat("a requestId that is empty", '"requestId":"","text":"hi"', requestId="", text="hi"),
    chat("a requestId of one blank", '"requestId":" ","text":"hi"', requestId=" ", text="hi"),
    chat("a requestId that is null", '"requestId":null,"text":"hi"', text="hi"),
    chat("a requestId that is a number", '"requestId":17,"text":"hi"', text="hi"),
    chat("a requestId that is 1e400", '"requestId":1e400,"text":"hi"', text="hi"),
    chat("a requestId that is true", '"requestId":true,"text":"hi"', text="hi"),
    chat("a requestId that is an array", '"requestId":["r"],"text":"hi"', text="hi"),
    chat("a requestId that is an object", '"requestId":{},"text":"hi"', text="hi"),
    chat("a requestId of 99", '"requestId":"' + "r" * 99 + '","text":"hi"', requestId="r" * 99, text="hi"),
    chat("a requestId of 100", '"requestId":"' + "r" * 100 + '","text":"hi"', requestId="r" * 100, text="hi"),
    chat("a requestId of 101", '"requestId":"' + "r" * 100 + 's","text":"hi"', requestId="r" * 100, text="hi"),
    chat("a requestId of 5,000", '"requestId":"' + "r" * 5000 + '","text":"hi"', requestId="r" * 100, text="hi"),
    chat(
        "a requestId of 50 astral characters",
        '"requestId":"' + "\U0001f600" * 50 + '","text":"hi"',
        requestId="\U0001f600" * 50,
        text="hi",
    ),
    chat(
        "a requestId of 51 astral characters",
        '"requestId":"' + "\U0001f600" * 51 + '","text":"hi"',
        requestId="\U0001f600" * 50,
        text="hi",
    ),
    chat(
        "a requestId cut through a pair",
        '"requestId":"r' + "\U0001f600" * 50 + '","text":"hi"',
        requestId="r" + "\U0001f600" * 49 + "\ud83d",
        text="hi",
    ),
    chat(
        "a requestId cut through a pair of escapes",
        '"requestId":"r' + "\\ud83d\\ude00" * 50 + '","text":"hi"',
        requestId="r" + "\U0001f600" * 49 + "\ud83d",
        text="hi",
    ),
    chat(
        "a requestId of 101 in two bytes each",
        '"requestId":"' + "\xe9" * 101 + '","text":"hi"',
        requestId="\xe9" * 100,
        text="hi",
    ),
    chat("a requestId that is a lone surrogate", '"requestId":"\\ud800","text":"hi"', requestId="\ud800", text="hi"),
    chat("a requestId with a line end", '"requestId":"r\\n","text":"hi"', requestId="r\n", text="hi"),
    chat("a requestId with a NUL", '"requestId":"r\\u0000s","text":"hi"', requestId="r\x00s", text="hi"),
    chat("a requestId named __proto__", '"requestId":"__proto__","text":"hi"', requestId="__proto__", text="hi"),
    chat("a requestId twice, a string last", '"requestId":5,"requestId":"r","text":"hi"', requestId="r", text="hi"),
    chat("a requestId twice, a string first", '"requestId":"r","requestId":5,"text":"hi"', text="hi"),
    chat("request_id", '"request_id":"r","text":"hi"', text="hi"),
    chat("a good requestId and a bad text", '"requestId":"r","text":""', NO_TEXT),
    # What our protocol adds
    differs(
        "auth with previous",
        '{"type":"auth","token":"dev-token","previous":"c-1"}',
        AUTH,
        {**AUTH, "previous": "c-1"},
        PREVIOUS,
    ),
    differs(
        "auth with previous in an escaped key",
        '{"type":"auth","token":"dev-token","\\u0070revious":"c-1"}',
        AUTH,
        {**AUTH, "previous": "c-1"},
        PREVIOUS,
    ),
    differs(
        "auth with an empty previous",
        '{"type":"auth","token":"dev-token","previous":""}',
        AUTH,
        "previous is invalid",
        WRONG_TYPES,
    ),
    differs(
        "auth with a previous of 101",
        '{"type":"auth","token":"dev-token","previous":"' + "p" * 101 + '"}',
        AUTH,
        "previous is invalid",
        WRONG_TYPES,
    ),
    differs(
        "auth with previous null",
        '{"type":"auth","token":"dev-token","previous":null}',
        AUTH,
        "previous is invalid",
        WRONG_TYPES,
    ),
    differs(
        "auth with a previous that is a number",
        '{"type":"auth","token":"dev-token","previous":5}',
        AUTH,
        "previous is invalid",
        WRONG_TYPES,
    ),
    same("auth with a bad token and a bad previous", '{"type":"auth","token":"short","previous":5}', NO_TOKEN),
    since("join with since", '{"epoch":"e1","seq":7}', {"epoch": "e1", "seq": 7}),
    since("join with since 0", '{"epoch":"e1","seq":0}', {"epoch": "e1", "seq": 0}),
    since("join with since -0", '{"epoch":"e1","seq":-0}', {"epoch": "e1", "seq": 0}),
    since("join with since 7.0", '{"epoch":"e1","seq":7.0}', {"epoch": "e1", "seq": 7}),
    since("join with since 7e0", '{"epoch":"e1","seq":7e0}', {"epoch": "e1", "seq": 7}),
    since(
        "join with since 2**53 - 1", '{"epoch":"e1","seq":9007199254740991}', {"epoch": "e1", "seq": 9007199254740991}
    ),
    since("join with since and more", '{"epoch":"e1","seq":7,"x":1}', {"epoch": "e1", "seq": 7}),
    since("join with since 2**53", '{"epoch":"e1","seq":9007199254740992}'),
    since("join with since -1", '{"epoch":"e1","seq":-1}'),
    since("join with since 7.5", '{"epoch":"e1","seq":7.5}'),
    since("join with since 1e400", '{"epoch":"e1","seq":1e400}'),
    since("join with since true", '{"epoch":"e1","seq":true}'),
    since("join with since in a string", '{"epoch":"e1","seq":"7"}'),
    since("join with since without an epoch", '{"seq":7}'),
    since("join with since without a seq", '{"epoch":"e1"}'),
    since("join with an empty epoch", '{"epoch":"","seq":7}'),
    since("join with since null", "null"),
    since("join with since a number", "7"),
    since("join with since an array", '["e1",7]'),
    same("join with a bad room and a bad since", '{"type":"join","roomId":"a b","since":7}', NO_ROOM),
    new("refresh", '{"type":"refresh","token":"dev-token"}', {"type": "refresh", "token": "dev-token"}),
    new("refresh with a token of 7", '{"type":"refresh","token":"1234567"}', "refresh.token is invalid"),
    new("refresh without a token", '{"type":"refresh"}', "refresh.token is invalid"),
    new("leave", '{"type":"leave","roomId":"a"}', {"type": "leave", "roomId": "a"}),
    new("leave with a final line end", '{"type":"leave","roomId":"a\\n"}', NO_ROOM),
    new("presence", '{"type":"presence","roomId":"a"}', {"type": "presence", "roomId": "a"}),
    new("presence in an array", '{"type":"presence","roomId":["a"]}', NO_ROOM),
    published(
        "progress",
        "progress",
        '"requestId":"r","jobId":"j","phase":"build","percent":50,"note":"half"',
        requestId="r",
        jobId="j",
        phase="build",
        percent=50,
        note="half",
    ),
    published(
        "progress without a note",
        "progress",
        '"jobId":"j","phase":"build","percent":0',
        jobId="j",
        phase="build",
        percent=0,
    ),
    published(
        "progress of 100.0",
        "progress",
        '"jobId":"j","phase":"build","percent":100.0',
        jobId="j",
        phase="build",
        percent=100.0,
    ),
    published("progress of 101", "progress", '"jobId":"j","phase":"build","percent":101', "percent must be 0-100"),
    published("progress of -1", "progress", '"jobId":"j","phase":"build","percent":-1', "percent must be 0-100"),
    published("progress of 1e400", "progress", '"jobId":"j","phase":"build","percent":1e400', "percent must be 0-100"),
    published("progress of true", "progress", '"jobId":"j","phase":"build","percent":true', "percent must be 0-100"),
    published(
        "progress of a string", "progress", '"jobId":"j","phase":"build","percent":"50"', "percent must be 0-100"
    ),
    published("progress without a job", "progress", '"phase":"build","percent":5', "jobId must be 1-100 chars"),
    published(
        "progress with an empty phase", "progress", '"jobId":"j","phase":"","percent":5', "phase must be 1-100 chars"
    ),
    published(
        "progress with an empty note",
        "progress",
        '"jobId":"j","phase":"p","percent":5,"note":""',
        jobId="j",
        phase="p",
        percent=5,
        note="",
    ),
    published(
        "progress with a note of 1,001",
        "progress",
        '"jobId":"j","phase":"p","percent":5,"note":"' + "n" * 1001 + '"',
        "note must be up to 1000 chars",
    ),
    published(
        "progress with a note that is null",
        "progress",
        '"jobId":"j","phase":"p","percent":5,"note":null',
        "note must be up to 1000 chars",
    ),
    published("comment", "comment", '"target":"file.py:3","text":"why"', target="file.py:3", text="why"),
    published("comment without a target", "comment", '"text":"why"', "target must be 1-100 chars"),
    published(
        "comment with a target of 50 astral characters",
        "comment",
        '"target":"' + "\U0001f600" * 50 + '","text":"why"',
        target="\U0001f600" * 50,
        text="why",
    ),
    published(
        "comment with a target of 51 astral characters",
        "comment",
        '"target":"' + "\U0001f600" * 51 + '","text":"why"',
        "target must be 1-100 chars",
    ),
    published("comment with a text of 1,001", "comment", '"target":"t","text":"' + "t" * 1001 + '"', NO_TEXT),
    published("read", "read", '"upTo":12', upTo=12),
    published("read up to 1e1", "read", '"upTo":1e1', upTo=10),
    published("read up to 1.5", "read", '"upTo":1.5', "upTo must be a seq"),
    published("read up to null", "read", '"upTo":null', "upTo must be a seq"),
    published("read up to 5,000 digits", "read", '"upTo":' + "9" * 5000, "upTo must be a seq"),
    published(
        "alert",
        "alert",
        '"severity":"critical","customer":"acme","text":"down"',
        severity="critical",
        customer="acme",
        text="down",
    ),
    published("alert in capitals", "alert", '"severity":"INFO","customer":"acme","text":"down"', "severity is unknown"),
    published(
        "alert with a severity in an array",
        "alert",
        '"severity":["info"],"customer":"acme","text":"down"',
        "severity is unknown",
    ),
    published("alert without a customer", "alert", '"severity":"info","text":"down"', "customer must be 1-100 chars"),
    published(
        "exercise",
        "exercise",
        '"exercise":"03","status":"pass","check":"acl","at":"2026-11-23T08:00:00Z","n":4',
        exercise="03",
        status="pass",
        check="acl",
        at="2026-11-23T08:00:00Z",
        n=4,
    ),
    published(
        "exercise at a number",
        "exercise",
        '"exercise":"03","status":"started","at":1795420800000,"n":0',
        exercise="03",
        status="started",
        at=1795420800000,
        n=0,
    ),
    published("exercise at 1e400", "exercise", '"exercise":"03","status":"started","at":1e400,"n":0', "at is invalid"),
    published(
        "exercise at 400 digits",
        "exercise",
        '"exercise":"03","status":"started","at":' + "9" * 400 + ',"n":0',
        "at is invalid",
    ),
    published("exercise at true", "exercise", '"exercise":"03","status":"started","at":true,"n":0', "at is invalid"),
    published(
        "exercise with a status nobody knows",
        "exercise",
        '"exercise":"03","status":"done","at":1,"n":0',
        "status is unknown",
    ),
    published(
        "exercise with a negative n", "exercise", '"exercise":"03","status":"help","at":1,"n":-1', "n must be a count"
    ),
    published("exercise without n", "exercise", '"exercise":"03","status":"help","at":1', "n must be a count"),
    published(
        "exercise with a check that is null",
        "exercise",
        '"exercise":"03","status":"help","check":null,"at":1,"n":1',
        "check must be 1-100 chars",
    ),
]
