# wrong
# NaN and Infinity are only refused in percent; in a field that is not known they pass, though no browser reads them.
import json
import math
import re


def units(t):
    return len(t.encode("utf-16-le", "surrogatepass")) // 2


def validate(text):
    try:
        if len(text.encode()) > 8192:
            return None
        m = json.loads(text)
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
    if kind == "progress":
        p = m.get("percent")
        if type(p) is int or (type(p) is float and math.isfinite(p)):
            return m if 0 <= p <= 100 else None
    return None
