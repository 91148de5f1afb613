import json
import re


ROOM = re.compile(r"[a-zA-Z0-9:_-]{1,64}")


def no_constant(name):
    raise ValueError(name)


def whole(digits):
    return int(digits) if len(digits) < 300 else float(digits)


def validate(text):
    try:
        if len(text.encode()) > 8192:
            return None
        message = json.loads(text, parse_constant=no_constant, parse_int=whole)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    room = message.get("roomId")
    if not isinstance(room, str) or not ROOM.fullmatch(room):
        return None
    kind = message.get("type")
    if kind == "join":
        return message
    if kind == "chat":
        said = message.get("text")
        if not isinstance(said, str):
            return None
        units = len(said.encode("utf-16-le", "surrogatepass")) // 2
        return message if 1 <= units <= 1000 else None
    if kind == "progress":
        percent = message.get("percent")
        if isinstance(percent, bool) or not isinstance(percent, (int, float)):
            return None
        return message if 0 <= percent <= 100 else None
    return None
