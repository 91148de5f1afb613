# wrong
# re.match with $ lets a newline at the end of roomId pass.
import json
import re


def bad(name):
    raise ValueError(name)


def validate(text):
    if len(text.encode("utf-8", "replace")) > 8192:
        return None
    try:
        m = json.loads(text, parse_constant=bad, parse_int=float)
    except (ValueError, RecursionError):
        return None
    if type(m) is not dict or type(m.get("roomId")) is not str:
        return None
    if not re.match(r"^[a-zA-Z0-9:_-]{1,64}$", m["roomId"]):
        return None
    t = m.get("type")
    if t == "join":
        return m
    if t == "chat" and type(m.get("text")) is str:
        if 1 <= len(m["text"].encode("utf-16-le", "surrogatepass")) / 2 <= 1000:
            return m
    if t == "progress" and type(m.get("percent")) is float:
        if 0 <= m["percent"] <= 100:
            return m
    return None
