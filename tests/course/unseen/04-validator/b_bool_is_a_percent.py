# wrong
# isinstance(percent, (int, float)) lets true and false pass as percent.
import json
import re


def bad(name):
    raise ValueError(name)


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
    match m.get("type"):
        case "join":
            return m
        case "chat":
            t = m.get("text")
            return m if isinstance(t, str) and 1 <= len(t.encode("utf-16-le", "surrogatepass")) // 2 <= 1000 else None
        case "progress":
            p = m.get("percent")
            return m if isinstance(p, (int, float)) and 0 <= p <= 100 else None
    return None
