# What five of b's wrong answers have in common, with their faults mended.
import json
import re


def bad(name):
    raise ValueError(name)


def units(t):
    return len(t.encode("utf-16-le", "surrogatepass")) // 2


def validate(text):
    try:
        if len(text.encode()) > 8192:
            return None
        m = json.loads(text, parse_constant=bad)
    except (ValueError, RecursionError):
        return None
    if not isinstance(m, dict) or not isinstance(m.get("roomId"), str):
        return None
    if not re.fullmatch("[a-zA-Z0-9:_-]{1,64}", m["roomId"]):
        return None
    kind = m.get("type")
    if kind == "join":
        return m
    if kind == "chat" and isinstance(m.get("text"), str) and 1 <= units(m["text"]) <= 1000:
        return m
    if kind == "progress" and type(m.get("percent")) in (int, float) and 0 <= m["percent"] <= 100:
        return m
    return None
