import json
import re


def _number(text):
    return int(text) if len(text) < 300 else float(text)


def _refuse(text):
    raise ValueError(text)


def validate(text):
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > 8192:
        return None
    try:
        message = json.loads(text, parse_constant=_refuse, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    room = message.get("roomId")
    if not isinstance(room, str) or not re.fullmatch(r"[a-zA-Z0-9:_-]{1,64}", room):
        return None
    kind = message.get("type")
    if kind == "join":
        return message
    if kind == "chat":
        said = message.get("text")
        if isinstance(said, str) and 1 <= len(said.encode("utf-16-le", "surrogatepass")) // 2 <= 1000:
            return message
    if kind == "progress":
        percent = message.get("percent")
        if type(percent) in (int, float) and 0 <= percent <= 100:
            return message
    return None
